package checks_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestChangesMend applies the changes that are proposed for each wound, as their
// commands say, and judges again: whatever a proposed change claims to mend is
// mended.
func TestChangesMend(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	applied := 0
	for _, folder := range folders {
		files, _, err := fixtures.Layer(os.DirFS(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, snap := open(t, files)
		changes := checks.Changes(checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}))
		promised := map[string]bool{}
		for _, c := range changes {
			if strings.Contains(c.CLI, "CONNECTION_ID") || strings.Contains(c.CLI, "RULE_NUMBER") {
				continue // there is no connection yet to name, or no number left
			}
			apply(t, snap, c.CLI)
			applied++
			for _, code := range c.Codes {
				promised[code] = true
			}
		}
		for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
			for _, f := range r.Findings {
				if f.Problem != nil && promised[f.Problem.Code] {
					t.Errorf("%s: %s is still there after %v: %s", folder, f.Problem.Code, changes, f.Args.In("en").Fill(f.Problem.Title.En))
				}
			}
		}
	}
	if applied < 20 {
		t.Errorf("only %d changes were applied", applied)
	}
}

// apply does to a snapshot what a command would do to AWS.
func apply(t *testing.T, snap *snapshot.Snapshot, command string) {
	t.Helper()
	words := shellWords(command)
	flags := map[string]string{}
	for i, w := range words {
		if strings.HasPrefix(w, "--") {
			flags[w] = ""
			if i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
				flags[w] = words[i+1]
			}
		}
	}
	for _, s := range snap.Scopes {
		if s.Region != flags["--region"] {
			continue
		}
		switch words[2] {
		case "authorize-security-group-ingress", "authorize-security-group-egress":
			var perms []snapshot.Permission
			if err := json.Unmarshal([]byte(flags["--ip-permissions"]), &perms); err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			g, p := s.SecurityGroups.Get(flags["--group-id"])
			if p != snapshot.Present {
				t.Fatalf("%s: no such group", command)
			}
			if strings.HasSuffix(words[2], "ingress") {
				g.Ingress = append(g.Ingress[:len(g.Ingress):len(g.Ingress)], perms...)
			} else {
				g.Egress = append(g.Egress[:len(g.Egress):len(g.Egress)], perms...)
			}
			s.SecurityGroups.Put(g)
		case "create-network-acl-entry":
			acl, _ := s.NetworkACLs.Get(flags["--network-acl-id"])
			number, err := strconv.Atoi(flags["--rule-number"])
			if err != nil {
				t.Fatal(err)
			}
			_, egress := flags["--egress"]
			for _, e := range acl.Entries {
				if e.Number == number && e.Egress == egress {
					t.Fatalf("%s: the number is taken", command)
				}
			}
			var ports snapshot.ACLPorts
			if err := json.Unmarshal([]byte(flags["--port-range"]), &ports); err != nil {
				t.Fatal(err)
			}
			acl.Entries = append(acl.Entries[:len(acl.Entries):len(acl.Entries)], snapshot.ACLEntry{Number: number, Egress: egress, Protocol: flags["--protocol"], Action: flags["--rule-action"], CIDR: netip.MustParsePrefix(flags["--cidr-block"]), PortRange: &ports})
			s.NetworkACLs.Put(acl)
		case "create-route", "replace-route":
			table, _ := s.RouteTables.Get(flags["--route-table-id"])
			r := snapshot.Route{CIDR: netip.MustParsePrefix(flags["--destination-cidr-block"]), State: "active", Origin: "CreateRoute", Peering: flags["--vpc-peering-connection-id"], TransitGateway: flags["--transit-gateway-id"]}
			var kept []snapshot.Route
			for _, old := range table.Routes {
				if old.CIDR != r.CIDR {
					kept = append(kept, old)
				} else if words[2] == "create-route" {
					t.Fatalf("%s: there is such a route", command)
				}
			}
			table.Routes = append(kept, r)
			s.RouteTables.Put(table)
		default:
			t.Fatalf("what does this do? %s", command)
		}
		return
	}
	t.Fatalf("%s: no scope in that Region", command)
}

// shellWords splits a command as a shell does, as far as these commands need.
func shellWords(s string) []string {
	var out []string
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}
