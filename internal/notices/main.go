// Command notices prints the licences of the modules that the program is made of.
// It fails if one has none.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

type module struct {
	Path, Version, Dir string
	Main               bool
}

// notice is how files that hold a licence, or what it asks to pass on, are called.
var notice = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)`)

func main() {
	if err := print(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func print(w io.Writer) error {
	modules, err := linked()
	if err != nil {
		return err
	}
	for _, m := range modules {
		texts, err := noticesOf(m)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s %s\n\n%s\n\n", m.Path, m.Version, texts); err != nil {
			return err
		}
	}
	return nil
}

// linked lists the modules whose packages are in the program, or in the one with CEL.
func linked() ([]module, error) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "cel", "-json=Module", "./cmd/dspreflight").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var list []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ Module *module }
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(list, func(a, b module) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
			return list, nil
		case err != nil:
			return nil, err
		}
		if p.Module != nil && !p.Module.Main && !slices.Contains(list, *p.Module) {
			list = append(list, *p.Module)
		}
	}
}

// noticesOf are the texts in the folder of a module, or in the one above for a
// module inside another.
func noticesOf(m module) ([]byte, error) {
	for dir := m.Dir; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		var texts [][]byte
		for _, e := range entries {
			if e.IsDir() || !notice.MatchString(e.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			texts = append(texts, bytes.TrimSpace(text))
		}
		if len(texts) > 0 {
			return bytes.Join(texts, []byte("\n\n")), nil
		}
		if filepath.Base(filepath.Dir(dir)) == "mod" { // the cache's own folder
			break
		}
	}
	return nil, fmt.Errorf("%s %s: no licence is in it", m.Path, m.Version)
}
