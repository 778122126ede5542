package documented

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// companions are services that DataSync's own messages name: callers, locations,
// logs.
var companions = wordSet(`datasync ec2 sts iam s3 elasticfilesystem efs fsx logs cloudwatch cloudformation kms ssm secretsmanager organizations sso`)

// nearestOther is how far from a match the nearest name of a service stands that
// DataSync has nothing to do with, in bytes of the text before it was squeezed.
func (q *squeezed) nearestOther(from, to int) int {
	if q.others == nil {
		q.others = othersIn(q.base)
	}
	first, last := q.reach(from, to, around)
	a, b := int(q.origin[from]), int(q.origin[to-1])+1
	at, _ := slices.BinarySearchFunc(q.others, first, func(s span, x int) int { return cmp.Compare(s.from, x) })
	best := nowhere
	for _, s := range q.others[at:] {
		if s.to > last || s.from-b >= best {
			break
		}
		best = min(best, s.away(a, b))
	}
	return best
}

// othersIn is where a text names services and products that DataSync has nothing to do
// with, in order; never nil.
func othersIn(text string) []span {
	out := otherNames(text)
	for _, l := range []literal{serviceARN, calledClient} {
		for at, m := range l.in(text) {
			if !companions()[m.said] {
				out = append(out, span{at, at + m.length})
			}
		}
	}
	out = otherActions(text, out)
	slices.SortFunc(out, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return out
}

// longestName is how long the name of a service or a product may be, in bytes.
const longestName = 60

// otherNames are the names as words, of one word or of two that follow each other.
func otherNames(text string) []span {
	out := []span{}
	services, products := otherServices(), otherProducts()
	var pair [2*longestName + 1]byte // the word before, a hyphen, and the word
	before, length := span{}, 0      // where the word before stands, and how much of pair it fills
	for i := 0; i < len(text); {
		if !letter(text[i]) {
			i++
			continue
		}
		word := span{i, endOfName(text, i)}
		i = word.to
		if word.to-word.from > longestName {
			length = 0
			continue
		}
		name := pair[length : length+1+word.to-word.from]
		name[0] = '-'
		name = name[1:]
		head := len(name)
		for n := range name {
			if name[n] = lower(text[word.from+n]); name[n] == '-' {
				head = min(head, n)
			}
		}
		both := pair[:length+1+len(name)]
		switch {
		case services[string(name)] || services[string(name[:head])] || products[string(name)] || ofTerraform(name):
			out = append(out, word)
		case length > 0 && (services[string(both)] || products[string(both)]):
			out = append(out, span{before.from, word.to})
		}
		before, length = word, copy(pair[:], name)
	}
	return out
}

// ofTerraform reports whether a name is that of a type of Terraform's, of another
// service: "aws_bedrockagent_agent" writes the id of the service without hyphens.
func ofTerraform(name []byte) bool {
	rest, typed := bytes.CutPrefix(name, []byte("aws-"))
	if !typed {
		return false
	}
	service, _, more := bytes.Cut(rest, []byte("-"))
	return more && servicesJoined()[string(service)]
}

// servicesJoined are the ids of the other services without their hyphens.
var servicesJoined = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for id := range otherServices() {
		out[strings.ReplaceAll(id, "-", "")] = true
	}
	return out
})

// endOfName is where a name ends that begins with a letter: words of letters and digits
// that single hyphens or underscores join.
func endOfName(text string, at int) int {
	for {
		at = run(text, at, alphanumeric)
		if at+1 >= len(text) || text[at] != '-' && text[at] != '_' || !alphanumeric(text[at+1]) {
			return at
		}
		at++
	}
}

// lower is a letter of a name as the lists write it.
func lower(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + ('a' - 'A')
	case c == '_':
		return '-'
	}
	return c
}

func letter(c byte) bool       { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func alphanumeric(c byte) bool { return letter(c) || digit(c) }

var (
	serviceARN = literal{heads: []string{"arn:aws"}, from: pattern.New(`^arn:aws[a-z-]*:([a-z0-9-]+):`)}
	// calledClient is a call of the AWS CLI, or a client of boto3, of one service.
	calledClient = literal{whole: true, heads: []string{"aws ", "boto3."}, from: pattern.New(`^(?:aws |boto3\.(?:client|resource)\(["'])([a-z][a-z0-9-]+)(?: [a-z]+-[a-z-]+|["'])`)}
)

// otherActions adds to a list where the text names an action of another service, as
// policies write it: "glue:StartJobRun".
func otherActions(text string, out []span) []span {
	for at := 0; ; at++ {
		n := strings.IndexByte(text[at:], ':')
		if n < 0 {
			return out
		}
		at += n
		if at+2 >= len(text) || text[at+1] < 'A' || text[at+1] > 'Z' || !letter(text[at+2]) {
			continue
		}
		from := at
		for from > 0 && at-from < longestName && nameByte(text[from-1]) {
			from--
		}
		for from < at && (!letter(text[from]) || from > 0 && (alphanumeric(text[from-1]) || text[from-1] == '_')) {
			from++
		}
		if otherServices()[text[from:at]] {
			out = append(out, span{from, run(text, at+1, letter)})
		}
	}
}

// nameByte reports whether a letter may stand in the name of a service in an action.
func nameByte(c byte) bool { return digit(c) || c == '-' || c >= 'a' && c <= 'z' }
