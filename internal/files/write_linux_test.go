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
