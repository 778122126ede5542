package documented

import (
	"regexp"
	"strings"
	"sync"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// wording is one way in which a message is said: a phrase, or an expression over
// squeezed text and a literal of every match.
type wording struct {
	whose        *whose // what must make it DataSync's; nil: only DataSync says so
	phrase       string
	anchor, expr string
}

// spotted is a wording as it is looked for.
type spotted struct {
	re     *pattern.Pattern // compiled when its anchor is met
	anchor string           // a literal that every match holds, looked for first: that is cheap
	leads  bool             // the anchor is where the match begins
	whose  *whose
}

// spottings are those of each error, made when the first text is read: most runs
// read none.
var spottings = sync.OnceValue(func() map[*Error][]spotted {
	out := map[*Error][]spotted{}
	for _, e := range catalogue {
		for _, w := range e.Match() {
			if w.phrase != "" {
				out[e] = append(out[e], spot(w.whose, w.phrase))
			} else {
				out[e] = append(out[e], spotted{re: lazily(w.expr), anchor: w.anchor, whose: w.whose})
			}
		}
	}
	return out
})

// what a placeholder of a phrase stands for, squeezed. "..." is a gap of up to a
// line.
var placeholders = map[string]string{
	"...":      `.{0,140}?`,
	"subnet":   `(?P<subnet_arn>arn:[a-z]+:ec2:[a-z0-9]*:[0-9]*:subnet/subnet(?:[0-9a-f]{17}|[0-9a-f]{8}))`,
	"group":    `(?P<security_group_arn>arn:[a-z]+:ec2:[a-z0-9]*:[0-9]*:securitygroup/sg(?:[0-9a-f]{17}|[0-9a-f]{8}))`,
	"sg":       `(?P<security_group_id>sg(?:[0-9a-f]{17}|[0-9a-f]{8}))`,
	"subnetid": `(?P<subnet_id>subnet(?:[0-9a-f]{17}|[0-9a-f]{8}))`,
	"vpce":     `(?P<vpc_endpoint_id>vpce[0-9a-f]{17})`,
	"agent":    `(?P<agent>(?:arn:[a-z]+:datasync:[a-z0-9]*:[0-9]*:agent/)?agent[0-9a-f]{17})`,
	"private":  `(?:[a-z0-9.]{1,80}\()?\[?(?P<agent_ip>(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]{1,3}){2,3}|f[cd][0-9a-f]{2}(?::[0-9a-f]{0,4}){2,7})[])]*`,
	"at":       `(?:\[?(?P<agent_ip>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})\]?|(?P<agent_host>[a-z0-9.]{1,80}))`,
	"account":  `(?P<account>[0-9]*)`,
	"status":   `(?P<status>[0-9]{3})`,
	"action":   `(?P<action>(?P<service>[a-z0-9]+):[a-z0-9*]+)`,
	"op":       `(?P<operation>[a-z0-9]{3,50}?)`,
	"service":  `(?P<service>[a-z0-9]{2,40}?)`,
	"host":     `https?://(?P<host>[a-z0-9.]+)`,
	"n":        `[0-9.]+`,
	"options":  `(?:[a-z]+,)*`,
}

// between is what may stand between two words of a phrase: marks and an article.
const between = `[^a-z0-9]{0,4}(?:(?:the|an|a)s?[^a-z0-9]{0,2}){0,2}`

var phraseToken = pattern.New(`\{[^}]+\}|\[[^\]]+\]|[^\s\[\]{}]+`)

func lazily(expr string) *pattern.Pattern { return pattern.New("(?s)" + expr) }

// phrases are the words of messages as they are documented. A message says the same
// with another number, case, hyphenation or punctuation and with an article more or
// less, so these don't matter. {name} captures, [a|b] is a choice of words, {...} a gap.
func phrases(who *whose, list ...string) []wording {
	out := make([]wording, len(list))
	for i, p := range list {
		out[i] = wording{whose: who, phrase: p}
	}
	return out
}

// spot compiles a phrase.
func spot(who *whose, p string) spotted {
	var expr strings.Builder
	best, first := "", ""
	gap := false
	for i, token := range phraseToken.Re().FindAllString(p, -1) {
		part, literal := "", ""
		switch {
		case token[0] == '{':
			part = placeholders[token[1:len(token)-1]]
			if part == "" {
				panic("phrase " + p + ": no placeholder " + token)
			}
		case token[0] == '[':
			var list []string
			for _, choice := range strings.Split(token[1:len(token)-1], "|") {
				one := ""
				for j, w := range strings.Fields(choice) {
					if j > 0 {
						one += between
					}
					e, _ := tolerant(w)
					one += e
				}
				list = append(list, one)
			}
			part = "(?:" + strings.Join(list, "|") + ")"
		default:
			part, literal = tolerant(token)
			if part == "" {
				continue // an article
			}
		}
		if i > 0 && expr.Len() > 0 && !gap {
			expr.WriteString(between)
		}
		if i == 0 {
			first = literal
		}
		gap = token == "{...}"
		expr.WriteString(part)
		if len(literal) > len(best) {
			best = literal
		}
	}
	if best == "" {
		panic("phrase " + p + ": no word of its own")
	}
	if best == first {
		return spotted{re: lazily("^(?:" + expr.String() + ")"), anchor: best, leads: true, whose: who}
	}
	return spotted{re: lazily(expr.String()), anchor: best, whose: who}
}

// tolerant is a word with its other numbers, and the letters that all of them
// share. An article is no word: any is allowed everywhere.
func tolerant(word string) (expr, literal string) {
	squeezed := strings.Map(func(r rune) rune {
		if !meaningful(r) {
			return -1
		}
		return fold(r)
	}, word)
	w := strings.Trim(squeezed, ".,:;()!?<>")
	switch w {
	case "a", "an", "the":
		return "", ""
	case "":
		return "", ""
	case "is", "are", "was", "were", "be":
		return "(?:is|are|was|were|be|i)s?", ""
	case "has", "have":
		return "(?:has|have|ha)s?", ""
	case "do", "does":
		return "(?:do|doe)s?", ""
	}
	last := w[len(w)-1]
	if strings.Trim(w, ":0123456789") == "" { // 80 is not the beginning of 8080
		return regexp.QuoteMeta(w) + "(?:[^0-9]|$)", w
	}
	if last < 'a' || last > 'z' {
		return regexp.QuoteMeta(w), w
	}
	stem := strings.TrimRight(w, "s")
	switch {
	case strings.HasSuffix(w, "ies"):
		stem = strings.TrimSuffix(w, "ies")
		return regexp.QuoteMeta(stem) + "(?:ies|ie|ys?)", stem
	case last == 'y':
		stem = w[:len(w)-1]
		return regexp.QuoteMeta(stem) + "(?:ies|ys?)", stem
	case stem == "":
		return regexp.QuoteMeta(w), w
	}
	return regexp.QuoteMeta(stem) + "(?:e?s){0,3}", stem
}

// exactly is an expression over squeezed text that a phrase can't say.
// anchor is a literal of every match.
func exactly(who *whose, anchor, expr string) wording {
	return wording{whose: who, anchor: anchor, expr: expr}
}
