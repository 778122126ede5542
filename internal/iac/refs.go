package iac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
)

// The values of a plan show no id of a resource that does not exist yet. What the
// configuration says instead is which names an expression mentions, without the
// expression itself: the two branches of a conditional are both mentioned, and
// constants are not.
//
// An attribute is taken to be what it mentions where nothing else can be meant:
// one resource of the right kind, or for a list several, with nothing beside them
// that could choose among them. Everything else stays unknown. Where the files of
// the configuration are there, the expression itself is read.

// kindsFor are the types of resources that an attribute can be the id of.
var kindsFor = map[string][]string{
	"vpc_id":                         {"aws_vpc", "aws_default_vpc"},
	"peer_vpc_id":                    {"aws_vpc", "aws_default_vpc"},
	"subnet_id":                      {"aws_subnet", "aws_default_subnet"},
	"subnet_ids":                     {"aws_subnet", "aws_default_subnet"},
	"security_group_id":              {"aws_security_group", "aws_default_security_group"},
	"source_security_group_id":       {"aws_security_group", "aws_default_security_group"},
	"referenced_security_group_id":   {"aws_security_group", "aws_default_security_group"},
	"security_group_ids":             {"aws_security_group", "aws_default_security_group"},
	"security_groups":                {"aws_security_group", "aws_default_security_group"},
	"vpc_security_group_ids":         {"aws_security_group", "aws_default_security_group"},
	"network_acl_id":                 {"aws_network_acl", "aws_default_network_acl"},
	"default_network_acl_id":         {"aws_default_network_acl"},
	"route_table_id":                 {"aws_route_table", "aws_default_route_table"},
	"default_route_table_id":         {"aws_default_route_table"},
	"prefix_list_id":                 {"aws_ec2_managed_prefix_list"},
	"prefix_list_ids":                {"aws_ec2_managed_prefix_list"},
	"destination_prefix_list_id":     {"aws_ec2_managed_prefix_list"},
	"vpc_peering_connection_id":      {"aws_vpc_peering_connection"},
	"transit_gateway_id":             {"aws_ec2_transit_gateway"},
	"transit_gateway_attachment_id":  {"aws_ec2_transit_gateway_vpc_attachment"},
	"transit_gateway_route_table_id": {"aws_ec2_transit_gateway_route_table"},
	"gateway_id":                     {"aws_vpn_gateway", "aws_internet_gateway", "aws_vpc_endpoint"},
	"vpn_gateway_id":                 {"aws_vpn_gateway"},
	"propagating_vgws":               {"aws_vpn_gateway"},
	"nat_gateway_id":                 {"aws_nat_gateway"},
	"egress_only_gateway_id":         {"aws_egress_only_internet_gateway"},
	"network_interface_id":           {"aws_network_interface"},
	"vpc_endpoint_id":                {"aws_vpc_endpoint"},
	"security_group_arns":            {"aws_security_group", "aws_default_security_group", arnWanted},
	"subnet_arns":                    {"aws_subnet", "aws_default_subnet", arnWanted},
}

// arnWanted stands among the types for an attribute that holds ARNs.
const arnWanted = "arn"

// listed are the attributes that hold several ids.
var listed = map[string]bool{
	"subnet_ids": true, "security_group_ids": true, "security_groups": true, "vpc_security_group_ids": true, "prefix_list_ids": true,
	"propagating_vgws": true, "security_group_arns": true, "subnet_arns": true,
}

// parts are the attributes that are ids of objects made with a resource.
var parts = map[string]map[string]string{
	"aws_vpc": {
		"default_security_group_id": defaultGroup, "default_network_acl_id": defaultACL, "main_route_table_id": mainTable, "default_route_table_id": mainTable,
	},
	"aws_ec2_transit_gateway": {defaultTGWTable: defaultTGWTable, "propagation_default_route_table_id": defaultTGWTable},
	"aws_instance":            {"primary_network_interface_id": "primary_network_interface_id"},
}

// aliases are types whose id is that of another resource, by the attribute that
// holds it.
var aliases = map[string]string{
	"aws_vpc_peering_connection_accepter":             "vpc_peering_connection_id",
	"aws_vpc_peering_connection_options":              "vpc_peering_connection_id",
	"aws_ec2_transit_gateway_vpc_attachment_accepter": "transit_gateway_attachment_id",
}

// settle replaces what is unknown after a change by ids, where the configuration
// tells them, or by the address of the attribute.
func (g *graph) settle(rc *tfjson.ResourceChange, o *object) {
	mask, _ := rc.Change.AfterUnknown.(map[string]any)
	if len(mask) == 0 {
		return
	}
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	at := &instance{object: o, module: rc.ModuleAddress, key: keyText(rc.Index), config: config}
	attrs := make(map[string]any, len(o.attrs))
	for k, v := range o.attrs {
		attrs[k] = v
	}
	for name, m := range mask {
		switch m := m.(type) {
		case bool:
			if m {
				attrs[name] = g.settled(at, name)
			}
		case []any:
			if list, ok := attrs[name].([]any); ok {
				attrs[name] = g.settleList(at, name, list, m)
			}
		}
	}
	o.attrs = attrs
}

// expression is what the configuration says of an attribute; nil if it says
// nothing.
func (at *instance) expression(name string) *tfjson.Expression {
	if at.config == nil {
		return nil
	}
	if e := at.config.Expressions[name]; e != nil && e.ExpressionData != nil {
		return e
	}
	return nil
}

// settled is the value of an attribute that is unknown as a whole.
func (g *graph) settled(at *instance, name string) any {
	address := unknown(at.address + "." + name)
	e := at.expression(name)
	switch {
	case at.config == nil:
		return address
	case e == nil && (name == "cidr_block" && models[at.kind].put != nil || g.dynamic(at, name)):
		return address // an address manager chooses it, or dynamic blocks do, which plans leave out
	case e == nil:
		return unset{}
	}
	return g.value(at, name, g.said(at, name), address)
}

// dynamic reports whether an attribute that is unknown, and of which the
// configuration says nothing, must be made of dynamic blocks: the provider computes
// no value for it, or nothing else fills it.
func (g *graph) dynamic(at *instance, name string) bool {
	if m := g.source.of(at.module); m != nil && m.resources[at.config.Address] != nil {
		for _, b := range m.resources[at.config.Address].Blocks {
			if b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name {
				return true
			}
		}
	}
	switch kind := at.kind; {
	case kind == "aws_default_network_acl":
		return name == "ingress" || name == "egress"
	case kind == "aws_ec2_managed_prefix_list" && name == "entry":
		for _, r := range g.configs {
			if r.Type == "aws_ec2_managed_prefix_list_entry" {
				return false
			}
		}
		return true
	}
	return false
}

// said is what the configuration says of an attribute of a resource.
func (g *graph) said(at *instance, name string) said {
	var body *hclsyntax.Body
	if m := g.source.of(at.module); m != nil && at.config != nil {
		body = m.resources[at.config.Address]
	}
	return saying(at.expression(name), body, name)
}

// settleList fills the unknown parts of a list: ids, or fields of its blocks.
func (g *graph) settleList(at *instance, name string, list, mask []any) []any {
	out := slices.Clone(list)
	for i := range mask {
		if i >= len(out) {
			break
		}
		switch m := mask[i].(type) {
		case bool:
			if m {
				out[i] = unknown(fmt.Sprintf("%s.%s", at.address, name))
			}
		case map[string]any:
			block, _ := out[i].(map[string]any)
			filled := make(map[string]any, len(block))
			for k, v := range block {
				filled[k] = v
			}
			for k, v := range m {
				address := unknown(fmt.Sprintf("%s.%s.%s", at.address, name, k))
				switch v := v.(type) {
				case bool:
					if v {
						filled[k] = g.value(at, k, said{refs: g.blockRefs(at.expression(name), k, block), mixed: len(list) > 1}, address)
					}
				case []any:
					if slices.Contains(v, any(true)) {
						filled[k] = beside(block[k], g.value(at, k, said{refs: g.blockRefs(at.expression(name), k, block), mixed: len(list) > 1}, address))
					}
				}
			}
			out[i] = filled
		}
	}
	return out
}

// beside puts the elements of a list that are known to what the others amount to.
func beside(list, rest any) any {
	known, _ := texts(list)
	switch r := rest.(type) {
	case unknown:
		return atLeast{known, r}
	case atLeast:
		return atLeast{append(known, r.known...), r.rest}
	case []any:
		for _, s := range known {
			r = append(r, s)
		}
		return r
	}
	return rest
}

// blockRefs are the references of a field of a nested block. A plan lists blocks
// in another order than the configuration, so the block is told by what it holds.
func (g *graph) blockRefs(e *tfjson.Expression, field string, block map[string]any) []string {
	if e == nil {
		return nil
	}
	if len(e.NestedBlocks) == 0 {
		return e.References // a list that is an attribute: what it mentions as a whole, in whichever element
	}
	var found [][]string
	for _, b := range e.NestedBlocks {
		if f := b[field]; f != nil && f.ExpressionData != nil && len(f.References) > 0 && fits(b, block) {
			found = append(found, f.References)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// fits reports whether the constants of a configured block are those of a planned
// one.
func fits(config map[string]*tfjson.Expression, block map[string]any) bool {
	for k, e := range config {
		if e == nil || e.ExpressionData == nil || e.ConstantValue == nil || e.ConstantValue == tfjson.UnknownConstantValue {
			continue
		}
		if v, ok := block[k]; ok && fmt.Sprint(v) != fmt.Sprint(e.ConstantValue) {
			return false
		}
	}
	return true
}

// value is what the configuration's words amount to for an attribute.
func (g *graph) value(at *instance, name string, s said, address unknown) any {
	kinds := kindsFor[name]
	if kinds == nil || len(s.refs) == 0 {
		return address
	}
	g.steps = 0
	f := g.means(s, nil, g.where(at), kinds, "", 0)
	f.stray = f.stray || s.mixed && len(f.ids) > 1
	if f.dark || len(f.ids) == 0 {
		return address
	}
	if !listed[name] {
		if len(f.ids) == 1 {
			return f.ids[0]
		}
		return address
	}
	switch {
	case !f.stray:
		out := make([]any, len(f.ids))
		for i, id := range f.ids {
			out[i] = id
		}
		return out
	case len(f.ids) == 1 && !f.chosen: // what is unknown comes from it; what else there is can't be seen
		return atLeast{f.ids, address}
	}
	return address
}

// where is the place that an attribute of a resource is read in.
func (g *graph) where(at *instance) where {
	w := where{module: at.module, key: at.key}
	if at.config != nil {
		w.siblings = len(g.known[at.module+"|"+at.config.Address])
	}
	if at.config != nil {
		var body *hclsyntax.Body
		if m := g.source.of(at.module); m != nil {
			body = m.resources[at.config.Address]
		}
		w.each = saying(at.config.ForEachExpression, body, "for_each")
	}
	return w
}

// where is the place that a reference is read in.
type where struct {
	module string            // with keys
	key    string            // of the resource or module that the reference belongs to
	each   said              // its for_each
	vars   map[string]string // keys that loops run over, by the loops' variables
	// siblings is how many instances the resource has whose attribute is read, where
	// count.index is mentioned.
	siblings int
}

// found is where references lead.
type found struct {
	ids   []string
	dark  bool // something that can't be followed is mentioned
	stray bool // a value that is known at planning, and may choose, is mentioned
	// picked is set where the key of the instance that asks, or an index, has picked
	// an instance.
	picked bool
	// chosen is set where the expression may leave out what it mentions.
	chosen bool
}

func (f *found) add(o found) {
	for _, id := range o.ids {
		if !slices.Contains(f.ids, id) {
			f.ids = append(f.ids, id)
		}
	}
	f.dark, f.stray, f.picked, f.chosen = f.dark || o.dark, f.stray || o.stray, f.picked || o.picked, f.chosen || o.chosen
}

// follow leads references to ids. filter is the key of the wanted instance, ""
// for any.
func (g *graph) follow(refs []string, at where, kinds []string, filter string, depth int) found {
	var f found
	if g.steps++; depth > deepest || g.steps > mostSteps {
		return found{dark: true}
	}
	if !slices.Contains(refs, "count.index") {
		at.siblings = 0
	}
	keyed := slices.ContainsFunc(refs, func(r string) bool { return r == "each.key" || r == "count.index" })
	if keyed && filter == "" {
		filter = at.key
	}
	last := ""
	for _, ref := range refs {
		if last != "" && (strings.HasPrefix(last, ref+".") || strings.HasPrefix(last, ref+"[")) {
			continue // a shorter form of the one before
		}
		last = ref
		t := split(ref)
		if len(t) == 0 {
			f.dark = true
			continue
		}
		switch t[0] {
		case "each", "count":
			if len(t) > 1 && t[1] == "value" {
				f.add(g.followEach(at, kinds, depth))
			} else if at.key == "" {
				f.stray = true
			}
		case "var":
			f.add(g.followVariable(t, at, kinds, filter, depth))
		case "module":
			f.add(g.followModule(t, at, kinds, filter, depth))
		case "path", "terraform", "self":
			f.stray = true
		case "local":
			f.add(g.followLocal(t, at, kinds, depth))
		default:
			f.add(g.followResource(t, at, kinds, filter, depth))
		}
	}
	if filter != "" && !f.picked {
		f.stray = true // a key that picks no instance chooses among what is mentioned
	}
	return f
}

// followEach leads each.value to the instance of the same key that for_each runs
// over.
func (g *graph) followEach(at where, kinds []string, depth int) found {
	if len(at.each.refs) == 0 {
		return found{stray: true}
	}
	return g.means(at.each, []string{at.key}, where{module: at.module}, kinds, at.key, depth+1)
}

// followVariable leads a variable to what the call of the module says.
func (g *graph) followVariable(t []string, at where, kinds []string, filter string, depth int) found {
	call := g.calls[withoutKeys(at.module)]
	if at.module == "" || call == nil || len(t) < 2 {
		return found{stray: true} // of the root module: known at planning
	}
	path, key := parent(at.module)
	var body *hclsyntax.Body
	if m := g.source.of(path); m != nil {
		parts := split(withoutKeys(at.module))
		body = m.calls[parts[len(parts)-1]]
	}
	s := saying(call.Expressions[t[1]], body, t[1])
	if len(s.refs) == 0 {
		return found{stray: true}
	}
	if len(t) > 2 && strings.HasPrefix(t[2], "[") {
		filter = t[2]
	}
	return g.means(s, t[2:], where{module: path, key: key, each: saying(call.ForEachExpression, body, "for_each")}, kinds, filter, depth+1)
}

// followModule leads the outputs of a module to what they are made of: of the one
// that is named, else of all.
func (g *graph) followModule(t []string, at where, kinds []string, filter string, depth int) found {
	if len(t) < 2 {
		return found{dark: true}
	}
	bare := join(withoutKeys(at.module), "module."+t[1])
	m := g.modules[bare]
	if m == nil {
		return found{dark: true}
	}
	rest := t[2:]
	key := ""
	if len(rest) > 0 && strings.HasPrefix(rest[0], "[") {
		if rest[0] != "[*]" {
			key = rest[0]
		}
		rest = rest[1:]
	}
	output, inner := "", ""
	if len(rest) > 0 {
		output = rest[0]
	}
	if len(rest) > 1 && strings.HasPrefix(rest[1], "[") {
		inner = rest[1]
	}
	picked := false
	var called []string
	for _, path := range g.paths[bare] {
		up, k := parent(path)
		if up == at.module && (key == "" || k == key) {
			called = append(called, path)
		}
	}
	if key == "" && filter != "" {
		exact := slices.DeleteFunc(slices.Clone(called), func(p string) bool { _, k := parent(p); return k != filter })
		if len(exact) > 0 {
			called, filter, picked = exact, "", true
		}
	}
	if inner == "" {
		inner = filter
	}
	f := found{picked: picked}
	for _, path := range called {
		if output != "" {
			e := m.Outputs[output]
			if e == nil || e.Expression == nil || e.Expression.ExpressionData == nil {
				return found{dark: true}
			}
			s := said{refs: e.Expression.References}
			if m := g.source.of(path); m != nil && m.outputs[output] != nil {
				s.agree(m.outputs[output])
			}
			f.add(g.means(s, rest[1:], where{module: path}, kinds, inner, depth+1))
			continue
		}
		names := make([]string, 0, len(m.Outputs))
		for name := range m.Outputs {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if e := m.Outputs[name]; e != nil && e.Expression != nil && e.Expression.ExpressionData != nil {
				if of := g.follow(e.Expression.References, where{module: path}, kinds, inner, depth+1); !of.dark && len(of.ids) > 0 {
					f.add(of)
				}
			}
		}
	}
	f.dark = f.dark || len(f.ids) == 0
	return f
}

// followResource leads to the instances of a resource, or of a data source that
// was read already.
func (g *graph) followResource(t []string, at where, kinds []string, filter string, depth int) found {
	n := 2
	if t[0] == "data" {
		n = 3
	}
	if len(t) < n {
		return found{dark: true}
	}
	list := g.known[at.module+"|"+strings.Join(t[:n], ".")]
	if len(list) == 0 {
		return found{dark: true}
	}
	rest := t[n:]
	explicit := ""
	if len(rest) > 0 && strings.HasPrefix(rest[0], "[") {
		if rest[0] != "[*]" && rest[0] != allValues {
			filter, explicit = rest[0], rest[0]
		}
		rest = rest[1:]
	}
	attribute := "id"
	if len(rest) > 0 {
		attribute = rest[0]
	}
	var f found
	if filter != "" {
		exact := slices.DeleteFunc(slices.Clone(list), func(i *instance) bool { return !sameKey(i.key, filter) })
		if explicit == "" && at.siblings > 0 && at.siblings != len(list) {
			exact = nil // an index that is counted with: count.index + 1
		}
		if f.picked = len(exact) > 0; f.picked {
			list = exact
		} else if explicit != "" {
			return found{dark: true} // an instance that is not there
		}
	}
	for _, i := range list {
		f.add(g.identity(i, attribute, rest[min(1, len(rest)):], kinds, depth))
	}
	return f
}

// idPrefixes are how the ids of AWS begin.
var idPrefixes = map[string]string{
	"aws_vpc": "vpc-", "aws_subnet": "subnet-", "aws_security_group": "sg-", "aws_network_acl": "acl-", "aws_default_network_acl": "acl-",
	"aws_route_table": "rtb-", "aws_default_route_table": "rtb-", "aws_ec2_managed_prefix_list": "pl-", "aws_vpc_peering_connection": "pcx-",
	"aws_ec2_transit_gateway": "tgw-", "aws_ec2_transit_gateway_vpc_attachment": "tgw-attach-", "aws_ec2_transit_gateway_route_table": "tgw-rtb-",
	"aws_vpn_gateway": "vgw-", "aws_internet_gateway": "igw-", "aws_nat_gateway": "nat-", "aws_network_interface": "eni-", "aws_vpc_endpoint": "vpce-",
	"aws_egress_only_internet_gateway": "eigw-", "aws_instance": "i-", "aws_default_security_group": "sg-", "aws_default_subnet": "subnet-", "aws_default_vpc": "vpc-",
}

// hasKind reports whether an id is one of the kinds.
func hasKind(id string, kinds []string) bool {
	return slices.ContainsFunc(kinds, func(k string) bool { return idPrefixes[k] != "" && strings.HasPrefix(id, idPrefixes[k]) })
}

// identity is the id that an attribute of a resource stands for, or the element of
// it that is picked.
func (g *graph) identity(i *instance, attribute string, pick []string, kinds []string, depth int) found {
	if i.dark {
		return found{dark: true}
	}
	if alias := aliases[i.kind]; alias != "" && (attribute == "id" || attribute == "") {
		attribute = alias
	}
	if attribute == "arn" && !slices.Contains(kinds, arnWanted) {
		return found{stray: i.exists, dark: !i.exists} // it is used for something else
	}
	if attribute == "id" || attribute == "arn" {
		if slices.Contains(kinds, i.kind) {
			return found{ids: []string{i.id}}
		}
		return found{stray: i.exists, dark: !i.exists && models[i.kind].put == nil}
	}
	if part := parts[i.kind][attribute]; part != "" {
		return found{ids: []string{i.part(part)}}
	}
	switch v := i.attrs[attribute].(type) {
	case string:
		if v = idOfARN(v); hasKind(v, kinds) || slices.Contains(kinds, g.fresh[v]) {
			return found{ids: []string{v}}
		}
		return found{stray: true}
	case []any:
		if len(pick) > 0 && pick[0] != "[*]" {
			for n, e := range v {
				if s, ok := e.(string); ok && sameKey(pick[0], fmt.Sprintf("[%d]", n)) && hasKind(s, kinds) {
					return found{ids: []string{s}}
				}
			}
			return found{dark: true}
		}
		ids, pending := texts(v)
		ids = slices.DeleteFunc(ids, func(id string) bool { return !hasKind(id, kinds) })
		return found{ids: ids, dark: pending != "", stray: len(ids) == 0}
	}
	if s := g.said(i, attribute); len(s.refs) > 0 {
		return g.means(s, nil, g.where(i), kinds, "", depth+1)
	}
	return found{dark: true}
}
