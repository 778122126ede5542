package report

import (
	"fmt"
	"io"
	"strings"
)

// The caps of GitHub: this many annotations of each kind in one step, the rest
// is dropped without a word. Source:
// https://docs.github.com/actions/reference/limits#annotations
const mostAnnotations = 10

// GitHub writes workflow commands that become annotations: worst first, within
// GitHub's caps, and a last one that says how many more there are.
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func GitHub(w io.Writer, r Report) error {
	var b strings.Builder
	counts := map[string]int{}
	left := map[string]int{}
	for _, i := range issues(r) {
		command := map[string]string{"FAIL": "error", "WARN": "warning", "UNKNOWN": "warning"}[i.finding.Status]
		limit := mostAnnotations
		if command == "error" {
			limit-- // room for the last one, the verdict
		}
		if counts[command] == limit {
			left[command]++
			continue
		}
		counts[command]++
		fmt.Fprintf(&b, "::%s title=%s::%s\n", command, escapeProperty(strings.TrimSpace(i.title()+" "+i.target.Name)), escapeData(i.text()))
	}
	more := ""
	if n := left["error"] + left["warning"]; n > 0 {
		more = fmt.Sprintf(" (+%d)", n)
	}
	command := "notice"
	if r.ExitCode == 1 {
		command = "error"
	}
	fmt.Fprintf(&b, "::%s title=dspreflight::%s\n", command, escapeData(r.Verdict.Label()+"  "+r.Summary.String()+more))
	_, err := io.WriteString(w, b.String())
	return err
}

// escapeData escapes what a workflow command would end at.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeProperty escapes the value of a property as well.
func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
