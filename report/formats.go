package report

import (
	"slices"
	"strings"
)

// Format is one that a report is written in.
type Format struct {
	Name   string
	Ending string // of a file that holds it
	Render func(TableOptions) Renderer
}

func plain(r Renderer) func(TableOptions) Renderer {
	return func(TableOptions) Renderer { return r }
}

func worded(r func(lang string) Renderer) func(TableOptions) Renderer {
	return func(o TableOptions) Renderer { return r(o.Lang) }
}

// formats is the one list of them: flags, help, completion and tests read it.
var formats = []Format{
	{"table", "txt", Table},
	{"wide", "txt", func(o TableOptions) Renderer { o.Wide = true; return Table(o) }},
	{"json", "json", plain(JSON)},
	{"junit", "xml", plain(JUnit)},
	{"sarif", "json", plain(SARIF)},
	{"github", "txt", plain(GitHub)},
	{"gitlab", "json", plain(GitLab)},
	{"markdown", "md", worded(Markdown)},
	{"html", "html", worded(HTML)},
	{"svg", "svg", worded(SVG)},
	{"mermaid", "mmd", worded(Mermaid)},
	{"csv", "csv", plain(CSV)},
}

// Formats lists the formats, the default first.
func Formats() []Format { return slices.Clone(formats) }

// FormatNamed finds a format.
func FormatNamed(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// FormatNames are the names of all formats, for a sentence.
func FormatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
