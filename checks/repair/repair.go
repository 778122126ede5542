// Package repair knows the changes that mend a network: what each is called in the
// AWS CLI and in Terraform, and which of them are one. Checks say what must change;
// nobody reads it out of the text of a command.
package repair

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Whose says in which account and Region, and with which credentials as far as they
// are known, something is done.
type Whose struct {
	Account, Region string
	Profile, Role   string // those with which the scope was looked at
}

// Change is a change of one resource.
type Change interface {
	// Resource is what is changed.
	Resource() string
	// words are the service, the command and the options of the AWS CLI. nil: no
	// command can do it.
	words() []string
	// blocks are the same in Terraform, where it is a block of its own.
	blocks(*document)
}

// Repair is a change, and whose it is.
type Repair struct {
	Whose
	Change
}

// Words is the command of the AWS CLI that makes the change, as an argument list.
func (r Repair) Words() []string {
	words := r.words()
	if words == nil {
		return nil
	}
	return r.Command(words...)
}

// Command is a command of the AWS CLI with the Region and the profile of an owner.
func (w Whose) Command(words ...string) []string {
	out := append([]string{"aws"}, words...)
	if w.Profile != "" {
		out = slices.Insert(out, min(3, len(out)), "--profile", w.Profile)
	}
	if w.Region != "" {
		out = slices.Insert(out, min(3, len(out)), "--region", w.Region)
	}
	return out
}

// Shell quotes an argument list for a POSIX shell. A value that begins with a hyphen
// is joined to its option, which else would take it for another option.
func Shell(words []string) string {
	var out []string
	for i, word := range words {
		quoted := outside.Words(word)
		if i > 0 && strings.HasPrefix(word, "-") && !isOption(word) && isOption(words[i-1]) {
			out[len(out)-1] += "=" + quoted
			continue
		}
		out = append(out, quoted)
	}
	return strings.Join(out, " ")
}

// isOption reports whether a word is an option of the AWS CLI.
func isOption(word string) bool {
	name, ok := strings.CutPrefix(word, "--")
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && name[0] != '-'
}
