package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// written looks at how a statement is written: patterns that match nothing, ARNs
// of elsewhere, rights far beyond the need.
func (x *Exam) written(j judging, p iam.Policy, index int, st iam.Statement) {
	where := fmt.Sprintf("%s, statement %d", p.Name, index+1)
	for _, pattern := range st.Action {
		saw := snapshot.Evidence{Source: "--policy-file", Ref: where, Fact: snapshot.Textf("Action %s", "Action %s", pattern)}
		matches := iam.Matching(pattern)
		if len(matches) == 0 {
			if !iam.Known(pattern) {
				continue
			}
			meant := iam.Meant(pattern)
			hint, needed := snapshot.Textf("; perhaps %s was meant", "。%s の誤りかもしれない", meant), neededOf(iam.Matching(meant))
			switch {
			case meant == "":
				hint, needed = Text{}, ActivationActions()
			case len(needed) == 0:
				needed = []string{meant}
			}
			x.Report(iamDeadPattern, p.Name, Args{"pattern": pattern, "policy": where, "date": iam.ReferenceDate(), "hint": hint, "needed": needed}, saw)
			continue
		}
		needed := neededOf(matches)
		if wrong := j.elsewhere(st.Resource); len(needed) > 0 && wrong != "" {
			x.Report(iamElsewhere, p.Name, Args{"pattern": pattern, "policy": where, "resource": wrong, "expected": j.region + " / " + j.account}, saw)
		}
		var excess []string
		for _, m := range matches {
			if !m.Read && !slices.Contains(needed, m.Name) {
				excess = append(excess, m.Name)
			}
		}
		if len(excess) > mostExcess {
			if len(needed) == 0 {
				needed = []string{"-"}
			}
			x.Report(iamTooBroad, p.Name, Args{"pattern": pattern, "policy": where, "count": fmt.Sprint(len(excess)), "example": worst(excess), "needed": needed}, saw)
		}
	}
}

// mostExcess is how many actions that change something a pattern may allow
// beyond the need before it is worth a word.
const mostExcess = 2

func neededOf(actions []iam.Action) []string {
	var out []string
	for _, a := range actions {
		if slices.Contains(ActivationActions(), a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// worst picks the example that frightens most.
func worst(actions []string) string {
	for _, a := range actions {
		if strings.Contains(a, ":Delete") {
			return a
		}
	}
	return actions[0]
}

// policyVariable stands for what is known only when a call is made; it holds colons.
var policyVariable = pattern.New(`\$\{[^}]*\}`)

// elsewhere is the first ARN of a statement, if none of its resources can be of
// the account and Region of the activation.
func (j judging) elsewhere(resources []string) string {
	wrong := ""
	for _, r := range resources {
		parts := strings.SplitN(policyVariable.Re().ReplaceAllString(r, "$$"), ":", 6)
		if len(parts) < 6 {
			return ""
		}
		region, account := parts[3], parts[4]
		other := region != "" && !strings.ContainsAny(region, "*?$") && j.region != "" && region != j.region ||
			account != "" && !strings.ContainsAny(account, "*?$") && j.account != "" && account != j.account
		if !other {
			return ""
		}
		if wrong == "" {
			wrong = r
		}
	}
	return wrong
}
