// Package files reads and writes files so that nothing waits for ever, nothing is read that
// has no end, and there is never half of one under its name.
package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Patience is how long a pipe may take where nobody says, as long as --timeout's default.
const Patience = time.Minute

// Read reads a file that has a sensible size. A pipe, as in <(command), is
// read until --timeout; devices never end, and are refused.
func Read(ctx context.Context, patience time.Duration, file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, PlainPath(err)
	}
	var body []byte
	switch mode := info.Mode(); {
	case info.IsDir():
		return nil, snapshot.Errorf("it is a folder; expected a file", "フォルダーである。ファイルを指定する")
	case mode.IsRegular():
		body, err = readAtMost(file, limit)
	case mode&fs.ModeNamedPipe != 0:
		body, err = readPipe(ctx, patience, file, limit)
	default:
		return nil, snapshot.Errorf("it is a device; expected a file or a pipe", "デバイスである。ファイルかパイプを指定する")
	}
	switch {
	case err != nil:
		return nil, PlainPath(err)
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
func readPipe(ctx context.Context, patience time.Duration, file string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
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

// PlainPath takes the path off an error of the file system, which the caller
// names itself.
func PlainPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
