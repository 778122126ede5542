package resource

import (
	"maps"
	"slices"
	"sync"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Type is all that is known of a type of resource: how it is called, what it stands
// in and is named by, and what AWS makes of it. Whatever else is said of types
// derives from these rows.
type Type struct {
	Name   string // as Terraform's AWS provider calls it; "" if it has none such
	Prefix string // how its ids begin, such as "vpc-"; "" for a part, which has none that counts
	Rank   Rank
	Kinds  []snapshot.Kind // the tables that it touches
	Rows   []Rows          // the tables whose rows have its id, its own first

	// NamedBy are the attributes of others that are its id.
	NamedBy []Reference
	// AliasOf is the attribute that its id is, for a type whose id is that of another.
	AliasOf string
	// Container is the attribute that names what it is part of, or stands in.
	Container string
	// Lost are the tables that are given up where an estate lacks one; nil: Kinds.
	Lost []snapshot.Kind
	// Gateway is what a route leads to that names one.
	Gateway snapshot.GatewayKind
	// Slot are the attributes that tell its place in what it is part of: two in one
	// place exclude each other. nil: all of them.
	Slot []string
	// Parts are the ids of what AWS makes with it, by attribute.
	Parts map[string]Part

	Shared  bool // an account may see it though another owns it
	Local   bool // its row stands in the scope of its account and Region alone
	Sweeps  bool // its VPC, subnets and groups decide what has to be read of an estate
	Inside  bool // AWS shows it inside its container, as a template states it
	Ground  bool // others stand in it
	Ignored bool // changes of it touch nothing that the path depends on
	Adopts  bool // it takes over what AWS has made
	Sets    bool // it sets something of its container, and is no part that comes and goes
	Sums    bool // it tells at once what another type tells one by one
	Shares  bool // it shares with another account, or ceases to
	Yields  bool // its attributes may be anything, such as the id of what exists already
	Idless  bool // as a data source it tells the id of nothing on the path
	Passive bool // it is called as what makes networks, and changes nothing of the path
	Holds   bool // it holds resources that are not seen in it
	Lists   bool // it lists subnets, and what names it stands in these

	// Addressless is set on what names subnets and takes no address of them, and Takes is
	// how many one may take, where that is known better than of others. Neither is said of
	// models: these count. TakesBy tells by its values, where they do. Pooled is set on what shares
	// its own with others of its kind, Scales on what changes how many tasks others run.
	Addressless bool
	Takes       int
	TakesBy     func(values map[string]any) (int, bool)
	Pooled      bool
	Scales      bool

	// Runs is set on what calls the APIs of AWS or runs something of the user's, at once
	// or later: it may do anything to what it names.
	Runs bool
	// RunsRead reports whether a data source does so where it is read; nil: it does not.
	RunsRead func(o *Object) bool
	// Opaque is set where what it does is not worked out: the rows of its tables can
	// then no longer be trusted. One without tables leaves open what leads through it.
	Opaque bool

	// Attributes are those that decide what it is: one that is known only after apply
	// leaves something open. Labels decide nothing, and Computed are told by AWS of
	// what exists.
	Attributes, Labels, Computed []string
	// Fixed are the attributes that can't change: another value is another resource.
	// Other updates are made in place; those of parts by taking away what was.
	Fixed []string
	// Blocks are the attributes that nothing but blocks of the configuration fills, and
	// the resources of some types, which name it as their container. MayBeBare is set on
	// what is often made without any.
	Blocks    map[string][]string
	MayBeBare bool
	// CloudFormation are its words there; by the first its stack's tags are read.
	CloudFormation []Words
	// Inline are the members that a template may state in the resource itself.
	Inline []Inline

	// Put makes the resource as it is after; before is nil for one that did not
	// exist. nil: the resource itself is no row.
	Put func(w *World, before, after *Object)
	// Drop takes the resource away. nil: AWS keeps what it is.
	Drop func(w *World, o *Object)
	// Show is the inverse of Put: the attributes that the rows tell of a resource, by
	// its id, or of each of its type in a container. nil: no row tells it.
	Show func(w *World, o *Object) []map[string]any
	// Unstated leaves out of what AWS shows of a part what stays where a template does not
	// state it; nil: nothing does. states reports whether one of the type is stated, and
	// an attribute of it.
	Unstated func(shown []map[string]any, states func(attribute string) bool) []map[string]any
	// Holders are the containers that a subnet has by it, but for those that AWS made.
	Holders func(s *snapshot.Scope, subnet string) []string
	// InUse looks at one that is about to go, and tells after the change what keeps it.
	InUse func(w *World, o *Object) func() InUse
	// Tells is the account and the Region that a data source tells of its provider.
	Tells func(o *Object) (account, region string)
}

// Inline is a list of members in a property of a template, in the words of their type.
type Inline struct {
	Property, Attribute string
	Type                string
	// Default is what AWS puts into the list of a new resource where nobody states it.
	Default map[string]any
}

// Reference is an attribute that is the id of a resource.
type Reference struct {
	Attribute string
	List      bool // it holds several
	ARN       bool // it holds ARNs
	Here      bool // what has it stands in that resource, or is put on it, in the same account and Region
}

// Part is an object that AWS makes with a resource.
type Part struct {
	Attribute string // that its id stands for while it does not exist
	Type      string
}

// Words are how CloudFormation calls a type, and its properties.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
type Words struct {
	Type       string
	Properties map[string]string // attributes by property
	// Returns are the attributes that name what AWS makes with it, as Fn::GetAtt calls them.
	Returns map[string]string
	// Each is a property that lists what there is one resource for, and the attribute that
	// each names it in.
	Each struct{ Property, Attribute string }
	// More adds what the two say in different ways.
	More func(o *Object, properties map[string]any)
}

// Rank orders what is put: what others stand in comes first. What is dropped
// goes in the opposite order.
type Rank uint8

const (
	rankVPC Rank = iota
	RankBlock
	rankSubnet
	rankList
	rankGroup     // security groups, network ACLs and route tables, with their inline rules
	rankGateway   // what routes lead to
	rankAttach    // what joins a VPC to a gateway
	rankInterface // instances, endpoints and interfaces
	RankMember    // rules, routes and associations that are resources of their own
	RankLast      // what acts on the result
)

// Catalogue is what is known of the types, and what derives from it.
type Catalogue struct {
	// Models are those that the path may depend on, by name.
	Models map[string]Type
	// Unmodelled are the tables of the opaque types, by name.
	Unmodelled map[string][]snapshot.Kind
	// CloudFormation are the types that CloudFormation's can be put into, by its name
	// for them, and UnmodelledInCloudFormation the names of the opaque ones.
	CloudFormation             map[string]Type
	UnmodelledInCloudFormation map[string]string
	// Properties are the attributes by property, by CloudFormation's name of a type.
	Properties map[string]map[string]string

	// IDPrefixes are how the ids of AWS begin.
	IDPrefixes map[string]string
	// References are the types of resources that an attribute can be the id of, and
	// Lists tells those that hold several.
	References map[string][]string
	Lists      map[string]bool
	// Claimed are the attributes that name what a resource stands in or is put on, in
	// the same account and Region.
	Claimed []string
	// Aliases are the attributes that hold the id of types whose id is that of
	// another, and AliasOf the types of those. What else they say is of the account
	// and Region of the side that asked.
	Aliases map[string]string
	AliasOf map[string]string
	// Parts are the attributes that are ids of objects made with a resource, by its
	// type, and PartTypes the types of these.
	Parts     map[string]map[string]string
	PartTypes map[string]string
	// Shared are the types that an account may see though another owns them.
	Shared []string
	// Swept are the types whose place decides what has to be read of an estate.
	Swept []string
	// Grounds are the types that others stand in.
	Grounds []string
	// Containers are the attributes that name what resources are part of, or stand in.
	Containers []string

	all     []Type
	byName  map[string]Type
	byWords map[string]Type // by CloudFormation's name
	words   map[string]Words
}

// ARNWanted stands among the types for an attribute that holds ARNs.
const ARNWanted = "arn"

// Types are all the types. They are laid out when they are first asked for: only runs
// with a plan need them.
func Types() *Catalogue { return catalogue() }

var catalogue func() *Catalogue

// The models ask for the types themselves, so the variable can't name them.
func init() { catalogue = sync.OnceValue(derived) }

func derived() *Catalogue {
	c := &Catalogue{
		Models: map[string]Type{}, Unmodelled: map[string][]snapshot.Kind{},
		CloudFormation: map[string]Type{}, UnmodelledInCloudFormation: map[string]string{}, Properties: map[string]map[string]string{},
		IDPrefixes: map[string]string{}, References: map[string][]string{}, Lists: map[string]bool{}, Aliases: map[string]string{}, AliasOf: map[string]string{},
		Parts: map[string]map[string]string{}, PartTypes: map[string]string{}, words: map[string]Words{},
		byName: map[string]Type{}, byWords: map[string]Type{},
		all: slices.Concat(
			vpcTypes(), groupTypes(), groupRuleTypes(), aclTypes(), routeTableTypes(), routeTypes(), endpointTypes(), interfaceTypes(), instanceTypes(), listTypes(), peeringTypes(), gatewayTypes(),
			transitGatewayTypes(), transitGatewayRouteTypes(), takingTypes(), opaqueTypes(),
			agentTypes(), standingForOthersTypes(), runningTypes(), sharingTypes(), passiveTypes(), dataTypes(),
		),
	}
	for _, t := range c.all {
		c.add(t)
	}
	for name, attribute := range c.Aliases {
		c.AliasOf[name] = c.References[attribute][0]
	}
	return c
}

// Of is what is known of a type, in Terraform's words; the zero value for nothing.
func (c *Catalogue) Of(name string) Type { return c.byName[name] }

// InTemplates is what is known of a type, in CloudFormation's words.
func (c *Catalogue) InTemplates(kind string) Type { return c.byWords[kind] }

// Knows reports whether a type has a row, in the words of either tool.
func (c *Catalogue) Knows(kind string) bool {
	_, named := c.byName[kind]
	_, worded := c.byWords[kind]
	return named || worded
}

// KnownInTemplates are CloudFormation's names of all types.
func (c *Catalogue) KnownInTemplates() []string { return slices.Sorted(maps.Keys(c.byWords)) }

// Words are CloudFormation's for a type; the zero value for one that it does not have.
func (c *Catalogue) Words(kind string) Words { return c.words[kind] }

// Properties are the attributes of the members by property.
func (i Inline) Properties() map[string]string {
	return maps.Clone(Types().Of(i.Type).CloudFormation[0].Properties)
}

func (c *Catalogue) add(t Type) {
	acts := t.Holds || t.Runs || t.Shares || t.Yields || t.Idless || t.Passive || t.RunsRead != nil || t.Lists || t.Addressless || t.Takes > 0 // of which no row is made
	switch {
	case t.Opaque:
		c.Unmodelled[t.Name] = t.Kinds
	case !t.Ignored && !acts:
		c.Models[t.Name] = t
	}
	if t.Name != "" {
		c.byName[t.Name] = t
	}
	for _, w := range t.CloudFormation {
		c.byWords[w.Type] = t
		switch {
		case t.Opaque:
			c.UnmodelledInCloudFormation[w.Type] = t.Name
			continue
		case acts:
			continue
		}
		c.CloudFormation[w.Type], c.Properties[w.Type], c.words[w.Type] = t, w.Properties, w
	}
	if t.Prefix != "" {
		c.IDPrefixes[t.Name] = t.Prefix
	}
	for _, r := range t.NamedBy {
		c.References[r.Attribute] = append(c.References[r.Attribute], t.Name)
		if r.ARN && !slices.Contains(c.References[r.Attribute], ARNWanted) {
			c.References[r.Attribute] = append(c.References[r.Attribute], ARNWanted)
		}
		if r.List {
			c.Lists[r.Attribute] = true
		}
		if r.Here && !slices.Contains(c.Claimed, r.Attribute) {
			c.Claimed = append(c.Claimed, r.Attribute)
		}
	}
	if t.AliasOf != "" {
		c.Aliases[t.Name] = t.AliasOf
	}
	if t.Parts != nil {
		c.Parts[t.Name] = map[string]string{}
	}
	for attribute, part := range t.Parts {
		c.Parts[t.Name][attribute], c.PartTypes[part.Attribute] = part.Attribute, part.Type
	}
	if t.Shared {
		c.Shared = append(c.Shared, t.Name)
	}
	if t.Sweeps {
		c.Swept = append(c.Swept, t.Name)
	}
	if t.Ground {
		c.Grounds = append(c.Grounds, t.Name)
	}
	if t.Container != "" && !slices.Contains(c.Containers, t.Container) {
		c.Containers = append(c.Containers, t.Container)
	}
}
