package snapshot

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
)

// sane is what a network team may gather of one account and Region, by hand.
func sane(account, region string) map[string]string {
	arn := func(what string) string { return fmt.Sprintf("arn:aws:ec2:%s:%s:%s", region, account, what) }
	return map[string]string{
		"describe-vpcs.json":                            fmt.Sprintf(`{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": %q}]}`, account),
		"describe-subnets.json":                         fmt.Sprintf(`{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": %q, "SubnetArn": %q, "AvailabilityZone": "%sa"}]}`, account, arn("subnet/subnet-1"), region),
		"describe-security-groups.json":                 fmt.Sprintf(`{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "default", "VpcId": "vpc-1", "OwnerId": %q, "SecurityGroupArn": %q}]}`, account, arn("security-group/sg-1")),
		"describe-network-interfaces.json":              fmt.Sprintf(`{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "OwnerId": %q, "AvailabilityZone": "%sb"}]}`, account, region),
		"describe-transit-gateways.json":                fmt.Sprintf(`{"TransitGateways": [{"TransitGatewayId": "tgw-1", "OwnerId": %q, "TransitGatewayArn": %q}]}`, account, arn("transit-gateway/tgw-1")),
		"search-transit-gateway-routes.tgw-rtb-1.json":  `{"Routes": []}`,
		"get-managed-prefix-list-entries.pl-1.json":     `{"Entries": []}`,
		"get-subnet-cidr-reservations.subnet-1.json":    `{"SubnetIpv4CidrReservations": []}`,
		"describe-transit-gateway-route-tables.json":    `{"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1"}]}`,
		"describe-transit-gateway-vpc-attachments.json": `{"TransitGatewayVpcAttachments": []}`,
	}
}

// mess is one way in which a folder comes to hold more, or other, than one output
// of each command.
type mess struct {
	name string
	// make changes the folder and returns the name of what does not belong.
	make func(r *rand.Rand, files map[string]string, dir, victim string) string
	only func(victim string) bool
}

func perID(name string) bool { return strings.Count(name, ".") == 2 }

func anyOf(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

var messes = []mess{
	{"a copy beside it", func(r *rand.Rand, files map[string]string, dir, victim string) string {
		name := strings.TrimSuffix(victim, ".json") + anyOf(r, ".old", ".2", ".eu-west-1", ".copy") + ".json"
		files[path.Join(dir, name)] = files[path.Join(dir, victim)]
		return name
	}, nil},
	{"a copy that is no JSON file", func(r *rand.Rand, files map[string]string, dir, victim string) string {
		name := victim + anyOf(r, ".bak", "~", ".txt", ".1")
		files[path.Join(dir, name)] = "anything"
		return name
	}, nil},
	{"a name that comes near", func(r *rand.Rand, files map[string]string, dir, victim string) string {
		name := anyOf(r, strings.ToUpper(victim[:1])+victim[1:], strings.ReplaceAll(victim, "-", "_"), "aws-ec2-"+victim, strings.Replace(victim, "s.", ".", 1))
		if name == victim {
			name = "x" + victim
		}
		files[path.Join(dir, name)] = files[path.Join(dir, victim)]
		delete(files, path.Join(dir, victim))
		return name
	}, nil},
	{"a folder below", func(r *rand.Rand, files map[string]string, dir, victim string) string {
		below := anyOf(r, "old", "us-east-1", "2026/11/01")
		files[path.Join(dir, below, victim)] = files[path.Join(dir, victim)]
		return below
	}, nil},
	{"another kind of id", func(r *rand.Rand, files map[string]string, dir, victim string) string {
		command, _, _ := strings.Cut(victim, ".")
		name := command + "." + anyOf(r, "tgw-1", "vpc-1", "destination", "all") + ".json"
		files[path.Join(dir, name)] = files[path.Join(dir, victim)]
		return name
	}, perID},
	{"another Region", func(_ *rand.Rand, files map[string]string, dir, victim string) string {
		files[path.Join(dir, victim)] = sane("111122223333", "eu-west-1")[victim]
		return "eu-west-1"
	}, func(v string) bool { return strings.Contains(sane("1", "eu-west-1")[v], "eu-west-1") }},
	{"another account", func(_ *rand.Rand, files map[string]string, dir, victim string) string {
		files[path.Join(dir, victim)] = sane("444455556666", "us-east-1")[victim]
		return "444455556666"
	}, func(v string) bool {
		return v == "describe-security-groups.json" || v == "describe-transit-gateways.json"
	}},
	{"two outputs in one file", func(_ *rand.Rand, files map[string]string, dir, victim string) string {
		at := path.Join(dir, victim)
		files[at] = strings.Replace(files[at], "}]}", `}, {"SubnetId": "subnet-1", "VpcId": "vpc-2"}]}`, 1)
		return victim
	}, func(v string) bool { return v == "describe-subnets.json" }},
	{"its list twice", func(_ *rand.Rand, files map[string]string, dir, victim string) string {
		at := path.Join(dir, victim)
		files[at] = strings.TrimSuffix(files[at], "}") + `, "Vpcs": []}`
		return victim
	}, func(v string) bool { return v == "describe-vpcs.json" }},
}

// TestNothingIsMergedInSilence messes folders up in every way and every place: a
// folder is refused with a message that names what does not belong, or that is
// passed over by name.
func TestNothingIsMergedInSilence(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir := anyOf(r, ".", "destination", "111122223333-us-east-1")
		files := map[string]string{}
		var names []string
		for name, body := range sane("111122223333", "us-east-1") {
			files[path.Join(dir, name)] = body
			names = append(names, name)
		}
		if seed%20 == 0 {
			if _, err := Read(folder(files), ReadOptions{Complete: r.IntN(2) == 0}); err != nil {
				t.Fatalf("a sane folder is refused: %v", err)
			}
		}
		m := messes[r.IntN(len(messes))]
		victim := names[r.IntN(len(names))]
		if m.only != nil && !m.only(victim) {
			continue
		}
		before := maps.Clone(files)
		what := m.make(r, files, dir, victim)
		snap, err := Read(folder(files), ReadOptions{Complete: true})
		if err != nil {
			if !strings.Contains(err.Error(), what) {
				t.Errorf("%s, %s in %s: the message does not name %s: %v", m.name, victim, dir, what, err)
			}
			continue
		}
		named := false
		for _, p := range snap.Passed {
			named = named || strings.Contains(p.Path, what)
		}
		if !named {
			t.Errorf("%s, %s in %s: %s is neither refused nor named (%d files before, %d after)", m.name, victim, dir, what, len(before), len(files))
		}
	}
}

// TestNearNames suggests the command whose name a file's comes near.
func TestNearNames(t *testing.T) {
	for name, want := range map[string]string{
		"describe-vpc.json":                         "describe-vpcs.json",
		"Describe_Security_Groups.json":             "describe-security-groups.json",
		"ec2-describe-subnets.txt":                  "describe-subnets.json",
		"search-transit-gateway-route.tgw-rtb.json": "search-transit-gateway-routes.<id>.json",
		"notes.txt":                  "",
		"describe-dhcp-options.json": "",
	} {
		if got := nearest(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestPartsOfSets reads the list of a resource in every way in which it may be
// vouched for: only then does its absence count.
func TestPartsOfSets(t *testing.T) {
	manifest := func(call string) string { return `{"calls": [` + call + `]}` }
	call := func(more string) string {
		return manifest(`{"command": "search-transit-gateway-routes", "id": "tgw-rtb-1"` + more + `}`)
	}
	for _, tt := range []struct {
		name, manifest string
		complete       bool
		want           Presence
	}{
		{"nobody's word", "", false, Unobserved},
		{"the user's word", "", true, Present},
		{"a manifest without calls", `{"account": "111122223333"}`, false, Unobserved},
		{"a manifest of other calls", manifest(`{"command": "describe-vpcs"}`), false, Unobserved},
		{"a manifest of another table", manifest(`{"command": "search-transit-gateway-routes", "id": "tgw-rtb-2"}`), false, Unobserved},
		{"a manifest with the call", call(""), false, Present},
		{"the call with every state", call(`, "filters": ["Name=state,Values=active,blackhole"]`), false, Present},
		{"the call as an object", call(`, "filters": [{"Name": "state", "Values": ["blackhole", "active"]}]`), false, Present},
		{"active ones only", call(`, "filters": ["Name=state,Values=active"]`), false, Unobserved},
		{"static ones only", call(`, "filters": [{"Name": "type", "Values": ["static"]}]`), false, Unobserved},
		{"of every state, but static only", call(`, "filters": ["Name=state,Values=active,blackhole", "Name=type,Values=static"]`), false, Unobserved},
		{"a call that failed", call(`, "error": {"code": "Timeout"}`), false, Unobserved},
		{"a call that was cut short", call(`, "truncated": true`), true, Unobserved},
	} {
		files := map[string]string{
			"describe-vpcs.json":                           oneVPC,
			"search-transit-gateway-routes.tgw-rtb-1.json": `{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "State": "active"}]}`,
		}
		if tt.manifest != "" {
			files["manifest.json"] = tt.manifest
		}
		snap, err := Read(folder(files), ReadOptions{Complete: tt.complete})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		s := snap.Scopes[0]
		set, got := s.TransitGatewayRoutes.Get("tgw-rtb-1")
		if got != tt.want || len(set.Entries) != 1 || s.TransitGatewayRoutes.Partly("tgw-rtb-1") != (tt.want == Unobserved) {
			t.Errorf("%s: %v with %d routes, want %v", tt.name, got, len(set.Entries), tt.want)
		}
		if got == Unobserved && tt.manifest == "" {
			if g := s.GapFor(TransitGatewayRoutes, "tgw-rtb-1"); g.Code != SearchFiltered {
				t.Errorf("%s: the gap is %+v", tt.name, g)
			}
		}
		if c := snap.Clone().Scopes[0]; c.TransitGatewayRoutes.Partly("tgw-rtb-1") != s.TransitGatewayRoutes.Partly("tgw-rtb-1") {
			t.Errorf("%s: a clone knows it otherwise", tt.name)
		}
	}
}

// TestFilteredTables takes a filter that a manifest notes at its word.
func TestFilteredTables(t *testing.T) {
	for filters, want := range map[string]Presence{
		``:                                    Absent,
		`"Name=vpc-id,Values=vpc-1"`:          Unobserved, // of the whole table
		`"Name=tag:env,Values=prod"`:          Unobserved,
		`{"Name": "state", "Values": ["up"]}`: Unobserved,
	} {
		snap, err := Read(folder(map[string]string{
			"describe-subnets.json": `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}`,
			"manifest.json":         `{"calls": [{"command": "describe-subnets", "filters": [` + filters + `]}]}`,
		}), ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", filters, err)
			continue
		}
		if _, got := snap.Scopes[0].Subnets.Get("subnet-2"); got != want {
			t.Errorf("%s: %v, want %v", filters, got, want)
		}
		if _, got := snap.Scopes[0].Subnets.GetIn("vpc-1", "subnet-2"); strings.Contains(filters, "vpc-1") && got != Absent {
			t.Errorf("%s: in the VPC asked for: %v", filters, got)
		}
	}
}

// TestManifestsByHand refuses what would be read as something else than it says.
func TestManifestsByHand(t *testing.T) {
	for body, want := range map[string]string{
		`{"acount": "111122223333"}`:                                      `no field "acount"`,
		`{"calls": [{"command": "describe-vpcs", "filter": "x"}]}`:        `no field "filter"`,
		`{"calls": [{"command": "describe-vpcs", "filters": ["vpc-1"]}]}`: "Name=NAME,Values=VALUE",
		`{"calls": [{"command": "describe-vpcs", "id": "vpc-1"}]}`:        "not about one resource",
		`{"calls": [{"command": "search-transit-gateway-routes"}]}`:       "lacks its id",
		`{"account": 111122223333}`:                                       "account",
		`{"account": "1111-2222-3333"}`:                                   "12 digits",
		`{"region": "US East (N. Virginia)"}`:                             "us-east-1",
		`{"roles": "destination"}`:                                        "roles",
		`{"account": "111122223333"} {"account": "444455556666"}`:         "more after the end",
		`[]`:                          "manifest.json",
		`{"taken_at": "yesterday"}`:   "not a time",
		`{"region": "eu-west-1"}`:     "eu-west-1",
		`{"account": "444455556666"}`: "444455556666",
	} {
		files := sane("111122223333", "us-east-1")
		files["manifest.json"] = body
		if _, err := Read(folder(files), ReadOptions{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
	for name, files := range map[string]map[string]string{
		"a scope's own beside folders": {"manifest.json": `{"account": "111122223333"}`, "a/describe-vpcs.json": oneVPC},
		"the target in a folder":       {"a/manifest.json": `{"target": {"region": "us-east-1"}}`, "a/describe-vpcs.json": oneVPC},
	} {
		if _, err := Read(folder(files), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "manifest.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFoldersOfOneScope refuses an older copy of a folder beside it.
func TestFoldersOfOneScope(t *testing.T) {
	endpoint := `{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "ServiceName": "com.amazonaws.us-east-1.datasync"}]}`
	caller := `{"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/x"}`
	for name, body := range map[string]string{"describe-vpc-endpoints.json": endpoint, "get-caller-identity.json": caller} {
		files := map[string]string{}
		for _, dir := range []string{"now", "then"} {
			for n, b := range sane("111122223333", "us-east-1") {
				files[dir+"/"+n] = b
			}
			files[dir+"/"+name] = body
		}
		if _, err := Read(folder(files), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "now and then") {
			t.Errorf("%s in both: %v", name, err)
		}
	}
}
