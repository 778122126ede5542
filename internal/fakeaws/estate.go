package fakeaws

import (
	"io/fs"
	"maps"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// Copy is a folder of an estate to be there once more, in another account.
type Copy struct{ Folder, Account string }

// Widen returns an estate with further scopes: copies of its folders, by name.
func Widen(t testing.TB, estate fs.FS, copies map[string]Copy) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(estate, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(estate, name)
		out[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	original := maps.Clone(out)
	for folder, c := range copies {
		account := ""
		for _, known := range []string{"111122223333", "444455556666"} {
			if m := original[path.Join(c.Folder, "manifest.json")]; m != nil && strings.Contains(string(m.Data), known) {
				account = known
			}
		}
		for name, f := range original {
			if rest, ok := strings.CutPrefix(name, c.Folder+"/"); ok {
				out[path.Join(folder, rest)] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(f.Data), account, c.Account))}
			}
		}
	}
	return out
}
