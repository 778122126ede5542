package checks_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// notByCommand says of the codes that a command could mend why there is none in a
// wound.
var notByCommand = map[string]string{
	"DSP108 subnet-free-ips/seven-for-two-tasks": "an endpoint has one interface a zone",
	"DSP108 subnet-free-ips/reserved-and-full":   "an endpoint has one interface a zone",
	"DSP411 connection-active/deleted":           "what is deleted comes back by no command",
	"DSP501 nacl-to-endpoint/first-deny":         "no number is left before the rule that denies",
	"DSP502 nacl-to-endpoint/first-deny":         "no number is left before the rule that denies",
	"DSP503 nacl-to-endpoint/first-deny":         "no number is left before the rule that denies",
	"DSP711 api-reachable/no-internet":           "the endpoint that is there serves DataSync's API",
	"DSP730 iam-activation/the-articles-policy":  "nobody says whose policies they are",
}

// mostRounds is how often one pastes: a peering connection is made, accepted and
// routed.
const mostRounds = 4

// TestPasteMends pastes every command of every wound into a server that applies it as
// AWS would, and judges again: what a finding says mends it does, and no command is
// refused.
func TestPasteMends(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	commands, mended := 0, map[string]bool{}
	unmended := map[string]string{}
	for _, folder := range folders {
		files, _, err := fixtures.Layer(os.DirFS(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, snap := open(t, files)
		var server *fakeaws.Server
		for round := 0; ; round++ {
			results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
			pending := map[string][]string{}
			var repairs []repair.Repair
			changes := checks.Changes(results, nil)
			for _, c := range changes {
				repairs = append(repairs, c.Repair)
			}
			for _, r := range results {
				for _, f := range r.Findings {
					if f.Problem == nil {
						continue
					}
					key := f.Problem.Code + " " + f.Subject
					if len(f.Repairs) > 0 {
						pending[key] = nil
						if len(f.Changes) == 0 {
							repairs = append(repairs, f.Repairs...)
						}
					} else if len(f.Problem.Example) > 0 {
						unmended[f.Problem.Code+" "+strings.TrimPrefix(folder, "testdata/")] = f.Args.In("en").Fill(f.Problem.Fix.En)
					}
				}
			}
			if round == mostRounds || len(repairs) == 0 {
				for key := range pending {
					t.Errorf("%s: %s is still there", folder, key)
				}
				break
			}
			if server == nil {
				server = fakeaws.New(t, files)
			}
			seen := map[string]bool{}
			for _, r := range repairs {
				command := repair.Shell(r.Words())
				if r.Words() == nil || seen[command] {
					t.Errorf("%s: %+v: no command, or one that is there twice: %s", folder, r, command)
					continue
				}
				seen[command] = true
				made, err := server.Run(r.Account, command)
				if err != nil {
					t.Errorf("%s: %s\n  %v", folder, command, err)
				}
				commands++
				switch r.Change.(type) { // who makes something says so with a flag
				case repair.NewEndpoint:
					if target.EndpointID != "" && strings.HasSuffix(strings.Join(r.Words(), " "), "--no-private-dns-enabled") {
						target.EndpointID = made
					}
				case repair.NewSubnet:
					target.SubnetID = made
				}
			}
			for key := range pending {
				mended[strings.Fields(key)[0]] = true
			}
			again, err := snapshot.Read(server.Estate(), snapshot.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			again.AssignRoles(target)
			snap = again
		}
	}
	t.Logf("%d commands of %d codes", commands, len(mended))
	for _, c := range checks.All() {
		for _, p := range c.Problems {
			if len(p.Example) > 0 && !mended[p.Code] && p.Code != "DSP711" { // of the other APIs: no wound
				t.Errorf("%s: no wound has a command that mends it", p.Code)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(unmended)) {
		if notByCommand[key] == "" {
			t.Errorf("%s: no command, and no reason is known: %s", key, unmended[key])
		}
	}
	if commands < 50 {
		t.Errorf("only %d commands were pasted", commands)
	}
}

// shown are all commands of a finding, as a shell reads them.
func shown(f checks.Finding) []string {
	var out []string
	for _, words := range append(f.Looks(), f.Commands(f.Problem.Do)...) {
		out = append(out, repair.Shell(words))
	}
	for _, r := range f.Repairs {
		if words := r.Words(); words != nil {
			out = append(out, repair.Shell(words))
		}
	}
	return out
}
