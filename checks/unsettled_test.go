package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// statusOf judges files by one check.
func statusOf(t *testing.T, files fstest.MapFS, id string) checks.Status {
	t.Helper()
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
		if r.Check.ID == id {
			return r.Status
		}
	}
	t.Fatalf("no check %s", id)
	return 0
}

// replaced puts another text into the files of one command.
func replaced(files fstest.MapFS, command, before, after string) (out fstest.MapFS, n int) {
	out = fstest.MapFS{}
	for name, f := range files {
		if strings.Contains(name, "/"+command) {
			n += bytes.Count(f.Data, []byte(before))
			f = &fstest.MapFile{Data: bytes.ReplaceAll(f.Data, []byte(before), []byte(after))}
		}
		out[name] = f
	}
	return out, n
}

// An address that the endpoint is about to lose proves nothing.
func TestAddressOnItsWayOut(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	whole := copyOf(t, files)
	if got := statusOf(t, whole, "endpoint-address"); got != checks.Pass {
		t.Fatalf("the healthy estate: %v", got)
	}
	for _, c := range []struct{ command, before, after string }{
		{"describe-network-interfaces.json", `"in-use"`, `"detaching"`},
		{"describe-vpc-endpoints.json", `"subnet-0da1b2c3d4e5f6071"`, `"subnet-0da1b2c3d4e5f60ff"`},
		{"describe-vpc-endpoints.json", `"IpAddressType": "ipv4"`, `"IpAddressType": "ipv6"`},
	} {
		changed, n := replaced(whole, c.command, c.before, c.after)
		if got := statusOf(t, changed, "endpoint-address"); n == 0 || got != checks.Unknown {
			t.Errorf("%d times %s for %s: %v", n, c.after, c.before, got)
		}
	}
}

// What AWS finishes by itself leaves the connection open; what goes away, or has
// failed, is down.
func TestStatesOfTheAgentsNetwork(t *testing.T) {
	for _, c := range []struct {
		command, before, state string
		want                   checks.Status
	}{
		{"describe-vpcs", `"State": "associated"`, "associating", checks.Unknown},
		{"describe-vpcs", `"State": "associated"`, "disassociating", checks.Fail},
		{"describe-vpcs", `"State": "associated"`, "failing", checks.Fail},
		{"describe-vpcs", `"State": "associated"`, "new-in-2031", checks.Unknown},
		{"describe-vpcs", `"State": "available"`, "pending", checks.Unknown},
		{"describe-vpcs", `"State": "available"`, "deleting", checks.Fail},
		{"describe-subnets", `"State": "available"`, "pending", checks.Unknown},
		{"describe-subnets", `"State": "available"`, "failed", checks.Fail},
	} {
		files := healthy.Estate(healthy.Peering, 3)
		changed, n := replaced(files, c.command, c.before, strings.Replace(c.before, strings.Split(c.before, `"`)[3], c.state, 1))
		if got := statusOf(t, changed, "connection-active"); n == 0 || got != c.want {
			t.Errorf("%s, %s in %d places: %v, want %v", c.command, c.state, n, got, c.want)
		}
	}
}

// A subnet's association with a route table that fails or goes away leaves it to the
// main table of the VPC: where that has no route the way is down; else it is open until
// the other table is gone.
func TestAssociationThatLeaves(t *testing.T) {
	for _, c := range []struct {
		state string
		main  bool // has the routes too
		want  checks.Status
	}{
		{"associating", true, checks.Unknown},
		{"associating", false, checks.Unknown},
		{"disassociating", true, checks.Unknown},
		{"disassociating", false, checks.Fail},
		{"failed", false, checks.Fail},
		{"disassociated", true, checks.Pass},
		{"disassociated", false, checks.Fail},
	} {
		files := tablesThatLeave(t, healthy.Estate(healthy.Peering, 3), c.state, c.main)
		if got := statusOf(t, files, "route-to-endpoint"); got != c.want {
			t.Errorf("%s, main table with the routes: %t: %v, want %v", c.state, c.main, got, c.want)
		}
	}
}

// tablesThatLeave puts every association of a subnet with a route table into a state,
// and gives the main table the routes of the tables so left, or no route but local.
func tablesThatLeave(t *testing.T, files fstest.MapFS, state string, main bool) fstest.MapFS {
	t.Helper()
	n := 0
	for name, f := range files {
		if !strings.Contains(name, "/describe-route-tables") {
			continue
		}
		var list struct{ RouteTables []map[string]any }
		if err := json.Unmarshal(f.Data, &list); err != nil {
			t.Fatal(err)
		}
		of := func(table map[string]any, key string) (out []map[string]any) {
			for _, a := range table["Associations"].([]any) {
				if a := a.(map[string]any); a[key] != nil && a[key] != false {
					out = append(out, a)
				}
			}
			return out
		}
		routes := map[any]any{}
		for _, table := range list.RouteTables {
			for _, a := range of(table, "SubnetId") {
				a["AssociationState"] = map[string]any{"State": state}
				routes[table["VpcId"]] = table["Routes"]
				n++
			}
		}
		for _, table := range list.RouteTables {
			left, ok := routes[table["VpcId"]].([]any)
			if !ok || len(of(table, "Main")) == 0 {
				continue
			}
			if table["Routes"] = left; !main {
				table["Routes"] = slices.DeleteFunc(slices.Clone(left), func(r any) bool { return r.(map[string]any)["GatewayId"] != "local" })
			}
		}
		data, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	if n == 0 {
		t.Fatal("no subnet has a table of its own")
	}
	return files
}

// A static route to a Direct Connect gateway or a VPN concentrator proves nothing of
// what lies behind; one that it has propagated does.
func TestStaticRouteOutOfAWSProvesNothing(t *testing.T) {
	for _, kind := range []string{"direct-connect-gateway", "vpn-concentrator", "connect-of-2031"} {
		tried := 0
		for seed := range uint64(20) {
			files := healthy.Estate(healthy.DirectConnect, seed)
			n := 0
			for _, command := range []string{"search-transit-gateway-routes", "describe-transit-gateway-attachments", "get-transit-gateway-route-table"} {
				var k int
				files, k = replaced(files, command, `"direct-connect-gateway"`, `"`+kind+`"`)
				n += k
			}
			if n == 0 {
				continue // by a virtual private gateway
			}
			tried++
			static, _ := replaced(files, "search-transit-gateway-routes", `"propagated"`, `"static"`)
			if got := statusOf(t, static, "connection-active"); got != checks.Unknown {
				t.Errorf("%s, seed %d, static: %v", kind, seed, got)
			}
			learned, _ := replaced(files, "search-transit-gateway-routes", `"static"`, `"propagated"`)
			want := checks.Pass
			if strings.HasPrefix(kind, "connect-of") {
				want = checks.Unknown // no kind that works
			}
			if got := statusOf(t, learned, "connection-active"); got != want {
				t.Errorf("%s, seed %d, propagated: %v", kind, seed, got)
			}
		}
		if tried == 0 {
			t.Error("no estate has a gateway of that kind")
		}
	}
}
