package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Document is the reply of one AWS call, as the AWS CLI prints it.
type Document struct {
	Kind Kind
	ID   string // the resource, for a call that is about one
	Body []byte
	page bool // one page of several
}

// FileName is the name under which the document lies in a scope's folder.
func (d Document) FileName() string {
	if d.ID != "" {
		return d.Kind.Command() + "." + url.PathEscape(d.ID) + ".json" // an id can hold anything, a name of a file can't
	}
	return d.Kind.Command() + ".json"
}

// Load adds a document's rows to its table, which was seen as far as extent
// says, for the given VPCs (nil: all). It reports whether the reply says of
// itself that it is cut short. Errors name the place inside the document.
func (s *Scope) Load(d Document, extent Extent, vpcs []string) (truncated bool, err error) {
	switch d.Kind {
	case CallerIdentity:
		var id struct{ UserId, Account, Arn string }
		if err := decodeObject(d.Body, &id, "Account"); err != nil {
			return false, err
		}
		s.Identity.See(extent, vpcs)
		s.Identity.Put(Identity{UserID: id.UserId, Account: id.Account, ARN: id.Arn})
		return false, nil
	case AgentDetails:
		return false, loadOne(&s.AgentDetails, d, "AgentArn", func(r *AgentDetail) string { r.ID = d.ID; return r.ARN })
	case TaskDetails:
		return false, loadOne(&s.TaskDetails, d, "TaskArn", func(r *TaskDetail) string { r.ID = d.ID; return r.ARN })
	case LocationsNFS, LocationsSMB, LocationsHDFS, LocationsObjectStorage, LocationsAzureBlob:
		t, _ := s.table(d.Kind).(*Table[AgentLocation])
		return false, loadOne(t, d, "LocationArn", func(r *AgentLocation) string { r.ID = d.ID; return r.ARN })
	case CommandOutputs:
		var out CommandOutput
		if err := decodeObject(d.Body, &out, "InstanceId"); err != nil {
			return false, err
		}
		if out.Instance != d.ID {
			return false, Errorf("it is of %s, not of %s as the name says", "%s のもので、名前にある %s のものではない", out.Instance, d.ID)
		}
		s.CommandOutputs.See(Partial, nil)
		s.CommandOutputs.Put(out)
		return false, nil
	case Instances:
		return load(&s.Instances, d, extent, vpcs, func(r struct{ Instances []Instance }) []Instance { return r.Instances })
	case SubnetCIDRReservations:
		return loadSet(&s.Reservations, d, extent, func(id string, r []SubnetCIDRReservation) Reservations { return Reservations{id, r} })
	case PrefixListEntries:
		return loadSet(&s.PrefixListEntries, d, extent, func(id string, r []PrefixListEntry) PrefixListContent { return PrefixListContent{id, r} })
	case TransitGatewayAssociations:
		return loadSet(&s.TransitGatewayAssociations, d, extent, func(id string, r []TransitGatewayAssociation) TransitGatewayAssociationSet {
			return TransitGatewayAssociationSet{id, r}
		})
	case TransitGatewayPropagations:
		return loadSet(&s.TransitGatewayPropagations, d, extent, func(id string, r []TransitGatewayAssociation) TransitGatewayAssociationSet {
			return TransitGatewayAssociationSet{id, r}
		})
	case PolicySimulation:
		return loadSet(&s.Simulations, d, extent, func(id string, r []SimulationResult) Simulation { return Simulation{id, r} })
	case TransitGatewayRoutes:
		return loadSet(&s.TransitGatewayRoutes, d, extent, func(id string, r []TransitGatewayRoute) TransitGatewayRouteSet {
			return TransitGatewayRouteSet{id, r}
		})
	}
	switch t := s.table(d.Kind).(type) {
	case *Table[VPC]:
		return load(t, d, extent, vpcs, one[VPC])
	case *Table[Subnet]:
		return load(t, d, extent, vpcs, one[Subnet])
	case *Table[Endpoint]:
		return load(t, d, extent, vpcs, one[Endpoint])
	case *Table[Interface]:
		return load(t, d, extent, vpcs, one[Interface])
	case *Table[SecurityGroup]:
		return load(t, d, extent, vpcs, one[SecurityGroup])
	case *Table[SecurityGroupRule]:
		return load(t, d, extent, vpcs, one[SecurityGroupRule])
	case *Table[GroupVPCAssociation]:
		return load(t, d, extent, vpcs, one[GroupVPCAssociation])
	case *Table[PrefixList]:
		return load(t, d, extent, vpcs, one[PrefixList])
	case *Table[NetworkACL]:
		return load(t, d, extent, vpcs, one[NetworkACL])
	case *Table[RouteTable]:
		return load(t, d, extent, vpcs, one[RouteTable])
	case *Table[Peering]:
		return load(t, d, extent, vpcs, one[Peering])
	case *Table[TransitGateway]:
		return load(t, d, extent, vpcs, one[TransitGateway])
	case *Table[TransitGatewayAttachment]:
		return load(t, d, extent, vpcs, one[TransitGatewayAttachment])
	case *Table[TransitGatewayVPCAttachment]:
		return load(t, d, extent, vpcs, one[TransitGatewayVPCAttachment])
	case *Table[TransitGatewayPeering]:
		return load(t, d, extent, vpcs, one[TransitGatewayPeering])
	case *Table[TransitGatewayRouteTable]:
		return load(t, d, extent, vpcs, one[TransitGatewayRouteTable])
	case *Table[VPNGateway]:
		return load(t, d, extent, vpcs, one[VPNGateway])
	case *Table[VPNConnection]:
		return load(t, d, extent, vpcs, one[VPNConnection])
	case *Table[NATGateway]:
		return load(t, d, extent, vpcs, one[NATGateway])
	case *Table[Invocation]:
		return load(t, d, extent, vpcs, one[Invocation])
	case *Table[Agent]:
		return load(t, d, extent, vpcs, one[Agent])
	case *Table[Task]:
		return load(t, d, extent, vpcs, one[Task])
	case *Table[Location]:
		return load(t, d, extent, vpcs, one[Location])
	}
	return false, fmt.Errorf("%s is not a call that dspreflight knows", d.Kind)
}

// LoadPage is Load for one page of a reply whose other pages follow: that it
// says there is more does not make the table incomplete.
func (s *Scope) LoadPage(d Document, extent Extent, vpcs []string) (truncated bool, err error) {
	d.page = true
	return s.Load(d, extent, vpcs)
}

func one[T any](r T) []T { return []T{r} }

// load reads a list whose elements each hold some rows.
func load[E any, T Row](t *Table[T], d Document, extent Extent, vpcs []string, rowsOf func(E) []T) (bool, error) {
	var found []T
	at := map[string]int{}
	truncated, err := decodeList(d, func(e E) error {
		for _, r := range rowsOf(e) {
			if r.key() == "" || strings.HasPrefix(r.key(), "/") {
				return Errorf("it has no id", "ID がない")
			}
			if d.Kind.OfDataSync() && !dataSyncARN.Re().MatchString(r.key()) {
				return Errorf("%q is not an ARN of DataSync", "%q は DataSync の ARN ではない", r.key())
			}
			// Pages of a live reply may overlap when something changes meanwhile.
			if n, ok := at[r.key()]; ok && !d.page && !reflect.DeepEqual(found[n], r) {
				return Errorf("%s is in this file twice, and differently: it holds more than one output", "%s が異なる内容で 2 回現れる。複数の出力が 1 つのファイルに入っている", r.key())
			}
			at[r.key()] = len(found)
			found = append(found, r)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if truncated && !d.page {
		extent = min(extent, Partial)
	}
	t.See(extent, vpcs)
	for _, r := range found {
		t.Put(r)
	}
	return truncated, nil
}

// loadSet reads a list that belongs, as a whole, to one resource. A list that
// is cut short is not kept: half a set looks like a whole one.
func loadSet[E any, T Row](t *Table[T], d Document, extent Extent, set func(string, []E) T) (bool, error) {
	var entries []E
	truncated, err := decodeList(d, func(e E) error { entries = append(entries, e); return nil })
	if err != nil {
		return false, err
	}
	t.See(min(extent, Partial), nil)
	if truncated && !d.page {
		return truncated, nil
	}
	if old, p := t.Get(d.ID); p == Present {
		entries = append(entriesOf[E](old), entries...)
	}
	if extent < Full && absenceTells(d.Kind) {
		t.PutPart(set(d.ID, entries))
	} else {
		t.Put(set(d.ID, entries))
	}
	return truncated, nil
}

// loadOne reads a reply that is one object, about the resource that the document is
// named after.
func loadOne[T Row](t *Table[T], d Document, key string, arnOf func(*T) string) error {
	var r T
	if err := decodeObject(d.Body, &r, key); err != nil {
		return err
	}
	if arn := arnOf(&r); LastOf(arn) != d.ID {
		return Errorf("it is of %s, not of %s", "%s のもので、%s のものではない", arn, d.ID)
	}
	t.See(Partial, nil)
	t.Put(r)
	return nil
}

// absenceTells reports whether something follows from what a set lacks: of two
// routes the longer counts, so that a list of routes is of no use without the
// rest of it. Of reservations and simulated actions each one tells for itself.
func absenceTells(k Kind) bool { return k != SubnetCIDRReservations && k != PolicySimulation }

// entriesOf returns the entries that earlier pages of a set brought.
func entriesOf[E any](set any) []E {
	var out any
	switch s := set.(type) {
	case Reservations:
		out = s.Entries
	case PrefixListContent:
		out = s.Entries
	case TransitGatewayAssociationSet:
		out = s.Entries
	case TransitGatewayRouteSet:
		out = s.Entries
	case Simulation:
		out = s.Results
	}
	entries, _ := out.([]E)
	return slices.Clone(entries)
}

// decodeList walks the top-level object of a reply and hands each element of
// its list to use.
func decodeList[E any](d Document, use func(E) error) (truncated bool, err error) {
	body, err := UTF8(d.Body)
	if err != nil {
		return false, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := openObject(dec, body); err != nil {
		return false, err
	}
	var seen bool
	var others []string
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return false, place(body, dec.InputOffset(), err)
		}
		key, _ := tok.(string)
		switch key {
		case d.Kind.ListKey():
			if seen {
				return false, Errorf("%q is in this file twice: it holds more than one output", "%q が 2 回現れる。複数の出力が 1 つのファイルに入っている", key)
			}
			seen = true
			if err := eachElement(dec, body, key, d.page, use); err != nil {
				return false, err
			}
		case "NextToken", "AdditionalRoutesAvailable", "IsTruncated":
			var v any
			if err := dec.Decode(&v); err != nil {
				return false, place(body, dec.InputOffset(), err)
			}
			if s, ok := v.(string); ok && s != "" {
				truncated = true
			}
			if b, ok := v.(bool); ok && b {
				truncated = true
			}
		default:
			others = append(others, key)
			var skip json.RawMessage
			if err := dec.Decode(&skip); err != nil {
				return false, place(body, dec.InputOffset(), err)
			}
		}
	}
	if err := closeObject(dec, body); err != nil {
		return false, err
	}
	if !seen {
		return false, wrongDocument(d.Kind.ListKey(), others)
	}
	return truncated, nil
}

func eachElement[E any](dec *json.Decoder, body []byte, key string, null bool, use func(E) error) error {
	tok, err := dec.Token()
	if err != nil {
		return place(body, dec.InputOffset(), err)
	}
	if tok == nil && null { // so the SDK writes an empty list; the AWS CLI writes []
		return nil
	}
	if tok != json.Delim('[') {
		return place(body, dec.InputOffset(), Errorf("%q should be a list", "%q はリストであるべき", key))
	}
	for n := 0; dec.More(); n++ {
		at := dec.InputOffset()
		var e E
		if err := dec.Decode(&e); err != nil {
			return place(body, at, fmt.Errorf("%s[%d]: %w", key, n, plain(err)))
		}
		if err := use(e); err != nil {
			return place(body, at, fmt.Errorf("%s[%d]: %w", key, n, err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return place(body, dec.InputOffset(), err)
	}
	return nil
}

// decodeObject reads a reply that is a single object and must have the key.
func decodeObject(raw []byte, into any, key string) error {
	body, err := UTF8(raw)
	if err != nil {
		return err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(body, &keys); err != nil {
		return place(body, offsetOf(err), plain(err))
	}
	if _, ok := keys[key]; !ok {
		var others []string
		for k := range keys {
			others = append(others, k)
		}
		slices.Sort(others)
		return wrongDocument(key, others)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return place(body, offsetOf(err), plain(err))
	}
	return nil
}

func openObject(dec *json.Decoder, body []byte) error {
	tok, err := dec.Token()
	if err != nil {
		return place(body, dec.InputOffset(), err)
	}
	if tok != json.Delim('{') {
		return place(body, 0, Errorf("not a JSON object, which is what the AWS CLI prints with --output json", "JSON オブジェクトではない。AWS CLI は --output json でオブジェクトを出力する"))
	}
	return nil
}

func closeObject(dec *json.Decoder, body []byte) error {
	if _, err := dec.Token(); err != nil {
		return place(body, dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return place(body, dec.InputOffset(), Errorf("there is more after the end of the JSON object; one file holds the output of one command", "JSON オブジェクトの後に続きがある。1 つのファイルには 1 つのコマンドの出力を入れる"))
	}
	return nil
}

func wrongDocument(want string, have []string) error {
	if len(have) == 0 {
		return Errorf("there is no %q in it", "%q がない", want)
	}
	if len(have) > 4 {
		have = append(have[:4:4], "...")
	}
	return Errorf("there is no %q in it, only %s: is it the output of another command?", "%q がなく、%s だけがある。別のコマンドの出力ではないか", want, strings.Join(have, ", "))
}
