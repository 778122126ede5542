package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// always lists what AWS gives of every row, beginning with its id: a row that
// lacks any of it was not written by AWS, or not whole. "A.B" asks A for B, and a
// list each of its entries; "A?.B" does so only where A is. "A|B" is one of the
// two. What depends on a resource's settings is not in it.
// Source: the EC2 API reference, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
var always = map[snapshot.Kind][]string{
	snapshot.VPCs:                         {"VpcId", "State", "CidrBlock", "CidrBlockAssociationSet?.CidrBlock"},
	snapshot.Subnets:                      {"SubnetId", "VpcId", "State", "AvailabilityZone", "AvailableIpAddressCount", "CidrBlock|Ipv6Native"},
	snapshot.SubnetCIDRReservations:       {"SubnetCidrReservationId", "Cidr"},
	snapshot.Endpoints:                    {"VpcEndpointId", "VpcId", "VpcEndpointType", "ServiceName", "State", "Groups?.GroupId"},
	snapshot.Interfaces:                   {"NetworkInterfaceId", "VpcId", "SubnetId", "Status", "Groups.GroupId", "PrivateIpAddress|Ipv6Addresses"},
	snapshot.SecurityGroups:               append(permissions("IpPermissions"), permissions("IpPermissionsEgress")...),
	snapshot.SecurityGroupRules:           {"SecurityGroupRuleId", "GroupId", "IsEgress", "IpProtocol"},
	snapshot.SecurityGroupVPCAssociations: {"GroupId", "VpcId", "State"},
	snapshot.PrefixLists:                  {"PrefixListId"},
	snapshot.PrefixListEntries:            {"Cidr"},
	snapshot.NetworkACLs:                  {"NetworkAclId", "VpcId", "Entries.RuleNumber", "Entries.RuleAction", "Entries.Egress", "Entries.Protocol", "Entries.CidrBlock|Ipv6CidrBlock", "Entries.PortRange?.From", "Entries.PortRange?.To", "Associations.SubnetId"},
	snapshot.RouteTables:                  {"RouteTableId", "VpcId", "Routes.State", "Routes.DestinationCidrBlock|DestinationIpv6CidrBlock|DestinationPrefixListId", "Associations.Main", "Associations.Main|SubnetId|GatewayId"},
	snapshot.Peerings:                     {"VpcPeeringConnectionId", "Status.Code", "AccepterVpcInfo.VpcId", "RequesterVpcInfo.VpcId"},
	snapshot.TransitGateways:              {"TransitGatewayId", "State"},
	snapshot.TransitGatewayAttachments:    {"TransitGatewayAttachmentId", "TransitGatewayId", "ResourceType", "State"},
	snapshot.TransitGatewayVPCAttachments: {"TransitGatewayAttachmentId", "TransitGatewayId", "VpcId", "State", "SubnetIds|"},
	snapshot.TransitGatewayPeerings:       {"TransitGatewayAttachmentId", "State", "AccepterTgwInfo.TransitGatewayId|CoreNetworkId", "RequesterTgwInfo.TransitGatewayId|CoreNetworkId"},
	snapshot.TransitGatewayRouteTables:    {"TransitGatewayRouteTableId", "TransitGatewayId", "State"},
	snapshot.TransitGatewayAssociations:   {"TransitGatewayAttachmentId", "State"},
	snapshot.TransitGatewayPropagations:   {"TransitGatewayAttachmentId", "State"},
	snapshot.TransitGatewayRoutes:         {"State", "DestinationCidrBlock|PrefixListId"},
	snapshot.VPNGateways:                  {"VpnGatewayId", "State"},
	snapshot.VPNConnections:               {"VpnConnectionId", "State"},
	snapshot.Instances:                    {"ReservationId", "Instances.InstanceId", "Instances.State.Name"},
	snapshot.NATGateways:                  {"NatGatewayId", "VpcId", "State"},
	snapshot.Agents:                       {"AgentArn"},
	snapshot.Invocations:                  {"InstanceId", "CommandId", "Status"},
	snapshot.Tasks:                        {"TaskArn"},
	snapshot.Locations:                    {"LocationArn", "LocationUri"},
	snapshot.PolicySimulation:             {"EvalActionName", "EvalDecision"},
}

// permissions is what AWS gives of every group, with its rules of one direction.
func permissions(list string) []string {
	return []string{
		"GroupId", "OwnerId", "VpcId", list + ".IpProtocol", list + ".IpRanges?.CidrIp", list + ".Ipv6Ranges?.CidrIpv6",
		list + ".PrefixListIds?.PrefixListId", list + ".UserIdGroupPairs?.GroupId",
	}
}

// whole are the members of replies that hold no list.
var whole = map[snapshot.Kind][]string{
	snapshot.CallerIdentity: {"Account", "Arn"},
	snapshot.CommandOutputs: {"InstanceId", "CommandId", "Status"},
	snapshot.AgentDetails:   {"AgentArn", "Status", "EndpointType"},
	snapshot.TaskDetails:    {"TaskArn", "Status", "SourceLocationArn", "DestinationLocationArn"},
	snapshot.LocationsNFS:   {"LocationArn", "OnPremConfig.AgentArns"},
	snapshot.LocationsSMB:   {"LocationArn", "AgentArns"}, snapshot.LocationsHDFS: {"LocationArn", "AgentArns"},
	snapshot.LocationsObjectStorage: {"LocationArn"}, snapshot.LocationsAzureBlob: {"LocationArn"},
}

// badReply is the code of a call whose answer AWS did not give, or not whole.
const badReply = "BadReply"

// sifter tells the rows of one call that AWS can have given from others.
type sifter struct {
	kind    snapshot.Kind
	content map[string]string // by id
	doubted map[string]bool   // ids that were shown with two contents
}

// note takes down what the rows of a page are; all pages go through it first.
func (s *sifter) note(page []byte) {
	object, err := object(page)
	if err != nil {
		return
	}
	rows, _ := object[s.kind.ListKey()].([]any)
	for _, row := range rows {
		o, _ := row.(map[string]any)
		for id, content := range s.contents(o) {
			raw, err := json.Marshal(content)
			if err != nil {
				continue
			}
			if before, ok := s.content[id]; ok && before != string(raw) {
				s.doubted[id] = true
			}
			s.content[id] = string(raw)
		}
	}
}

// contents are the things that an entry shows, by what tells one from another.
func (s *sifter) contents(entry map[string]any) map[string]any {
	out := map[string]any{}
	add := func(content map[string]any, names ...string) {
		var id []string
		for _, name := range names {
			if part, _ := content[name].(string); part != "" {
				id = append(id, part)
			}
		}
		if len(id) > 0 {
			out[strings.Join(id, " ")] = content
		}
	}
	switch s.kind {
	case snapshot.Instances:
		instances, _ := entry["Instances"].([]any)
		for _, i := range instances {
			o, _ := i.(map[string]any)
			add(o, "InstanceId")
		}
	case snapshot.TransitGatewayRoutes: // a prefix may be static and propagated
		add(entry, "DestinationCidrBlock", "PrefixListId", "Type")
	case snapshot.PolicySimulation:
		add(entry, "EvalActionName", "EvalResourceName")
	default:
		if len(always[s.kind]) > 0 {
			add(entry, always[s.kind][0])
		}
	}
	return out
}

// sound takes the odd rows out of a page, so that one does not cost the table, and
// says what is wrong with the first of them. Without its list the whole page is odd.
func (s *sifter) sound(page []byte) (rest []byte, firstOddity string) {
	o, err := object(page)
	if err != nil {
		return nil, err.Error()
	}
	key := s.kind.ListKey()
	if key == "" {
		for _, path := range whole[s.kind] {
			if lack := lacking(o, path); lack != "" {
				return nil, "it lacks " + lack
			}
		}
		return page, ""
	}
	list, ok := o[key].([]any)
	if !ok {
		return nil, "it lacks the list " + key
	}
	kept := make([]any, 0, len(list))
	for n, row := range list {
		why := s.oddity(row)
		switch {
		case why == "":
			kept = append(kept, row)
		case firstOddity == "":
			firstOddity = fmt.Sprintf("%s[%d]: %s", key, n, why)
		}
	}
	if firstOddity == "" {
		return page, ""
	}
	o[key] = kept
	if rest, err = json.Marshal(o); err != nil {
		return nil, err.Error()
	}
	return rest, firstOddity
}

func object(page []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(page))
	dec.UseNumber()
	var o map[string]any
	if err := dec.Decode(&o); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("it goes on behind its object")
	}
	return o, nil
}

// oddity says why a row can't be one of AWS's.
func (s *sifter) oddity(row any) string {
	o, ok := row.(map[string]any)
	if !ok {
		return "it is not an object"
	}
	for _, path := range always[s.kind] {
		if lack := lacking(o, path); lack != "" {
			return "it lacks " + lack
		}
	}
	if lack := withoutPorts(o); lack != "" {
		return "it lacks " + lack
	}
	for id := range s.contents(o) {
		if s.doubted[id] {
			return id + " was shown twice, with two contents"
		}
	}
	one, err := json.Marshal(map[string]any{s.kind.ListKey(): []any{row}})
	if err != nil {
		return err.Error()
	}
	var scratch snapshot.Scope
	if _, err := scratch.LoadPage(snapshot.Document{Kind: s.kind, ID: "scratch", Body: one}, snapshot.Partial, nil); err != nil {
		return err.Error()
	}
	return ""
}

// withoutPorts finds a rule of TCP or UDP that names no ports: AWS gives both.
func withoutPorts(row map[string]any) string {
	for list, rule := range map[string][]string{"IpPermissions": {"IpProtocol", "FromPort", "ToPort"}, "IpPermissionsEgress": {"IpProtocol", "FromPort", "ToPort"}, "Entries": {"Protocol", "PortRange"}} {
		entries, _ := row[list].([]any)
		for _, e := range entries {
			o, _ := e.(map[string]any)
			if p, _ := o[rule[0]].(string); p != "tcp" && p != "udp" && p != "6" && p != "17" {
				continue
			}
			for _, name := range rule[1:] {
				if o[name] == nil {
					return list + "." + name
				}
			}
		}
	}
	return ""
}

// lacking is the part of a path that an object lacks, "" if it has all of it.
func lacking(object map[string]any, path string) string {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		if names := strings.Split(name, "|"); !slices.ContainsFunc(names, func(n string) bool { return given(object[n], len(names) > 1) }) {
			return strings.Trim(name, "|")
		}
		return ""
	}
	name, optional := strings.CutSuffix(name, "?")
	v := object[name]
	inside, isList := v.([]any)
	switch {
	case v == nil && optional:
		return ""
	case v == nil:
		return name
	case !isList:
		inside = []any{v}
	}
	for _, e := range inside {
		o, ok := e.(map[string]any)
		if !ok {
			return name
		}
		if lack := lacking(o, rest); lack != "" {
			return name + "." + lack
		}
	}
	return ""
}

// given reports whether a member says something. Among several, of which one must,
// false and an empty list say nothing.
func given(v any, among bool) bool {
	list, isList := v.([]any)
	return v != nil && v != "" && !(among && (v == false || isList && len(list) == 0))
}

// tokens ends a call whose pages never end.
type tokens struct {
	seen  map[string]bool
	bytes int
}

// maxCallBytes is how much all pages of one call may take, as JSON.
const maxCallBytes = 256 << 20

// next takes note of a page. The error is for a page that says it is followed by
// one that came before, or one too many.
func (t *tokens) next(page []byte) error {
	var more struct{ NextToken, Marker string }
	if err := json.Unmarshal(page, &more); err != nil {
		return err
	}
	if t.bytes += len(page); t.bytes > maxCallBytes {
		return notAWS(fmt.Sprintf("its pages come to more than %d MB", maxCallBytes>>20))
	}
	for _, token := range []string{more.NextToken, more.Marker} {
		if token == "" {
			continue
		}
		if t.seen[token] {
			return notAWS("it gives the same NextToken twice, so that its pages would never end")
		}
		if t.seen == nil {
			t.seen = map[string]bool{}
		}
		t.seen[token] = true
	}
	return nil
}
