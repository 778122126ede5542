package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/files"
)

// packer writes files as one archive. The same files give the same bytes.
type packer func(w io.Writer, list map[string][]byte, at time.Time) error

func packerOf(file string) packer {
	switch {
	case strings.HasSuffix(file, ".zip"):
		return packZip
	case strings.HasSuffix(file, ".tar.gz"), strings.HasSuffix(file, ".tgz"):
		return packTar
	}
	return nil
}

// earliest is the first moment that a ZIP file can hold.
var earliest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func packZip(w io.Writer, list map[string][]byte, at time.Time) error {
	if at.Before(earliest) {
		at = earliest
	}
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()}
		h.SetMode(files.PrivateFile)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(list[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

func packTar(w io.Writer, list map[string][]byte, at time.Time) error {
	g := gzip.NewWriter(w)
	t := tar.NewWriter(g)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: files.PrivateFile, Size: int64(len(list[name])), ModTime: at.UTC()}); err != nil {
			return err
		}
		if _, err := t.Write(list[name]); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return g.Close()
}
