package documented

import (
	"strings"
	"sync"
)

// lexicon holds the words that recognition asks a text for: the anchors of all
// wordings, and the lists that tell whose a message is. One pass over a text finds
// them all.
type lexicon struct {
	words  []string
	number map[string]int
	// heads leads from the first two bytes of a word to those that begin with them.
	heads  [1 << 16]uint16
	groups [][]int
}

var allWords = sync.OnceValue(func() *lexicon {
	l := &lexicon{number: map[string]int{}, groups: [][]int{nil}}
	for _, list := range []*[]string{&ownWords, &itsName, &askedForKey, &analyzerWords, &apiDomains, &gatewayRequest, &dataSyncRequest, callWords()} {
		for _, w := range *list {
			l.add(strings.TrimSuffix(w, "#"))
		}
	}
	for _, e := range catalogue {
		for _, w := range spottings()[e] {
			l.add(w.anchor)
		}
	}
	return l
})

func (l *lexicon) add(word string) {
	if _, there := l.number[word]; there {
		return
	}
	n := len(l.words)
	l.words, l.number[word] = append(l.words, word), n
	head := int(word[0])<<8 | int(word[1])
	if l.heads[head] == 0 {
		l.heads[head], l.groups = uint16(len(l.groups)), append(l.groups, nil)
	}
	l.groups[l.heads[head]] = append(l.groups[l.heads[head]], n)
}

// in is where each word stands in a text, in order.
func (l *lexicon) in(text string) [][]int32 {
	out := make([][]int32, len(l.words))
	for at := 0; at+1 < len(text); at++ {
		group := l.heads[int(text[at])<<8|int(text[at+1])]
		if group == 0 {
			continue
		}
		for _, n := range l.groups[group] {
			if strings.HasPrefix(text[at:], l.words[n]) {
				out[n] = append(out[n], int32(at))
			}
		}
	}
	return out
}

// find notes where the words of a lexicon stand in the text.
func (q *squeezed) find(l *lexicon) { q.lexicon, q.found = l, l.in(q.text) }

// places are where a word of the lexicon stands in the text, in order.
func (q *squeezed) places(word string) []int32 { return q.found[q.lexicon.number[word]] }
