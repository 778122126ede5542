package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// MaxFileBytes is the largest file that is read. A Region with 5,000 security
// groups of 20 rules each takes about 60 MB as the AWS CLI prints it.
const MaxFileBytes = 128 << 20

// Manifest is what dspreflight writes beside the files of a scope; every field
// is optional in one written by hand.
type Manifest struct {
	Schema      string       `json:"schema,omitempty"`
	ToolVersion string       `json:"tool_version,omitempty"`
	TakenAt     time.Time    `json:"taken_at,omitzero"`
	Target      *Target      `json:"target,omitempty"`
	Name        string       `json:"name,omitempty"`
	Account     string       `json:"account,omitempty"`
	Region      string       `json:"region,omitempty"`
	Roles       []Role       `json:"roles,omitempty"`
	Calls       []Call       `json:"calls,omitempty"`
	Credentials *Credentials `json:"credentials,omitempty"`
}

// ManifestSchema names the layout of a saved snapshot.
const ManifestSchema = "dspreflight.snapshot/v1"

// ReadOptions say how to understand a folder.
type ReadOptions struct {
	// Complete is the user's word that files without a manifest are whole and
	// unfiltered, so that a missing row proves absence.
	Complete bool
	// KeepDocuments keeps the files' bytes, to write them out again.
	KeepDocuments bool
}

// Read reads an estate from a folder: one sub-folder a scope, or a single scope
// when there are none. Errors name the file and the place in it.
func Read(fsys fs.FS, opt ReadOptions) (*Snapshot, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, Errorf("read the snapshot folder: %w", "スナップショットフォルダーの読み取り: %w", err)
	}
	snap := &Snapshot{}
	root, hasRoot, err := readManifest(fsys, ".")
	if err != nil {
		return nil, err
	}
	if hasRoot {
		snap.TakenAt, snap.Target = root.TakenAt, root.Target
	}
	if snap.Probes, err = readProbes(fsys); err != nil {
		return nil, err
	}
	if snap.Policies, err = readPolicies(fsys); err != nil {
		return nil, err
	}
	var folders []string
	if holds, err := holdsEvidence(fsys, ".", false); err != nil {
		return nil, err
	} else if holds {
		folders = []string{"."}
	}
	for _, e := range entries {
		info, err := fs.Stat(fsys, e.Name()) // a link to a folder is a folder
		if err != nil || !info.IsDir() {
			continue
		}
		holds, err := holdsEvidence(fsys, e.Name(), true)
		if err != nil {
			return nil, err
		}
		if holds {
			folders = append(folders, e.Name())
		}
	}
	switch {
	case len(folders) == 0:
		return nil, Errorf("the folder holds no file named after an AWS CLI command, such as describe-vpc-endpoints.json, and no sub-folder that does", "describe-vpc-endpoints.json のような AWS CLI コマンド名のファイルが、フォルダーにもサブフォルダーにもない")
	case len(folders) > 1 && folders[0] == ".":
		return nil, Errorf("the folder holds command output itself and in sub-folders (%s): put each account and Region in a sub-folder of its own", "コマンドの出力がフォルダー直下とサブフォルダー（%s）の両方にある。アカウントとリージョンごとにサブフォルダーを分ける", strings.Join(folders[1:], ", "))
	}
	var newest time.Time
	for _, dir := range folders {
		sc, mod, err := readScope(fsys, dir, opt)
		if err != nil {
			return nil, err
		}
		snap.ByHand = snap.ByHand || sc.Calls == nil
		if mod.After(newest) {
			newest = mod
		}
		snap.Scopes = append(snap.Scopes, sc)
	}
	if snap.TakenAt.IsZero() {
		snap.TakenAt = newest.UTC().Truncate(time.Second)
	}
	return snap, nil
}

// readPolicies reads policies.json, if it is there.
func readPolicies(fsys fs.FS) ([]PolicyFile, error) {
	const file = "policies.json"
	if _, err := fs.Stat(fsys, file); err != nil {
		return nil, nil
	}
	body, _, err := readFile(fsys, file)
	if err != nil {
		return nil, err
	}
	var list []PolicyFile
	if err := DecodeJSON(body, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// readProbes reads probes.json, if it is there.
func readProbes(fsys fs.FS) ([]ProbeRun, error) {
	const file = "probes.json"
	if _, err := fs.Stat(fsys, file); err != nil {
		return nil, nil
	}
	body, _, err := readFile(fsys, file)
	if err != nil {
		return nil, err
	}
	runs, err := ReadProbes(body, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return runs, nil
}

// holdsEvidence reports whether a folder is one of a scope: it holds the output
// of a command or, for a sub-folder, a manifest, which may list nothing but
// calls that failed.
func holdsEvidence(fsys fs.FS, dir string, sub bool) (bool, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return false, Errorf("read the folder %s: %w", "フォルダー %s の読み取り: %w", dir, innermost(err))
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		kind, _ := parseName(e.Name())
		return kind != NoKind || sub && e.Name() == "manifest.json"
	}), nil
}

func innermost(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// parseName splits "command.json" and "command.id.json".
func parseName(name string) (Kind, string) {
	stem, ok := strings.CutSuffix(name, ".json")
	if !ok {
		return NoKind, ""
	}
	command, id, _ := strings.Cut(stem, ".")
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain // as FileName escapes it
	}
	return KindOf(command), id
}

func readScope(fsys fs.FS, dir string, opt ReadOptions) (*Scope, time.Time, error) {
	m, _, err := readManifest(fsys, dir)
	if err != nil {
		return nil, time.Time{}, err
	}
	sc := &Scope{Name: m.Name, Account: m.Account, Region: m.Region, Roles: m.Roles, Calls: m.Calls, Credentials: m.Credentials}
	if sc.Name == "" && dir != "." {
		sc.Name = path.Base(dir)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, time.Time{}, Errorf("read %s: %w", "%s の読み取り: %w", dir, err)
	}
	var newest time.Time
	read := map[string]bool{}
	for _, e := range entries {
		kind, id := parseName(e.Name())
		if kind == NoKind {
			continue
		}
		file := path.Join(dir, e.Name())
		if kind.PerID() && id == "" {
			return nil, newest, Errorf("%s: the name lacks the resource: call it %s.<id>.json", "%s: ファイル名にリソース ID がない。%s.<id>.json とする", file, kind.Command())
		}
		if !kind.PerID() {
			id = ""
		}
		body, mod, err := readFile(fsys, file)
		if err != nil {
			return nil, newest, err
		}
		if mod.After(newest) {
			newest = mod
		}
		doc := Document{Kind: kind, ID: id, Body: body}
		extent, vpcs := extentOf(m, doc, opt.Complete)
		truncated, err := sc.Load(doc, extent, vpcs)
		if err != nil {
			return nil, newest, fmt.Errorf("%s: %w", file, err)
		}
		if truncated {
			sc.markTruncated(kind, id)
		}
		for _, c := range m.Calls {
			if c.Command == kind.Command() && c.ID == id {
				sc.Asked(kind, c.Asked)
			}
		}
		read[doc.FileName()] = true
		if opt.KeepDocuments {
			sc.documents = append(sc.documents, doc)
		}
	}
	for i, c := range sc.Calls {
		name := Document{Kind: KindOf(c.Command), ID: c.ID}.FileName()
		if c.Error == nil && !read[name] {
			sc.Calls[i].Error = &CallError{Action: KindOf(c.Command).Action(), Code: FileMissing, Message: path.Join(dir, name)}
		}
	}
	sc.Infer()
	return sc, newest, nil
}

func (s *Scope) markTruncated(k Kind, id string) {
	for i, c := range s.Calls {
		if c.Command == k.Command() && c.ID == id {
			s.Calls[i].Truncated = true
			return
		}
	}
	s.Calls = append(s.Calls, Call{Command: k.Command(), ID: id, Truncated: true})
}

// FileMissing is the code of a call whose manifest entry has no file.
const FileMissing = "FileMissing"

// extentOf says how far a document's table was seen, by the manifest or, with
// none, by the user's word.
func extentOf(m Manifest, doc Document, complete bool) (Extent, []string) {
	if m.Calls == nil {
		if complete {
			return Full, nil
		}
		return Partial, nil
	}
	for _, c := range m.Calls {
		if c.Command == doc.Kind.Command() && c.ID == doc.ID {
			if c.Truncated || c.Error != nil {
				return Partial, nil
			}
			return Full, c.VPCs
		}
	}
	return Partial, nil
}

func readFile(fsys fs.FS, name string) ([]byte, time.Time, error) {
	// Before it is opened: to open a pipe is to wait for its other end.
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%s: %w", name, innermost(err))
	}
	if !info.Mode().IsRegular() {
		return nil, time.Time{}, Errorf("%s: not a regular file", "%s: 通常のファイルではない", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, time.Time{}, Errorf("open %s: %w", "%s を開けない: %w", name, innermost(err))
	}
	defer f.Close()
	if info.Size() > MaxFileBytes {
		return nil, time.Time{}, Errorf("%s: %d MB is more than the %d MB that dspreflight reads; collect it again with a filter, such as --filters Name=vpc-id,Values=<the VPC>", "%s: %d MB は、dspreflight が読む上限 %d MB を超えている。--filters Name=vpc-id,Values=<VPC> などの条件を付けて取り直す", name, info.Size()>>20, MaxFileBytes>>20)
	}
	if info.Size() == 0 {
		return nil, time.Time{}, Errorf("%s: the file is empty; the command that should have filled it may have failed", "%s: ファイルが空。出力したコマンドが失敗した可能性がある", name)
	}
	body, err := io.ReadAll(f)
	if err != nil {
		return nil, time.Time{}, Errorf("read %s: %w", "%s の読み取り: %w", name, err)
	}
	return body, info.ModTime(), nil
}

func readManifest(fsys fs.FS, dir string) (Manifest, bool, error) {
	var m Manifest
	file := path.Join(dir, "manifest.json")
	if _, err := fs.Stat(fsys, file); err != nil {
		return m, false, nil
	}
	body, _, err := readFile(fsys, file)
	if err != nil {
		return m, false, err
	}
	if body, err = utf8Body(body); err != nil {
		return m, false, fmt.Errorf("%s: %w", file, err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, false, fmt.Errorf("%s: %w", file, place(body, offsetOf(err), plain(err)))
	}
	if m.Schema != "" && m.Schema != ManifestSchema {
		return m, false, Errorf("%s: schema %q is not %q, the one that this version reads", "%s: スキーマ %q は、この版が読む %q ではない", file, m.Schema, ManifestSchema)
	}
	for _, c := range m.Calls {
		if KindOf(c.Command) == NoKind {
			return m, false, Errorf("%s: %q is not a call that this version knows", "%s: %q はこの版の知らない呼び出し", file, c.Command)
		}
	}
	for _, r := range m.Roles {
		if r != Destination && r != Source {
			return m, false, Errorf("%s: role %q is neither %q nor %q", "%s: 役割 %q は %q でも %q でもない", file, r, Destination, Source)
		}
	}
	return m, true, nil
}
