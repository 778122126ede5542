package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestGateCases judges the plans and templates on which a gate was wrong, and those
// beside them on which it was right.
func TestGateCases(t *testing.T) {
	for _, file := range recorded.Glob(t, "cases", "gate/expect.json") {
		var cases []struct {
			Case   string              `json:"case"`
			Args   []string            `json:"args"`
			Exit   []int               `json:"exit"`
			Checks map[string][]string `json:"checks"`
		}
		if err := json.Unmarshal([]byte(read(t, file)), &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			t.Run(c.Case, func(t *testing.T) {
				args := []string{"check"}
				for _, a := range c.Args {
					if _, err := os.Stat(filepath.Join(filepath.Dir(file), a)); err == nil && strings.Contains(a, "/") || a == "estate-net" {
						a = filepath.Join(filepath.Dir(file), a)
					}
					args = append(args, a)
				}
				out := invoke(t, append(args, "-o", "json")...)
				if !slices.Contains(c.Exit, out.code) {
					t.Errorf("exit code %d, want %v: %s", out.code, c.Exit, out.stderr)
				}
				for id, want := range c.Checks {
					for _, r := range parse(t, out).Targets[0].Results {
						if r.Check == id && !slices.Contains(want, string(r.Status)) {
							t.Errorf("%s is %s, want %v", id, r.Status, want)
						}
					}
				}
			})
		}
	}
}

// network is a template of everything that activation needs, by logical id.
func network() map[string]any {
	var all map[string]any
	if err := json.Unmarshal([]byte(`{
 "Src": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.10.0.0/16"}},
 "Dst": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.20.0.0/16"}},
 "SrcNet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Src"}, "CidrBlock": "10.10.1.0/24", "AvailabilityZone": "us-east-1a"}},
 "SrcTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Src"}}},
 "SrcUse": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {"SubnetId": {"Ref": "SrcNet"}, "RouteTableId": {"Ref": "SrcTable"}}},
 "DstNet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Dst"}, "CidrBlock": "10.20.1.0/24", "AvailabilityZone": "us-east-1a"}},
 "DstTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Dst"}}},
 "DstUse": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {"SubnetId": {"Ref": "DstNet"}, "RouteTableId": {"Ref": "DstTable"}}},
 "Peering": {"Type": "AWS::EC2::VPCPeeringConnection", "Properties": {"VpcId": {"Ref": "Src"}, "PeerVpcId": {"Ref": "Dst"}}},
 "There": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "SrcTable"}, "DestinationCidrBlock": "10.20.0.0/16", "VpcPeeringConnectionId": {"Ref": "Peering"}}},
 "Back": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "DstTable"}, "DestinationCidrBlock": "10.10.0.0/16", "VpcPeeringConnectionId": {"Ref": "Peering"}}},
 "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "endpoint", "VpcId": {"Ref": "Dst"}}},
 "In443": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": {"Fn::GetAtt": ["Src", "CidrBlock"]}}},
 "InData": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 1024, "ToPort": 1064, "CidrIp": {"Fn::Sub": "${Src.CidrBlock}"}}},
 "In22": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.10.0.0/16"}},
 "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": {"Ref": "Dst"}, "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-east-1.datasync", "SubnetIds": [{"Ref": "DstNet"}], "SecurityGroupIds": [{"Ref": "Group"}], "PrivateDnsEnabled": false}}
}`), &all); err != nil {
		panic(err)
	}
	return all
}

// wounded are templates of one kind or another: sound ones, and such as break.
func wounded() map[string]map[string]any {
	entry := func(egress bool) map[string]any {
		return map[string]any{"Type": "AWS::EC2::NetworkAclEntry", "Properties": map[string]any{"NetworkAclId": map[string]any{"Ref": "Acl"}, "RuleNumber": 100, "Protocol": -1, "RuleAction": "allow", "Egress": egress, "CidrBlock": "0.0.0.0/0"}}
	}
	with := func(change func(map[string]any)) map[string]any {
		n := network()
		change(n)
		return n
	}
	acl := func(n map[string]any) {
		n["Acl"] = map[string]any{"Type": "AWS::EC2::NetworkAcl", "Properties": map[string]any{"VpcId": map[string]any{"Ref": "Dst"}}}
		n["AclUse"] = map[string]any{"Type": "AWS::EC2::SubnetNetworkAclAssociation", "Properties": map[string]any{"SubnetId": map[string]any{"Ref": "DstNet"}, "NetworkAclId": map[string]any{"Ref": "Acl"}}}
		n["AclIn"], n["AclOut"] = entry(false), entry(true)
	}
	return map[string]map[string]any{
		"sound":       network(),
		"with an ACL": with(acl),
		"denied": with(func(n map[string]any) {
			acl(n)
			n["AclIn"].(map[string]any)["Properties"].(map[string]any)["RuleAction"] = "deny"
		}),
		"no rule":  with(func(n map[string]any) { delete(n, "In443") }),
		"no route": with(func(n map[string]any) { delete(n, "Back") }),
		"narrowed": with(func(n map[string]any) {
			n["InData"].(map[string]any)["Properties"].(map[string]any)["ToPort"] = 1060
		}),
		"astray": with(func(n map[string]any) {
			n["Astray"] = map[string]any{"Type": "AWS::EC2::Route", "Properties": map[string]any{"RouteTableId": map[string]any{"Ref": "DstTable"}, "DestinationCidrBlock": "10.10.0.0/17", "GatewayId": "igw-0123456789abcdef0"}}
		}),
	}
}

// moves are the places that a resource may move to, each as what becomes of the
// template.
var moves = map[string]func(resources map[string]any, id string) map[string]any{
	"loop": func(r map[string]any, id string) map[string]any {
		body := r[id]
		delete(r, id)
		r["Fn::ForEach::Loop"] = []any{"Name", []any{id}, map[string]any{"${Name}": body}}
		return map[string]any{"Transform": "AWS::LanguageExtensions", "Resources": r}
	},
	"loop in a loop": func(r map[string]any, id string) map[string]any {
		body := r[id]
		delete(r, id)
		inner := map[string]any{"Fn::ForEach::Inner${Head}": []any{"Tail", []any{id[1:]}, map[string]any{"${Head}${Tail}": body}}}
		r["Fn::ForEach::Outer"] = []any{"Head", map[string]any{"Ref": "Heads"}, inner}
		return map[string]any{"Transform": []any{"AWS::LanguageExtensions"}, "Parameters": map[string]any{"Heads": map[string]any{"Type": "CommaDelimitedList", "Default": id[:1]}}, "Resources": r}
	},
	"loop over what is not known": func(r map[string]any, id string) map[string]any {
		body := r[id]
		delete(r, id)
		r["Fn::ForEach::Loop"] = []any{"Name", map[string]any{"Ref": "Names"}, map[string]any{"${Name}": body}}
		return map[string]any{"Transform": "AWS::LanguageExtensions", "Parameters": map[string]any{"Names": map[string]any{"Type": "CommaDelimitedList"}}, "Resources": r}
	},
	"nested stack": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		r["Nested"] = map[string]any{"Type": "AWS::CloudFormation::Stack", "Properties": map[string]any{"TemplateURL": "https://example.com/child.yaml"}}
		return map[string]any{"Resources": r}
	},
	"stack set": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		r["Set"] = map[string]any{"Type": "AWS::CloudFormation::StackSet", "Properties": map[string]any{"TemplateURL": "https://example.com/child.yaml"}}
		return map[string]any{"Resources": r}
	},
	"application": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		r["App"] = map[string]any{"Type": "AWS::Serverless::Application", "Properties": map[string]any{"Location": "https://example.com/child.yaml"}}
		return map[string]any{"Transform": "AWS::Serverless-2016-10-31", "Resources": r}
	},
	"module": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		r["Mod"] = map[string]any{"Type": "Example::Net::Thing::MODULE", "Properties": map[string]any{}}
		return map[string]any{"Resources": r}
	},
	"include": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		r["Fn::Transform"] = map[string]any{"Name": "AWS::Include", "Parameters": map[string]any{"Location": "s3://example/x.yaml"}}
		return map[string]any{"Resources": r}
	},
	"include at the top": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		return map[string]any{"Transform": []any{map[string]any{"Name": "AWS::Include", "Parameters": map[string]any{"Location": "s3://example/x.yaml"}}}, "Resources": r}
	},
	"macro": func(r map[string]any, id string) map[string]any {
		delete(r, id)
		return map[string]any{"Transform": map[string]any{"Name": "Mine"}, "Resources": r}
	},
	"macro of one resource": func(r map[string]any, id string) map[string]any {
		r[id] = map[string]any{"Fn::Transform": map[string]any{"Name": "Mine", "Parameters": map[string]any{}}}
		return map[string]any{"Resources": r}
	},
	"include of the properties": func(r map[string]any, id string) map[string]any {
		one := maps.Clone(r[id].(map[string]any))
		one["Properties"] = map[string]any{"Fn::Transform": map[string]any{"Name": "AWS::Include", "Parameters": map[string]any{"Location": "s3://example/x.yaml"}}}
		r[id] = one
		return map[string]any{"Resources": r}
	},
}

// TestMovedResources moves each resource of each template to each place where it can
// be made by something else: the verdict is the same or UNKNOWN, never another.
func TestMovedResources(t *testing.T) {
	dir := t.TempDir()
	judge := func(t *testing.T, top map[string]any) int {
		t.Helper()
		body, err := json.Marshal(top)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "t.json")
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return invoke(t, "check", "--template", file, "--plan-only", "--no-probe", "--agent-ip", "10.10.1.50", "--source-vpc-id", "Src", "--region", "us-east-1", "-o", "json").code
	}
	codes, step := map[int]int{}, 0
	templates := wounded()
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		template := templates[name]
		base := judge(t, map[string]any{"Resources": template})
		codes[base]++
		for _, move := range slices.Sorted(maps.Keys(moves)) {
			to := moves[move]
			for _, id := range slices.Sorted(maps.Keys(template)) {
				if step++; !tier.Takes(step, 3) {
					continue
				}
				got := judge(t, to(wounded()[name], id))
				if got != base && got != 3 {
					// what names an endpoint or a VPC that is not there is refused
					if got == exitUsage && (id == "Endpoint" || id == "Src") && !strings.HasPrefix(move, "loop in") && move != "loop" {
						continue
					}
					t.Errorf("%s: %s moved to a %s: exit code %d, was %d", name, id, move, got, base)
				}
				if strings.HasPrefix(move, "loop in") || move == "loop" {
					if got != base {
						t.Errorf("%s: %s in a %s: exit code %d, was %d", name, id, move, got, base)
					}
				}
			}
		}
	}
	if codes[0] == 0 || codes[1] < 3 {
		t.Errorf("the templates come out as %v", codes)
	}
}

// TestChangedPriorState changes and drops each id of the prior state of plans that
// change nothing: such a plan is of another estate, or of another time.
func TestChangedPriorState(t *testing.T) {
	tried := 0
	for _, file := range recorded.Glob(t, "plans", "*noop*/plan.json") {
		dir, name := filepath.Dir(file), filepath.Base(filepath.Dir(file))
		args := append([]string{"check", "--complete", "--requirements", "article", "--snapshot", filepath.Join(dir, "describe_before"), "-o", "json"}, agentFlags(name)...)
		body := read(t, file)
		for _, how := range []string{"changed", "dropped"} {
			for _, at := range priorIDs(t, body) {
				if tried++; !tier.Takes(tried, 3) {
					continue
				}
				changed := filepath.Join(t.TempDir(), "plan.json")
				if err := os.WriteFile(changed, at.write(t, body, how), 0o600); err != nil {
					t.Fatal(err)
				}
				if out := invoke(t, append(args, "--plan", changed)...); out.code != exitUsage && out.code != 3 {
					t.Errorf("%s: the id of %s %s: exit code %d", name, at.address, how, out.code)
				}
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d ids were tried", tried)
	}
}

// priorID is a resource of a prior state whose id is one of EC2's.
type priorID struct {
	address string
	nth     int
}

// priorResources hands on the managed resources of a prior state.
func priorResources(plan map[string]any, use func(n int, r map[string]any)) {
	n := 0
	var walk func(m map[string]any)
	walk = func(m map[string]any) {
		list, _ := m["resources"].([]any)
		for _, r := range list {
			use(n, r.(map[string]any))
			n++
		}
		children, _ := m["child_modules"].([]any)
		for _, c := range children {
			walk(c.(map[string]any))
		}
	}
	state, _ := plan["prior_state"].(map[string]any)
	values, _ := state["values"].(map[string]any)
	root, _ := values["root_module"].(map[string]any)
	walk(root)
}

func priorIDs(t *testing.T, body string) []priorID {
	t.Helper()
	var out []priorID
	priorResources(decoded(t, body), func(n int, r map[string]any) {
		id, _ := r["values"].(map[string]any)["id"].(string)
		of := map[string]bool{"aws_vpc": true, "aws_subnet": true, "aws_security_group": true, "aws_network_acl": true, "aws_route_table": true, "aws_vpc_endpoint": true, "aws_network_interface": true, "aws_instance": true, "aws_vpc_peering_connection": true, "aws_ec2_transit_gateway": true}
		if r["mode"] == "managed" && of[r["type"].(string)] && id != "" {
			out = append(out, priorID{r["address"].(string), n})
		}
	})
	return out
}

func decoded(t *testing.T, body string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (p priorID) write(t *testing.T, body, how string) []byte {
	t.Helper()
	plan := decoded(t, body)
	priorResources(plan, func(n int, r map[string]any) {
		if n != p.nth {
			return
		}
		values := r["values"].(map[string]any)
		if id := values["id"].(string); how == "dropped" {
			delete(values, "id")
		} else if end := "ffff"; strings.HasSuffix(id, end) {
			values["id"] = id[:len(id)-4] + "0000"
		} else {
			values["id"] = id[:len(id)-4] + end
		}
	})
	out, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
