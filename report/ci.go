package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// issue is a finding that a machine in CI should hear of: what is neither PASS
// nor SKIP, with what it is about.
type issue struct {
	target  Target
	result  Result
	finding Finding
	nth     int    // among those that nothing else tells apart
	became  string // since the baseline, if there is one
	lang    string
}

// issues lists those that are not waived, worst first: what a change does before
// what was there, then FAIL, UNKNOWN, WARN; else in the order of the report. All
// formats for CI are made from this one list.
func issues(r Report) []issue { return listed(r, false) }

// bears reports whether the issue bears on the verdict. With a planned change
// and --gate change, what was there before does not, and with --fail-on new what was
// there at the time of the baseline.
func (i issue) bears(r Report) bool {
	if r.FailOn == OnNew && i.became != "" && !isNews(i.became) {
		return false
	}
	return r.Gate != GateChange || i.finding.Effect == Broken || i.finding.Effect == UnknownNow || i.finding.Effect == Weakened
}

func listed(r Report, waived bool) []issue {
	var out []issue
	alike := map[string]int{}
	for _, status := range []Status{Fail, Unknown, Warn} {
		for n, t := range r.Targets {
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Status == status && (f.Waived != nil) == waived {
						i := issue{target: t, result: res, finding: f, lang: r.lang, became: r.since(n).became(res, f)}
						i.nth = alike[i.identity()]
						alike[i.identity()]++
						out = append(out, i)
					}
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b issue) int {
		switch x, y := a.bears(r), b.bears(r); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	return out
}

// rule is the problem code, or for an UNKNOWN, which has none, the check.
func (i issue) rule() string {
	if i.finding.Code != "" {
		return i.finding.Code
	}
	return i.result.Check
}

// title is one line that stands alone.
func (i issue) title() string {
	return strings.Join(strings.Fields(string(i.finding.Status)+" "+i.result.Check+" "+i.finding.Code), " ")
}

// text is the message with what it leads to, the change behind it and the next step.
func (i issue) text() string {
	lines := []string{i.finding.Message}
	if i.finding.Cause != "" {
		lines = append(lines, i.finding.Cause)
	}
	if by := i.by(i.lang); by != "" {
		lines = append(lines, by)
	}
	if was := sinceWords[i.became].In(i.lang); was != "" {
		lines = append(lines, was)
	}
	if i.finding.Fix != nil && i.finding.Fix.Text != "" {
		lines = append(lines, i.finding.Fix.Text)
	}
	return strings.Join(lines, "\n")
}

// by says which change is behind the issue, or that none of the plan's is.
func (i issue) by(lang string) string { return behind(i.result, i.finding, lang) }

func behind(r Result, f Finding, lang string) string {
	was := ""
	if r.Before != "" && r.Before != f.Status {
		was = string(r.Before + " -> " + f.Status)
	}
	switch {
	case f.Effect == StillBroken:
		return wordStill.In(lang)
	case len(f.Resources) > 0:
		names := strings.Join(resourceNames(f.Resources), ", ")
		return strings.TrimSpace(snapshot.Text{En: was + " by " + names, Ja: was + "、原因の変更: " + names}.In(lang))
	}
	return ""
}

// mostResources is how many resources behind a finding a sentence names.
const mostResources = 4

func resourceNames(list []Resource) []string {
	var out []string
	for n, r := range list {
		if n == mostResources {
			out = append(out, fmt.Sprintf("(+%d)", len(list)-n))
			break
		}
		name := r.Address + " (" + r.Action
		if r.File != "" {
			name += fmt.Sprintf(", %s:%d", r.File, r.Line)
		}
		out = append(out, name+")")
	}
	return out
}

var wordStill = snapshot.Text{En: "it was so before; this change is not to blame", Ja: "変更前からの問題で、この変更によるものではない"}

// fingerprint is the same in every run in which the same thing is wrong: of the
// same resource, for the same addresses and ports. It depends on neither language
// nor order.
func (i issue) fingerprint() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s\x00%d", i.identity(), i.nth)))
	return hex.EncodeToString(sum[:])
}

// identity is what makes an issue the same one in another run.
func (i issue) identity() string {
	parts := []string{"dspreflight/1", i.target.Name, i.result.Check, i.finding.Code, i.finding.Subject}
	if a := i.finding.About; a != nil {
		parts = append(parts, a.Key())
	}
	return strings.Join(append(parts, i.finding.telling()...), "\x00")
}

// telling are the arguments that tell apart what else is the same of one subject.
func (f Finding) telling() []string {
	var out []string
	for _, name := range []string{"action", "pattern"} {
		if v, ok := f.Args[name].(string); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// line is the one in the file of place, 1 if nothing says.
func (i issue) line() int {
	if _, line := i.declared(); line > 0 {
		return line
	}
	return 1
}

// declared is where the resource behind the issue is declared, if that is known.
func (i issue) declared() (string, int) {
	for _, r := range i.finding.Resources {
		if r.File != "" {
			return r.File, r.Line
		}
	}
	return "", 0
}

// place is where the tools that want a file are sent: where the resource behind
// the issue is declared. Nothing of an estate is a file, so it is named as a path.
func (i issue) place() string {
	if file, _ := i.declared(); file != "" {
		return file
	}
	clean := func(s string) string {
		return strings.Trim(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
				return r
			}
			return '-'
		}, s), "-.")
	}
	parts := []string{"datasync"}
	for _, s := range []string{i.target.Name, i.finding.Subject} {
		if s = clean(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "/")
}
