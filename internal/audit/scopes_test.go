package audit

import (
	"testing"

	"github.com/dspreflight/dspreflight/internal/collect"
)

// TestWhoseCredentials completes an account from the one beside it, in every
// combination of what either names: never a profile with a role that was named for
// another one.
func TestWhoseCredentials(t *testing.T) {
	for n := range 1 << 6 {
		pick := func(bit int, v string) string {
			if n>>bit&1 == 1 {
				return v
			}
			return ""
		}
		own := collect.Account{Region: pick(0, "r"), Profile: pick(1, "p"), RoleARN: pick(2, "a")}
		other := collect.Account{Region: pick(3, "R"), Profile: pick(4, "P"), RoleARN: pick(5, "A")}
		got := over(own, other)
		if own.Region != "" && got.Region != own.Region || own.Region == "" && got.Region != other.Region {
			t.Errorf("%+v over %+v: the Region is %q", own, other, got.Region)
		}
		switch {
		case own.Profile != "" && (got.Profile != own.Profile || got.RoleARN != own.RoleARN),
			own.Profile == "" && got.Profile != other.Profile,
			own.Profile == "" && own.RoleARN != "" && got.RoleARN != own.RoleARN,
			own.Profile == "" && own.RoleARN == "" && got.RoleARN != other.RoleARN:
			t.Errorf("%+v over %+v: %+v", own, other, got)
		}
	}
}
