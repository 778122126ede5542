package snapshot

// Identity is who the credentials belong to.
type Identity struct{ UserID, Account, ARN string }

// Simulation is what IAM says that an identity may do, for one choice of
// resources. Its id is the name of that choice.
type Simulation struct {
	Resources string // AnyResource or AccountResource
	Results   []SimulationResult
}

// The resources that a simulation can be about: CreateAgent and ListAgents have
// no resource type, so that policies must name *; the re:Post article names the
// account's DataSync resources instead.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html
const (
	AnyResource     = "any"
	AccountResource = "account"
)

// SimulationResult is the answer for one action.
type SimulationResult struct {
	Action   string `json:"EvalActionName"`
	Resource string `json:"EvalResourceName"`
	Decision string `json:"EvalDecision"` // allowed, explicitDeny or implicitDeny
	Matched  []struct {
		Policy string `json:"SourcePolicyId"`
	} `json:"MatchedStatements"`
	Missing []string `json:"MissingContextValues"`
	// Specific are the same of each resource that was asked about.
	Specific []struct {
		Decision string   `json:"EvalResourceDecision"`
		Missing  []string `json:"MissingContextValues"`
	} `json:"ResourceSpecificResults"`
	Organizations *struct {
		Allowed bool `json:"AllowedByOrganizations"`
	} `json:"OrganizationsDecisionDetail"`
	Boundary *struct {
		Allowed bool `json:"AllowedByPermissionsBoundary"`
	} `json:"PermissionsBoundaryDecisionDetail"`
}

// Differs is what the result says of a resource where that is not what it says as a
// whole; "" where the two agree. It is asked about one resource at a time.
func (r SimulationResult) Differs() string {
	for _, s := range r.Specific {
		if s.Decision != "" && s.Decision != r.Decision {
			return s.Decision
		}
	}
	return ""
}

func (r Simulation) key() string { return r.Resources }
func (r Identity) key() string   { return r.ARN }
