package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Keep adds a reply to the documents that Files writes. Replies of the same
// call (its pages) become one document.
func (s *Scope) Keep(d Document) { s.documents = append(s.documents, d) }

// Files returns the snapshot as files, by path, in the layout that Read reads.
// toolVersion goes into the manifests.
func (s *Snapshot) Files(toolVersion string) (map[string][]byte, error) {
	files := map[string][]byte{}
	names := make([]string, 0, len(s.Scopes))
	for _, sc := range s.Scopes {
		names = append(names, sc.Name)
	}
	folders := FolderNames(names)
	root := Manifest{Schema: ManifestSchema, ToolVersion: toolVersion, TakenAt: s.TakenAt, Target: s.Target, Redacted: s.Redacted}
	if err := addJSON(files, "manifest.json", root); err != nil {
		return nil, err
	}
	if s.Probes != nil {
		if err := addJSON(files, "probes.json", s.Probes); err != nil {
			return nil, err
		}
	}
	if s.Policies != nil {
		if err := addJSON(files, "policies.json", s.Policies); err != nil {
			return nil, err
		}
	}
	for i, sc := range s.Scopes {
		dir := folders[i]
		merged, err := mergePages(sc.documents)
		if err != nil {
			return nil, err
		}
		for name, v := range merged {
			if err := addJSON(files, path.Join(dir, name), v); err != nil {
				return nil, err
			}
		}
		m := Manifest{Schema: ManifestSchema, ToolVersion: toolVersion, Name: sc.Name, Account: sc.Account, Region: sc.Region, Roles: sc.Roles, Calls: sc.Calls, Credentials: sc.Credentials}
		if err := addJSON(files, path.Join(dir, "manifest.json"), m); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// FolderNames are the folders of scopes of these names, each another.
func FolderNames(scopes []string) []string {
	taken := map[string]bool{}
	var out []string
	for i, name := range scopes {
		dir := folderName(name, i)
		for base, n := dir, 2; taken[dir]; n++ {
			dir = fmt.Sprintf("%s-%d", base, n)
		}
		taken[dir] = true
		out = append(out, dir)
	}
	return out
}

func folderName(name string, i int) string {
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}
	if name == "" {
		return fmt.Sprintf("scope-%d", i+1)
	}
	return string(bytes.Map(clean, []byte(name)))
}

// secretKeys are fields of replies that hold credentials. They are never
// written: a saved snapshot is made to be passed on.
// DescribeVpnConnections prints pre-shared keys in both places.
var secretKeys = []string{"CustomerGatewayConfiguration", "PreSharedKey"}

// mergePages turns replies into one tidy object a file: pages joined, nulls and
// secrets left out.
func mergePages(docs []Document) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	for _, d := range docs {
		body, err := UTF8(d.Body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.FileName(), err)
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var page map[string]any
		if err := dec.Decode(&page); err != nil {
			return nil, fmt.Errorf("%s: %w", d.FileName(), err)
		}
		delete(page, "NextToken")
		delete(page, "ResultMetadata")
		page, _ = tidy(page).(map[string]any)
		key := d.Kind.ListKey()
		if key != "" && page[key] == nil {
			page[key] = []any{}
		}
		if first, ok := out[d.FileName()]; ok && key != "" {
			a, _ := first[key].([]any)
			b, _ := page[key].([]any)
			page[key] = append(a, b...)
		}
		out[d.FileName()] = page
	}
	return out, nil
}

// tidy drops nulls and secrets.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil || slices.Contains(secretKeys, k) {
				delete(v, k)
				continue
			}
			v[k] = tidy(e)
		}
		return v
	case []any:
		for i := range v {
			v[i] = tidy(v[i])
		}
		return v
	}
	return v
}

func addJSON(files map[string][]byte, name string, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	files[name] = []byte(outside.WithoutKeys(b.String())) // somebody may have put one into a tag
	return nil
}
