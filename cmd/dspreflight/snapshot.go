package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
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
		UsageText: "dspreflight snapshot --save DIR [flags]\n   dspreflight snapshot --script [flags] > collect.sh\n\n   Judge it later, or elsewhere, with dspreflight check --snapshot DIR.\n   Pre-shared keys of VPN connections are left out.",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := saneLimits(c); err != nil {
				return err
			}
			dir, script := c.String("save"), c.Bool("script")
			switch {
			case script && dir != "":
				return snapshot.Errorf("--script and --save exclude each other: the script takes the folder as its argument", "--script と --save は同時に指定できない。保存先はスクリプトの引数で指定する")
			case script && c.Bool("redact"):
				return snapshot.Errorf("--script collects what AWS says: redact it where it is judged, with check --snapshot DIR --redact --save DIR", "--script は AWS の応答をそのまま集める。判定するときに check --snapshot DIR --redact --save DIR で匿名化する")
			case script:
			case dir == "":
				return snapshot.Errorf("snapshot: say where to with --save DIR, or print a script that collects with --script", "snapshot: --save DIR で保存先を指定するか、--script で収集用のスクリプトを出力する")
			default:
				if err := freshFolder(dir); err != nil {
					return err
				}
			}
			all, err := catalogue(c)
			if err != nil {
				return err
			}
			selected, err := selection(c, all)
			if err != nil {
				return err
			}
			p, err := readRequest(c, env)
			if err != nil {
				return err
			}
			if script {
				return printCollector(c, env, p, checks.Kinds(selected))
			}
			redaction, err := redactionOf(c)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
			defer cancel()
			snap, err := live(ctx, env, p, checks.Kinds(selected), c.Int("concurrency"), true, "")
			if err != nil {
				return err
			}
			shown := masked{snap: snap}
			if redaction != nil {
				if shown, err = redaction.apply(snap, nil, nil); err != nil {
					return err
				}
			}
			if err := save(shown.snap, dir); err != nil {
				return err
			}
			if err := reportGaps(c, env, snap, dir); err != nil {
				return err
			}
			lang, err := language(c)
			if err != nil {
				return err
			}
			return redaction.keepMap(env, c, lang)
		},
	}
}

// reportGaps says what was saved and what could not be read.
func reportGaps(c *cli.Context, env *environment, snap *snapshot.Snapshot, dir string) error {
	lang, err := language(c)
	if err != nil {
		return err
	}
	calls, failed := 0, 0
	for _, s := range snap.Scopes {
		for _, call := range s.Calls {
			calls++
			if call.Error != nil {
				failed++
				gap := checks.GapText(s.GapFor(snapshot.KindOf(call.Command), call.ID))
				env.tell("gap: " + gap.In(lang))
			}
		}
	}
	env.tell(snapshot.Textf("saved %d calls to %s; %d of them failed", "%d 件の呼び出しを %s に保存した（失敗 %d 件）", calls, dir, failed).In(lang))
	if c.Context.Err() != nil {
		env.code = exitInterrupted
	}
	return nil
}
