package snapshot

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"time"
)

// Mapper says what stands for the values of a snapshot in another one. A place is
// the type that holds a value and its field, such as "VPC.State"; "" is that of an id
// by which rows are found.
type Mapper interface {
	Text(place, value string) string
	Addr(netip.Addr) netip.Addr
	Prefix(netip.Prefix) netip.Prefix
	JSON(place string, value json.RawMessage) json.RawMessage
}

// Mapped is the snapshot with something else for every value that is text or an
// address. It holds what rows are made of and nothing besides: what a reply says
// and no row has is gone.
func (s *Snapshot) Mapped(m Mapper) (*Snapshot, error) {
	out := *s
	out.Passed = nil
	out.Target = mapped(m, s.Target)
	out.Probes = mapped(m, s.Probes)
	out.Policies = mapped(m, s.Policies)
	out.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		c, err := sc.mapped(m, i)
		if err != nil {
			return nil, err
		}
		out.Scopes[i] = c
	}
	return &out, nil
}

func (s *Scope) mapped(m Mapper, n int) (*Scope, error) {
	out := s.clone()
	out.Name, out.Account, out.Region = m.Text("Scope.Name", s.Name), m.Text("Scope.Account", s.Account), m.Text("Scope.Region", s.Region)
	out.Calls, out.Credentials, out.Opened = mapped(m, s.Calls), mapped(m, s.Credentials), mapped(m, s.Opened)
	for i, c := range out.Calls {
		if c.Error != nil && c.Error.Code == FileMissing {
			c.Error.Message = path.Join(folderName(out.Name, n), Document{Kind: KindOf(c.Command), ID: out.Calls[i].ID}.FileName())
		}
	}
	for _, k := range Kinds() {
		out.table(k).mapRows(m)
	}
	out.documents = nil
	written := map[string]bool{}
	for _, d := range s.documents {
		d := Document{Kind: d.Kind, ID: m.Text("Call.ID", d.ID)}
		if written[d.FileName()] {
			continue // a further page
		}
		written[d.FileName()] = true
		body, err := json.Marshal(out.document(d))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.FileName(), err)
		}
		d.Body = body
		out.documents = append(out.documents, d)
	}
	return out, nil
}

// document is what a call prints that shows the rows of the scope and nothing more.
func (s *Scope) document(d Document) any {
	key := d.Kind.ListKey()
	switch d.Kind {
	case CallerIdentity:
		for _, id := range s.Identity.All() {
			return map[string]any{"UserId": id.UserID, "Account": id.Account, "Arn": id.ARN}
		}
		return map[string]any{"Account": ""}
	case CommandOutputs:
		out, _ := s.CommandOutputs.Get(d.ID)
		return map[string]any{"InstanceId": out.Instance, "CommandId": out.Command, "Status": out.Status, "StatusDetails": out.Details, "StandardOutputContent": out.Output}
	case AgentDetails:
		return oneRow(&s.AgentDetails, d.ID)
	case TaskDetails:
		return oneRow(&s.TaskDetails, d.ID)
	case LocationsNFS, LocationsSMB, LocationsHDFS, LocationsObjectStorage, LocationsAzureBlob:
		t, _ := s.table(d.Kind).(*Table[AgentLocation])
		return oneRow(t, d.ID)
	case Instances:
		var list []any
		for _, i := range s.Instances.All() {
			list = append(list, map[string]any{"Instances": []Instance{i}})
		}
		return map[string]any{key: list}
	case SubnetCIDRReservations:
		set, _ := s.Reservations.Get(d.ID)
		return map[string]any{key: set.Entries}
	case PrefixListEntries:
		set, _ := s.PrefixListEntries.Get(d.ID)
		return map[string]any{key: set.Entries}
	case TransitGatewayAssociations:
		set, _ := s.TransitGatewayAssociations.Get(d.ID)
		return map[string]any{key: set.Entries}
	case TransitGatewayPropagations:
		set, _ := s.TransitGatewayPropagations.Get(d.ID)
		return map[string]any{key: set.Entries}
	case TransitGatewayRoutes:
		set, _ := s.TransitGatewayRoutes.Get(d.ID)
		return map[string]any{key: set.Entries}
	case PolicySimulation:
		set, _ := s.Simulations.Get(d.ID)
		return map[string]any{key: set.Results}
	}
	return map[string]any{key: s.table(d.Kind).rows()}
}

// oneRow is a row that is all of what a call prints.
func oneRow[T Row](t *Table[T], id string) T {
	r, _ := t.Get(id)
	return r
}

func (t *Table[T]) rows() any { return t.All() }

func (t *Table[T]) mapRows(m Mapper) {
	all, partly := t.All(), t.partly
	gone := mappedKeys(m, t.gone)
	t.vpcs, t.ids, t.known = mappedIDs(m, t.vpcs), mappedIDs(m, t.ids), mappedIDs(m, t.known)
	if t.data == nil {
		t.gone, t.partly = gone, mappedKeys(m, partly)
		return
	}
	t.data, t.shared, t.partly = &rows[T]{byID: map[string]T{}}, false, nil
	for _, r := range all {
		to := mapped(m, r)
		if partly[r.key()] {
			t.PutPart(to)
		} else {
			t.Put(to)
		}
	}
	t.gone = gone
}

func mappedIDs(m Mapper, list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = m.Text("", id)
	}
	return out
}

func mappedKeys(m Mapper, set map[string]bool) map[string]bool {
	if set == nil {
		return nil
	}
	out := map[string]bool{}
	for id, is := range set {
		out[m.Text("", id)] = is
	}
	return out
}

// mapped is a copy of a value that shares nothing with it.
func mapped[T any](m Mapper, v T) T {
	from := reflect.ValueOf(&v).Elem()
	to := reflect.New(from.Type()).Elem()
	mapValue(m, "", from, to)
	return to.Interface().(T)
}

func mapValue(m Mapper, place string, from, to reflect.Value) {
	switch v := from.Interface().(type) {
	case netip.Addr:
		to.Set(reflect.ValueOf(m.Addr(v)))
		return
	case netip.Prefix:
		to.Set(reflect.ValueOf(m.Prefix(v)))
		return
	case json.RawMessage:
		if v != nil {
			to.SetBytes(m.JSON(place, v))
		}
		return
	case time.Time:
		to.Set(from)
		return
	case Pending:
		to.SetString(string(v.mapped(m)))
		return
	}
	switch from.Kind() {
	case reflect.String:
		if from.Len() > 0 {
			to.SetString(m.Text(place, from.String()))
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			mapValue(m, place, from.Elem(), to.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				mapValue(m, place, from.Index(i), to.Index(i))
			}
		}
	case reflect.Map:
		if !from.IsNil() {
			to.Set(reflect.MakeMap(from.Type()))
			for it := from.MapRange(); it.Next(); {
				e := reflect.New(from.Type().Elem()).Elem()
				mapValue(m, place, it.Value(), e)
				to.SetMapIndex(it.Key(), e)
			}
		}
	case reflect.Struct:
		if name := from.Type().Name(); name != "" {
			place = name
		}
		for i := range from.NumField() {
			mapValue(m, place+"."+from.Type().Field(i).Name, from.Field(i), to.Field(i))
		}
	default: // a number, or yes or no
		to.Set(from)
	}
}

// Mapped is the target with something else for every value that is text or an
// address.
func (t Target) Mapped(m Mapper) Target { return mapped(m, t) }

// Mapped is the gap with something else for every value that is text.
func (g Gap) Mapped(m Mapper) Gap { return mapped(m, g) }
