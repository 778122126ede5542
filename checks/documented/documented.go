// Package documented holds the errors that AWS documents, or that people were seen
// to meet, on the way to an agent that is ONLINE: one file a stage. It recognises them
// in what somebody pastes, however that is wrapped, and leaves other services' errors
// to them. It knows nothing of checks; those point here.
package documented

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Text is a message in every language.
type Text = snapshot.Text

func say(en, ja string) Text { return Text{En: en, Ja: ja} }

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
		return say("after the activation", "アクティブ化の後")
	}
	return Text{}
}

// Error is a message that AWS or one of the usual tools is documented,
// or publicly seen, to give. The letter and number beside each entry (K01) are what the
// sources of pastes call it.
type Error struct {
	ID      string
	Stage   Stage
	Message Text // as documented; Literal says whether the English is attested
	Literal bool
	// Match are the ways in which it is said. None: no wording is known, and none
	// is invented. Named parts are captured.
	match func() []wording
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

// Pages that errors come from, and that checks rest on too.
const (
	PageActivate  = "https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html"
	PageAgentHelp = "https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-datasync-agents.html"
	PageArticle   = "https://repost.aws/knowledge-center/datasync-cross-activate-agent"
	PageEndpoint  = "https://docs.aws.amazon.com/datasync/latest/userguide/choose-service-endpoint.html"
	PageNetwork   = "https://docs.aws.amazon.com/datasync/latest/userguide/datasync-network.html"
	PageTesting   = "https://docs.aws.amazon.com/datasync/latest/userguide/test-agent-connections.html"
	PageCFN       = "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-datasync"
	PageCommon    = "https://docs.aws.amazon.com/datasync/latest/userguide/CommonErrors.html"
)

// The sources that errors alone come from.
const (
	pageTasksHelp = "https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-tasks.html"
	pageTFAgent   = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/datasync/agent.go"
	pageTFGateway = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/storagegateway/gateway.go"
	pageTF47798   = "https://github.com/hashicorp/terraform-provider-aws/issues/47798"
	pageAnalyzer  = "https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-troubleshooting.html"
	pageCLIHelp   = "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-troubleshooting.html"
	pageModel     = "https://github.com/boto/botocore/blob/develop/botocore/data/datasync/2018-11-09/service-2.json"
)

// Match are the ways in which an error is said; none where no wording is known.
func (e *Error) Match() []wording {
	if e.match == nil {
		return nil
	}
	return e.match()
}

// catalogue is every error, stage by stage.
var catalogue = slices.Concat(keyErrors, createErrors, localErrors, laterErrors)

// All returns every documented error.
func All() []*Error { return catalogue }

// ByID returns the documented error with an id, or nil.
func ByID(id string) *Error {
	for _, e := range catalogue {
		if e.ID == id {
			return e
		}
	}
	return nil
}
