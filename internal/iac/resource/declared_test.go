package resource

import (
	"encoding/json"
	"go/ast"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/source"
)

// attributeNames are all texts of the models that may be the name of an attribute.
func attributeNames(t *testing.T) []string {
	t.Helper()
	shape, found := regexp.MustCompile(`^[a-z][a-z0-9_]+$`), map[string]bool{}
	source.Each(t, func(f source.File) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if s, ok := source.Text(n); ok && shape.MatchString(s) && !typeName.MatchString(s) {
				found[s] = true
			}
			return true
		})
	}, ".")
	return slices.Sorted(maps.Keys(found))
}

// inFamilies are read by one function for the types of a family, of which each has some.
var inFamilies = [][]string{
	{"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id", "security_groups", "self"},
	{"subnet_id", "private_ips", "private_ip_list", "private_ips_count", "ipv4_prefix_count", "ipv4_prefixes", "secondary_private_ips", "secondary_private_ip_address_count", "secondary_private_ip_addresses", "secondary_allocation_ids"},
}

// madeOf tells the estate after a resource is created with more attributes, and after
// they are set at an update: its rows, and the whole.
func madeOf(o *Object, more map[string]any, updating bool) (rows string, all []*World) {
	with := *o
	with.Attributes = maps.Clone(o.Attributes)
	maps.Copy(with.Attributes, more)
	ways := [][]Change{{{Address: o.Address, Type: o.Type, Action: Create, After: &with}}}
	if updating {
		ways = append(ways, []Change{{Address: o.Address, Type: o.Type, Action: Create, After: o}, {Address: o.Address, Type: o.Type, Action: Update, Before: o, After: &with}})
	}
	var out strings.Builder
	for _, changes := range ways {
		w := worldOf(everythingThere())
		w.RefersToExisting = true
		w.Apply(changes)
		all = append(all, w)
		for _, k := range snapshot.Kinds() {
			table := w.Snapshot.Scopes[0].Rows(k)
			if table == nil {
				continue
			}
			for _, id := range slices.Sorted(slices.Values(table.IDs())) {
				row, p := table.Look("", id)
				text, err := json.Marshal([]any{id, p, row})
				if err != nil {
					panic(err)
				}
				out.Write(text)
			}
		}
	}
	return out.String(), all
}

// TestWhatIsReadIsDeclared gives each type every attribute that its row does not name,
// with a value and known only after apply: what changes the estate by it is read.
func TestWhatIsReadIsDeclared(t *testing.T) {
	names := attributeNames(t)
	for _, ty := range Types().all {
		if ty.Put == nil {
			continue
		}
		for _, name := range undeclared(ty, names) {
			t.Errorf("%s: Put reads %s, which its row does not name: add it to Attributes if it decides something, else to Labels or Computed", ty.Name, name)
		}
	}
}

// undeclared are the attributes of some names that a type reads and does not name.
func undeclared(ty Type, names []string) []string {
	declared := slices.Concat(ty.Attributes, ty.Labels, ty.Computed)
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains(declared, name) || slices.ContainsFunc(inFamilies, func(family []string) bool {
			return slices.Contains(family, name) && slices.ContainsFunc(declared, func(d string) bool { return slices.Contains(family, d) })
		})
	})
	for n := range 6 {
		r := rand.New(rand.NewPCG(uint64(n), 3))
		o := drawn(n, r, ty)
		for _, name := range names {
			delete(o.Attributes, name)
		}
		open, valued, on := map[string]any{}, map[string]any{}, map[string]any{}
		for _, name := range names {
			open[name], valued[name], on[name] = Unknown("~"+name), draw(r, ty, name), true
			if Types().References[name] != nil {
				on[name] = valued[name]
			}
		}
		without, _ := madeOf(o, nil, true)
		read := func(some []string) bool {
			pick := func(from map[string]any) map[string]any {
				out := map[string]any{}
				for _, name := range some {
					out[name] = from[name]
				}
				return out
			}
			rows, worlds := madeOf(o, pick(open), true)
			for _, w := range worlds {
				if mentionsText(reflect.ValueOf(w.Snapshot.Scopes), "~", 0) {
					return true
				}
			}
			if rows != without {
				return true
			}
			values, _ := madeOf(o, pick(valued), true)
			switches, _ := madeOf(o, pick(on), true)
			return values != without || switches != without
		}
		if !read(names) {
			continue
		}
		if single := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !read([]string{name}) }); len(single) > 0 {
			return single
		}
		return slices.DeleteFunc(slices.Clone(names), func(name string) bool { // some are read only beside others
			return read(slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name }))
		})
	}
	return nil
}

// alsoComputed are lists of blocks that AWS or the provider fills too, so that one which is
// not known may stand for none in the configuration.
var alsoComputed = []string{"subnet_configuration", "primary_network_interface", "network_interface"}

// TestNoBlockLosesWhatIsPending gives the blocks of each type every attribute, with a
// value and known only after apply: what is read of a block leaves something open.
func TestNoBlockLosesWhatIsPending(t *testing.T) {
	names, tried := attributeNames(t), 0
	for _, ty := range Types().all {
		if ty.Put == nil {
			continue
		}
		r := rand.New(rand.NewPCG(4, 4))
		for _, o := range []*Object{drawn(0, r, ty), drawn(2, r, ty)} { // an instance has its interfaces in one of three ways
			for list, v := range o.Attributes {
				blocks, _ := v.([]any)
				if len(blocks) == 0 || AsMap(blocks[0]) == nil {
					continue
				}
				if _, declared := ty.Blocks[list]; !declared && !slices.Contains(alsoComputed, list) {
					t.Errorf("%s: %s is a list of blocks: add it to Blocks, with the types that fill it too, if any", ty.Name, list)
				}
				for _, name := range names {
					with := func(v any) map[string]any {
						block := maps.Clone(AsMap(blocks[0]))
						if block[name] = v; v == nil {
							delete(block, name)
						}
						return map[string]any{list: append([]any{block}, blocks[1:]...)}
					}
					value, has := AsMap(blocks[0])[name]
					if !has {
						value = draw(r, ty, name)
					}
					without, _ := madeOf(o, with(nil), false)
					valued, _ := madeOf(o, with(value), false)
					open, worlds := madeOf(o, with(Unknown("~"+name)), false)
					if valued == without && open == without {
						continue
					}
					tried++
					if list == "subnet_configuration" { // the interface then has no address that is known
						continue
					}
					if w := worlds[0]; !mentionsText(reflect.ValueOf(w.Snapshot.Scopes), "~", 0) {
						t.Errorf("%s: %s of a block of %s is known after apply, and lost: %v", ty.Name, name, list, o.Attributes[list])
					}
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d attributes of blocks were tried", tried)
	}
}
