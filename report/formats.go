package report

import (
	"io"
	"slices"
	"strings"
)

// Format is one that a report is written in.
type Format struct {
	Name   string
	Ending string // of a file that holds it
	Render func(TableOptions) Renderer
	Diff   DiffRenderer // the same of what changed between two reports
}

func plain(r Renderer) func(TableOptions) Renderer {
	return func(TableOptions) Renderer { return r }
}

func worded(r func(lang string) Renderer) func(TableOptions) Renderer {
	return func(o TableOptions) Renderer { return r(o.Lang) }
}

// formats is the one list of them: flags, help, completion and tests read it.
var formats = []Format{
	{"table", "txt", Table, diffTable},
	{"wide", "txt", func(o TableOptions) Renderer { o.Wide = true; return Table(o) }, func(w io.Writer, d Diff, o TableOptions) error { o.Wide = true; return diffTable(w, d, o) }},
	{"json", "json", plain(JSON), diffJSON},
	{"junit", "xml", plain(JUnit), newsIn(JUnit)},
	{"sarif", "json", plain(SARIF), newsIn(SARIF)},
	{"github", "txt", plain(GitHub), diffGitHub},
	{"gitlab", "json", plain(GitLab), newsIn(GitLab)},
	{"markdown", "md", worded(Markdown), diffMarkdown},
	{"html", "html", worded(HTML), diffHTML},
	{"svg", "svg", worded(SVG), diffSVG},
	{"mermaid", "mmd", worded(Mermaid), diffMermaid},
	{"csv", "csv", plain(CSV), diffCSV},
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
