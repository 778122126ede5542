package byhand

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

//go:embed script.sh
var scriptText string

// Scope is an account in a Region, and how it is entered. What is empty is taken from
// the environment of whoever runs the script.
type Scope struct {
	Name, Region, Profile string
	Assume                []string // roles, one through the other
	Roles                 []snapshot.Role
	Kinds                 []snapshot.Kind
	Subnets, Instances    []string // that targets name
	Agents                []string // ARNs of agents that are targets; nil: those that are listed
}

// Request is what a script is to collect.
type Request struct {
	Version, Lang string
	Target        *snapshot.Target // one alone, as in any saved snapshot
	Audit         bool             // of agents that exist
	Simulate      []string         // the actions whose permission IAM is asked about
	Scopes        []Scope
}

// about is what a script says of itself, behind the mark of a comment.
var about = snapshot.Text{
	En: `Collects, with the AWS CLI, what dspreflight judges: sh THIS-FILE [FOLDER]
# Each reply becomes a file named after its command, each account and Region a folder,
# and a manifest says what could not be read. It only reads; credentials of roles that
# it assumes stay in the memory of this shell. Pre-shared keys of VPN connections are
# not written. It needs a POSIX shell and the AWS CLI, version 1 or 2.`,
	Ja: `dspreflight の判定に必要な情報を AWS CLI で収集する: sh このファイル [フォルダー]
# 応答ごとにコマンド名のファイルを、アカウントとリージョンごとにフォルダーを作り、読み取れなかった
# ものはマニフェストに記録する。読み取りだけを行い、引き受けたロールの認証情報はこのシェルのメモリ内
# だけに置く。VPN 接続の事前共有キーは書き込まない。POSIX シェルと AWS CLI（バージョン 1 か 2）が必要。`,
}

// Script is a POSIX shell script that writes a snapshot with the AWS CLI.
func Script(r Request) string {
	target := outside.WithoutKeys(asJSON(r.Target))
	var scopes strings.Builder
	names := make([]string, 0, len(r.Scopes))
	for _, s := range r.Scopes {
		names = append(names, s.Name)
	}
	for i, folder := range snapshot.FolderNames(names) {
		s := r.Scopes[i]
		fmt.Fprintf(&scopes, "\n(\n  enter %s\n", strings.Join(quoted([]string{folder, asJSON(s.Name), asJSON(s.Roles), s.Region, s.Profile}), " "))
		for _, role := range s.Assume {
			fmt.Fprintf(&scopes, "  assume %s\n", quoted([]string{role})[0])
		}
		for _, k := range s.Kinds {
			scopes.WriteString(r.collect(s, k))
		}
		scopes.WriteString("  leave\n) || exit\n")
	}
	return strings.NewReplacer(
		"@VERSION@", outside.Of(r.Version).Terminal(), "@LANG@", r.Lang, "@ABOUT@", about.In(r.Lang), "@SCHEMA@", snapshot.ManifestSchema, "@VERSION_JSON@", outside.Of(asJSON(r.Version)).Shell(),
		"@TARGET@", target, "@SCOPES@", scopes.String(), "@ACCOUNT_RESOURCE@", snapshot.AccountResource, "@SAMPLE_AGENT@", snapshot.LastOf(snapshot.SampleAgentARN("", "")),
	).Replace(scriptText)
}

// collect are the lines that collect a kind.
func (r Request) collect(s Scope, k snapshot.Kind) string {
	c := calls[k]
	head := strings.Join(quoted([]string{k.Action(), k.Command()}), " ")
	rest := strings.Join(quoted(words(k)), " ")
	switch {
	case !Collected(k), k.OfAudit() && !r.Audit:
		return ""
	case simulated(k):
		var data []string
		for _, a := range r.Simulate {
			if strings.HasPrefix(a, "datasync:") {
				data = append(data, a)
			}
		}
		return fmt.Sprintf("  simulate %s %s %s\n", head, snapshot.AnyResource, strings.Join(quoted(r.Simulate), " ")) +
			fmt.Sprintf("  simulate %s %s %s\n", head, snapshot.AccountResource, strings.Join(quoted(data), " "))
	case k == snapshot.Instances:
		if len(s.Instances) == 0 {
			return ""
		}
		return fmt.Sprintf("  asked=%s\n  get %s '' %s --filters %s\n", quoted([]string{asJSON(s.Instances)})[0], head, rest, quoted([]string{"Name=instance-id,Values=" + strings.Join(s.Instances, ",")})[0])
	case k == snapshot.AgentDetails && s.Agents != nil:
		var b strings.Builder
		for _, arn := range s.Agents {
			fmt.Fprintf(&b, "  agent %s %s %s %s\n", head, c.about, quoted([]string{arn})[0], rest)
		}
		return b.String()
	case !k.PerID():
		return fmt.Sprintf("  get %s '' %s\n", head, rest)
	}
	list, pick, also := c.list, c.pick, []string{}
	if k == snapshot.SubnetCIDRReservations {
		also = s.Subnets
		if r.Audit { // what agents were activated with is told by DataSync
			list, pick = snapshot.Subnets, "Subnets[].SubnetId"
		}
	}
	from := strings.Join(append(quoted(words(list)), "--query", quoted([]string{pick})[0]), " ")
	return strings.TrimRight(fmt.Sprintf("  for id in $(pick %s) %s", from, strings.Join(quoted(also), " ")), " ") +
		fmt.Sprintf("; do each \"$id\" %s %s %s; done\n", head, c.about, rest)
}

// asJSON writes strings, and lists of them, which always encode.
func asJSON(v any) string {
	body, _ := json.Marshal(v)
	return string(body)
}

// quoted are words as a shell takes them.
func quoted(words []string) []string {
	out := slices.Clone(words)
	for i, w := range out {
		out[i] = outside.Of(w).Shell()
	}
	return out
}
