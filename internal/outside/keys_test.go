package outside

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestKeysBetween puts what may get between the letters of a key there, and a key
// among other words: the cheap look never misses one.
func TestKeysBetween(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(list []string) string { return list[r.IntN(len(list))] }
	fillers := []string{"", "", "", "", " ", "\n> ", "|", "│", "\u200b", "\ufeff"}
	hyphens := []string{"-", "\u2010", "\u2212", "\uff0d", "%2D", "%252d", `\u002d`, "&#45;", "&#x2D;"}
	words := []string{"", "sg-0a1b2c3d4e5f60718 ", "Location: http://10.0.0.1/?activationKey=", "arn:aws:ec2:us-east-1:111122223333:", "é", "\x1b[31m"}
	for range 2000 {
		var key strings.Builder
		for n := range 25 {
			if n > 0 && n%5 == 0 {
				key.WriteString(one(hyphens))
			}
			key.WriteString(one([]string{"A", "Z", "0", "9", "F"}) + one(fillers))
		}
		text := one(words) + key.String() + one(words)
		if !anyKey.Re().MatchString(text) || !mayHoldKey(text) || strings.Contains(WithoutKeys(text), key.String()) {
			t.Fatalf("%q", text)
		}
	}
}
