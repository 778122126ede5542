package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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
	var fresh, there error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if fresh = unix.Setfsuid(nobody); fresh != nil {
			return
		}
		fresh = Write(context.Background(), time.Second, filepath.Join(dir, "new"), write)
		there = Write(context.Background(), time.Second, theirs, write)
	}()
	<-done
	if body, err := os.ReadFile(theirs); !errors.Is(fresh, fs.ErrPermission) || there != nil || err != nil || string(body) != "today's" {
		t.Errorf("a new file: %v; theirs: %v, %q, %v", fresh, there, body, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
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
