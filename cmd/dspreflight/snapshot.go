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
	flags = append(flags, timeFlags()...)
	flags = append(flags, redactFlags()...)
	flags = append(flags, stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"))
	return &cli.Command{
		Name:      "snapshot",
		Usage:     "collect the evidence and save it, judging nothing",
		UsageText: "dspreflight snapshot --save DIR [flags]\n\n   Judge it later, or elsewhere, with dspreflight check --snapshot DIR.\n   Pre-shared keys of VPN connections are left out.",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := saneLimits(c); err != nil {
				return err
			}
			dir := c.String("save")
			if dir == "" {
				return snapshot.Errorf("snapshot: say where to with --save DIR", "snapshot: --save DIR で保存先を指定する")
			}
			if err := freshFolder(dir); err != nil {
				return err
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
