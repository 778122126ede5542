package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func snapshotCommand(env *environment) *cli.Command {
	flags := append(append(targetFlags(), auditFlags()...), selectionFlags()...)
	flags = append(flags, stringFlag(groupEvidence, "save", "the `DIR` to write to; it must be empty or not exist"))
	flags = append(flags, boolFlag(groupEvidence, "script", "print a POSIX shell script that collects the same with the AWS CLI"))
	flags = append(flags, timeFlags()...)
	flags = append(flags, redactFlags()...)
	flags = append(flags, stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"))
	return &cli.Command{
		Name:      "snapshot",
		Usage:     "collect the evidence and save it, judging nothing",
		UsageText: "dspreflight snapshot --save DIR [flags]\n   dspreflight snapshot --script [flags] > collect.sh\n\nJudge it later, or elsewhere, with dspreflight check --snapshot DIR.\nPre-shared keys of VPN connections are left out.",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return runSnapshot(c, env)
		},
	}
}

func runSnapshot(c *cli.Context, env *environment) error {
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	o.KeepDocuments = true
	script := c.Bool("script")
	switch {
	case script && o.Save != "":
		return snapshot.Errorf("--script and --save exclude each other: the script takes the folder as its argument", "--script と --save は同時に指定できない。保存先はスクリプトの引数で指定する")
	case script && o.Redact:
		return snapshot.Errorf("--script collects what AWS says: redact it where it is judged, with check --snapshot DIR --redact --save DIR", "--script は AWS の応答をそのまま集める。判定するときに check --snapshot DIR --redact --save DIR で匿名化する")
	case !script && o.Save == "":
		return snapshot.Errorf("snapshot: say where to with --save DIR, or print a script that collects with --script", "snapshot: --save DIR で保存先を指定するか、--script で収集用のスクリプトを出力する")
	}
	r := audit.New(o, env.Console)
	if err := r.Prepare(c.Context); err != nil {
		return err
	}
	if script {
		return printCollector(env, r)
	}
	ctx, cancel := context.WithTimeout(c.Context, o.Timeout)
	defer cancel()
	snap, err := r.Live(ctx)
	if err != nil {
		return err
	}
	shown := audit.Masked{Snap: snap}
	if r.Redaction != nil {
		if shown, err = r.Redaction.Apply(snap, nil, nil); err != nil {
			return err
		}
	}
	if err := audit.SaveTo(o.Save, shown.Snap, o.Version); err != nil {
		return err
	}
	tellGaps(env, snap, o)
	if c.Context.Err() != nil {
		env.code = exitInterrupted
	}
	return r.KeepMap(c.Context)
}

// tellGaps says what was saved and what could not be read.
func tellGaps(env *environment, snap *snapshot.Snapshot, o audit.Options) {
	calls, failed := 0, 0
	for _, s := range snap.Scopes {
		for _, call := range s.Calls {
			calls++
			if call.Error != nil {
				failed++
				gap := checks.GapText(s.GapFor(snapshot.KindOf(call.Command), call.ID))
				env.Tell("gap: " + gap.In(o.Lang))
			}
		}
	}
	env.Tell(snapshot.Textf("saved %d calls to %s; %d of them failed", "%d 件の呼び出しを %s に保存した（失敗 %d 件）", calls, o.Save, failed).In(o.Lang))
}
