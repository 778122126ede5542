package report

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// GitLab writes the report as a Code Quality artifact.
// Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
func GitLab(w io.Writer, r Report) error {
	type lines struct {
		Begin int `json:"begin"`
	}
	type location struct {
		Path  string `json:"path"`
		Lines lines  `json:"lines"`
	}
	type entry struct {
		Description string   `json:"description"`
		Check       string   `json:"check_name"`
		Fingerprint string   `json:"fingerprint"`
		Severity    string   `json:"severity"`
		Location    location `json:"location"`
	}
	out := []entry{}
	for _, i := range issues(r) {
		severity := map[Status]string{Fail: "critical", Unknown: "minor", Warn: "minor"}[i.finding.Status]
		if !i.bears(r) {
			severity = "info"
		}
		out = append(out, entry{i.title() + ": " + sentences(i.text(), r.lang), i.rule(), i.fingerprint(), severity, location{i.place(), lines{i.line()}}})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// sentences puts lines into one, each as a sentence of its own.
func sentences(text, lang string) string {
	end := snapshot.Text{En: ".", Ja: "。"}.In(lang)
	lines := strings.Split(text, "\n")
	for i, l := range lines[:len(lines)-1] {
		if l != "" && !strings.HasSuffix(l, ".") && !strings.HasSuffix(l, "。") {
			lines[i] = l + end
		}
	}
	return strings.Join(lines, " ")
}
