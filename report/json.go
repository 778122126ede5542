package report

import (
	"encoding/json"
	"io"
)

// JSON writes the report as one indented JSON object.
func JSON(w io.Writer, r Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
