package resource

import (
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/source"
)

// typeName is a type in the words of either tool.
var typeName = regexp.MustCompile(`^(?:aws_[a-z0-9_]*[a-z0-9]|AWS::[A-Za-z0-9]+::[A-Za-z0-9]+)$`)

// doors are the types that are not read by what is known of them: what they hold is in
// the other language, or in another template.
var doors = map[string]string{
	"aws_cloudformation_stack":            "its template is read",
	"aws_cloudcontrolapi_resource":        "it is one of CloudFormation's types",
	"AWS::CloudFormation::Stack":          "its template may stand beside",
	"AWS::Serverless::Application":        "its template may stand beside",
	"AWS::CloudFormation::CustomResource": "a word of the language, for what no type is known of",
}

// TestTypesAreKnownInOnePlace lets no name of a type stand outside of the declarations:
// what is to be known of a type is a field of its row, so that a new type has it too.
// A model may tell the types of its own family apart.
func TestTypesAreKnownInOnePlace(t *testing.T) {
	source.Each(t, func(f source.File) {
		here := f.Name.Name == "resource"
		declared := map[string]bool{}
		literals := map[*ast.BasicLit]string{}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, ok := source.Text(n); ok && typeName.MatchString(s) {
					literals[n] = s
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Name" || key.Name == "Type") {
					if s, ok := source.Text(n.Value); ok {
						declared[s] = true
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "marked" {
					for _, arg := range n.Args {
						if s, ok := source.Text(arg); ok {
							declared[s] = true
						}
					}
				}
			}
			return true
		})
		for lit, s := range literals {
			switch {
			case doors[s] != "", here && declared[s]:
			case here && ofRow(f.File, lit):
			default:
				t.Errorf("%s: %s", f.Position(lit), s)
			}
		}
	}, "..", "../../snapshot")
}

// ofRow reports whether a literal stands where types are declared, as the type of a
// part or of blocks, is a constant for one, or is how the names of many begin.
func ofRow(file *ast.File, lit *ast.BasicLit) bool {
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Pos() < lit.Pos() && lit.Pos() < g.End() {
			return g.Tok == token.CONST || slices.Contains([]string{"ofNetworks", "groupBlocks"}, g.Specs[0].(*ast.ValueSpec).Names[0].Name)
		}
		if f, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(f.Name.Name, "Types") && f.Pos() < lit.Pos() && lit.Pos() < f.End() {
			return true
		}
	}
	return false
}

// staying are the types that leave AWS as it is when their resource goes, beside those
// that take over what AWS has made; untold are those that no row tells. Each has the
// reason.
var (
	staying = map[string]string{
		"aws_vpc_security_group_rules_exclusive": "the rules stay, and others may be added again",
		"aws_vpc_endpoint_private_dns":           "Terraform does nothing",
		"aws_ec2_instance_state":                 "the instance stays started or stopped",
		"aws_vpc_peering_connection_accepter":    "the peering belongs to the requester",
	}
	untold = map[string]string{
		"aws_vpc_security_group_rules_exclusive": "its rules are told one by one",
		"aws_ec2_instance_state":                 "the instance tells no state that was asked for",
		"aws_nat_gateway":                        "it is no row, and takes an address",
		"aws_efs_mount_target":                   "it is no row, and takes an address",
	}
)

// several are the types whose rows more than one scope may list, and notOfOwner those of
// which the owner of a row does not tell whether others see it.
var (
	several = map[string]string{
		"aws_vpc_peering_connection":             "each side lists it",
		"aws_ec2_transit_gateway":                "each account that it is shared with lists it",
		"aws_ec2_transit_gateway_vpc_attachment": "the gateway's account and the VPC's list it",
	}
	notOfOwner = map[string]string{
		"aws_vpc_endpoint":                       "in a shared subnet its owner alone sees it",
		"aws_network_interface":                  "its owner tells whose address it is, and others do not see it",
		"aws_ec2_managed_prefix_list":            "nothing asks whose a list is, and others see it",
		"aws_vpc_peering_connection":             "each side has its owner",
		"aws_ec2_transit_gateway_vpc_attachment": "the gateway and the VPC have their owners",
	}
	// wordless are attributes that decide something, and that no property of their type says by itself.
	wordless = map[string]string{
		"aws_default_security_group vpc_id":                                         "the custom resource names the group",
		"aws_default_security_group ingress":                                        "the custom resource takes all rules away",
		"aws_default_security_group egress":                                         "the custom resource takes all rules away",
		"aws_network_acl subnet_ids":                                                "a template associates by resources of their own",
		"aws_network_acl ingress":                                                   "a template has entries as resources of their own",
		"aws_network_acl egress":                                                    "a template has entries as resources of their own",
		"aws_route_table route":                                                     "a template has routes as resources of their own",
		"aws_route_table propagating_vgws":                                          "a template has propagations as resources of their own",
		"aws_network_interface private_ips":                                         "More adds it",
		"aws_network_interface private_ip_list":                                     "a template says one address, and how many more",
		"aws_vpn_gateway vpc_id":                                                    "a template attaches by a resource of its own",
		"aws_network_acl_rule from_port":                                            "More adds it",
		"aws_network_acl_rule to_port":                                              "More adds it",
		"aws_vpc_endpoint policy":                                                   "More adds it",
		"aws_vpc_endpoint subnet_configuration":                                     "More adds it",
		"aws_instance secondary_private_ips":                                        "a template says them of each interface: furtherInterfaces counts them",
		"aws_instance primary_network_interface":                                    "More adds it",
		"aws_instance network_interface":                                            "More adds it",
		"aws_ec2_managed_prefix_list entry":                                         "More adds it",
		"aws_vpc_peering_connection auto_accept":                                    "More adds it",
		"aws_ec2_transit_gateway_vpc_attachment security_group_referencing_support": "More adds it",
		"aws_ec2_transit_gateway_vpc_attachment appliance_mode_support":             "More adds it",
		"aws_ec2_transit_gateway_vpc_attachment transit_gateway_default_route_table_association": "More adds it",
		"aws_ec2_transit_gateway_vpc_attachment transit_gateway_default_route_table_propagation": "More adds it",
	}
)

// TestRowsHangTogether: what one field of a row says, others rest on.
func TestRowsHangTogether(t *testing.T) {
	c := Types()
	seen := map[string]bool{}
	for _, ty := range c.all {
		if ty.Name == "" && ty.CloudFormation == nil {
			t.Error("a row has no name")
		}
		for _, name := range append([]string{ty.Name}, names(ty.CloudFormation)...) {
			if name != "" && seen[name] {
				t.Errorf("%s has two rows", name)
			}
			seen[name] = true
		}
		for _, r := range ty.Rows {
			if snapshot.CarriesTags((&snapshot.Scope{}).Rows(r.Kind).RowType()) && ty.CloudFormation == nil {
				t.Errorf("%s: its rows carry the tags of a stack, and no template makes one", ty.Name)
			}
		}
		for _, list := range ty.Inline {
			m := c.Of(list.Type)
			if m.Container == "" || !m.Inside || m.CloudFormation == nil {
				t.Errorf("%s: %s is no member that a template states", ty.Name, list.Type)
			}
			for name := range list.Default {
				if list.Properties()[propertyOf(m, name)] != name {
					t.Errorf("%s: %s has no attribute %s", ty.Name, list.Type, name)
				}
			}
		}
		for attribute, types := range ty.Blocks {
			for _, name := range types {
				if container := c.Of(name).Container; !slices.Contains(c.References[container], ty.Name) {
					t.Errorf("%s: %s is filled by %s, which is no part of it", ty.Name, attribute, name)
				}
			}
		}
		if ty.Rows != nil && ty.Local == (several[ty.Name] != "") {
			t.Errorf("%s: does its row stand in the scope of its account and Region alone? Set Local, or write the reason into several, not both", ty.Name)
		}
		for _, r := range ty.Rows {
			_, owned := (&snapshot.Scope{}).Rows(r.Kind).RowType().FieldByName("OwnerID")
			if owned != ty.Shared && notOfOwner[ty.Name] == "" {
				t.Errorf("%s: may an account see it that does not own it? Set Shared and keep the owner of its rows (OwnerID), or write the reason into notOfOwner", ty.Name)
			}
		}
		if ty.Put != nil && ty.Container != "" && !slices.Contains(ty.Attributes, ty.Container) {
			t.Errorf("%s: its Container %s is none of its Attributes", ty.Name, ty.Container)
		}
		if ty.Put != nil && len(ty.Kinds) == 0 {
			t.Errorf("%s: it touches no table: name them in Kinds", ty.Name)
		}
		for _, name := range c.References[ty.Container] {
			if in := c.Of(name); ty.Put != nil && !ty.Adopts && in.Put != nil && in.Rank > ty.Rank {
				t.Errorf("%s: its Rank is before that of %s, which it is part of or stands in: it would be put first", ty.Name, name)
			}
		}
		if ty.Put == nil && (ty.Drop != nil || ty.Show != nil) {
			t.Errorf("%s: it has Drop or Show and nothing that makes it: write Put", ty.Name)
		}
		if kept := ty.Adopts || staying[ty.Name] != ""; ty.Put != nil && kept != (ty.Drop == nil) {
			t.Errorf("%s: what becomes of it when it goes? Write Drop, or the reason why AWS keeps what it is into staying, not both", ty.Name)
		}
		if ty.Put != nil && (untold[ty.Name] != "") != (ty.Show == nil) {
			t.Errorf("%s: what do the rows tell of it? Write Show, or the reason why they tell nothing into untold, not both", ty.Name)
		}
		if ty.Prefix != "" && len(ty.NamedBy) == 0 {
			t.Errorf("%s: nothing names it by its id", ty.Name)
		}
		if ty.Show != nil && ty.Prefix != "" && !ty.Adopts && ty.Rows == nil {
			t.Errorf("%s: no rows have its id", ty.Name)
		}
		if ty.Rows != nil && !IDShape.Re().MatchString(ty.Prefix+"0123456789abcdef0") {
			t.Errorf("%s: an id that begins with %s is not seen as one: IDShape", ty.Name, ty.Prefix)
		}
		for _, w := range ty.CloudFormation {
			for property, name := range w.Properties {
				if ty.Put != nil && !slices.Contains(slices.Concat(ty.Attributes, ty.Labels, ty.Computed, []string{"id"}), name) {
					t.Errorf("%s: %s of %s is the attribute %s, which it does not have", ty.Name, property, w.Type, name)
				}
			}
		}
		for _, name := range ty.Attributes {
			said := wordless[ty.Name+" "+name] != "" || slices.ContainsFunc(ty.Inline, func(l Inline) bool { return l.Attribute == name })
			for _, w := range ty.CloudFormation {
				said = said || w.Each.Attribute == name || slices.Contains(slices.Collect(maps.Values(w.Properties)), name)
			}
			if ty.Put != nil && ty.CloudFormation != nil && !said {
				t.Errorf("%s: no property of %s is its attribute %s: add it to Properties, or the reason into wordless", ty.Name, ty.CloudFormation[0].Type, name)
			}
		}
		if ty.Holders != nil && (ty.Container == "" || ty.CloudFormation == nil) {
			t.Errorf("%s: it has containers, and names none", ty.Name)
		}
		if ty.Unstated != nil && !ty.Inside {
			t.Errorf("%s: it leaves out what nobody shows", ty.Name)
		}
		acts := ty.Holds && !ty.Opaque || ty.Runs || ty.Shares || ty.Idless || ty.Passive || ty.Lists || ty.Addressless || ty.Takes > 0
		if acts && (ty.Put != nil || ty.Drop != nil || ty.Show != nil || ty.Rows != nil) {
			t.Errorf("%s: it has a model that nothing asks", ty.Name)
		}
	}
}

// spelled are the properties that are called otherwise than their attributes, as AWS's
// reference writes them.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
var spelled = strings.Fields("Cidr CidrIp DefaultSecurityGroupId DestinationPrefixListId DestinationSecurityGroupId EgressOnlyInternetGatewayId GroupDescription GroupId GroupName GroupSet PrefixListName PrivateIpAddress SecondaryPrivateIpAddressCount SecurityGroupIds SourcePrefixListId SourceSecurityGroupId")

// TestPropertiesAreSpelled takes a property that is neither its attribute in CloudFormation's
// way nor among those that were looked up for a slip: nothing would ever read it.
func TestPropertiesAreSpelled(t *testing.T) {
	capitals := regexp.MustCompile(`[A-Z]{2}`)
	for _, ty := range Types().all {
		for _, w := range ty.CloudFormation {
			for property, name := range w.Properties {
				alike := strings.EqualFold(property, strings.ReplaceAll(name, "_", "")) && !capitals.MatchString(property)
				if !alike && !slices.Contains(spelled, property) {
					t.Errorf("%s: does AWS call it %s? Look it up, and add it to spelled", w.Type, property)
				}
			}
		}
	}
}

func names(list []Words) []string {
	var out []string
	for _, w := range list {
		out = append(out, w.Type)
	}
	return out
}

func propertyOf(t Type, attribute string) string {
	for property, name := range t.CloudFormation[0].Properties {
		if name == attribute {
			return property
		}
	}
	return ""
}
