package files

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// FreshFolder refuses a folder to save to that holds something already, or that
// another run is writing.
func FreshFolder(dir string) error {
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

// The modes of evidence: it tells much of a network, and is nobody else's.
const (
	PrivateFolder = 0o700
	PrivateFile   = 0o600
)

// WriteFolder writes a folder of files so that there is never part of it under its
// name: to a sibling, which is then renamed, or, for a folder that is there, inside
// it, from where the files are moved up. No name leads out of the folder.
func WriteFolder(files map[string][]byte, dir string) error {
	if err := FreshFolder(dir); err != nil {
		return err
	}
	work, finish := partialOf(dir), func(work string) error { return os.Rename(work, dir) }
	if _, err := os.Stat(dir); err == nil {
		work, finish = filepath.Join(dir, inner), moveUp
	} else if err := os.MkdirAll(filepath.Dir(work), PrivateFolder); err != nil {
		return snapshot.Errorf("--save: %w", "--save: %w", err)
	}
	if err := os.Mkdir(work, PrivateFolder); err != nil {
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
		if err := root.MkdirAll(path.Dir(name), PrivateFolder); err != nil {
			return err
		}
		if err := root.WriteFile(name, files[name], PrivateFile); err != nil {
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
