package iam

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// The file is generated: it says its source and its date.
//
//go:embed actions.txt
var actionList string

// Action is a real action of AWS.
type Action struct {
	Name string // "ec2:DescribeSubnets"
	Read bool   // it only reads or lists
	keys []string
	told bool // keys is all that the action has of its own
}

// reference is the embedded file.
type reference struct {
	date     string
	services map[string]bool
	session  []string // keys with a service's prefix that belong to the session
	actions  []Action
}

// known is read when the first action is asked about: it takes half a millisecond.
var known = sync.OnceValue(func() reference { return readReference(actionList) })

func readReference(text string) reference {
	r := reference{services: map[string]bool{}}
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		switch fields[0] {
		case "@date":
			r.date = fields[1]
		case "@services":
			for _, s := range fields[1:] {
				r.services[s] = true
			}
		case "@session":
			r.session = fields[1:]
		default:
			a := Action{Name: fields[0], Read: fields[1] == "r"}
			if len(fields) > 2 && fields[2] == "=" {
				a.keys, a.told = fields[3:], true
			}
			r.actions = append(r.actions, a)
		}
	}
	return r
}

// Actions lists the real actions of Amazon EC2, AWS DataSync, IAM and AWS STS.
func Actions() []Action { return known().actions }

// ReferenceDate is the day, as 2006-01-02, of the Service Authorization Reference
// that the list of actions was made from.
func ReferenceDate() string { return known().date }

// Known reports whether the list has the actions of a pattern's service, so that
// a pattern that matches none of them is dead.
func Known(pattern string) bool {
	service, _, ok := strings.Cut(strings.ToLower(pattern), ":")
	return ok && (service == "ec2" || service == "datasync" || service == "iam" || service == "sts")
}

// Matching lists the real actions that a pattern matches.
func Matching(pattern string) []Action {
	var out []Action
	for _, a := range known().actions {
		if MatchAction(pattern, a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// neverCarries reports whether no request for the action has the condition key.
// That is told of the keys of services and of the tags of resources and requests
// only; most global keys may come with any request.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func neverCarries(action, key string) bool {
	i := slices.IndexFunc(known().actions, func(a Action) bool { return strings.EqualFold(a.Name, action) })
	if i < 0 || !known().actions[i].told {
		return false
	}
	name, _, tagged := strings.Cut(key, "/")
	same := func(k string) bool {
		other, _, otherTagged := strings.Cut(k, "/")
		return tagged == otherTagged && strings.EqualFold(name, other)
	}
	service, _, ok := strings.Cut(strings.ToLower(key), ":")
	switch {
	case service == "aws":
		tag := strings.EqualFold(name, "aws:ResourceTag") || strings.EqualFold(name, "aws:RequestTag") || strings.EqualFold(name, "aws:TagKeys")
		if !tag {
			return false
		}
	case !ok || !known().services[service] || slices.ContainsFunc(known().session, same):
		return false
	}
	return !slices.ContainsFunc(known().actions[i].keys, same)
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
	for _, guess := range []string{name, name + "*", "*" + strings.Trim(name, "*") + "*"} {
		if guess = service + ":" + guess; len(Matching(guess)) > 0 {
			return guess
		}
	}
	return ""
}
