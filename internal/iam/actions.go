package iam

import (
	_ "embed"
	"strings"
)

//go:embed actions.txt
var actionList string

// Action is a real action of AWS.
type Action struct {
	Name string // "ec2:DescribeSubnets"
	Read bool   // it only reads or lists
}

var actions = func() []Action {
	var out []Action
	for _, line := range strings.Split(actionList, "\n") {
		name, mark, _ := strings.Cut(line, " ")
		if name != "" && !strings.HasPrefix(name, "#") {
			out = append(out, Action{name, mark == "r"})
		}
	}
	return out
}()

// Actions lists the real actions of Amazon EC2, AWS DataSync, IAM and AWS STS.
func Actions() []Action { return actions }

// Known reports whether the list has the actions of a pattern's service, so that
// a pattern that matches none of them is dead.
func Known(pattern string) bool {
	service, _, ok := strings.Cut(strings.ToLower(pattern), ":")
	return ok && (service == "ec2" || service == "datasync" || service == "iam" || service == "sts")
}

// Matching lists the real actions that a pattern matches.
func Matching(pattern string) []Action {
	var out []Action
	for _, a := range actions {
		if MatchAction(pattern, a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// Meant guesses what a pattern that matches nothing was meant to be: the names of
// actions hold no hyphens, underscores or spaces. It is "" when that doesn't help
// either.
func Meant(pattern string) string {
	service, name, ok := strings.Cut(pattern, ":")
	if !ok {
		return ""
	}
	name = strings.NewReplacer("-", "", "_", "", " ", "").Replace(name)
	for _, guess := range []string{name, "*" + strings.Trim(name, "*") + "*"} {
		if guess = service + ":" + guess; len(Matching(guess)) > 0 {
			return guess
		}
	}
	return ""
}
