package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// rowTypes are the SDK's types of the rows, which know every enumeration.
var rowTypes = map[snapshot.Kind]any{
	snapshot.VPCs: types.Vpc{}, snapshot.Subnets: types.Subnet{}, snapshot.Endpoints: types.VpcEndpoint{}, snapshot.Interfaces: types.NetworkInterface{},
	snapshot.SecurityGroups: types.SecurityGroup{}, snapshot.NetworkACLs: types.NetworkAcl{}, snapshot.RouteTables: types.RouteTable{},
	snapshot.Peerings: types.VpcPeeringConnection{}, snapshot.TransitGateways: types.TransitGateway{}, snapshot.TransitGatewayAttachments: types.TransitGatewayAttachment{},
	snapshot.TransitGatewayVPCAttachments: types.TransitGatewayVpcAttachment{}, snapshot.TransitGatewayPeerings: types.TransitGatewayPeeringAttachment{},
	snapshot.TransitGatewayRouteTables: types.TransitGatewayRouteTable{}, snapshot.TransitGatewayAssociations: types.TransitGatewayRouteTableAssociation{},
	snapshot.TransitGatewayRoutes: types.TransitGatewayRoute{}, snapshot.VPNGateways: types.VpnGateway{}, snapshot.VPNConnections: types.VpnConnection{},
	snapshot.NATGateways: types.NatGateway{}, snapshot.Instances: types.Reservation{}, snapshot.PrefixLists: types.ManagedPrefixList{},
}

// harmless are the fields that may be anything while the estate stays READY, each
// with the reason.
var harmless = map[string]string{
	"describe-instances.Instances.InstanceType":                                 "says how large the agent is",
	"describe-instances.Instances.NetworkInterfaces.PrivateIpAddresses.Primary": "all addresses of an interface count",
	"describe-instances.Instances.NetworkInterfaces.SourceDestCheck":            "the agent does not forward",
	"describe-network-interfaces.InterfaceType":                                 "the endpoint lists the interfaces that are its own",
	"describe-network-interfaces.PrivateIpAddresses.Primary":                    "all addresses of an interface count",
	"describe-network-interfaces.RequesterManaged":                              "says who made it",
	"describe-network-interfaces.SourceDestCheck":                               "an endpoint does not forward",
	"describe-network-interfaces.Status":                                        "\"available\" is also what stand-ins for AWS give for an endpoint's interface; its state decides",
	"describe-network-acls.IsDefault":                                           "an explicit association decides",
	"describe-route-tables.Associations.Main":                                   "an explicit association decides",
	"describe-vpn-gateways.Type":                                                "there is one type",
	"describe-route-tables.Routes.Origin":                                       "of two routes to one block the origin decides; here there is one",
	"describe-subnets.Ipv6Native":                                               "of a subnet that is not the task's, and has an IPv4 block",
	"describe-transit-gateway-route-tables.DefaultAssociationRouteTable":        "says what attachments still to come are associated with",
	"describe-transit-gateway-route-tables.DefaultPropagationRouteTable":        "says what attachments still to come propagate to",
	"describe-transit-gateway-vpc-attachments.Options":                          "no rule refers to a group, and no appliance stands in the path",
	"describe-transit-gateways.Options":                                         "no rule refers to a group; the rest is for attachments still to come",
	"describe-vpc-endpoints.PrivateDnsEnabled":                                  "a recommendation: WARN",
	"describe-vpc-endpoints.RequesterManaged":                                   "says who made it",
	"describe-vpcs.InstanceTenancy":                                             "only the endpoint's VPC must have default tenancy",
	"describe-vpcs.IsDefault":                                                   "matters to groups of other VPCs only",
	"get-transit-gateway-route-table-associations.ResourceType":                 "the attachment itself says what it is",
	"search-transit-gateway-routes.Type":                                        "of two routes to one block the type decides; here there is one",
}

// harmlessValues are values that say the same.
var harmlessValues = map[string]bool{`"tgw-peering" in place of "peering"`: true, `"dualstack" in place of "ipv4"`: true}

func harmlessField(p string) bool {
	for known := range harmless {
		if p == known || strings.HasPrefix(p, known+".") {
			return true
		}
	}
	return false
}

// TestMutatedEvidence sets every enumerated field of every row on the path of the
// healthy fixtures to every other value of its SDK enumeration and to one that
// nobody knows, flips every boolean, and takes every row away: the estate must
// not stay READY.
func TestMutatedEvidence(t *testing.T) {
	for _, name := range append(slices.DeleteFunc(fixtures.Names(), func(n string) bool { return n != "healthy" && n != "healthy-tgw" }), "on-premises") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, _, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			whole := copyOf(t, files)
			path, ready := judged(t, whole)
			if !ready {
				t.Fatalf("%s is not READY to begin with", name)
			}
			tried := 0
			for file, body := range whole {
				kind := snapshot.KindOf(strings.SplitN(strings.TrimSuffix(base(file), ".json"), ".", 2)[0])
				sample, ok := rowTypes[kind]
				if !ok {
					continue
				}
				for _, m := range mutations(t, kind, body.Data, reflect.TypeOf(sample), path) {
					tried++
					if harmlessField(m.field) || harmlessValues[m.what] {
						continue
					}
					changed := fstest.MapFS{}
					for k, v := range whole {
						changed[k] = v
					}
					changed[file] = &fstest.MapFile{Data: m.body}
					if _, ready := judged(t, changed); ready {
						t.Errorf("READY with %s of %s in %s", m.what, m.field, file)
					}
				}
			}
			if tried < 50 {
				t.Errorf("only %d mutations: the test proves little", tried)
			}
			t.Logf("%d mutations", tried)
		})
	}
}

func base(file string) string { return path.Base(file) }

func copyOf(t *testing.T, files fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	if err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, p)
		out[p] = &fstest.MapFile{Data: body}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// judged runs every check, and returns all that the results name, and whether
// the estate is READY. One that can't be read is not.
func judged(t *testing.T, files fs.FS) (named string, ready bool) {
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		return "", false
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		return "", false
	}
	results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
	passed := 0
	for _, r := range results {
		if r.Status == checks.Fail || r.Status == checks.Unknown {
			return "", false
		}
		if r.Status == checks.Pass {
			passed++
		}
	}
	trace := checks.TraceOf(target, snap, results)
	named = fmt.Sprint(trace.There, trace.Back, target)
	var asked []*checks.Check // whose findings tell of hops
	for _, h := range slices.Concat(trace.There, trace.Back) {
		asked = append(asked, h.Checks...)
	}
	for _, r := range results {
		if strings.HasPrefix(r.Check.ID, "route") || strings.HasPrefix(r.Check.ID, "nacl") || r.Check.ID == "connection-active" || slices.Contains(asked, r.Check) {
			named += fmt.Sprint(r.Findings)
		}
	}
	return named, passed > 0
}

type mutation struct {
	field, what string
	body        []byte
}

// mutations lists what can be changed in a document: in rows that the results
// name.
func mutations(t *testing.T, kind snapshot.Kind, body []byte, row reflect.Type, named string) []mutation {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	rows, _ := doc[kind.ListKey()].([]any)
	var out []mutation
	emit := func(field, what string) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, mutation{kind.Command() + field, what, b})
	}
	for i, r := range rows {
		if !onPath(r, kind, named) {
			continue
		}
		mutate(r, row, "", named, emit)
		doc[kind.ListKey()] = slices.Delete(slices.Clone(rows), i, i+1)
		emit("", fmt.Sprintf("row %d taken away", i))
		doc[kind.ListKey()] = rows
	}
	return out
}

// onPath reports whether the results name a row: by its id, or, for rows without
// one, always.
func onPath(row any, kind snapshot.Kind, named string) bool {
	m, _ := row.(map[string]any)
	if list, ok := m["Instances"].([]any); ok && kind == snapshot.Instances {
		i, _ := list[0].(map[string]any)
		return strings.Contains(named, fmt.Sprint(i["InstanceId"]))
	}
	for _, key := range []string{"VpcEndpointId", "NetworkInterfaceId", "SubnetId", "GroupId", "NetworkAclId", "RouteTableId", "VpcPeeringConnectionId", "TransitGatewayAttachmentId", "TransitGatewayRouteTableId", "TransitGatewayId", "VpnConnectionId", "VpnGatewayId", "NatGatewayId", "PrefixListId", "VpcId"} {
		if id, ok := m[key].(string); ok {
			return strings.Contains(named, id)
		}
	}
	return true
}

// decides reports whether a part of a row is on the path: an association of a
// subnet that it crosses, a route or a rule that the results name. The main
// association decides for no subnet of the fixtures.
func decides(part any, row map[string]any, named string) bool {
	m, _ := part.(map[string]any)
	if main, _ := m["Main"].(bool); main {
		return false
	}
	if id, ok := m["SubnetId"].(string); ok {
		return strings.Contains(named, id)
	}
	if block, ok := m["DestinationCidrBlock"].(string); ok && row["RouteTableId"] != nil {
		return strings.Contains(named, fmt.Sprintf("%v {%s for", row["RouteTableId"], block))
	}
	if n, ok := m["RuleNumber"].(float64); ok {
		egress, _ := m["Egress"].(bool)
		return strings.Contains(named, fmt.Sprintf("%v/%v {%v", row["NetworkAclId"], n, m["RuleAction"])) && m["PortRange"] != nil && strings.Contains(named, fmt.Sprintf(map[bool]string{true: "-%v to %v", false: "-%v from %v"}[egress], portOf(m), m["CidrBlock"]))
	}
	return true
}

func portOf(m map[string]any) any { return m["PortRange"].(map[string]any)["To"] }

// mutate changes one field after another, and puts it back.
func mutate(v any, typ reflect.Type, at, named string, emit func(field, what string)) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		if typ.Kind() != reflect.Struct {
			return
		}
		for key, old := range v {
			f, ok := typ.FieldByName(key)
			if !ok {
				continue
			}
			field := at + "." + key
			switch old := old.(type) {
			case string:
				for _, value := range append(valuesOf(f.Type), "nobody-knows-this") {
					if len(valuesOf(f.Type)) > 0 && !strings.EqualFold(value, old) {
						v[key] = value
						emit(field, fmt.Sprintf("%q in place of %q", value, old))
					}
				}
				v[key] = old
			case bool:
				v[key] = !old
				emit(field, fmt.Sprint(!old))
				v[key] = old
			default:
				if list, ok := old.([]any); ok {
					old = slices.DeleteFunc(slices.Clone(list), func(e any) bool { return !decides(e, v, named) })
				}
				mutate(old, f.Type, field, named, emit)
			}
		}
	case []any:
		if typ.Kind() == reflect.Slice {
			for _, e := range v {
				mutate(e, typ.Elem(), at, named, emit)
			}
		}
	}
}

// valuesOf lists the values of an enumeration of the SDK.
func valuesOf(typ reflect.Type) []string {
	if typ.Kind() != reflect.String {
		return nil
	}
	m, ok := typ.MethodByName("Values")
	if !ok {
		return nil
	}
	var out []string
	list := m.Func.Call([]reflect.Value{reflect.Zero(typ)})[0]
	for i := range list.Len() {
		out = append(out, list.Index(i).String())
	}
	return out
}
