package report

import (
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
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
	counts, left := map[literal]int{}, map[literal]int{}
	for _, i := range issues(r) {
		command := map[Status]literal{Fail: "error", Warn: "warning", Unknown: "warning"}[i.finding.Status]
		if !i.bears(r) {
			command = "notice"
		}
		limit := mostAnnotations
		if command == lastCommand(r) {
			limit-- // room for the last one, the verdict
		}
		if counts[command] == limit {
			left[command]++
			continue
		}
		counts[command]++
		file, line := i.declared()
		b.WriteString(outside.Annotation(command, file, line, strings.TrimSpace(i.title()+" "+i.target.Name), i.text()))
	}
	more := ""
	if n := left["error"] + left["warning"] + left["notice"]; n > 0 {
		more = snapshot.Textf(" (%d more not shown here)", "（ほか %d 件は省略）", n).In(r.lang)
	}
	lines := append([]string{r.verdictText(r.lang) + "  " + r.Summary.String() + more}, r.changeLines(r.lang)...)
	if d := r.Baseline; d != nil {
		lines = append(lines, wordSince.In(r.lang)+" "+d.summary(r.lang))
	}
	said := strings.Join(lines, "\n")
	b.WriteString(outside.Annotation(lastCommand(r), "", 0, "dspreflight", said))
	_, err := io.WriteString(w, b.String())
	return err
}

// lastCommand is the kind of the last annotation, the verdict.
func lastCommand(r Report) literal {
	if r.ExitCode == 1 {
		return "error"
	}
	return "notice"
}
