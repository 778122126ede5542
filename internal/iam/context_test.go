package iam

import (
	"math/rand/v2"
	"testing"
)

// TestMeets compares with trying every short text.
func TestMeets(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	texts := []string{""}
	for i := 0; len(texts[i]) < 5; i++ {
		texts = append(texts, texts[i]+"a", texts[i]+"b")
	}
	pattern := func() string {
		b := make([]byte, rng.IntN(4))
		for i := range b {
			b[i] = "ab*?"[rng.IntN(4)]
		}
		return string(b)
	}
	both, covered := 0, 0
	for range 4000 {
		a, b := pattern(), pattern()
		want, all := false, true
		for _, s := range texts {
			want = want || glob(a, s) && glob(b, s)
			all = all && (glob(a, s) || !glob(b, s))
		}
		if got := meets(a, b); got != want {
			t.Errorf("meets(%q, %q) = %v", a, b, got)
		}
		if covers(a, b) {
			covered++
			if !all {
				t.Errorf("covers(%q, %q)", a, b)
			}
		}
		if want {
			both++
		}
	}
	if both < 500 || both > 3500 || covered < 100 {
		t.Errorf("%d meet, %d are covered: the samples are all alike", both, covered)
	}
}
