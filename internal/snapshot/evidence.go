package snapshot

// Evidence is one observed fact: where it was observed (an IAM action or a
// probe), which resource it is about, and what was seen.
type Evidence struct {
	Source string
	Ref    string
	Fact   Text
}

// Saw is evidence from the call behind a kind.
func Saw(k Kind, ref string, fact Text) Evidence { return Evidence{k.Action(), ref, fact} }
