package snapshot

import "strings"

// GapCode says why something could not be determined. Codes are permanent, like
// problem codes.
type GapCode string

// The gaps.
const (
	NoPermission      GapCode = "no-permission"      // AWS refused the call; Detail: the error code
	CallFailed        GapCode = "call-failed"        // the call failed otherwise; Detail: what AWS or the wire said
	NotCollected      GapCode = "not-collected"      // the table is not part of the evidence
	FileNotThere      GapCode = "file-missing"       // the manifest lists a call whose file is missing
	NotComplete       GapCode = "not-complete"       // rows may be missing from the table
	SearchFiltered    GapCode = "search-filtered"    // routes were searched by a filter, and nobody vouches that it hides none
	CutShort          GapCode = "cut-short"          // the reply itself says that there is more
	RowUnseen         GapCode = "row-unseen"         // a named resource is not in a table that may be incomplete
	FieldUnseen       GapCode = "field-unseen"       // a row lacks a field that AWS always gives
	ListUnseen        GapCode = "prefix-list-unseen" // the entries of a prefix list are not known
	ReferenceUnseen   GapCode = "reference-unseen"   // the members of a referenced security group are not known
	ReferenceOpen     GapCode = "reference-open"     // a rule references a group, and some addresses have no interface yet
	AccountUnknown    GapCode = "account-unknown"    // nothing says which account activates
	AgentNotGiven     GapCode = "agent-not-given"    // nothing says where the agent is
	AgentNotFound     GapCode = "agent-not-found"    // the named instance, subnet or VPC was not found
	AgentAmbiguous    GapCode = "agent-ambiguous"    // several VPCs hold the agent's address
	SpaceNotDeclared  GapCode = "space-not-declared" // the address space of the source network is not known
	LocationSubnet    GapCode = "location-subnet"    // the task's subnet is that of the EFS or FSx location
	AgentElsewhere    GapCode = "agent-elsewhere"    // nobody looked at the agent's account and Region; Detail: the account
	NoDestination     GapCode = "no-destination"     // the evidence lacks the endpoint's account and Region
	EndpointUnnamed   GapCode = "endpoint-unnamed"   // nothing says which endpoint
	RouteAmbiguous    GapCode = "route-ambiguous"    // two prefix lists hold the same block and lead to different targets
	ThroughAppliance  GapCode = "through-appliance"  // the path goes through something that can't be judged
	Translated        GapCode = "translated"         // a NAT gateway changes the agent's address
	BeyondAWS         GapCode = "beyond-aws"         // the path leaves AWS on its way to another VPC
	OwnedElsewhere    GapCode = "owned-elsewhere"    // another account owns the resource, and nobody looked there; Detail: the account
	InTransition      GapCode = "in-transition"      // AWS is still changing it, or its state is not one that is known; Detail: the state
	NothingLearned    GapCode = "nothing-learned"    // nothing proves that a virtual private gateway leads to the network
	SeveralDoors      GapCode = "several-doors"      // an agent's packets may come into AWS by several attachments, and one leads nowhere
	SeveralExits      GapCode = "several-exits"      // a packet may leave a transit gateway in several subnets; Detail: the one that would stop it
	OwnSubnetRule     GapCode = "own-subnet-rule"    // a network ACL stops what an odd rule of AWS's documentation makes it look at
	PolicyTable       GapCode = "policy-table"       // a policy table routes what comes in by an attachment; Detail: the table
	AddressesChanged  GapCode = "addresses-changed"  // a transit gateway may give an attachment's packets other addresses; Detail: the setting
	OtherRegion       GapCode = "other-region"       // the agent is not in the Region that was given; Detail: where it is
	Contradiction     GapCode = "contradiction"      // two answers of AWS contradict each other; Detail: the other one
	NoSubnetHolds     GapCode = "no-subnet-holds"    // no subnet of the VPC in Detail holds the agent's address
	TaskErred         GapCode = "task-erred"         // a task that can start tells of an error; Detail: the error
	NotAnAgents       GapCode = "not-an-agents"      // the address can't be an agent's: reserved, or something else holds it; Detail: what
	NotDeclared       GapCode = "not-declared"       // the agent's address lies in none of the declared blocks
	MaybeHere         GapCode = "maybe-here"         // the agent may be planned in the endpoint's own VPC, or its network overlaps it
	AgentPlace        GapCode = "agent-place"        // the agent's VPC is not known
	OldProbe          GapCode = "old-probe"          // the probe is much older than the other evidence
	NotDialled        GapCode = "not-dialled"        // no probe from the place that counts
	OtherVantage      GapCode = "other-vantage"      // the probe was made from an address that is treated unlike the agent's
	VantageUnproved   GapCode = "vantage-unproved"   // only a private address says where the machine that dialled stands
	VantageDenied     GapCode = "vantage-denied"     // the source address contradicts the place that was given
	CommandOpen       GapCode = "command-open"       // Systems Manager has not run the command on a node yet; Detail: the status
	CommandFailed     GapCode = "command-failed"     // it could not, or the script failed there; Detail: the status
	CommandUnread     GapCode = "command-unread"     // what a node answered could not be read from AWS; Detail: why
	CommandCut        GapCode = "command-cut"        // what it answered is cut off; Detail: how many characters there are
	CommandInS3       GapCode = "command-in-s3"      // what it answered is cut off, and whole in S3; Detail: the command that fetches it
	CommandGarbage    GapCode = "command-garbage"    // what it answered is not the script's; Detail: how it begins
	MachinesDiffer    GapCode = "machines-differ"    // two dials of the agent's network saw opposite things
	Hurried           GapCode = "hurried"            // the probe was given up before an answer could be expected
	DialFailed        GapCode = "dial-failed"        // a dial ended neither by an answer nor by a refusal
	LocalTrouble      GapCode = "local-trouble"      // the machine that dialled could not send at all
	DialCut           GapCode = "dial-cut"           // the probe was stopped before an answer
	OtherAnswers      GapCode = "other-answers"      // what answers is not shown to be the endpoint
	Intercepted       GapCode = "intercepted"        // something answers on every port, the closed ones included
	NotSimulated      GapCode = "not-simulated"      // IAM can't simulate this kind of caller
	SimulationSplit   GapCode = "simulation-split"   // allowed on one way to name the resource, not on the other
	SimulationRefuted GapCode = "simulation-refuted" // the same run's calls contradict the simulation; Detail: the action
	SimulationDoubted GapCode = "simulation-doubted" // the simulation is of something else, or contradicts itself
	OrganizationOpen  GapCode = "organization-open"  // only the organization's policies, by silence, stand in the way
	ForwardedOpen     GapCode = "forwarded-open"     // the call worked, and the one made on the caller's behalf is judged unlike it
	ForwardedDenied   GapCode = "forwarded-denied"   // the call was refused, and the one made on the caller's behalf is judged unlike it
	IdentityUnnamed   GapCode = "identity-unnamed"   // policies hang on whose they are, and nobody said
	ConditionOpen     GapCode = "condition-open"     // a condition depends on the call itself
	Malformed         GapCode = "malformed"          // a value is not what AWS documents
	Panicked          GapCode = "internal-error"     // the check crashed
	TookTooLong       GapCode = "took-too-long"      // the check overran its time
	Interrupted       GapCode = "interrupted"        // the run was stopped
	NoEvidence        GapCode = "no-evidence"        // the check came to no answer
	NotAWS            GapCode = "not-aws"            // something answered for an API, and nothing shows that it was AWS; Detail: what it showed
	ClockApart        GapCode = "clock-apart"        // an answer's clock is not that of the others
	SubnetShared      GapCode = "subnet-shared"      // other targets of the run may use the subnet; Detail: which
	KeyAmbiguous      GapCode = "key-ambiguous"      // a parameter of the key request is given more than once
	KeyOtherwise      GapCode = "key-otherwise"      // the key request writes a value (Source) otherwise than AWS; Detail: how AWS does
	KeyHostOpen       GapCode = "key-host-open"      // the key request goes to a host of which nothing shows that it is the agent
	NotSpokenOf       GapCode = "not-spoken-of"      // the checks that would say why a question is moot were not asked, or found nothing
	NeedsPrior        GapCode = "needs-prior"        // a check that this one rests on is UNKNOWN
	RestsOn           GapCode = "rests-on"           // what another check can't tell of the way; Ref: that check
	NotInPlan         GapCode = "not-in-plan"        // nobody looked at the account, and the plan does not tell
	MaybeRemoved      GapCode = "maybe-removed"      // a template may take away what it does not name; Ref: the resource, Detail: what it belongs to
	MaybeKept         GapCode = "maybe-kept"         // a template leaves a resource out, whose policy may keep it; Ref: the resource, Detail: its id
	KnownAfterApply   GapCode = "known-after-apply"  // a planned change leaves a value open; Ref: the attribute
	Contradicted      GapCode = "contradicted"       // two planned resources put something at one place of which AWS takes one; Ref: both, Detail: of what
	MayTakeAddresses  GapCode = "may-take-addresses" // a planned resource takes addresses of a subnet, how many is not worked out; Ref: it, Detail: the subnet
	PartUnseen        GapCode = "part-unseen"        // a planned change to a part of something that was not seen
	NotAsDeployed     GapCode = "not-as-deployed"    // the estate does not show what the stack's template says; Detail: the stack
	ValuesUntold      GapCode = "values-untold"      // a change set does not say what a resource was or will be; Detail: its type
	EstateDiffers     GapCode = "estate-differs"     // a plan says that something exists, and the estate lacks it; Detail: its address
	FieldNotRead      GapCode = "field-not-read"     // an expression asks for a field that is not kept
	ExpressionFailed  GapCode = "expression-failed"  // an expression came to no value; Ref: the check, Detail: why
	PublicAgent       GapCode = "public-agent"       // the agent uses no VPC endpoint; Detail: the type of endpoint that it uses
	NotModelled       GapCode = "not-modelled"       // a planned resource may touch the path in a way that is not worked out
)

// Gap is one thing that could not be seen, and why. Which fields are filled
// depends on the code.
type Gap struct {
	Code   GapCode
	Source string // the IAM action or probe that would have shown it
	Scope  string // the scope it belongs to
	Ref    string // the resource it is about
	Detail string // what was seen instead, as it was said
	Words  Text   // the same in words of ours, where it is a sentence
	Region string // of the resource, where that is another account's
}

// Elsewhere is the gap for a resource of an account that was not looked at. The
// Region is that of the scope that refers to it, unless another is named.
func (s *Scope) Elsewhere(k Kind, resource, account, region string) Gap {
	if region == "" {
		region = s.Region
	}
	return Gap{Code: OwnedElsewhere, Source: k.Action(), Scope: s.Label(), Ref: resource, Detail: account, Region: region}
}

// GapFor explains why a table does not answer: the failed call if there was
// one, else how far the table was seen. ref names the resource looked for.
func (s *Scope) GapFor(k Kind, ref string) Gap {
	g := Gap{Source: k.Action(), Scope: s.Label(), Ref: ref}
	if open := s.Opened[k]; open != nil {
		return *open
	}
	for _, c := range s.Calls {
		if c.Command != k.Command() || k.PerID() && c.ID != ref {
			continue
		}
		switch {
		case c.Error != nil && c.Error.Code == FileMissing:
			g.Code, g.Detail = FileNotThere, c.Error.Message
			return g
		case c.Error != nil && IsDenied(c.Error.Code):
			g.Code, g.Source, g.Detail = NoPermission, c.Error.Action, c.Error.Code
			return g
		case c.Error != nil:
			g.Code, g.Source, g.Detail = CallFailed, c.Error.Action, c.Error.Code+": "+c.Error.Message
			return g
		case c.Truncated:
			g.Code = CutShort
			return g
		}
	}
	switch s.Extent(k) {
	case Full:
		g.Code = RowUnseen
	case Partial:
		g.Code = NotComplete
		if k == TransitGatewayRoutes && s.TransitGatewayRoutes.Partly(ref) {
			g.Code = SearchFiltered
		}
		if s.Planned {
			g.Code = NotInPlan
		}
	default:
		if s.Planned {
			g.Code = NotInPlan
			return g
		}
		g.Code = NotCollected
		g.Detail = Document{Kind: k, ID: idOf(k, ref)}.FileName()
	}
	return g
}

// unclaimed marks what is there, and which a template may take away: it does not
// name it.
const unclaimed = "unclaimed: "

// Unclaimed is pending for a part of a resource that a template does not name.
func Unclaimed(resource string) Pending { return Pending(unclaimed + resource) }

// contested marks what two planned resources put at one place.
const contested = "contested: "

// Contested is pending for what is put at a place that another has taken.
func Contested(resource, other string) Pending {
	return Pending(contested + resource + ", " + other)
}

// uncounted marks what takes addresses of a subnet, how many is not known.
const uncounted = "uncounted: "

// Uncounted is pending for the addresses that a planned resource may take of a subnet,
// beside those that others before may.
func Uncounted(resource string, before Pending) Pending {
	if others, ok := strings.CutPrefix(string(before), uncounted); ok {
		resource = others + ", " + resource
	}
	return Pending(uncounted + resource)
}

// mapped is what is pending, by other names.
func (o Pending) mapped(m Mapper) Pending {
	of, by, found := string(o), "", false
	for _, by = range []string{contested, unclaimed, uncounted, ""} {
		if of, found = strings.CutPrefix(string(o), by); found {
			break
		}
	}
	names := []string{of}
	if by == contested || by == uncounted {
		names = strings.Split(of, ", ")
	}
	for i, name := range names {
		if name != "" {
			names[i] = m.Text("", name)
		}
	}
	return Pending(by + strings.Join(names, ", "))
}

// Gap explains what a pending value leaves undecided.
func (o Pending) Gap(about string) Gap {
	if by, ok := strings.CutPrefix(string(o), contested); ok {
		return Gap{Code: Contradicted, Source: "plan", Ref: by, Detail: about}
	}
	if of, ok := strings.CutPrefix(string(o), unclaimed); ok {
		return Gap{Code: MaybeRemoved, Source: "plan", Ref: of, Detail: about}
	}
	if of, ok := strings.CutPrefix(string(o), uncounted); ok {
		return Gap{Code: MayTakeAddresses, Source: "plan", Ref: of, Detail: about}
	}
	return Gap{Code: KnownAfterApply, Source: "plan", Ref: string(o), Detail: about}
}

// FieldGap explains why a row lacks a field: it is known only after apply, or
// the call did not show it.
func FieldGap(k Kind, ref string, pending Pending, field string) Gap {
	if pending != "" {
		return pending.Gap(ref)
	}
	return Gap{Code: FieldUnseen, Source: k.Action(), Ref: ref, Detail: field}
}

func idOf(k Kind, ref string) string {
	if k.PerID() {
		return ref
	}
	return ""
}

// IsDenied reports whether an AWS error code means that a permission is missing.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func IsDenied(code string) bool {
	switch code {
	case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation":
		return true
	}
	return false
}

// PlannedAccount stands for the account that a plan is applied to, where nothing
// tells.
const PlannedAccount = "(planned)"

// Label names the scope for people, such as "destination (111122223333, us-east-1)".
func (s *Scope) Label() string {
	account, region := s.Account, s.Region
	if account == PlannedAccount {
		account = ""
	}
	if region == s.Name {
		region = ""
	}
	switch {
	case account == "" && region == "":
		return s.Name
	case account == "":
		return s.Name + " (" + region + ")"
	case region == "":
		return s.Name + " (" + account + ")"
	}
	return s.Name + " (" + account + ", " + region + ")"
}
