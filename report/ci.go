package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
)

// issue is a finding that a machine in CI should hear of: what is neither PASS
// nor SKIP, with what it is about.
type issue struct {
	target  Target
	result  Result
	finding Finding
	nth     int // among those that nothing else tells apart
}

// issues lists those that are not waived, worst first: FAIL, UNKNOWN, WARN; else
// in the order of the report. All formats for CI are made from this one list.
func issues(r Report) []issue { return listed(r, false) }

func listed(r Report, waived bool) []issue {
	var out []issue
	alike := map[string]int{}
	for _, status := range []string{checks.Fail.String(), checks.Unknown.String(), checks.Warn.String()} {
		for _, t := range r.Targets {
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Status == status && (f.Waived != nil) == waived {
						i := issue{target: t, result: res, finding: f}
						i.nth = alike[i.identity()]
						alike[i.identity()]++
						out = append(out, i)
					}
				}
			}
		}
	}
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
	return strings.Join(strings.Fields(i.finding.Status+" "+i.result.Check+" "+i.finding.Code), " ")
}

// text is the message with the next step.
func (i issue) text() string {
	if i.finding.Fix == nil || i.finding.Fix.Text == "" {
		return i.finding.Message
	}
	return i.finding.Message + "\n" + i.finding.Fix.Text
}

// fingerprint is the same in every run in which the same thing is wrong: it
// depends on neither language, values nor order.
func (i issue) fingerprint() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s\x00%d", i.identity(), i.nth)))
	return hex.EncodeToString(sum[:])
}

// identity is what makes an issue the same one in another run.
func (i issue) identity() string {
	parts := []string{"dspreflight/1", i.target.Name, i.result.Check, i.finding.Code, i.finding.Subject}
	for _, name := range []string{"action", "pattern", "acl"} {
		if v, ok := i.finding.Args[name].(string); ok {
			parts = append(parts, name+"="+v)
		}
	}
	return strings.Join(parts, "\x00")
}

// place is where the tools that want a file are sent: nothing of an estate is
// one, so it is named as a path.
func (i issue) place() string {
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
