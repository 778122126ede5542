package byhand

import (
	_ "embed"
	"encoding/json"
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
	var scopes script
	names := make([]string, 0, len(r.Scopes))
	for _, s := range r.Scopes {
		names = append(names, s.Name)
	}
	for i, folder := range snapshot.FolderNames(names) {
		s := r.Scopes[i]
		scopes.Put("\n(\n  enter % % % % %\n", folder, asJSON(s.Name), asJSON(s.Roles), s.Region, s.Profile)
		for _, role := range s.Assume {
			scopes.Put("  assume %\n", role)
		}
		for _, k := range s.Kinds {
			r.collect(&scopes, s, k)
		}
		scopes.Put("  leave\n) || exit\n")
	}
	return strings.NewReplacer(
		"@VERSION@", outside.Of(r.Version).Terminal(), "@LANG@", r.Lang, "@ABOUT@", about.In(r.Lang), "@SCHEMA@", snapshot.ManifestSchema, "@VERSION_JSON@", outside.Words(asJSON(r.Version)),
		"@TARGET@", target, "@SCOPES@", scopes.String(), "@ACCOUNT_RESOURCE@", snapshot.AccountResource, "@SAMPLE_AGENT@", snapshot.LastOf(snapshot.SampleAgentARN("", "")),
	).Replace(scriptText)
}

// script is a part of one.
type script = outside.Document[outside.Shell]

// collect writes the lines that collect a kind.
func (r Request) collect(d *script, s Scope, k snapshot.Kind) {
	c := calls[k]
	head := listed(k.Action(), k.Command())
	rest := listed(words(k)...)
	switch {
	case !Collected(k), k.OfAudit() && !r.Audit:
	case simulated(k):
		var data []string
		for _, a := range r.Simulate {
			if strings.HasPrefix(a, "datasync:") {
				data = append(data, a)
			}
		}
		d.Put("  simulate % % %\n", head, snapshot.AnyResource, listed(r.Simulate...))
		d.Put("  simulate % % %\n", head, snapshot.AccountResource, listed(data...))
	case k == snapshot.Instances:
		if len(s.Instances) > 0 {
			d.Put("  asked=%\n  get % '' % --filters %\n", asJSON(s.Instances), head, rest, "Name=instance-id,Values="+strings.Join(s.Instances, ","))
		}
	case k == snapshot.AgentDetails && s.Agents != nil:
		for _, arn := range s.Agents {
			d.Put("  agent % % % %\n", head, c.about, arn, rest)
		}
	case !k.PerID():
		d.Put("  get % '' %\n", head, rest)
	default:
		list, pick, also := c.list, c.pick, []string{}
		if k == snapshot.SubnetCIDRReservations {
			also = s.Subnets
			if r.Audit { // what agents were activated with is told by DataSync
				list, pick = snapshot.Subnets, "Subnets[].SubnetId"
			}
		}
		d.Put("  for id in $(pick % --query %)", listed(words(list)...), pick)
		for _, id := range also {
			d.Put(" %", id)
		}
		d.Put("; do each \"$id\" % % %; done\n", head, c.about, rest)
	}
}

// listed are words as a script has them.
func listed(words ...string) *script {
	var d script
	d.Join(words, " ")
	return &d
}

// asJSON writes strings, and lists of them, which always encode.
func asJSON(v any) string {
	body, _ := json.Marshal(v)
	return string(body)
}
