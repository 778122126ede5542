package snapshot

import (
	"encoding/json"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"
)

func folder(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, body := range files {
		out[name] = &fstest.MapFile{Data: []byte(body)}
	}
	return out
}

const oneVPC = `{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111122223333"}]}`

func TestBadFiles(t *testing.T) {
	utf16le := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(oneVPC)) {
		utf16le = append(utf16le, byte(u), byte(u>>8))
	}
	for _, tt := range []struct{ name, file, body, want string }{
		{"truncated", "describe-vpcs.json", oneVPC[:40], "describe-vpcs.json: line 1, column 41: the JSON ends too early"},
		{"empty", "describe-vpcs.json", "", "the file is empty"},
		{"broken", "describe-vpcs.json", "{\n  \"Vpcs\": [,]}", "line 2, column 12"},
		{"a list", "describe-vpcs.json", "[]", "not a JSON object"},
		{"another command's output", "describe-vpcs.json", `{"Subnets": []}`, `there is no "Vpcs" in it, only Subnets`},
		{"text", "describe-vpcs.json", "An error occurred (UnauthorizedOperation)", "line 1"},
		{"two objects", "describe-vpcs.json", oneVPC + oneVPC, "there is more after the end"},
		{"wrong type", "describe-vpcs.json", `{"Vpcs": [{"VpcId": 7}]}`, "Vpcs[0]: VpcId holds a number"},
		{"bad CIDR", "describe-vpcs.json", `{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/99"}]}`, "Vpcs[0]"},
		{"no id", "describe-vpcs.json", `{"Vpcs": [{"CidrBlock": "10.0.0.0/16"}]}`, "Vpcs[0]: it has no id"},
		{"null proves nothing", "describe-vpcs.json", `{"Vpcs": null}`, `"Vpcs" should be a list`},
		{"not a list", "describe-vpcs.json", `{"Vpcs": {}}`, `"Vpcs" should be a list`},
		{"no resource in the name", "get-managed-prefix-list-entries.json", `{"Entries": []}`, "get-managed-prefix-list-entries.<id>.json"},
		{"half a UTF-16 character", "describe-vpcs.json", string(utf16le[:41]), "UTF-16"},
		{"broken manifest", "manifest.json", "{", "manifest.json: line 1"},
		{"another schema", "manifest.json", `{"schema": "dspreflight.snapshot/v9"}`, "dspreflight.snapshot/v9"},
		{"unknown call", "manifest.json", `{"calls": [{"command": "delete-vpc"}]}`, "delete-vpc"},
		{"unknown role", "manifest.json", `{"roles": ["middle"]}`, "middle"},
		{"identity without account", "get-caller-identity.json", `{"UserId": "x"}`, `there is no "Account" in it`},
	} {
		files := map[string]string{"describe-vpcs.json": oneVPC, tt.file: tt.body}
		_, err := Read(folder(files), ReadOptions{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	for name, body := range map[string]string{"BOM": "\xef\xbb\xbf" + oneVPC, "UTF-16": string(utf16le)} {
		if _, err := Read(folder(map[string]string{"describe-vpcs.json": body}), ReadOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFolders(t *testing.T) {
	if _, err := Read(folder(map[string]string{"notes.json": "{}"}), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "describe-vpc-endpoints.json") {
		t.Errorf("a folder without command output: %v", err)
	}
	if _, err := Read(folder(map[string]string{"describe-vpcs.json": oneVPC, "a/describe-vpcs.json": oneVPC}), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "a sub-folder of its own") {
		t.Errorf("files beside folders: %v", err)
	}
	big := fstest.MapFS{"describe-vpcs.json": &fstest.MapFile{Data: make([]byte, MaxFileBytes+1)}}
	if _, err := Read(big, ReadOptions{}); err == nil || !strings.Contains(err.Error(), "128 MB") {
		t.Errorf("a huge file: %v", err)
	}
}

// TestAbsenceNeedsTheWholeTable is the point of extents.
func TestAbsenceNeedsTheWholeTable(t *testing.T) {
	files := func(manifest string) fs.FS {
		m := map[string]string{"describe-vpcs.json": oneVPC}
		if manifest != "" {
			m["manifest.json"] = manifest
		}
		return folder(m)
	}
	for _, tt := range []struct {
		name     string
		manifest string
		body     string
		complete bool
		want     Presence
	}{
		{"by hand", "", oneVPC, false, Unobserved},
		{"by hand, with the user's word", "", oneVPC, true, Absent},
		{"with a manifest by hand", `{"account": "111122223333"}`, oneVPC, false, Unobserved},
		{"with a manifest", `{"calls": [{"command": "describe-vpcs"}]}`, oneVPC, false, Absent},
		{"a call that failed half way", `{"calls": [{"command": "describe-vpcs", "error": {"code": "Timeout"}}]}`, oneVPC, false, Unobserved},
		{"a file that says there is more", "", strings.Replace(oneVPC, "{", `{"NextToken": "x", `, 1), true, Unobserved},
	} {
		fsys := files(tt.manifest)
		fsys.(fstest.MapFS)["describe-vpcs.json"].Data = []byte(tt.body)
		snap, err := Read(fsys, ReadOptions{Complete: tt.complete})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := snap.Scopes[0].VPCs.Get("vpc-2"); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if _, got := snap.Scopes[0].VPCs.Get("vpc-1"); got != Present {
			t.Errorf("%s: the row that is there is %v", tt.name, got)
		}
		if _, got := snap.Scopes[0].Subnets.Get("subnet-1"); got != Unobserved {
			t.Errorf("%s: a table nobody gave says %v", tt.name, got)
		}
	}
	filtered := NewTable[VPC](Full, "vpc-1")
	if _, got := filtered.GetIn("vpc-2", "x"); got != Unobserved {
		t.Errorf("outside the filter: %v", got)
	}
	if _, got := filtered.GetIn("vpc-1", "x"); got != Absent {
		t.Errorf("inside the filter: %v", got)
	}
}

func TestMissingFileOfManifest(t *testing.T) {
	snap, err := Read(folder(map[string]string{"describe-vpcs.json": oneVPC, "manifest.json": `{"calls": [{"command": "describe-vpcs"}, {"command": "describe-subnets"}]}`}), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if g := snap.Scopes[0].GapFor(Subnets, ""); g.Code != FileNotThere || !strings.Contains(g.Detail, "describe-subnets.json") {
		t.Errorf("got %+v", g)
	}
}

func TestRolesAccountAndRegionAreInferred(t *testing.T) {
	snap, err := Read(folder(map[string]string{
		"x/describe-subnets.json":       `{"Subnets": [{"SubnetId": "subnet-1", "AvailabilityZone": "us-west-2-lax-1a", "OwnerId": "222233334444"}]}`,
		"y/describe-vpc-endpoints.json": `{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "ServiceName": "com.amazonaws.eu-west-1.datasync", "OwnerId": "111122223333"}]}`,
	}), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(Target{})
	d, s := snap.Role(Destination), snap.Role(Source)
	if d.Name != "y" || d.Region != "eu-west-1" || d.Account != "111122223333" || s.Name != "x" || s.Region != "us-west-2" || s.Account != "222233334444" {
		t.Errorf("got %+v and %+v", d.Label(), s.Label())
	}
	for zone, region := range map[string]string{"us-east-1a": "us-east-1", "ap-northeast-1c": "ap-northeast-1", "us-gov-west-1b": "us-gov-west-1", "us-east-1-bos-1a": "us-east-1", "": "", "nonsense": ""} {
		if got := RegionOfZone(zone); got != region {
			t.Errorf("zone %q is of %q", zone, got)
		}
	}
}

// TestSavedFilesReadBack writes an estate out and reads it again.
func TestSavedFilesReadBack(t *testing.T) {
	s := &Scope{Name: "destination", Account: "111122223333", Region: "us-east-1", Roles: []Role{Destination}}
	pages := []string{`{"Vpcs": [{"VpcId": "vpc-1", "Tags": null}], "NextToken": "x", "ResultMetadata": {}}`, `{"Vpcs": [{"VpcId": "vpc-2"}], "NextToken": null}`}
	for _, p := range pages {
		d := Document{Kind: VPCs, Body: []byte(p)}
		if _, err := s.LoadPage(d, Full, nil); err != nil {
			t.Fatal(err)
		}
		s.Keep(d)
	}
	vpn := Document{Kind: VPNConnections, Body: []byte(`{"VpnConnections": [{"VpnConnectionId": "vpn-1", "CustomerGatewayConfiguration": "<key>hunter2</key>", "Options": {"TunnelOptions": [{"PreSharedKey": "hunter2"}]}}]}`)}
	if _, err := s.LoadPage(vpn, Full, nil); err != nil {
		t.Fatal(err)
	}
	s.Keep(vpn)
	s.Calls = []Call{{Command: "describe-vpcs", ElapsedMS: 1.5}, {Command: "describe-vpn-connections"}, {Command: "describe-subnets", Error: &CallError{"ec2:DescribeSubnets", "UnauthorizedOperation", "no"}}}
	want := &Snapshot{TakenAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Scopes: []*Scope{s}, Target: &Target{EndpointID: "vpce-1", EndpointIP: netip.MustParseAddr("10.0.0.1")}}
	files, err := want.Files("test")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for name, body := range files {
		fsys[name] = &fstest.MapFile{Data: body}
		if strings.Contains(string(body), "hunter2") {
			t.Errorf("%s holds a pre-shared key", name)
		}
	}
	got, err := Read(fsys, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := got.Scopes[0]
	a, _ := json.Marshal([]any{want.TakenAt, want.Target, s.Calls, s.VPCs.All(), s.Label(), s.Extent(VPCs), s.Extent(Subnets)})
	b, _ := json.Marshal([]any{got.TakenAt, got.Target, g.Calls, g.VPCs.All(), g.Label(), g.Extent(VPCs), g.Extent(Subnets)})
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", b, a)
	}
	if gap := g.GapFor(Subnets, ""); gap.Code != NoPermission || gap.Source != "ec2:DescribeSubnets" {
		t.Errorf("the gap did not survive: %+v", gap)
	}
}

func TestCommandNames(t *testing.T) {
	for k, want := range map[Kind]string{VPCs: "describe-vpcs", Endpoints: "describe-vpc-endpoints", CallerIdentity: "get-caller-identity", TransitGatewayAssociations: "get-transit-gateway-route-table-associations", SecurityGroupVPCAssociations: "describe-security-group-vpc-associations"} {
		if k.Command() != want || KindOf(want) != k {
			t.Errorf("%v is %q", k, k.Command())
		}
	}
	if !slices.IsSorted(Kinds()) || KindOf("delete-vpc") != NoKind || NoKind.Action() != "" {
		t.Error("kinds are out of order, or one has no name")
	}
}

// FuzzLoad feeds arbitrary bytes to every reader: an error or rows, no panic.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(oneVPC))
	f.Add([]byte(`{"Reservations": [{"Instances": [{"InstanceId": "i-1", "PrivateIpAddress": "10.0.0.1"}]}]}`))
	f.Add([]byte(`{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8"}], "AdditionalRoutesAvailable": true}`))
	f.Add([]byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, k := range Kinds() {
			s := &Scope{}
			_, err := s.Load(Document{Kind: k, ID: "x", Body: body}, Full, nil)
			if err != nil && s.Extent(k) == Full {
				t.Errorf("%s: full in spite of %v", k, err)
			}
			s.Infer()
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"calls": [{"command": "describe-vpcs", "vpcs": ["vpc-1"]}], "target": {"agent_ip": "10.0.0.1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		snap, err := Read(fstest.MapFS{"manifest.json": &fstest.MapFile{Data: body}, "describe-vpcs.json": &fstest.MapFile{Data: []byte(oneVPC)}}, ReadOptions{})
		if err == nil {
			snap.AssignRoles(Target{})
		}
	})
}

// TestUTF16WithoutAMark tells UTF-16 without a byte order mark by what is in it, and
// leaves other encodings alone.
func TestUTF16WithoutAMark(t *testing.T) {
	const text = "エージェントのアクティベーションキーを取得できません。\r\n"
	var little, big []byte
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	shiftJIS := "\x83\x47\x81\x5b\x83\x57\x83\x46\x83\x93\x83\x67\r\n" // エージェント
	for body, want := range map[string]string{string(little): text, string(big): text, text: text, shiftJIS: shiftJIS} {
		got, err := UTF8([]byte(body))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", body, got, err)
		}
	}
}
