package audit

import (
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// sentAnywhere refuses a command that no scope knows: nothing would come of it.
func sentAnywhere(snap *snapshot.Snapshot, command string) error {
	if command == "" {
		return nil
	}
	var asked []string
	for _, s := range snap.Scopes {
		if len(s.Invocations.All()) > 0 || s.Extent(snapshot.Invocations) != snapshot.Full {
			return nil // it was, or nobody was allowed to look
		}
		asked = append(asked, s.Label())
	}
	return snapshot.Errorf("--probes ssm:%s: no instance was sent the command in %s: name the account and Region that it was sent in (such as --source-region, --source-profile), and look whether any instance has the tag", "--probes ssm:%s: %s ではこのコマンドはどのインスタンスにも送られていない。送信したアカウントとリージョンを指定し（--source-region、--source-profile など）、タグの付いたインスタンスがあるか確認する", command, strings.Join(asked, ", "))
}

// tellSilent names the machines that were sent the script and told nothing, those with
// the same trouble in a line.
func (r *Run) tellSilent(snap *snapshot.Snapshot) {
	if g := snap.CommandGap(); g != nil {
		r.tell(checks.GapText(*g))
	}
	var order []snapshot.Gap
	silent := map[snapshot.Gap][]string{}
	for i := range snap.Probes {
		run := &snap.Probes[i]
		if run.Trouble == nil {
			continue
		}
		g := run.Gap()
		g.Ref = ""
		if silent[g] == nil {
			order = append(order, g)
		}
		silent[g] = append(silent[g], run.Instance)
	}
	for _, g := range order {
		named := g
		named.Ref = strings.Join(silent[g], ", ")
		r.tell(checks.GapText(named))
	}
}
