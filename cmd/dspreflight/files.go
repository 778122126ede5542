package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// pipePatience is how long a pipe may take where no --timeout says, as long as its
// default.
const pipePatience = time.Minute

// readLimited reads a file that has a sensible size. A pipe, as in <(command), is
// read until --timeout; devices never end, and are refused.
func readLimited(c *cli.Context, file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, plainPath(err)
	}
	var body []byte
	switch mode := info.Mode(); {
	case info.IsDir():
		return nil, snapshot.Errorf("it is a folder; expected a file", "フォルダーである。ファイルを指定する")
	case mode.IsRegular():
		body, err = readAtMost(file, limit)
	case mode&fs.ModeNamedPipe != 0:
		body, err = readPipe(c, file, limit)
	default:
		return nil, snapshot.Errorf("it is a device; expected a file or a pipe", "デバイスである。ファイルかパイプを指定する")
	}
	switch {
	case err != nil:
		return nil, plainPath(err)
	case int64(len(body)) > limit:
		return nil, snapshot.Errorf("it is larger than %d MB", "%d MB を超えている", limit>>20)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, snapshot.Errorf("the file is empty; the command that should have filled it may have failed", "ファイルが空。出力したコマンドが失敗した可能性がある")
	}
	return body, nil
}

func readAtMost(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= limit {
		b.Grow(int(info.Size()) + bytes.MinRead) // it need not grow while it is read
	}
	_, err = b.ReadFrom(io.LimitReader(f, limit+1))
	return b.Bytes(), err
}

// readPipe reads a pipe that may have no other end: to open it is to wait for one.
func readPipe(c *cli.Context, file string, limit int64) ([]byte, error) {
	patience := patienceOf(c)
	ctx, cancel := context.WithTimeout(c.Context, patience)
	defer cancel()
	type read struct {
		body []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		body, err := readAtMost(file, limit)
		done <- read{body, err}
	}()
	select {
	case r := <-done:
		return r.body, r.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, snapshot.Errorf("it is a pipe, and nobody had written it to its end after %s (--timeout)", "パイプだが、%s（--timeout）経っても書き込みが終わらない", patience)
		}
		return nil, ctx.Err()
	}
}

func patienceOf(c *cli.Context) time.Duration {
	if d := c.Duration("timeout"); d > 0 {
		return d
	}
	return pipePatience
}

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

func removeUnfinished() {
	unfinished.Lock()
	defer unfinished.Unlock()
	for _, p := range unfinished.paths {
		_ = os.RemoveAll(p)
	}
}

// writeWhole writes a file so that there is never half of one under its name: to a
// sibling, which then takes its place. What is not a file, such as a terminal, is
// written as it is; a disk is not.
func writeWhole(c *cli.Context, file string, write func(io.Writer) error) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	return writeAs(c, file, mode, write)
}

// writePrivate is writeWhole for what tells much of a network, and for keys: it is
// nobody else's, whatever was there before.
func writePrivate(c *cli.Context, file string, write func(io.Writer) error) error {
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		if err := os.Chmod(file, evidenceFile); err != nil {
			return err
		}
	}
	return writeAs(c, file, evidenceFile, write)
}

func writeAs(c *cli.Context, file string, mode fs.FileMode, write func(io.Writer) error) error {
	named := false
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file, named = real, true // a link stays one
	}
	if info, err := os.Stat(file); err == nil {
		switch m := info.Mode(); {
		case m&fs.ModeNamedPipe != 0:
			return writePipe(c, file, named, write)
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
	case errors.Is(err, fs.ErrPermission): // the file may be written, its folder not
		return writeThrough(file, write)
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
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// writePipe writes to a pipe. One with a name may have no reader yet, and any may have
// one that doesn't read: both are waited for, not for ever.
func writePipe(c *cli.Context, file string, named bool, write func(io.Writer) error) error {
	patience := patienceOf(c)
	ctx, cancel := context.WithTimeout(c.Context, patience)
	defer cancel()
	nobody := func() error {
		if c.Context.Err() != nil {
			return c.Context.Err()
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

// freshFolder refuses a folder to save to that holds something already, or that
// another run is writing.
func freshFolder(dir string) error {
	if dir == "" {
		return nil
	}
	if _, err := os.Lstat(partialOf(dir)); err == nil {
		return busy(dir)
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return snapshot.Errorf("--save: %w", "--save: %w", err)
	case len(entries) == 1 && entries[0].Name() == inner:
		return busy(dir)
	case len(entries) > 0:
		return snapshot.Errorf("--save %s: the folder is not empty; name one that is, or that does not exist yet", "--save %s: フォルダーが空ではない。空のフォルダーか、まだ存在しないフォルダーを指定する", dir)
	}
	return nil
}

func busy(dir string) error {
	return snapshot.Errorf("--save %[1]s: another run is writing there, or one was ended in the middle; if none is, remove %[2]s and what is in %[1]s", "--save %[1]s: 別の実行が書き込み中か、途中で終了している。実行中でなければ %[2]s と %[1]s の中身を削除する", dir, partialOf(dir))
}

// inner is where a folder that was there before is filled from.
const inner = ".partial"

func partialOf(dir string) string { return filepath.Clean(dir) + ".partial" }

// The modes of evidence: it tells much of a network.
const (
	evidenceFolder = 0o700
	evidenceFile   = 0o600
)

// writeFiles writes a folder of files so that there is never part of it under its
// name: to a sibling, which is then renamed, or, for a folder that is there, inside
// it, from where the files are moved up. No name leads out of the folder.
func writeFiles(files map[string][]byte, dir string) error {
	if err := freshFolder(dir); err != nil {
		return err
	}
	work, finish := partialOf(dir), func(work string) error { return os.Rename(work, dir) }
	if _, err := os.Stat(dir); err == nil {
		work, finish = filepath.Join(dir, inner), moveUp
	} else if err := os.MkdirAll(filepath.Dir(work), evidenceFolder); err != nil {
		return snapshot.Errorf("--save: %w", "--save: %w", err)
	}
	if err := os.Mkdir(work, evidenceFolder); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return busy(dir)
		}
		return snapshot.Errorf("--save: %w", "--save: %w", err)
	}
	defer begin(work)()
	err := fill(files, work)
	if err == nil {
		err = finish(work)
	}
	if err != nil {
		_ = os.RemoveAll(work)
		return snapshot.Errorf("--save: %w", "--save: %w", err)
	}
	return nil
}

func fill(files map[string][]byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := root.MkdirAll(path.Dir(name), evidenceFolder); err != nil {
			return err
		}
		if err := root.WriteFile(name, files[name], evidenceFile); err != nil {
			return err
		}
	}
	return nil
}

// moveUp moves what is in a folder beside it, the manifest last: with it the
// folder is whole.
func moveUp(work string) error {
	entries, err := os.ReadDir(work)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		last := func(e fs.DirEntry) int { return len(e.Name()) - len(strings.TrimSuffix(e.Name(), "manifest.json")) }
		return last(a) - last(b)
	})
	dir := filepath.Dir(work)
	for n, e := range entries {
		if err := os.Rename(filepath.Join(work, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			for _, moved := range entries[:n] { // all of it or none
				_ = os.RemoveAll(filepath.Join(dir, moved.Name()))
			}
			return err
		}
	}
	return os.Remove(work)
}
