package checks

import (
	"encoding/json"
	"slices"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var privateDNSOn = &Problem{
	Code: "DSP113", Severity: Warn,
	Title:   say("private DNS names are on for {subject}", "{subject} でプライベート DNS 名が有効になっている"),
	Cause:   say("Every agent in this VPC that uses the public DataSync endpoint then resolves it to this one and goes offline. An agent activated through this endpoint is not affected: its key holds an address.", "この VPC 内でパブリックエンドポイントを使うエージェントの名前解決先がこのエンドポイントになり、オフラインになる。このエンドポイント経由のエージェントはキーにアドレスを持つため影響を受けない。"),
	Fix:     say("Switch private DNS names off, unless something in the VPC needs the DataSync API by its default name.", "VPC 内で DataSync API をデフォルト名で使う必要がなければ、プライベート DNS 名を無効にする。"),
	Example: []repair.Change{repair.EndpointDNS{Endpoint: exampleEndpoint}},
	Sources: []string{pageEndpoint, pageAgentHelp},
}

var policyNotDefault = &Problem{
	Code: "DSP114", Severity: Warn,
	Title:   say("the endpoint policy of {subject} is not the default: {seen}", "{subject} のエンドポイントポリシーがデフォルトではない: {seen}"),
	Cause:   say("A policy that restricts principals or actions can refuse calls that go through the endpoint. Whether it touches the agent's own traffic is not documented.", "プリンシパルやアクションを制限するポリシーは、エンドポイント経由の呼び出しを拒否しうる。エージェント自身の通信に及ぶかどうかは文書化されていない。"),
	Fix:     say("Go back to the default policy at least until the agent is activated, or make sure that DataSync's actions are allowed.", "少なくともアクティブ化が済むまでデフォルトのポリシーに戻すか、DataSync のアクションが許可されていることを確認する。"),
	Example: []repair.Change{repair.EndpointPolicy{Endpoint: exampleEndpoint}},
	Sources: []string{pagePolicy},
}

var _ = register(&Check{
	ID:       "endpoint-private-dns",
	Area:     AreaEndpoint,
	Title:    say("Private DNS names are off, so public-endpoint agents in the VPC are not diverted", "プライベート DNS 名が無効で、VPC 内の他のエージェントに影響しない"),
	Requires: reqPrivateDNS,
	Needs:    []snapshot.Kind{snapshot.Endpoints},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{privateDNSOn},
	Run: func(x *Exam) {
		ep, s, ok := x.endpoint()
		if !ok {
			return
		}
		switch {
		case ep.PrivateDNSEnabled == nil:
			x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "PrivateDnsEnabled"})
		case *ep.PrivateDNSEnabled:
			x.Report(privateDNSOn, ep.ID, Args{"region": x.region()}, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Same("PrivateDnsEnabled true")))
			x.mend(whose(s, ep.OwnerID), repair.EndpointDNS{Endpoint: endpointBlock(ep)})
		default:
			x.OK(ep.ID, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Same("PrivateDnsEnabled false")))
		}
	},
})

var _ = register(&Check{
	ID:       "endpoint-policy",
	Area:     AreaEndpoint,
	Title:    say("The endpoint policy is the default, which allows everything", "エンドポイントポリシーがデフォルト（すべて許可）"),
	Requires: reqPolicy,
	Needs:    []snapshot.Kind{snapshot.Endpoints},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{policyNotDefault},
	Run: func(x *Exam) {
		ep, s, ok := x.endpoint()
		if !ok {
			return
		}
		if ep.PolicyDocument == nil || *ep.PolicyDocument == "" {
			x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "PolicyDocument"})
			return
		}
		full, summary, err := fullAccess(*ep.PolicyDocument)
		switch {
		case err != nil:
			x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Words: snapshot.Textf("PolicyDocument: %s", "PolicyDocument: %s", wordsOf(err))})
		case full:
			x.OK(ep.ID, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Text{En: "policy: allow everyone every action on every resource", Ja: "ポリシー: すべてのプリンシパルにすべてのアクションとリソースを許可"}))
		default:
			x.Report(policyNotDefault, ep.ID, Args{"seen": summary, "region": x.region()}, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("policy: %s", "ポリシー: %s", summary)))
			x.mend(whose(s, ep.OwnerID), repair.EndpointPolicy{Endpoint: endpointBlock(ep)})
		}
	},
})

// oneOrMany is a policy element that may be a single string or a list.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(b, &many)
	*o = many
	return err
}

type policyStatement struct {
	Sid                         string `json:",omitempty"`
	Effect                      string
	Principal                   json.RawMessage `json:",omitempty"`
	NotPrincipal                json.RawMessage `json:",omitempty"`
	Action, NotAction, Resource oneOrMany       `json:",omitempty"`
	NotResource                 oneOrMany       `json:",omitempty"`
	Condition                   json.RawMessage `json:",omitempty"`
}

// fullAccess reports whether a policy is the one that an endpoint has when none
// was given: allow everyone everything. The summary shows what it says instead.
func fullAccess(document string) (full bool, summary string, err error) {
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return false, "", err
	}
	var statements []policyStatement
	if err := json.Unmarshal(policy.Statement, &statements); err != nil {
		var single policyStatement
		if err := json.Unmarshal(policy.Statement, &single); err != nil {
			return false, "", err
		}
		statements = []policyStatement{single}
	}
	for _, s := range statements {
		if s.Effect != "Allow" {
			return false, compact(s), nil
		}
		if slices.Contains(s.Action, "*") && slices.Contains(s.Resource, "*") && everyone(s.Principal) && s.Condition == nil {
			full = true
		} else {
			summary = compact(s)
		}
	}
	return full, summary, nil
}

func everyone(principal json.RawMessage) bool {
	var one string
	if json.Unmarshal(principal, &one) == nil {
		return one == "*"
	}
	var by map[string]oneOrMany
	return json.Unmarshal(principal, &by) == nil && slices.Contains(by["AWS"], "*")
}

// summaryLength is how much of a policy statement a message quotes.
const summaryLength = 160

func compact(s policyStatement) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s.Effect
	}
	if runes := []rune(string(b)); len(runes) > summaryLength {
		return string(runes[:summaryLength]) + "..."
	}
	return string(b)
}
