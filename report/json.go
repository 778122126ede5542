package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes the report as one JSON object: indented, or with many targets, for
// programs, a line for each.
func JSON(w io.Writer, r Report) error {
	if r.spool == nil {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	head := r
	head.Targets = []Target{}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(head); err != nil {
		return err
	}
	before, after, _ := bytes.Cut(b.Bytes(), []byte(`"targets":[]`))
	if _, err := w.Write(append(before, `"targets":[`...)); err != nil {
		return err
	}
	lines := r.spool.read()
	for n := 0; ; n++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case err == io.EOF:
			_, err := w.Write(append([]byte("\n]"), after...))
			return err
		case err != nil:
			return err
		}
		sep := ",\n"
		if n == 0 {
			sep = "\n"
		}
		if _, err := io.WriteString(w, sep); err != nil {
			return err
		}
		if _, err := w.Write(line[:len(line)-1]); err != nil {
			return err
		}
	}
}
