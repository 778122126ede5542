package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
)

// issue is a finding that a machine in CI should hear of: what is neither PASS
// nor SKIP, with what it is about.
type issue struct {
	target  Target
	result  Result
	finding Finding
}

// issues lists those that are not waived, worst first: FAIL, UNKNOWN, WARN; else
// in the order of the report. All formats for CI are made from this one list.
func issues(r Report) []issue { return listed(r, false) }

func listed(r Report, waived bool) []issue {
	var out []issue
	for _, status := range []string{checks.Fail.String(), checks.Unknown.String(), checks.Warn.String()} {
		for _, t := range r.Targets {
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Status == status && (f.Waived != nil) == waived {
						out = append(out, issue{t, res, f})
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
	sum := sha256.Sum256([]byte(strings.Join([]string{"dspreflight/1", i.target.Name, i.result.Check, i.finding.Code, i.finding.Subject}, "\x00")))
	return hex.EncodeToString(sum[:])
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
