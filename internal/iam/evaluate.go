package iam

import (
	"fmt"
	"strings"
)

// Decision is what policies say of a request. The zero value is the default of
// IAM: no.
type Decision uint8

// The decisions.
const (
	ImplicitDeny Decision = iota // nothing allows it
	ExplicitDeny                 // a statement denies it
	Allowed                      // a statement allows it and none denies it
	Undecided                    // a condition or variable can't be told from here
)

// String returns the decision as SimulatePrincipalPolicy spells it.
func (d Decision) String() string {
	return [...]string{"implicitDeny", "explicitDeny", "allowed", "undecided"}[d]
}

// Request is what an identity asks for.
type Request struct {
	Action string
	// Resource is an ARN, in which each ? stands for a character that is not known,
	// or * for an action that has no resource.
	Resource string
	Context  Context
}

// Answer is a decision with the statements behind it.
type Answer struct {
	Decision Decision
	By       []string // "FILE, statement 2 (Sid)"
	Unknown  []string // what could not be decided: statement and condition
	Unmet    []string // statements that would allow it but for a condition that does not hold
	Timed    []string // conditions on the time that were judged, with the span that they were judged for
}

// truth is a value of three-valued logic.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func and(a, b truth) truth { return min(a, b) }

// Evaluate asks all policies of an identity at once: an explicit deny anywhere
// wins, then any allow, else the answer is no.
func Evaluate(policies []Policy, r Request) Answer {
	var allow, deny truth
	var allowedBy, deniedBy, unknown, unmet, timed []string
	for _, p := range policies {
		for i, s := range p.Statements {
			t, why := s.applies(p, r)
			timed = append(timed, s.timed(p, r)...)
			if t == no && (why == "" || s.Effect == "Deny") {
				continue
			}
			name := fmt.Sprintf("%s, statement %d", p.Name, i+1)
			if s.Sid != "" {
				name += " (" + s.Sid + ")"
			}
			if t == no {
				unmet = append(unmet, name+": "+why)
				continue
			}
			if t == maybe {
				unknown = append(unknown, name+": "+why)
			}
			if s.Effect == "Deny" {
				deny = max(deny, t)
				deniedBy = append(deniedBy, name)
			} else {
				allow = max(allow, t)
				allowedBy = append(allowedBy, name)
			}
		}
	}
	switch {
	case deny == yes:
		return Answer{Decision: ExplicitDeny, By: deniedBy, Timed: timed}
	case allow == no:
		return Answer{Unmet: unmet, Timed: timed}
	case deny == maybe || allow == maybe:
		return Answer{Decision: Undecided, By: append(allowedBy, deniedBy...), Unknown: unknown, Timed: timed}
	}
	return Answer{Decision: Allowed, By: allowedBy, Timed: timed}
}

// timed lists the conditions on the time of a statement about the request.
func (s Statement) timed(p Policy, r Request) []string {
	if t, _ := s.aboutResource(p, r); t == no || !s.aboutAction(r.Action) {
		return nil
	}
	var out []string
	for _, c := range s.Condition {
		if v, ok := r.Context[strings.ToLower(c.Key)]; ok && !v.From.IsZero() {
			out = append(out, c.in(r))
		}
	}
	return out
}

// applies says whether a statement is about a request. If that can't be told, or
// only a condition stands in the way, it says why.
func (s Statement) applies(p Policy, r Request) (truth, string) {
	if !s.aboutAction(r.Action) {
		return no, ""
	}
	t, why := s.aboutResource(p, r)
	if t == no {
		return no, ""
	}
	for _, c := range s.Condition {
		holds := c.holds(p, r)
		if holds == no {
			return no, c.in(r)
		}
		if holds < t {
			why = c.in(r)
		}
		t = and(t, holds)
	}
	return t, why
}

func (s Statement) aboutAction(action string) bool {
	if s.NotAction != nil {
		return !anyMatches(s.NotAction, action)
	}
	return anyMatches(s.Action, action)
}

func anyMatches(patterns []string, action string) bool {
	for _, p := range patterns {
		if MatchAction(p, action) {
			return true
		}
	}
	return false
}

func (s Statement) aboutResource(p Policy, r Request) (truth, string) {
	list, negated := s.Resource, false
	if s.NotResource != nil {
		list, negated = s.NotResource, true
	}
	found, why := no, ""
	for _, pattern := range list {
		resolved, ok := p.resolve(pattern, r)
		match := maybe
		if ok {
			match = matchResource(resolved, r.Resource)
		}
		if match == maybe && found == no {
			why = pattern
		}
		found = max(found, match)
	}
	if negated {
		return yes - found, why
	}
	return found, why
}

// MatchAction reports whether a pattern of a policy matches an action. Names are
// compared without regard to case; * and ? stand for any text and any character.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func MatchAction(pattern, action string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(action))
}

// matchResource compares part by part, so that a wildcard in the Region of an
// ARN does not reach into its account. In the last part it reaches everywhere. IAM
// completes an ARN that lacks parts with wildcards.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func matchResource(pattern, resource string) truth {
	want, have := strings.SplitN(pattern, ":", 6), strings.SplitN(resource, ":", 6)
	if pattern == "*" || (len(want) < 6 || len(have) < 6 || want[0] != "arn") && glob(pattern, resource) {
		return yes
	}
	if len(have) < 6 || want[0] != "arn" {
		return no
	}
	for len(want) < 6 {
		want = append(want, "*")
	}
	out := yes
	for i := range want {
		switch {
		case glob(want[i], have[i]): // a ? of the resource only meets a ? or * of the pattern
		case strings.ContainsAny(want[i], "*?") && meets(want[i], have[i]):
			out = maybe
		default: // one whole name is another's: what is not known is yet to be named
			return no
		}
	}
	return out
}

// glob matches * and ?, in time linear in both for each star.
func glob(pattern, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}

// resolve replaces policy variables by what is known of the request. In the old
// version of the language there are none.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (p Policy) resolve(text string, r Request) (string, bool) {
	if p.Version != versionNew || !strings.Contains(text, "${") {
		return text, true
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", false
		}
		switch known := r.Context[strings.ToLower(name)]; {
		case name == "*" || name == "?" || name == "$": // the characters themselves
			if name != "$" {
				return "", false // a literal * can't be told from a wildcard here
			}
			b.WriteString(name)
		case known.Is != "":
			b.WriteString(known.Is)
		default:
			return "", false
		}
		text = after
	}
}
