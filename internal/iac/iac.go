// Package iac lays planned changes over a snapshot: those of a Terraform or
// OpenTofu plan, or of a CloudFormation template. It does no I/O.
//
// Both languages are read into objects: resources in the words of Terraform's
// AWS provider, with every reference between resources replaced by the id of the
// one referred to. A resource that does not exist yet has its address for an id.
// A model for each type of resource knows which rows of a snapshot it is.
//
// A value that is known only after apply stays so: the rows that hang on it are
// pending, and name the attribute.
package iac

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

	before, after *object
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
	// Template is set on the changes of a CloudFormation template.
	Template bool
	// Stack is the stack of a template, and Region where it is; empty: to be found
	// out.
	Stack, Region string
	// NewStack says that the estate does not have the stack.
	NewStack bool
	// Files are those beside a template, to read the templates of nested stacks that
	// are there; nil for none.
	Files Files
	// Updates is set where the estate has resources of the stack.
	Updates bool
	// Gaps are planned resources that may touch the path in ways that are not
	// worked out.
	Gaps []snapshot.Gap
	// Unread are the resources of providers of which nothing is known here, and
	// which name nothing of the path.
	Unread []string
	// Secrets are values that are marked as sensitive and must not be shown.
	Secrets []string

	// anything is set where a value that is known only after apply may be the id of
	// something that exists already: a data source is read during apply, a resource
	// of another provider is changed, or a parameter is not given.
	anything bool

	others     []string  // addresses of what changes besides
	read       []*object // what it looked up
	state      []*object // what there was before, as far as the plan says
	current    []*object // what there is after
	template   *template
	account    string // of a template's stack, if it is known
	parameters map[string]string
	changeSet  *changeSet
	standing   map[string]string // ids by logical id, where the deployed template is the estate
	// deployedWith are the parameters that the stack is known to have.
	deployedWith map[string]string
	deployed     *template // what the stack has now; nil: not known
	stacks       []*Plan   // that resources of the plan make of templates
	doubts       []doubt   // what changes, may touch the path, and is not worked out
}

// doubt is a planned resource whose effect is not worked out, and the tables that
// it may touch.
type doubt struct {
	*object
	kinds []snapshot.Kind
	ids   []string // or the rows
	gap   snapshot.Gap
}

// doubtful notes a resource whose effect is not worked out, and why.
func (p *Plan) doubtful(o *object, kinds []snapshot.Kind, code snapshot.GapCode, ref, detail string) {
	gap := snapshot.Gap{Code: code, Source: "plan", Ref: ref, Detail: detail}
	p.doubts = append(p.doubts, doubt{object: o, kinds: kinds, gap: gap})
	if !slices.Contains(p.Gaps, gap) {
		p.Gaps = append(p.Gaps, gap)
	}
}

// Addresses are those of the resources, before or after the changes, whose ids
// begin with a prefix, such as "vpce-".
func (p *Plan) Addresses(prefix string) []string {
	var out []string
	add := func(address, kind string) {
		if idPrefixes[kind] == prefix && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	for _, list := range [][]*object{p.current, p.state} {
		for _, r := range list {
			add(r.address, r.kind)
		}
	}
	if p.template != nil { // what is in it is worked out over an estate
		for _, r := range p.template.resources {
			add(r.id, words[r.kind].kind)
		}
	}
	slices.Sort(out)
	return out
}

// Agent is a DataSync agent as a plan declares it; empty fields are not known.
type Agent struct {
	Address, IP, EndpointID string
}

// object is a resource before or after a change.
type object struct {
	address string
	kind    string // the type, as Terraform's AWS provider calls it
	id      string // in AWS, or the address for one that does not exist yet
	exists  bool   // it has an id in AWS
	attrs   map[string]any
	perhaps snapshot.Pending // for a part that may be gone after the change: what decides
	secret  map[string]bool  // attributes that hold a sensitive value
	home    home
	place   Place
	// byTemplate is set for what CloudFormation makes and takes away.
	byTemplate bool
}

// home is what is known of the account and Region of a resource.
type home struct {
	provider, account, region string
}
