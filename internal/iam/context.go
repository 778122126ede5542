package iam

import (
	"strings"
	"time"
)

// Context is what is known of the condition keys of a request, by their names in
// lower case. A key that is not in it is unknown, not absent.
type Context map[string]Value

// Value is what is known of the value of a condition key: exactly one of its
// fields is set.
type Value struct {
	Is     string // the value itself
	Like   string // a pattern with * that the value matches; the rest is not known
	Absent bool   // the request does not carry the key
	// From and To bound a moment: the value is any between the two, both included.
	From, To time.Time
}

// whole reports whether the value is known to the letter.
func (v Value) whole() bool { return !v.Absent && v.Like == "" && v.From.IsZero() }

// span words the time that a condition was judged for.
func (v Value) span() string {
	return "[" + v.From.UTC().Format(time.RFC3339) + " .. " + v.To.UTC().Format(time.RFC3339) + "]"
}

// meets reports whether some text matches both patterns. In each, * stands for
// any text and ? for any character.
func meets(a, b string) bool {
	// reach[j]: the part of a that was read and b[:j] can stand for one text.
	reach := make([]bool, len(b)+1)
	reach[0] = true
	skip := func() {
		for j := range b {
			if b[j] == '*' && reach[j] {
				reach[j+1] = true
			}
		}
	}
	skip()
	for i := range a {
		next := make([]bool, len(b)+1)
		for j, ok := range reach {
			switch {
			case !ok:
			case a[i] == '*': // it takes nothing, or whatever b has next
				for k := j; k <= len(b); k++ {
					next[k] = true
				}
			default:
				if j < len(b) && b[j] != '*' && (b[j] == '?' || a[i] == '?' || a[i] == b[j]) {
					next[j+1] = true
				}
				if j < len(b) && b[j] == '*' { // it takes what a has next
					next[j] = true
				}
			}
		}
		reach = next
		skip()
	}
	return reach[len(b)]
}

// covers reports whether the pattern matches every text that the other one does.
// It may say no where that is not so, never yes.
func covers(pattern, other string) bool {
	if pattern == other {
		return true
	}
	head, ok := strings.CutSuffix(pattern, "*")
	if !ok || strings.ContainsAny(head, "*?") {
		return false
	}
	literal, _, _ := strings.Cut(other, "*")
	literal, _, _ = strings.Cut(literal, "?")
	return strings.HasPrefix(literal, head)
}
