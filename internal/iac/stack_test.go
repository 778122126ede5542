package iac

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// stackOf is an estate with one stack: a group and an ACL, and on them a rule of
// the stack, and one of somebody else's.
func stackOf(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	tags := func(id string) []snapshot.Tag {
		return []snapshot.Tag{{Key: "aws:cloudformation:stack-name", Value: "net"}, {Key: "aws:cloudformation:logical-id", Value: id}}
	}
	s := &snapshot.Scope{Name: "destination", Region: "us-east-1", Account: "111122223333"}
	g := snapshot.SecurityGroup{ID: "sg-00000001", VPC: "vpc-00000001", Tags: tags("Group"), Ingress: []snapshot.Permission{tcp(443, 443, "10.1.0.0/16"), tcp(1024, 1062, "10.9.0.0/16")}}
	s.SecurityGroups.Add(g)
	s.NetworkACLs.Add(snapshot.NetworkACL{ID: "acl-00000001", VPC: "vpc-00000001", Tags: tags("Acl"), Entries: []snapshot.ACLEntry{
		{Number: 100, Protocol: "-1", Action: "allow", CIDR: netip.MustParsePrefix("0.0.0.0/0")},
		{Number: 50, Protocol: "6", Action: "deny", CIDR: netip.MustParsePrefix("10.7.0.0/16"), PortRange: &snapshot.ACLPorts{From: 22, To: 22}},
	}})
	return &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}
}

func tcp(from, to int, peer string) snapshot.Permission {
	p := snapshot.Permission{Protocol: "tcp", FromPort: &from, ToPort: &to}
	p.AddRange(netip.MustParsePrefix(peer))
	return p
}

// lostGroup is what is left where nothing is known of the group any longer.
const lostGroup = ""

const stackHead = `
Parameters: {Last: {Type: String, Default: "1060"}}
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g, VpcId: vpc-00000001}}
  Acl: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-00000001}}
  Open: {Type: AWS::EC2::NetworkAclEntry, Properties: {NetworkAclId: !Ref Acl, Egress: false, RuleNumber: 100, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}}
`

func stackRule(id, ports, peer string) string {
	from, to, _ := strings.Cut(ports, "-")
	return fmt.Sprintf("  %s: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !GetAtt Group.GroupId, IpProtocol: tcp, FromPort: %s, ToPort: %s, CidrIp: %s}}\n", id, from, to, peer)
}

// rules are those of the stack's group after a template, open ones with a
// question mark.
func rules(t *testing.T, template, deployed string, parameters map[string]string) []string {
	t.Helper()
	p := readTemplate(t, template, parameters)
	if deployed != "" {
		if err := p.Deployed(readTemplate(t, deployed, nil)); err != nil {
			t.Fatal(err)
		}
	}
	g, _ := overlay(t, stackOf(t), p).After(nil).Scopes[0].SecurityGroups.Get("sg-00000001")
	var out []string
	for _, r := range g.Ingress {
		text := "all"
		if r.FromPort != nil && r.ToPort != nil {
			text = fmt.Sprintf("%d-%d", *r.FromPort, *r.ToPort)
		}
		if r.Pending != "" {
			text += "?"
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// TestTemplateOverStack tells what a template does to the rules of its stack from
// what is somebody else's.
func TestTemplateOverStack(t *testing.T) {
	own := stackRule("Own", "443-443", "10.1.0.0/16")
	lost := stackRule("Lost", "22-22", "10.1.0.0/16") // deleted by hand
	data := stackRule("Data", "1024-1062", "10.9.0.0/16")
	for _, tt := range []struct {
		name, template, deployed string
		parameters               map[string]string
		want                     string
	}{
		{"not named", stackHead + own, "", nil, "1024-1062? 443-443"},
		{"not named, somebody else's", stackHead + own, stackHead + own, nil, "1024-1062 443-443"},
		{"not named, removed", stackHead + own, stackHead + own + data, nil, "443-443"},
		{"both removed", stackHead, stackHead + own + data, nil, ""},
		{"changed", stackHead + own + stackRule("Data", "1024-1060", "10.9.0.0/16"), "", nil, "1024-1060 443-443"},
		{"changed, known", stackHead + own + stackRule("Data", "1024-1060", "10.9.0.0/16"), stackHead + own + data, nil, "1024-1060 443-443"},
		{"new beside somebody else's", stackHead + own + stackRule("Data", "1024-1060", "10.9.0.0/16"), stackHead + own, nil, "1024-1060 1024-1062 443-443"},
		{"deleted by hand", stackHead + own + lost, stackHead + own + lost, nil, "1024-1062 443-443"},
		{"a parameter that is not given", stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), "", nil, "443-443 all?"},
		{"a parameter that is given", stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), "", map[string]string{"Last": "1061"}, "1024-1061 443-443"},
		{"a parameter that is given anew", stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), map[string]string{"Last": "1061"}, lostGroup},
		{"a parameter that is given as it is", stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), map[string]string{"Last": "1062"}, "1024-1062 443-443"},
		{"removed, and not as the template says", stackHead + own, stackHead + own + stackRule("Data", "1024-1064", "10.9.0.0/16"), nil, lostGroup},
		{"changed, and imported", stackHead + own + stackRule("Data", "1024-1060", "10.9.0.0/16"), stackHead + own + stackRule("Data", "1024-1062", "!ImportValue x"), nil, lostGroup},
		{"imported from elsewhere", stackHead + own + stackRule("Data", "1024-1062", "!ImportValue y"), stackHead + own + stackRule("Data", "1024-1062", "!ImportValue x"), nil, lostGroup},
		{"retained", stackHead + own, stackHead + own + strings.Replace(data, "{Type:", "{DeletionPolicy: Retain, Type:", 1), nil, "1024-1062 443-443"},
		{"a macro", "Transform: [MyMacro]\n" + stackHead + own, stackHead + own, nil, lostGroup},
		{"a parameter as it was", stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), stackHead + own + stackRule("Data", "1024-!Ref Last", "10.9.0.0/16"), nil, "1024-1062 443-443"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(rules(t, tt.template, tt.deployed, tt.parameters), " "); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	// The entry that nobody names stays, or may go.
	for deployed, want := range map[string]bool{"": true, stackHead + own: false} {
		p := readTemplate(t, stackHead+own, nil)
		if deployed != "" {
			if err := p.Deployed(readTemplate(t, deployed, nil)); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := overlay(t, stackOf(t), p).After(nil).Scopes[0].NetworkACLs.Get("acl-00000001")
		i := slices.IndexFunc(a.Entries, func(e snapshot.ACLEntry) bool { return e.Number == 50 })
		if i < 0 || (a.Entries[i].Pending != "") != want {
			t.Errorf("deployed %t: %+v", deployed != "", a.Entries)
		}
	}
}

// TestWhatATemplateLeavesOut: whether a group that is taken out of a template goes is said
// by the template that the stack has now, and by nothing else.
func TestWhatATemplateLeavesOut(t *testing.T) {
	_, acl, _ := strings.Cut(stackHead, "VpcId: vpc-00000001}}\n")
	without := "Resources:\n" + acl
	kept := func(policy string) string {
		return strings.Replace(stackHead, "Group: {Type:", "Group: {DeletionPolicy: "+policy+", Type:", 1)
	}
	for _, tt := range []struct {
		name, deployed string
		want           snapshot.Presence
	}{
		{"nothing is known of the stack's template", "", snapshot.Unobserved},
		{"the stack's template says nothing", stackHead, snapshot.Absent},
		{"the stack's template keeps it", kept("Retain"), snapshot.Present},
		{"the stack's template does not hold it", without, snapshot.Unobserved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, p := stackOf(t), readTemplate(t, without, nil)
			base.Scopes[0].SecurityGroups.See(snapshot.Full, nil)
			p.Stack = "net"
			if tt.deployed != "" {
				if err := p.Deployed(readTemplate(t, tt.deployed, nil)); err != nil {
					t.Fatal(err)
				}
			}
			o := overlay(t, base, p)
			if _, got := o.After(nil).Scopes[0].SecurityGroups.Get("sg-00000001"); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
			said := slices.ContainsFunc(o.Plans[0].Gaps, func(g snapshot.Gap) bool { return g.Code == snapshot.MaybeKept && g.Ref == "Group" })
			if said != (tt.want == snapshot.Unobserved) {
				t.Errorf("gaps: %+v", o.Plans[0].Gaps)
			}
		})
	}
}

// TestWhichStack asks where it can't be told which stack a template updates.
func TestWhichStack(t *testing.T) {
	p := readTemplate(t, stackHead, nil)
	if got := overlay(t, stackOf(t), p).Plans[0]; got.Stack != "net" || !got.Updates {
		t.Errorf("stack %q", got.Stack)
	}
	other := strings.ReplaceAll(stackHead, "Acl", "Other")
	p = readTemplate(t, other, nil)
	if _, err := New(stackOf(t), []resource.Source{p}); err == nil || !strings.Contains(err.Error(), "net") || !strings.Contains(err.Error(), "--stack") {
		t.Errorf("a template that shares a logical id: %v", err)
	}
	p = readTemplate(t, other, nil)
	p.Stack = "nett"
	if _, err := New(stackOf(t), []resource.Source{p}); err == nil || !strings.Contains(err.Error(), "there are: net") {
		t.Errorf("a stack that is not there: %v", err)
	}
	p = readTemplate(t, other, nil)
	p.NewStack = true
	if overlay(t, stackOf(t), p).Plans[0].Updates {
		t.Error("a new stack is taken to be there")
	}
}

// TestChangeSetTellsBefore takes a rule away that a change set shows as it was.
func TestChangeSetTellsBefore(t *testing.T) {
	context, err := json.Marshal(map[string]any{"Properties": map[string]any{"GroupId": "sg-00000001", "IpProtocol": "tcp", "FromPort": "1024", "ToPort": "1062", "CidrIp": "10.9.0.0/16"}})
	if err != nil {
		t.Fatal(err)
	}
	set := func(change map[string]any) string {
		change["LogicalResourceId"], change["ResourceType"], change["PhysicalResourceId"] = "Data", "AWS::EC2::SecurityGroupIngress", "sgr-1"
		body, err := json.Marshal(map[string]any{"StackName": "net", "Changes": []any{map[string]any{"ResourceChange": change}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if got := rules(t, set(map[string]any{"Action": "Remove", "BeforeContext": string(context)}), "", nil); len(got) != 1 || got[0] != "443-443" {
		t.Errorf("removed: %v", got)
	}
	after := strings.Replace(string(context), "1062", "1060", 1)
	if got := rules(t, set(map[string]any{"Action": "Modify", "Replacement": "True", "BeforeContext": string(context), "AfterContext": after}), "", nil); strings.Join(got, " ") != "1024-1060 443-443" {
		t.Errorf("replaced: %v", got)
	}
	if got := rules(t, set(map[string]any{"Action": "Remove"}), "", nil); len(got) != 0 {
		t.Errorf("removed without a word of what it was: %v", got) // nothing is known of the group any longer
	}
}
