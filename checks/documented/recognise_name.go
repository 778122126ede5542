package documented

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// namesDataSync reports whether the service's name, from one place of a text to another,
// is more than a part of a name that somebody gave: a bucket "datasync-landing", a
// folder "/mnt/datasync" or a unit "datasync.service" may be anybody's. Written with
// capitals as AWS does, it is the service's.
func namesDataSync(text string, from, to int) bool {
	end := nameEnd(text, to)
	before, after := text[nameStart(text, from):from], text[to:end]
	if before == "" && after == "" {
		return true
	}
	if word := text[from:to]; strings.ToLower(word) != word && strings.ToUpper(word) != word {
		return true
	}
	before, after = strings.ToLower(before), strings.ToLower(after)
	for _, of := range []string{"aws", "amazon", "boto", "services.", "client", "agent", "activat"} {
		if strings.Contains(before, of) {
			return true
		}
	}
	for _, of := range []string{"amazonaws", ".api.aws", "client", "agent", "activat"} {
		if strings.Contains(after, of) {
			return true
		}
	}
	operation := strings.ReplaceAll(strings.TrimLeft(after, "./_-"), "_", "")
	return knownOperation(operation) != "" || hostOfPort80.Re().MatchString(text[end:min(len(text), end+20)])
}

// hostOfPort80 is what follows the name of a host whose port 80 is meant.
var hostOfPort80 = pattern.New(`^(?::| port )80\b`)

// nameStart is where the name begins that ends at a place, and nameEnd where the one
// ends that begins there: letters and digits that single hyphens, underscores, dots and
// slashes join.
func nameStart(text string, at int) int {
	for at > 0 && (alphanumeric(text[at-1]) || joins(text[at-1]) && (at < 2 || alphanumeric(text[at-2]) || text[at-1] == '/')) {
		at--
	}
	return at
}

func nameEnd(text string, at int) int {
	for at < len(text) && (alphanumeric(text[at]) || joins(text[at]) && at+1 < len(text) && alphanumeric(text[at+1])) {
		at++
	}
	return at
}

func joins(c byte) bool { return c == '-' || c == '_' || c == '.' || c == '/' }

// command is a call of the AWS CLI, to the end of its lines.
var command = pattern.New(`\baws(?:[ \t]+--[a-z-]+(?:[ =][^\s-]\S*)?)*[ \t]+([a-z][a-z0-9-]+)[ \t]+[a-z](?:[^\n]*\\\r?\n)*[^\n]*`)

// ownCommands are of the services that an activation calls, and those that get the
// credentials for it.
var ownCommands = wordSet(`datasync ec2 sts sso sso-oidc signin configure login`)

// afterOtherCommand reports whether the last call of the AWS CLI before a place is of
// another service, and nothing after it speaks of DataSync: the buckets, parameters and
// roles that it names may be called so.
func (q *squeezed) afterOtherCommand(at int) bool {
	start := int(q.origin[max(0, at-around)])
	text := q.base[start:q.origin[at]]
	all := command.Re().FindAllStringSubmatchIndex(text, -1)
	if all == nil {
		return false
	}
	last := all[len(all)-1]
	if ownCommands()[text[last[2]:last[3]]] {
		return false
	}
	for _, m := range q.marksOf(&ownWords) {
		if place := int(q.origin[m.from]); place >= start+last[1] && place < int(q.origin[at]) {
			return false
		}
	}
	return true
}
