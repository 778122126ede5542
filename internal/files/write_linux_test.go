package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFolderOfOthers writes, as somebody else, into a folder that is not theirs: a new
// file is refused as what it is, and one that is theirs is written.
func TestFolderOfOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: not root, so nobody else")
	}
	const nobody = 65534
	dir := t.TempDir()
	theirs := filepath.Join(dir, "theirs")
	if err := errors.Join(os.WriteFile(theirs, []byte("yesterday's"), 0o600), os.Chown(theirs, nobody, nobody), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	write := func(w io.Writer) error { _, err := io.WriteString(w, "today's"); return err }
	broken := errors.New("the report broke off")
	var fresh, half, there error
	var kept []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if fresh = unix.Setfsuid(nobody); fresh != nil {
			return
		}
		fresh = Write(context.Background(), time.Second, filepath.Join(dir, "new"), write)
		half = Write(context.Background(), time.Second, theirs, func(w io.Writer) error { return errors.Join(write(w), broken) })
		kept, _ = os.ReadFile(theirs)
		there = Write(context.Background(), time.Second, theirs, write)
	}()
	<-done
	if body, err := os.ReadFile(theirs); !errors.Is(fresh, fs.ErrPermission) || there != nil || err != nil || string(body) != "today's" {
		t.Errorf("a new file: %v; theirs: %v, %q, %v", fresh, there, body, err)
	}
	if !errors.Is(half, broken) || string(kept) != "yesterday's" {
		t.Errorf("a report that broke off: %v, the file has %q", half, kept)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestFileThatIsAMount writes a file as containers are given one, by itself, on a disk
// that is nearly full: it is written, and what doesn't fit leaves what was there.
func TestFileThatIsAMount(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: not root, so nothing is mounted")
	}
	dir := t.TempDir()
	disk, file := filepath.Join(dir, "disk"), filepath.Join(dir, "file")
	var mounted, small, large error
	var kept []byte
	write := func(text string) error {
		return Write(context.Background(), time.Second, file, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine, and the mounts with it
		mounted = errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			os.Mkdir(disk, 0o755), unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"),
			os.WriteFile(filepath.Join(disk, "file"), []byte("yesterday's"), 0o600), os.WriteFile(file, nil, 0o600),
			unix.Mount(filepath.Join(disk, "file"), file, "", unix.MS_BIND, ""))
		if mounted != nil {
			return
		}
		small = write("today's")
		large = write(strings.Repeat("x", 1<<20))
		kept, _ = os.ReadFile(file)
	}()
	<-done
	if mounted != nil || small != nil || !errors.Is(large, unix.ENOSPC) || string(kept) != "today's" {
		t.Errorf("mounted: %v; %v; too large: %v; the file has %.40q", mounted, small, large, kept)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestLinksStayLinks writes through links, one after the other, to a file that is there
// and to one that is not yet.
func TestLinksStayLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.Mkdir(at("d"), 0o755), os.Symlink("d/second", at("first")), os.Symlink("../file", at("d/second"))); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"new", "again"} {
		err := Write(context.Background(), time.Second, at("first"), func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		body, unread := os.ReadFile(at("file"))
		link, unlinked := os.Readlink(at("first"))
		if err := errors.Join(err, unread, unlinked); err != nil || string(body) != text || link != "d/second" {
			t.Errorf("%q, and the link leads to %q: %v", body, link, err)
		}
	}
	if err := errors.Join(os.Remove(at("file")), os.Remove(at("d/second")), os.Symlink("second", at("d/second"))); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), time.Second, at("first"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a link to itself is written to")
	}
}
