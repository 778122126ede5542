package resource

import (
	"slices"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Action is what a change does to a resource.
type Action string

// The actions.
const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	Replace Action = "replace"
)

// Change is what a plan does to one resource.
type Change struct {
	Address string // as the plan writes it
	Type    string // as Terraform's AWS provider calls it, such as "aws_route"
	Action  Action
	Kinds   []snapshot.Kind // the tables that it touches
	Place   Place           // where it is declared, if that is known

	Before, After *Object
}

// Place is where a resource is declared.
type Place struct {
	File string
	Line int // from 1 on; 0 if it is not known
}

// Plan is a set of changes, as read from one file.
type Plan struct {
	Changes []Change
	// Agents are the DataSync agents that there are after the changes.
	Agents []Agent
	// MadeAt is when the plan was made; zero if it does not say.
	MadeAt time.Time
	// Partial says why the plan is known not to hold every change; empty: it is
	// not known to.
	Partial snapshot.Text
	// Template is set on the changes of a CloudFormation template, Stack is the stack
	// that they are of, and Updates is set where the estate has resources of it.
	Template bool
	Stack    string
	Updates  bool
	// Gaps are planned resources that may touch the path in ways that are not
	// worked out.
	Gaps []snapshot.Gap
	// Unread are the resources of providers of which nothing is known here, and
	// which name nothing of the path.
	Unread []string
	// UntoldBlocks are attributes of new groups that dynamic blocks may make, and that are
	// taken to be unset.
	UntoldBlocks []string
	// Secrets are values that are marked as sensitive and must not be shown.
	Secrets []string

	// RefersToExisting is set where a value that is known only after apply may be the id of
	// something that exists already: a data source is read during apply, a resource
	// of another provider is changed, or a parameter is not given.
	RefersToExisting bool

	// Standing is set where the estate is what the plan itself says that there is.
	Standing bool
	// OnePlace is set where all resources are of one account and Region.
	OnePlace bool

	Changed     []string              // addresses of what changes besides
	Places      []Location            // accounts and Regions of what is managed and made; an empty one may be any
	DataSources []*Object             // what it looked up
	State       []*Object             // what there was before, as far as the plan says
	Current     []*Object             // what there is after
	Declared    map[string]string     // types by address, of resources that may not come to be
	Stacks      []Source              // that resources of the plan make of templates
	Doubts      []Doubt               // what changes, may touch the path, and is not worked out
	noted       map[snapshot.Gap]bool // those in Gaps
}

// Source is where changes are read from: a Terraform plan, or a template, which is
// no plan before it meets an estate.
type Source interface {
	// Over is what changes in an estate.
	Over(base *Base) (*Plan, error)
	// Addresses are those of the resources, before or after the changes, whose ids
	// begin with a prefix, such as "vpce-".
	Addresses(prefix string) []string
	// Named are the ids of VPCs, groups and subnets that exist, and that are named for
	// endpoints, instances and interfaces.
	Named() (vpcs, groups, subnets []string)
}

// Base is an estate that changes are laid over, with the values that the templates
// before export, by name; each adds its own.
type Base struct {
	Snapshot *snapshot.Snapshot
	Exports  map[string]any
}

// Over is the plan itself: Terraform has held it against the estate.
func (p *Plan) Over(*Base) (*Plan, error) { return p, nil }

// Doubt is a planned resource whose effect is not worked out, and the tables that
// it may touch.
type Doubt struct {
	*Object
	Kinds []snapshot.Kind
	IDs   []string // or the rows
	Gap   snapshot.Gap
	// Takes is set on what takes addresses of the subnets that it stands in, at most so many
	// of one.
	Takes int
	In    Standing
}

// Doubt notes a resource whose effect is not worked out, and why.
func (p *Plan) Doubt(o *Object, kinds []snapshot.Kind, code snapshot.GapCode, ref, detail string) {
	gap := snapshot.Gap{Code: code, Source: "plan", Ref: ref, Detail: detail}
	p.Doubts = append(p.Doubts, Doubt{Object: o, Kinds: kinds, Gap: gap})
	if p.noted == nil {
		p.noted = map[snapshot.Gap]bool{}
	}
	if !p.noted[gap] { // there may be one for each of thousands of resources
		p.noted[gap] = true
		p.Gaps = append(p.Gaps, gap)
	}
}

// MayChange notes a resource that may do anything to what it names.
func (p *Plan) MayChange(o *Object, ids []string, unread string) {
	if len(ids) == 0 {
		if !slices.Contains(p.Unread, unread) {
			p.Unread = append(p.Unread, unread)
		}
		return
	}
	p.DoubtRows(o, ids, snapshot.NotModelled, o.Type)
}

// DoubtRows is Doubt of some rows, not of tables.
func (p *Plan) DoubtRows(o *Object, ids []string, code snapshot.GapCode, detail string) {
	p.Doubt(o, nil, code, o.Address, detail)
	p.Doubts[len(p.Doubts)-1].IDs = ids
}

// Addresses are those of the resources, before or after the changes, whose ids
// begin with a prefix, such as "vpce-".
func (p *Plan) Addresses(prefix string) []string {
	var out []string
	for _, r := range slices.Concat(p.Current, p.State) {
		if Types().IDPrefixes[r.Type] == prefix {
			out = append(out, r.Address)
		}
	}
	for address, kind := range p.Declared {
		if Types().IDPrefixes[kind] == prefix {
			out = append(out, address)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Names reports whether a change is of the resource with an id, or names it.
func (c Change) Names(id string) bool { return slices.Contains(c.IDs(), id) }

// Ports are those of a rule after the change, if it is one of known ports.
func (c Change) Ports() (from, to int, known bool) {
	if c.After == nil {
		return 0, 0, false
	}
	first := c.After.knownPort("from_port")
	last := c.After.knownPort("to_port")
	if first == nil || last == nil {
		return 0, 0, false
	}
	return *first, *last, true
}

// IDs are those of the resource itself, and of all that it refers to.
func (c Change) IDs() []string {
	var out []string
	for _, r := range []*Object{c.Before, c.After} {
		if r == nil {
			continue
		}
		out = append(out, r.ID, r.Address)
		for name := range Types().References {
			ids := r.KnownTexts(name)
			out = append(out, ids...)
		}
	}
	return out
}
