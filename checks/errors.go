package checks

import (
	"slices"
)

// Stage is where in an activation an error appears.
type Stage string

// The stages.
const (
	KeyFetch        Stage = "key-fetch"        // asking the agent for an activation key
	CreateAgent     Stage = "create-agent"     // the CreateAgent call
	LocalClient     Stage = "local-client"     // the AWS CLI, an SDK or Terraform, before AWS was asked
	AfterActivation Stage = "after-activation" // the agent exists
)

// Title names the stage.
func (s Stage) Title() Text {
	switch s {
	case KeyFetch:
		return say("fetching the activation key", "アクティベーションキーの取得")
	case CreateAgent:
		return say("the CreateAgent call", "CreateAgent の呼び出し")
	case LocalClient:
		return say("the local client, before AWS was asked", "AWS に問い合わせる前のローカルのクライアント")
	case AfterActivation:
		return say("after the activation", "アクティベーションの後")
	}
	return Text{}
}

// DocumentedError is a message that AWS or one of the usual tools is documented,
// or publicly seen, to give.
type DocumentedError struct {
	ID      string
	Stage   Stage
	Message Text // as documented; Literal says whether the English is attested
	Literal bool
	// Match are the ways in which it is said. None: no wording is known, and none
	// is invented. Named parts are captured.
	Match []wording
	// Codes are error codes, squeezed, that are looked up when nothing else is given.
	Codes   []string
	Title   Text
	Cause   Text
	Fix     Text
	Sources []string
	// Checks are the ids of checks that can find the cause although none of
	// their problems names the error, most likely first.
	Checks []string
}

// The sources that errors come from, besides AWS's own pages.
const (
	pageTasksHelp = "https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-tasks.html"
	pageCommon    = "https://docs.aws.amazon.com/datasync/latest/userguide/CommonErrors.html"
	pageTFAgent   = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/datasync/agent.go"
	pageTFGateway = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/storagegateway/gateway.go"
	pageTF47798   = "https://github.com/hashicorp/terraform-provider-aws/issues/47798"
	pageCFN       = "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-datasync"
	pageAnalyzer  = "https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-troubleshooting.html"
	pageCLIHelp   = "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-troubleshooting.html"
	pageModel     = "https://github.com/boto/botocore/blob/develop/botocore/data/datasync/2018-11-09/service-2.json"
)

// documentedErrors is the catalogue, stage by stage.
var documentedErrors = slices.Concat(keyErrors, createErrors, localErrors, laterErrors)

// Errors returns every documented error.
func Errors() []*DocumentedError { return documentedErrors }

// ErrorByID returns the documented error with an id, or nil.
func ErrorByID(id string) *DocumentedError {
	for _, e := range documentedErrors {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// CausesOf returns the checks that can find the cause of an error: those that
// the error itself names, most likely first, then those with a problem that
// leads to it.
func CausesOf(e *DocumentedError) []*Check {
	var out []*Check
	for _, id := range e.Checks {
		out = append(out, ByID(id))
	}
	for _, c := range All() {
		if !slices.Contains(out, c) && slices.ContainsFunc(c.Problems, func(p *Problem) bool { return slices.Contains(p.Errors, e) }) {
			out = append(out, c)
		}
	}
	return out
}
