package resource

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Every type is put, shown, updated and dropped, with attributes that are drawn. What
// the rows show is what was put, and what is known only after apply is either named
// in the snapshot or not shown: never a value that nobody has said.

// everythingThere is an estate that has a resource of each type that others name.
func everythingThere() *snapshot.Snapshot {
	block := netip.MustParsePrefix
	s := &snapshot.Scope{Name: "destination", Region: "us-east-1", Account: "111122223333"}
	for n, id := range []string{"vpc-00000001", "vpc-00000002"} {
		s.VPCs.Add(snapshot.VPC{ID: id, OwnerID: s.Account, CIDR: block(fmt.Sprintf("10.%d.0.0/16", n+1)), InstanceTenancy: "default"})
	}
	for n, id := range []string{"subnet-00000001", "subnet-00000002"} {
		free := 200
		s.Subnets.Add(snapshot.Subnet{ID: id, VPC: "vpc-00000001", CIDR: block(fmt.Sprintf("10.1.%d.0/24", n)), AvailabilityZone: "us-east-1a", FreeIPs: &free})
	}
	for id, name := range map[string]string{"sg-0000000d": "default", "sg-00000001": "a", "sg-00000002": "b"} {
		s.SecurityGroups.Add(snapshot.SecurityGroup{ID: id, Name: name, VPC: "vpc-00000001", OwnerID: s.Account, Ingress: []snapshot.Permission{allowAll()}, Egress: []snapshot.Permission{allowAll()}})
	}
	s.NetworkACLs.Add(snapshot.NetworkACL{ID: "acl-0000000d", VPC: "vpc-00000001", IsDefault: true})
	s.NetworkACLs.Add(snapshot.NetworkACL{ID: "acl-00000001", VPC: "vpc-00000001"})
	s.RouteTables.Add(snapshot.RouteTable{ID: "rtb-0000000d", VPC: "vpc-00000001", Associations: []snapshot.RouteTableAssociation{{Main: true}}})
	s.RouteTables.Add(snapshot.RouteTable{ID: "rtb-00000001", VPC: "vpc-00000001"})
	dns, policy := true, fullAccess
	s.Endpoints.Add(snapshot.Endpoint{
		ID: "vpce-00000001", Type: "Interface", VPC: "vpc-00000001", ServiceName: "s", State: "available", SubnetIDs: []string{"subnet-00000001"}, InterfaceIDs: []string{"eni-0000000e"},
		Groups: []snapshot.GroupRef{{ID: "sg-0000000d"}, {ID: "sg-00000001"}}, PrivateDNSEnabled: &dns, PolicyDocument: &policy,
	})
	s.Interfaces.Add(snapshot.Interface{ID: "eni-0000000e", VPC: "vpc-00000001", Subnet: "subnet-00000001", Type: "vpc_endpoint"})
	s.Interfaces.Add(snapshot.Interface{ID: "eni-00000001", VPC: "vpc-00000001", Subnet: "subnet-00000001", Type: "interface"})
	s.PrefixLists.Add(snapshot.PrefixList{ID: "pl-00000001"})
	s.PrefixListEntries.Add(snapshot.PrefixListContent{PrefixList: "pl-00000001"})
	p := snapshot.Peering{ID: "pcx-00000001", Requester: snapshot.PeeringSide{VPC: "vpc-00000001"}, Accepter: snapshot.PeeringSide{VPC: "vpc-00000002"}}
	p.Status.Code = "pending-acceptance"
	s.Peerings.Add(p)
	s.VPNGateways.Add(snapshot.VPNGateway{ID: "vgw-00000001", State: "available"})
	g := snapshot.TransitGateway{ID: "tgw-00000001", OwnerID: s.Account, State: "available"}
	g.Options.AutoAcceptSharedAttachments = "enable"
	s.TransitGateways.Add(g)
	for id, t := range map[string]snapshot.TransitGatewayRouteTable{"tgw-rtb-0000000d": {IsDefault: true, IsDefaultPropagation: true}, "tgw-rtb-00000001": {}} {
		t.ID, t.Gateway = id, g.ID
		s.TransitGatewayRouteTables.Add(t)
		s.TransitGatewayAssociations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
		s.TransitGatewayPropagations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
		s.TransitGatewayRoutes.Add(snapshot.TransitGatewayRouteSet{RouteTable: id})
	}
	for id, state := range map[string]string{"tgw-attach-00000001": "available", "tgw-attach-0000000a": "pendingAcceptance"} {
		s.TransitGatewayVPCAttachments.Add(snapshot.TransitGatewayVPCAttachment{ID: id, Gateway: g.ID, VPC: "vpc-00000001", State: state})
		s.TransitGatewayAttachments.Add(snapshot.TransitGatewayAttachment{ID: id, Gateway: g.ID, ResourceType: "vpc", ResourceID: "vpc-00000001", State: state})
	}
	return &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}
}

// there are the ids of the estate, by type.
var there = map[string][]string{
	"aws_vpc": {"vpc-00000001", "vpc-00000002"}, "aws_subnet": {"subnet-00000001", "subnet-00000002"}, "aws_security_group": {"sg-00000001", "sg-00000002"},
	"aws_network_acl": {"acl-00000001"}, "aws_default_network_acl": {"acl-0000000d"}, "aws_route_table": {"rtb-00000001"}, "aws_default_route_table": {"rtb-0000000d"},
	"aws_vpc_endpoint": {"vpce-00000001"}, "aws_network_interface": {"eni-00000001"}, "aws_instance": {"i-00000001"}, "aws_ec2_managed_prefix_list": {"pl-00000001"},
	"aws_vpc_peering_connection": {"pcx-00000001"}, "aws_vpn_gateway": {"vgw-00000001"}, "aws_nat_gateway": {"nat-00000001"}, "aws_egress_only_internet_gateway": {"eigw-00000001"},
	"aws_ec2_transit_gateway": {"tgw-00000001"}, "aws_ec2_transit_gateway_route_table": {"tgw-rtb-00000001"}, "aws_ec2_transit_gateway_vpc_attachment": {"tgw-attach-00000001"},
}

// alternatives are attributes of which a resource has one.
var alternatives = [][]string{
	{"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"},
	{"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id", "self"},
	{"destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"},
	{
		"gateway_id", "nat_gateway_id", "network_interface_id", "instance_id", "vpc_peering_connection_id", "transit_gateway_id", "local_gateway_id", "carrier_gateway_id",
		"egress_only_gateway_id", "core_network_arn", "vpc_endpoint_id",
	},
}

// onlyOf are the alternatives of one type.
var onlyOf = map[string][]string{
	"aws_route_table_association": {"subnet_id", "gateway_id"}, "aws_network_acl_rule": {"cidr_block", "ipv6_cidr_block"},
	"aws_ec2_transit_gateway_route": {"transit_gateway_attachment_id", "blackhole"}, "aws_network_interface": {"private_ips", "private_ip", "private_ip_list"},
	"aws_instance": {"vpc_security_group_ids", "primary_network_interface", "network_interface"},
}

// counted are the attributes that no row tells: they take addresses from a subnet, or
// choose among ways to be put.
var counted = []string{
	"private_ips_count", "ipv4_prefix_count", "ipv4_prefixes", "secondary_private_ips", "auto_accept", "replace_default_association", "primary_network_interface", "network_interface",
	"secondary_private_ip_address_count", "secondary_private_ip_addresses", "secondary_allocation_ids",
}

// drawn is a resource of a type with attributes that are drawn.
func drawn(n int, r *rand.Rand, t Type) *Object {
	o := &Object{Address: t.Name + ".x", Type: t.Name, ID: t.Name + ".x", Attributes: map[string]any{}}
	left := map[string]bool{}
	for _, group := range append(slices.Clone(alternatives), onlyOf[t.Name]) {
		group = slices.DeleteFunc(slices.Clone(group), func(a string) bool { return !slices.Contains(t.Attributes, a) })
		if len(group) > 1 && (len(group) > 2 || onlyOf[t.Name] != nil) {
			keep := n % len(group)
			for i, a := range group {
				left[a] = left[a] || i != keep
			}
		}
	}
	for _, name := range slices.Concat(t.Attributes, t.Labels) {
		if !left[name] {
			o.Attributes[name] = draw(r, t, name)
		}
	}
	if o.Attributes["primary_network_interface"] != nil || o.Attributes["network_interface"] != nil { // it says the rest
		delete(o.Attributes, "subnet_id")
		delete(o.Attributes, "private_ip")
		delete(o.Attributes, "secondary_private_ips")
	}
	if o.Attributes["vpc_endpoint_id"] != nil && o.Attributes["destination_prefix_list_id"] != nil { // AWS makes such a route with a gateway endpoint
		o.Attributes["destination_cidr_block"] = "172.16.0.0/12"
		delete(o.Attributes, "destination_prefix_list_id")
	}
	if o.Attributes["ip_protocol"] == "-1" || o.Attributes["protocol"] == "-1" {
		delete(o.Attributes, "from_port")
		delete(o.Attributes, "to_port")
	}
	switch id, made := there[t.Name]; {
	case t.Name == "aws_default_security_group":
		o.ID, o.Exists, o.Attributes["vpc_id"] = "sg-0000000d", true, "vpc-00000001"
	case strings.HasPrefix(t.Name, "aws_default_") && made:
		o.ID, o.Exists = id[0], true
	case t.Name == "aws_ec2_transit_gateway_vpc_attachment_accepter":
		o.Attributes["transit_gateway_attachment_id"] = "tgw-attach-0000000a"
	case t.Name == "aws_main_route_table_association":
		o.Attributes["vpc_id"], o.Attributes["original_route_table_id"] = "vpc-00000001", "rtb-0000000d"
	case t.Name == "aws_vpc_endpoint":
		fixed := []any{}
		for _, id := range o.KnownTexts("subnet_ids") {
			fixed = append(fixed, map[string]any{"subnet_id": id, "ipv4": fmt.Sprintf("10.1.%c.%d", id[len(id)-1]-1, 10+r.IntN(200))})
		}
		o.Attributes["subnet_configuration"] = fixed
	}
	return o
}

func draw(r *rand.Rand, t Type, name string) any {
	if types := Types().References[name]; types != nil {
		ids := there[types[0]]
		switch name {
		case "vpc_id", t.Container:
			return ids[0]
		case "source_security_group_id":
			return ids[1] // the group itself is said otherwise
		}
		if types[0] == "aws_vpc_endpoint" && name == "gateway_id" {
			ids = there["aws_vpn_gateway"]
		}
		if !Types().Lists[name] {
			return ids[r.IntN(len(ids))]
		}
		return texts(ids[r.IntN(len(ids)):])
	}
	pick := func(list ...any) any { return list[r.IntN(len(list))] }
	cidr := fmt.Sprintf("10.%d.%d.0/24", 100+r.IntN(100), r.IntN(200))
	switch name {
	case "cidr_block", "cidr_ipv4", "destination_cidr_block", "cidr":
		return cidr
	case "cidr_ipv6", "ipv6_cidr_block", "destination_ipv6_cidr_block":
		return fmt.Sprintf("fd00:%x::/64", 1+r.IntN(1000))
	case "cidr_blocks":
		return []any{cidr}
	case "ipv6_cidr_blocks":
		return []any{"fd00::/64"}
	case "ip_protocol", "protocol":
		if t.Name == "aws_network_acl_rule" {
			return pick("6", "17", "-1")
		}
		return pick("tcp", "udp", "-1")
	case "from_port":
		return 1 + r.IntN(400)
	case "to_port":
		return 443 + r.IntN(400)
	case "rule_number":
		return 1 + r.IntN(1000)
	case "rule_action":
		return pick("allow", "deny")
	case "type":
		return pick("ingress", "egress")
	case "egress", "ingress":
		switch t.Name {
		case "aws_network_acl_rule":
			return pick(true, false)
		case "aws_network_acl", "aws_default_network_acl":
			return []any{map[string]any{"rule_no": 1 + r.IntN(1000), "action": pick("allow", "deny"), "protocol": "6", "from_port": 1, "to_port": 443, "cidr_block": cidr}}
		}
		return []any{map[string]any{"protocol": "tcp", "from_port": 443, "to_port": 443 + r.IntN(9), "cidr_blocks": []any{cidr}, "security_groups": []any{"sg-00000002"}, "self": pick(true, false)}}
	case "route":
		return []any{map[string]any{"cidr_block": cidr, "vpc_peering_connection_id": "pcx-00000001"}}
	case "entry":
		return []any{map[string]any{"cidr": cidr}, map[string]any{"cidr": "172.16.0.0/12"}}
	case "private_dns_enabled", "ipv6_native":
		return pick(true, false)
	case "self", "auto_accept", "blackhole":
		return true
	case "replace_default_association":
		return false
	case attachmentAssociates, attachmentPropagates:
		return pick("true", "false")
	case "instance_tenancy":
		return pick("default", "dedicated")
	case "vpc_endpoint_type":
		return "Interface"
	case "ip_address_type":
		return pick("ipv4", "dualstack")
	case "peer_region":
		return "us-east-1"
	case "policy":
		return fmt.Sprintf(`{"Statement":[],"Id":"%d"}`, r.IntN(100))
	case "private_ip":
		return fmt.Sprintf("10.1.0.%d", 10+r.IntN(200))
	case "private_ips", "private_ip_list", "secondary_private_ips":
		return []any{fmt.Sprintf("10.1.0.%d", 10+r.IntN(200))}
	case "private_ips_count", "ipv4_prefix_count":
		return r.IntN(3)
	case "ipv4_prefixes":
		return []any{"10.1.0.16/28"}
	case "primary_network_interface", "network_interface":
		return []any{map[string]any{"device_index": 0, "network_interface_id": "eni-00000001"}}
	}
	if strings.HasSuffix(name, "_support") || strings.HasPrefix(name, "default_route_table_") || name == "auto_accept_shared_attachments" {
		return pick("enable", "disable")
	}
	return fmt.Sprintf("%s-%d", name, r.IntN(1000))
}

// canonical writes a value, so that two ways to say the same are one text; "" for one
// that is as good as none.
func canonical(name string, v any) string {
	switch v := v.(type) {
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, canonical(name, e))
		}
		slices.Sort(out)
		return strings.Join(out, ",")
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if s := canonical(k, v[k]); s != "" {
				out = append(out, k+"="+s)
			}
		}
		return "{" + strings.Join(out, " ") + "}"
	}
	s := strings.ToLower(PlainText(v))
	if n, ok := Protocols[s]; ok && strings.HasSuffix(name, "protocol") {
		s = n
	}
	if s == "false" {
		return ""
	}
	return s
}

// told reports whether one of what a type shows says all that an object does.
func toldBy(w *World, t Type, o *Object, names []string) (bool, []map[string]any) {
	shown := t.Show(w, o)
	return slices.ContainsFunc(shown, func(s map[string]any) bool {
		for _, name := range names {
			if v, has := o.Attributes[name]; has && !slices.Contains(counted, name) && canonical(name, s[name]) != canonical(name, v) {
				return false
			}
		}
		return true
	}), shown
}

const draws = 40

// TestEveryTypeIsShownAsPut puts, updates and drops a resource of each type.
func TestEveryTypeIsShownAsPut(t *testing.T) {
	for _, ty := range Types().all {
		if ty.Put == nil {
			continue
		}
		for n := range draws {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			o := drawn(n, r, ty)
			w := worldOf(everythingThere())
			w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Create, After: o}})
			if ty.Show != nil {
				if ok, shown := toldBy(w, ty, o, slices.Concat(ty.Attributes, ty.Labels)); !ok {
					t.Fatalf("%s: put %v, shown %v", ty.Name, o.Attributes, shown)
				}
			}
			next := drawn(n, r, ty)
			for _, name := range append(slices.Clone(ty.Fixed), ty.Container) {
				if v, ok := o.Attributes[name]; ok {
					next.Attributes[name] = v
				} else {
					delete(next.Attributes, name)
				}
			}
			if ty.Name == "aws_default_network_acl" { // a subnet leaves it for another ACL, by a change of that
				next.Attributes["subnet_ids"] = o.Attributes["subnet_ids"]
			}
			w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Update, Before: o, After: next}})
			if ty.Show != nil {
				if ok, shown := toldBy(w, ty, next, ty.Attributes); !ok {
					t.Fatalf("%s: put %v, updated to %v, shown %v", ty.Name, o.Attributes, next.Attributes, shown)
				}
			}
			if ty.Drop == nil {
				continue
			}
			w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Delete, Before: next}})
			if ty.Show != nil && ty.Prefix != "vpce-" { // an endpoint is still listed for a while
				if ok, shown := toldBy(w, ty, next, ty.Attributes); ok {
					t.Fatalf("%s: dropped %v, shown %v", ty.Name, next.Attributes, shown)
				}
			}
		}
	}
}

// texts in a value, however deep.
func mentionsText(v reflect.Value, want string, depth int) bool {
	if depth > 12 {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		return strings.Contains(v.String(), want)
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && mentionsText(v.Elem(), want, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if mentionsText(v.Field(i), want, depth+1) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if mentionsText(v.Index(i), want, depth+1) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if mentionsText(it.Value(), want, depth+1) {
				return true
			}
		}
	}
	return false
}

// toldByOthers are attributes that follow from others of the resource, or are taken at
// their worst while they are open; settled are those that no update changes.
var (
	toldByOthers = map[string]string{
		"aws_main_route_table_association": "vpc_id", "aws_vpc_endpoint": "vpc_id", "aws_ec2_transit_gateway_vpc_attachment": "vpc_id",
	}
	settled = map[string]string{
		"aws_vpc_peering_connection": "auto_accept", "aws_vpc_peering_connection_accepter": "auto_accept", "aws_ec2_transit_gateway_vpc_attachment": "appliance_mode_support",
	}
)

// TestNoTypeLosesWhatIsPending makes each attribute that decides something known only
// after apply, at the creation and at an update.
func TestNoTypeLosesWhatIsPending(t *testing.T) {
	const open = "~known after apply"
	for _, ty := range Types().all {
		if ty.Put == nil {
			continue
		}
		for _, name := range ty.Attributes {
			tried := 0
			for n := range draws {
				r := rand.New(rand.NewPCG(uint64(n), 2))
				o := drawn(n, r, ty)
				if _, has := o.Attributes[name]; !has {
					continue
				}
				tried++
				if toldByOthers[ty.Name] == name {
					break
				}
				pending := *o
				if strings.HasPrefix(name, "default_") || ty.Name == "aws_default_security_group" && name == "vpc_id" { // which one it takes over
					pending.ID, pending.Exists = o.Address, false
				}
				pending.Attributes = maps.Clone(o.Attributes)
				pending.Attributes[name] = Unknown(open)
				w := worldOf(everythingThere())
				w.RefersToExisting = true
				w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Create, After: &pending}})
				if !openOrUntold(w, ty, o, &pending, name, open) {
					t.Errorf("%s: %s is known after apply, and lost at the creation: %v", ty.Name, name, o.Attributes)
					break
				}
				if slices.Contains(ty.Fixed, name) || settled[ty.Name] == name || name == ty.Container && ty.Rank < RankMember {
					continue
				}
				w = worldOf(everythingThere())
				w.RefersToExisting = true
				w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Create, After: o}})
				w.Apply([]Change{{Address: o.Address, Type: ty.Name, Action: Update, Before: o, After: &pending}})
				if !openOrUntold(w, ty, o, &pending, name, open) {
					t.Errorf("%s: %s is known after apply, and lost at an update: %v", ty.Name, name, o.Attributes)
					break
				}
			}
			if tried == 0 {
				t.Errorf("%s: %s was never drawn", ty.Name, name)
			}
		}
	}
}

// openOrUntold reports whether what is pending is named in the snapshot, or at least
// no value is shown in its place: of a part whose container is open, none of what it
// sets.
func openOrUntold(w *World, t Type, known, o *Object, name, open string) bool {
	if mentionsText(reflect.ValueOf(w.Snapshot.Scopes), open, 0) {
		return true
	}
	if name == "appliance_mode_support" { // taken as switched on, the case in which every subnet counts
		return slices.ContainsFunc(t.Show(w, o), func(s map[string]any) bool { return s[name] == "enable" })
	}
	if name == t.Container && t.Rank >= RankMember {
		return t.Show != nil && !slices.ContainsFunc(t.Show(w, known), func(s map[string]any) bool {
			return slices.ContainsFunc(t.Attributes, func(a string) bool { return a != name && s[a] != nil })
		})
	}
	return t.Show != nil && !slices.Contains(counted, name) && !slices.ContainsFunc(t.Show(w, o), func(s map[string]any) bool { return s[name] != nil })
}

// dropped is an assignment that takes the value of an attribute, or what decides it,
// without the other.
var dropped = regexp.MustCompile(`(?m)^.*(?:, _ :?=|_, \w+ :?=) \w+(?:\.\w+)*\.(?:Text|Texts|Prefix|Port|Protocol|Blocks)\(.*$`)

// TestNoValueIsDropped lets nothing of an attribute be dropped in passing: who wants
// the known part, or what is pending, says so by a name.
func TestNoValueIsDropped(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	above, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, above...) {
		if filepath.Base(file) == "values.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if line := dropped.Find(body); line != nil {
			t.Errorf("%s: %s", file, line)
		}
	}
}
