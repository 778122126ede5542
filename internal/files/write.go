package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// unfinished are files that are being written: an end in the middle removes them.
var unfinished struct {
	sync.Mutex
	paths []string
}

func begin(path string) (end func()) {
	unfinished.Lock()
	defer unfinished.Unlock()
	unfinished.paths = append(unfinished.paths, path)
	return func() {
		unfinished.Lock()
		defer unfinished.Unlock()
		unfinished.paths = slices.DeleteFunc(unfinished.paths, func(p string) bool { return p == path })
	}
}

// RemoveUnfinished removes what is half written: the run is about to end.
func RemoveUnfinished() {
	unfinished.Lock()
	defer unfinished.Unlock()
	for _, p := range unfinished.paths {
		_ = os.RemoveAll(p)
	}
}

// Write writes a file so that there is never half of one under its name: to a
// sibling, which then takes its place. What is not a file, such as a terminal, is
// written as it is; a disk is not.
func Write(ctx context.Context, patience time.Duration, file string, write func(io.Writer) error) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	return writeAs(ctx, patience, file, mode, write)
}

// WritePrivate is Write for what tells much of a network, and for keys: it is
// nobody else's, whatever was there before.
func WritePrivate(ctx context.Context, patience time.Duration, file string, write func(io.Writer) error) error {
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		if err := os.Chmod(file, PrivateFile); err != nil {
			return err
		}
	}
	return writeAs(ctx, patience, file, PrivateFile, write)
}

func writeAs(ctx context.Context, patience time.Duration, file string, mode fs.FileMode, write func(io.Writer) error) error {
	named := false
	switch real, err := filepath.EvalSymlinks(file); {
	case err == nil:
		file, named = real, true // a link stays one
	case errors.Is(err, fs.ErrNotExist):
		file = linked(file) // so does one that leads to nothing yet
	default:
		return PlainPath(err)
	}
	if info, err := os.Stat(file); err == nil {
		switch m := info.Mode(); {
		case m&fs.ModeNamedPipe != 0:
			return writePipe(ctx, patience, file, named, write)
		case m&fs.ModeDevice != 0 && m&fs.ModeCharDevice == 0:
			return snapshot.Errorf("it is a disk; expected a file or a pipe", "ディスクのデバイスである。ファイルかパイプを指定する")
		case !m.IsRegular():
			return writeThrough(file, write)
		}
	}
	f, err := os.OpenFile(file+".partial", os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return snapshot.Errorf("%s.partial is there: another run is writing the file, or one was ended; remove it if none is", "%s.partial がある。別の実行が書き込み中か、途中で終了している。実行中でなければ削除する", file)
	case errors.Is(err, fs.ErrPermission) && named: // the file may be written, its folder not
		return overwrite(file, write)
	case err != nil:
		return err
	}
	defer begin(f.Name())()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if errors.Is(err, syscall.EBUSY) { // a mount of its own, as containers are given files
		err = overwrite(file, copied(f.Name()))
	} else if err == nil {
		return nil
	}
	_ = os.Remove(f.Name())
	return err
}

// overwrite replaces what is in a file that can't be renamed to. What is written is
// made elsewhere first, and if the file does not take it, it gets back what it had.
func overwrite(file string, write func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := spooled(write)
	if err != nil {
		return err
	}
	defer discard(whole)
	before, err := spooled(copied(file))
	if err != nil {
		return err
	}
	defer discard(before)
	if err := refill(f, whole); err != nil {
		return errors.Join(err, refill(f, before))
	}
	return nil
}

// spooled is a temporary file in which something was written.
func spooled(write func(io.Writer) error) (*os.File, error) {
	f, err := os.CreateTemp("", "dspreflight-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // where a file can be without a name, nothing is left of it, whatever comes
	if err := write(f); err != nil {
		discard(f)
		return nil, err
	}
	return f, nil
}

func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// copied writes what is in a file.
func copied(file string) func(io.Writer) error {
	return func(w io.Writer) error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}
}

// refill gives a file the content of another.
func refill(f, content *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	for _, file := range []*os.File{f, content} {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	return f.Sync()
}

// linked is where links lead that end at a file which is not there.
func linked(file string) string {
	for {
		to, err := os.Readlink(file)
		if err != nil {
			return file
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(file), to)
		}
		file = to
	}
}

// writePipe writes to a pipe. One with a name may have no reader yet, and any may have
// one that doesn't read: both are waited for, not for ever.
func writePipe(run context.Context, patience time.Duration, file string, named bool, write func(io.Writer) error) error {
	ctx, cancel := context.WithTimeout(run, patience)
	defer cancel()
	nobody := func() error {
		if run.Err() != nil {
			return run.Err()
		}
		return snapshot.Errorf("it is a pipe, and nobody had read it to its end after %s", "パイプだが、%s 経っても最後まで読み取られない", patience)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	for named && errors.Is(err, syscall.ENXIO) { // no reader
		select {
		case <-ctx.Done():
			return nobody()
		case <-time.After(10 * time.Millisecond):
		}
		f, err = os.OpenFile(file, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	}
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Now()) })()
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nobody()
	}
	return err
}

func writeThrough(file string, write func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
