//go:build cel

package own

import (
	"net/netip"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The types of expressions, beside those of rows.
var (
	scopeType = types.NewObjectType("dspreflight.Scope")
	inVPCType = types.NewObjectType("dspreflight.VpcOfScope")
)

// setsType holds the lists of a call that is about one resource, each by its id.
func setsType(entry *types.Type) *types.Type { return types.NewOpaqueType("dspreflight.ById", entry) }

// model is what is known of the type of a row, or of a part of one.
type model struct {
	celType *types.Type
	goType  reflect.Type
	fields  map[string]int // by the name that the AWS CLI prints
	pending []pending
}

// pending is a field that says what of a row is known only after apply.
type pending struct {
	index int
	of    []string // the fields that hang on it; nil: all but the id
}

// hangsOn says which fields of an endpoint hang on which pending attribute.
var hangsOn = map[string][]string{
	"GroupsPending":  {"Groups"},
	"SubnetsPending": {"SubnetIds", "NetworkInterfaceIds"},
	"TakenBy":        {"AvailableIpAddressCount"},
}

// table is one table as expressions name it: by the operation of AWS, without its verb.
type table struct {
	name  string
	kind  snapshot.Kind
	row   *model
	entry *types.Type // of a table of sets: what the lists hold
	inVPC bool        // its rows have a VpcId
}

var (
	models  = map[string]*model{} // by the name of the CEL type
	byGo    = map[reflect.Type]*model{}
	tables  = map[string]*table{}
	ofKinds = map[snapshot.Kind]*table{}
)

func init() {
	for _, k := range snapshot.Kinds() {
		if k.PerID() && k.ListKey() == "" {
			continue // a single object for each id, and no table of them
		}
		_, name, _ := strings.Cut(k.Action(), ":")
		for _, verb := range []string{"Describe", "Get", "List", "Search", "Simulate"} {
			name = strings.TrimPrefix(name, verb)
		}
		t := &table{name: name, kind: k, row: modelOf((&snapshot.Scope{}).Rows(k).RowType(), "")}
		_, t.inVPC = t.row.fields["VpcId"]
		if k.PerID() {
			list := reflect.New(t.row.goType).Elem().Field(1) // the id, and the entries
			t.entry, t.inVPC = celTypeOf(list.Type().Elem(), t.row.goType.Name()+"Entry"), false
		}
		tables[name], ofKinds[k] = t, t
	}
}

// modelOf describes a struct; one without a name is called by its place.
func modelOf(t reflect.Type, place string) *model {
	if m := byGo[t]; m != nil {
		return m
	}
	name := t.Name()
	if name == "" || name[0] >= 'a' && name[0] <= 'z' {
		name = place
	}
	m := &model{celType: types.NewObjectType("aws." + name), goType: t, fields: map[string]int{}}
	byGo[t], models["aws."+name] = m, m
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-" && (f.Type == reflect.TypeFor[snapshot.Pending]() || f.Name == "Secret"):
			m.pending = append(m.pending, pending{i, hangsOn[f.Name]})
		case tag == "-" || !f.IsExported():
		case tag == "":
			m.fields[f.Name] = i
		default:
			m.fields[tag] = i
		}
	}
	for field, i := range m.fields {
		if celTypeOf(t.Field(i).Type, name+"."+field) == nil { // which makes the models of its parts
			delete(m.fields, field)
		}
	}
	return m
}

// celTypeOf is the type of a field; nil: expressions do not see it.
func celTypeOf(t reflect.Type, place string) *types.Type {
	switch t {
	case reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix]():
		return types.StringType
	}
	switch t.Kind() {
	case reflect.String:
		return types.StringType
	case reflect.Bool:
		return types.BoolType
	case reflect.Int:
		return types.IntType
	case reflect.Pointer:
		return celTypeOf(t.Elem(), place)
	case reflect.Slice:
		if entry := celTypeOf(t.Elem(), place); entry != nil {
			return types.NewListType(entry)
		}
		return nil
	case reflect.Struct:
		return modelOf(t, place).celType
	}
	return nil
}

// omitted are the fields that AWS leaves out where there is nothing to say, so that a
// row without them has none. All others are always printed: one that lacks them was not
// seen whole. Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
var omitted = map[string]bool{
	"Permission.FromPort": true, "Permission.ToPort": true,
	"SecurityGroupRule.FromPort": true, "SecurityGroupRule.ToPort": true, "SecurityGroupRule.CidrIpv4": true, "SecurityGroupRule.CidrIpv6": true,
	"SecurityGroupRule.PrefixListId": true, "SecurityGroupRule.ReferencedGroupInfo": true,
	"ACLEntry.CidrBlock": true, "ACLEntry.Ipv6CidrBlock": true, "ACLEntry.PortRange": true,
	"RouteTableAssociation.SubnetId": true, "RouteTableAssociation.GatewayId": true,
	"Endpoint.LastError": true, "Endpoint.FailureReason": true, "Interface.Attachment": true,
	"VPC.Ipv6CidrBlockAssociationSet": true, "Subnet.Ipv6CidrBlockAssociationSet": true,
	"TransitGatewayAttachment.Association": true, "TransitGatewayRoute.PrefixListId": true, "TransitGatewayRoute.DestinationCidrBlock": true,
}

// maybeOmitted reports whether AWS leaves the field out where there is nothing to say:
// tags too, and of a route the destinations and targets that it does not have.
func (m *model) maybeOmitted(field string) bool {
	name := m.goType.Name()
	return field == "Tags" || field == "TagSet" || name == "Route" && field != "State" && field != "Origin" || omitted[name+"."+field]
}
