package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"
)

// MaxFileBytes is the largest file that is read. A Region with 5,000 security
// groups of 20 rules each takes about 60 MB as the AWS CLI prints it.
const MaxFileBytes = 128 << 20

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
	snap := &Snapshot{}
	folders, passed, err := scopeFolders(fsys)
	if err != nil {
		return nil, err
	}
	snap.Passed = passed
	root, hasRoot, err := readManifest(fsys, ".")
	if err != nil {
		return nil, err
	}
	if hasRoot {
		snap.TakenAt, snap.Target, snap.Redacted = root.TakenAt, root.Target, root.Redacted
	}
	if snap.Probes, err = readProbes(fsys); err != nil {
		return nil, err
	}
	if snap.Policies, err = readPolicies(fsys); err != nil {
		return nil, err
	}
	if folders[0].dir != "." && root.ofScope() {
		return nil, Errorf("manifest.json: name, account, region, roles and calls are a scope's: put them into the manifest.json of its folder (%s)", "manifest.json: name、account、region、roles、calls はスコープのもの。そのフォルダー（%s）の manifest.json に書く", listedFolders(folders))
	}
	var newest time.Time
	for _, f := range folders {
		sc, mod, err := readScope(fsys, f, opt)
		if err != nil {
			return nil, err
		}
		snap.ByHand = snap.ByHand || sc.Calls == nil
		if mod.After(newest) {
			newest = mod
		}
		snap.Scopes = append(snap.Scopes, sc)
	}
	slices.SortStableFunc(snap.Scopes, func(a, b *Scope) int { return cmp.Compare(rank(a), rank(b)) })
	if err := noCopies(snap.Scopes); err != nil {
		return nil, err
	}
	if snap.TakenAt.IsZero() {
		snap.TakenAt = newest.UTC().Truncate(time.Second)
	}
	snap.AddCommandRuns()
	return snap, nil
}

// rank puts scopes into the order in which they are collected: destinations,
// sources, others.
func rank(s *Scope) int {
	switch {
	case s.Has(Destination):
		return 0
	case s.Has(Source):
		return 1
	}
	return 2
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

func innermost(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func readScope(fsys fs.FS, f scopeFolder, opt ReadOptions) (*Scope, time.Time, error) {
	m, _, err := readManifest(fsys, f.dir)
	if err != nil {
		return nil, time.Time{}, err
	}
	sc := &Scope{Name: m.Name, Account: m.Account, Region: m.Region, Roles: m.Roles, Calls: m.Calls, Credentials: m.Credentials}
	if f.dir != "." {
		if m.Target != nil {
			return nil, time.Time{}, Errorf("%s: the target belongs into the manifest.json beside the folders", "%s: target はフォルダーと並ぶ manifest.json に書く", path.Join(f.dir, "manifest.json"))
		}
		if sc.Name == "" {
			sc.Name = path.Base(f.dir)
		}
	}
	var newest time.Time
	seen := witnesses{}
	read := map[string]bool{}
	for _, e := range f.files {
		file := path.Join(f.dir, e.name)
		body, mod, err := readFile(fsys, file)
		if err != nil {
			return nil, newest, err
		}
		if mod.After(newest) {
			newest = mod
		}
		doc := Document{Kind: e.kind, ID: e.id, Body: body}
		extent, vpcs := m.extentOf(doc, opt.Complete)
		truncated, err := sc.Load(doc, extent, vpcs)
		if err != nil {
			return nil, newest, fmt.Errorf("%s: %w", file, err)
		}
		if m.Calls == nil {
			seen.regions(e.name, body)
		}
		if truncated {
			sc.markTruncated(e.kind, e.id)
		}
		for _, c := range m.Calls {
			if c.about(doc) {
				sc.Asked(e.kind, c.Asked)
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
			sc.Calls[i].Error = &CallError{Action: KindOf(c.Command).Action(), Code: FileMissing, Message: path.Join(f.dir, name)}
		}
	}
	if m.Calls == nil { // by hand: what dspreflight writes is of one scope
		seen.accounts(sc)
		if err := seen.agree(sc, f.dir); err != nil {
			return nil, newest, err
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
