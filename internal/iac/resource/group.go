package resource

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var groupKinds = []snapshot.Kind{snapshot.SecurityGroups, snapshot.SecurityGroupRules}

func groupTypes() []Type {
	return []Type{
		{
			Name: "aws_security_group", Prefix: "sg-", Rank: rankGroup, Rows: []Rows{{snapshot.SecurityGroups, true}}, Kinds: groupKinds,
			Shared: true, Local: true, NamedBy: groupNames, Container: "vpc_id",
			Attributes: []string{"vpc_id", "ingress", "egress"}, Labels: []string{"name", "description"}, Computed: []string{"owner_id", "arn"},
			Fixed: []string{"vpc_id", "name", "description"}, Inline: inlineRules, InUse: groupInUse, MayBeBare: true, Blocks: groupBlocks,
			CloudFormation: []Words{{Type: "AWS::EC2::SecurityGroup", Properties: map[string]string{"VpcId": "vpc_id", "GroupName": "name", "GroupDescription": "description"}}},
			Put:            putGroup, Drop: dropGroup, Show: showGroup,
		},
		{
			Name: "aws_default_security_group", Prefix: "sg-", Rank: rankGroup, Kinds: groupKinds, NamedBy: groupNames, Adopts: true,
			Attributes: []string{"vpc_id", "ingress", "egress"}, Fixed: []string{"vpc_id"}, Computed: []string{"name", "description", "owner_id", "arn"},
			CloudFormation: []Words{{Type: "Custom::VpcRestrictDefaultSG", Properties: map[string]string{"DefaultSecurityGroupId": "id"}}},
			MayBeBare:      true, Blocks: groupBlocks, Put: putDefaultGroup, Show: showGroup,
		},
		{
			Name: "aws_vpc_security_group_vpc_association", Rank: RankMember, Kinds: []snapshot.Kind{snapshot.SecurityGroupVPCAssociations}, Container: "security_group_id",
			Attributes:     []string{"security_group_id", "vpc_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::SecurityGroupVpcAssociation", Properties: map[string]string{"GroupId": "security_group_id", "VpcId": "vpc_id"}}},
			Put:            putGroupVPC, Drop: dropGroupVPC, Show: showGroupVPCs,
		},
	}
}

var groupBlocks = map[string][]string{
	"ingress": {"aws_security_group_rule", "aws_vpc_security_group_ingress_rule"}, "egress": {"aws_security_group_rule", "aws_vpc_security_group_egress_rule"},
}

// inlineRules are the lists of rules of a group. One that a template does not state is
// filled by AWS, on a new group, with a rule for all outbound traffic.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
var inlineRules = []Inline{
	{Property: "SecurityGroupIngress", Attribute: "ingress", Type: "aws_vpc_security_group_ingress_rule"},
	{Property: "SecurityGroupEgress", Attribute: "egress", Type: "aws_vpc_security_group_egress_rule", Default: map[string]any{"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}},
}

var groupNames = []Reference{
	{Attribute: "security_group_id", Here: true},
	{Attribute: "security_group_ids", List: true, Here: true},
	{Attribute: "vpc_security_group_ids", List: true, Here: true},
	{Attribute: "source_security_group_id"},
	{Attribute: "referenced_security_group_id"},
	{Attribute: "security_groups", List: true},
	{Attribute: "security_group_arns", List: true, ARN: true},
}

// putGroup makes a security group with its inline rules. A list of inline rules
// replaces whatever rules the group has; one that the configuration does not set
// leaves them as they are, and on a new group there are none: the provider takes
// away the rule that AWS adds for all outbound traffic. CloudFormation does not.
// Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func putGroup(w *World, before, o *Object) {
	if before == nil {
		s := w.Scope(o)
		vpc := o.Known("vpc_id")
		g := snapshot.SecurityGroup{ID: o.ID, Name: o.Known("name"), VPC: vpc, OwnerID: owner(s), ARN: o.Known("arn"), About: o.Known("description")}
		if account := o.Known("owner_id"); account != "" {
			g.OwnerID = account
		}
		s.SecurityGroups.Add(g)
	}
	for _, egress := range []bool{false, true} {
		name := listName(egress)
		if o.Stated(name) && !Same(before, o, name) {
			w.setRules(o, o.ID, egress)
		}
	}
}

func listName(egress bool) string {
	if egress {
		return "egress"
	}
	return "ingress"
}

func dropGroup(w *World, o *Object) { remove(w, groups, o.ID) }

// putDefaultGroup takes over the default security group of a VPC: on creation
// its rules are taken away, whatever the plan says of them.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_security_group
func putDefaultGroup(w *World, before, o *Object) {
	if w.Filling {
		putGroup(w, nil, o)
		return
	}
	id := o.ID
	if vpc, pending := o.Text("vpc_id"); !o.Exists && pending != "" { // it may be that of any VPC
		w.openDefaultGroups(o, pending)
		return
	} else if ids := w.defaultGroupOf(vpc); !o.Exists && len(ids) > 0 {
		id = ids[0]
	}
	for _, egress := range []bool{false, true} {
		if before == nil || o.Stated(listName(egress)) && !Same(before, o, listName(egress)) {
			w.setRules(o, id, egress)
		}
	}
}

// openDefaultGroups leaves open what is in the default groups that a resource may
// take over.
func (w *World) openDefaultGroups(o *Object, pending snapshot.Pending) {
	for _, s := range w.Snapshot.Scopes {
		for _, g := range s.SecurityGroups.All() {
			if g.Name != "default" || !w.RefersToExisting && !w.IsNew(g.ID) {
				continue
			}
			for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
				*list = append(slices.Clone(*list), snapshot.Permission{})
				for i := range *list {
					(*list)[i].Pending = pending
				}
			}
			s.SecurityGroups.Put(g)
		}
	}
}

// setRules replaces the rules of a group in one direction by inline ones.
func (w *World) setRules(o *Object, id string, egress bool) {
	blocks, pending := o.Blocks(listName(egress))
	within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
		var perms []snapshot.Permission
		for _, b := range blocks {
			perms = append(perms, permissions(b, "protocol", *g)...)
		}
		if pending != "" {
			perms = append(perms, snapshot.Permission{Pending: pending})
		}
		*rulesOf(g, egress) = perms
	})
	w.forgetRules(id, egress, func(snapshot.SecurityGroupRule) bool { return true })
}

func putGroupVPC(w *World, before, o *Object) {
	group, pg := o.Text("security_group_id")
	vpc, pv := o.Text("vpc_id")
	if pending := max(pg, pv); pending != "" {
		w.Scope(o).Doubt(snapshot.SecurityGroupVPCAssociations, pending.Gap(o.Address))
		return
	}
	w.Scope(o).SecurityGroupVPCAssociations.Add(snapshot.GroupVPCAssociation{Group: group, VPC: vpc, State: "associated"})
}

func dropGroupVPC(w *World, o *Object) {
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.GroupVPCAssociation] {
		return &s.SecurityGroupVPCAssociations
	}, o.Known("security_group_id")+"/"+o.Known("vpc_id"))
}

func showGroup(w *World, o *Object) []map[string]any {
	g, there := find(w, groups, o.ID)
	if len(there) == 0 {
		return nil
	}
	out := attributesOf("vpc_id", g.VPC, "name", g.Name, "description", g.About)
	for _, egress := range []bool{false, true} {
		blocks := []any{}
		for _, p := range *rulesOf(&g, egress) {
			b := peers(p, g.ID, "security_groups")
			b["protocol"] = p.Protocol
			blocks = append(blocks, b)
		}
		out[listName(egress)] = blocks
	}
	return []map[string]any{out}
}

func showGroupVPCs(w *World, o *Object) []map[string]any {
	var out []map[string]any
	for _, s := range w.Snapshot.Scopes {
		for _, a := range s.SecurityGroupVPCAssociations.All() {
			if a.Group == o.Known("security_group_id") {
				out = append(out, attributesOf("security_group_id", a.Group, "vpc_id", a.VPC))
			}
		}
	}
	return out
}
