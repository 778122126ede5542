// Package recorded holds inputs that nobody wrote by hand for one test: plans and
// templates of Terraform, OpenTofu and the CDK with the describe output from before
// and after, estates of a moto server, and cases that were once judged wrongly.
// README.md says where each comes from.
package recorded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

//go:embed *.tar.gz
var archives embed.FS

var (
	mu       sync.Mutex
	unpacked = map[string]string{} // archive to folder
)

// Folder is where an archive (plans, estates, cases) lies unpacked: once for all
// tests of a process, which must not write to it. TestMain calls Remove.
func Folder(t testing.TB, archive string) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if unpacked[archive] == "" {
		dir, err := os.MkdirTemp("", "dspreflight-"+archive)
		if err != nil {
			t.Fatal(err)
		}
		unpacked[archive] = dir
		if err := unpack(archive, dir); err != nil {
			t.Fatalf("%s: %v", archive, err)
		}
	}
	return unpacked[archive]
}

// Glob returns the files of an archive that match a pattern, and fails where none do.
func Glob(t testing.TB, archive, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Folder(t, archive), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no %s: %v", archive, pattern, err)
	}
	return files
}

// Remove deletes what was unpacked.
func Remove() {
	mu.Lock()
	defer mu.Unlock()
	for _, dir := range unpacked {
		_ = os.RemoveAll(dir)
	}
	clear(unpacked)
}

func unpack(archive, dir string) error {
	body, err := archives.ReadFile(archive + ".tar.gz")
	if err != nil {
		return err
	}
	zipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	files := tar.NewReader(zipped)
	made := map[string]bool{}
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(head.Name))
		if parent := filepath.Dir(name); !made[parent] {
			if err := os.MkdirAll(parent, 0o700); err != nil {
				return err
			}
			made[parent] = true
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
}
