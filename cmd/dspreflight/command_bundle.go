package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
	"testing/fstest"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func bundleCommand(env *environment) *cli.Command {
	flags := append(targetFlags(), evidenceFlags()...)
	flags = append(flags, planFlags()...)
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, which ends in .zip or .tar.gz", Category: groupOutput},
		stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
		listFlag(groupGate, "accept", "let findings with `CODE` (or of a check) stand, for this run (repeatable)"),
		stringFlag(groupGate, "waivers", "let findings stand that the YAML `FILE` names, each with a reason, an owner and an expiry"),
		&cli.StringFlag{Name: "fail-on", Usage: "exit 1 for a FAIL and for `STATUS`: fail, warn or unknown", Value: "fail", Category: groupGate, EnvVars: variable("fail-on")},
	)
	flags = append(flags, gateFlag())
	flags = append(flags, redactFlags()...)
	flags = append(flags, connectTimeoutFlag(), allowPublicFlag())
	flags = append(flags, timeFlags()...)
	return &cli.Command{
		Name:      "bundle",
		Usage:     "put evidence and report into one archive, for a ticket",
		UsageText: "dspreflight bundle -o FILE [flags]\n   dspreflight bundle -o ticket.zip --region us-east-1 --agent-ip 10.10.1.50 --redact --redact-key ~/dspreflight.key\n\nLooks and judges as check does, and writes an archive: the snapshot with what was dialled, the report as JSON and as a page for a browser, the versions, and a README that says how to judge it again. With --redact it names nothing of the estate, and is judged alike.\n\nExit code: that of check.",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return runBundle(c, env)
		},
	}
}

func runBundle(c *cli.Context, env *environment) error {
	file := c.String("output")
	pack := packerOf(file)
	switch {
	case file == "":
		return snapshot.Errorf("bundle: say where to with -o FILE.zip or -o FILE.tar.gz", "bundle: -o ファイル.zip か -o ファイル.tar.gz で保存先を指定する")
	case pack == nil:
		return snapshot.Errorf("--output %q: expected a name that ends in .zip or .tar.gz", "--output %q: .zip か .tar.gz で終わる名前を指定する", file)
	}
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	r := audit.New(o, env.Console)
	if err := r.Prepare(c.Context); err != nil {
		return err
	}
	var seen audit.Masked
	r.Shown = func(m audit.Masked) { seen = m }
	rep, err := r.Look(c.Context)
	if err != nil {
		return err
	}
	defer func() { rep.Close() }()
	list, err := bundled(r, seen, rep)
	if err != nil {
		return err
	}
	if err := replays(c.Context, r, seen, rep, list); err != nil {
		return err
	}
	r.NoteWaivers(rep)
	if err := files.WritePrivate(c.Context, o.Patience(), file, func(w io.Writer) error { return pack(w, list, rep.GeneratedAt) }); err != nil {
		return snapshot.Errorf("--output %s: %w", "--output %s: %w", file, err)
	}
	env.Tell(snapshot.Textf("wrote %s: %s", "%s に書き込んだ: %s", file, rep.Verdict.Label()).In(o.Lang))
	env.code = rep.ExitCode
	return r.KeepMap(c.Context)
}

// The names in a bundle.
const (
	bundleSnapshot = "snapshot"
	bundleWaivers  = "waivers.yaml"
	bundleTargets  = "targets.yaml"
	bundleChecks   = "checks.yaml"
)

// bundled are the files of a bundle, by name.
func bundled(r *audit.Run, seen audit.Masked, rep report.Report) (map[string][]byte, error) {
	files := map[string][]byte{}
	if err := bundledEvidence(files, seen, r.Version); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if r.OwnChecks != nil {
		files[bundleChecks] = r.OwnChecks
	}
	for name, render := range map[string]report.Renderer{"report.json": report.JSON, "report.html": report.HTML(r.Lang)} {
		var b bytes.Buffer
		if err := render(&b, rep); err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", name, err)
		}
		files[name] = b.Bytes()
	}
	versions, err := json.MarshalIndent(map[string]string{
		"dspreflight": r.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		"report": report.Schema, "snapshot": snapshot.ManifestSchema, "probes": snapshot.ProbeSchema,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	files["versions.json"] = append(versions, '\n')
	files["README.md"] = []byte(bundleReadme(r, seen, rep, files))
	return files, nil
}

// bundledEvidence adds what a bundle is judged again by. Where a plan was judged by
// itself, nothing was looked at.
func bundledEvidence(files map[string][]byte, seen audit.Masked, version string) error {
	if seen.Snap == nil {
		return nil
	}
	snap := *seen.Snap
	if len(seen.Targets) == 1 {
		said := seen.Targets[0].AsSaid()
		snap.Target = &said
	}
	saved, err := snap.Files(version)
	if err != nil {
		return err
	}
	for name, body := range saved {
		files[path.Join(bundleSnapshot, name)] = body
	}
	if len(seen.Targets) > 1 {
		if files[bundleTargets], err = targetsFile(seen.Targets); err != nil {
			return err
		}
	}
	body, err := audit.FileOfWaivers(seen.Waivers)
	if body != nil {
		files[bundleWaivers] = body
	}
	return err
}

// targetsFile is a file for --config.
func targetsFile(targets []snapshot.Target) ([]byte, error) {
	var list []map[string]any
	for _, t := range targets {
		said := t.AsSaid()
		one := map[string]any{}
		for flag, v := range said.Fields() {
			one[flag] = v
		}
		for flag, v := range map[string][]string{"storage": said.Storage, "subnet-arn": said.SubnetARNs, "security-group-arn": said.GroupARNs} {
			if v != nil {
				one[flag] = v
			}
		}
		if said.SourceCIDRs != nil {
			one["source-cidr"] = said.SourceCIDRs
		}
		if said.Tasks != 0 {
			one["tasks"] = said.Tasks
		}
		delete(one, "activation-key") // a secret, of which only the shape is known
		list = append(list, one)
	}
	return yaml.Marshal(map[string]any{"targets": list})
}

// replays refuses a bundle that is not judged as its report says.
func replays(ctx context.Context, r *audit.Run, seen audit.Masked, rep report.Report, files map[string][]byte) error {
	if rep.Verdict == report.Interrupted || seen.Snap == nil {
		return nil
	}
	folder := fstest.MapFS{}
	for name, body := range files {
		if inner, ok := strings.CutPrefix(name, bundleSnapshot+"/"); ok {
			folder[inner] = &fstest.MapFile{Data: body}
		}
	}
	snap, err := snapshot.Read(folder, snapshot.ReadOptions{Complete: r.Complete})
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	targets := seen.Targets
	for n := 0; n < len(targets); n += audit.JudgedAtOnce {
		end := min(n+audit.JudgedAtOnce, len(targets))
		was := audit.Judge(ctx, targets[n:end], seen.Snap, r.All, r.Selected, checks.TasksOf(targets, seen.Snap))
		is := audit.Judge(ctx, targets[n:end], snap, r.All, r.Selected, checks.TasksOf(targets, snap))
		if one, other := audit.Differs(was, is); one != nil {
			return snapshot.Errorf("bundle: %s is %s, and would be %s if the bundle were judged again; nothing is written: please report this", "bundle: %s は %s だが、バンドルを再度判定すると %s になる。何も書き出さない。不具合として報告してほしい", one.Check.ID, strings.Join(audit.Answers(*one), ", "), strings.Join(audit.Answers(*other), ", "))
		}
	}
	return nil
}

// bundleReadme says what is in a bundle, and how it is judged again.
func bundleReadme(r *audit.Run, seen audit.Masked, rep report.Report, files map[string][]byte) string {
	command := []string{"dspreflight", "check", "--snapshot", bundleSnapshot}
	if files[bundleChecks] != nil {
		command[0] = "dspreflight-cel"
	}
	if r.Complete {
		command = append(command, "--complete")
	}
	for _, o := range []struct{ file, flag string }{{bundleChecks, "--checks"}, {bundleTargets, "--config"}, {bundleWaivers, "--waivers"}} {
		if files[o.file] != nil {
			command = append(command, o.flag, o.file)
		}
	}
	for _, o := range []struct {
		flag   string
		values []string
	}{{"--check", r.Checks}, {"--skip", r.Skip}, {"--accept", r.Accept}} {
		for _, v := range o.values {
			command = append(command, o.flag, v)
		}
	}
	if r.FailOn != report.OnFail {
		command = append(command, "--fail-on", string(r.FailOn))
	}
	command = append(command, "--lang", r.Lang)
	say := func(en, ja string, args ...any) string { return snapshot.Textf(en, ja, args...).In(r.Lang) }
	lines := []string{
		"# dspreflight: " + rep.Verdict.Label(), "",
		say("What dspreflight saw of an estate, and what it makes of it: whether an AWS DataSync agent can be activated through its VPC endpoint.", "dspreflight が見た環境とその判定: AWS DataSync エージェントを VPC エンドポイント経由でアクティブ化できるか。"), "",
		say("| file | is |\n|---|---|", "| ファイル | 内容 |\n|---|---|"),
		say("| `report.html` | the report, for a browser: begin here |", "| `report.html` | ブラウザーで読むレポート。まずこれを開く |"),
		say("| `report.json` | the same for programs |", "| `report.json` | 同じ内容（プログラム用） |"),
		say("| `versions.json` | what wrote it |", "| `versions.json` | 作成したプログラムの版 |"),
	}
	if seen.Snap != nil {
		lines = append(lines, say("| `snapshot/` | what AWS said, and in `probes.json`, if it is there, what was dialled |", "| `snapshot/` | AWS から読み取った内容。`probes.json` があれば接続を試した結果 |"))
	}
	if files[bundleTargets] != nil {
		lines = append(lines, say("| `targets.yaml` | the targets |", "| `targets.yaml` | ターゲット |"))
	}
	if files[bundleWaivers] != nil {
		lines = append(lines, say("| `waivers.yaml` | findings that may stand |", "| `waivers.yaml` | 免除した検出事項 |"))
	}
	if files[bundleChecks] != nil {
		lines = append(lines, say("| `checks.yaml` | checks of our own |", "| `checks.yaml` | 独自のチェック |"))
	}
	lines = append(lines, "")
	if r.Planned() {
		lines = append(lines, say("The report says what a planned change does. The plan is not in here: it may hold secrets.", "レポートは予定された変更の影響を示す。プランは機密を含みうるため、入れていない。"), "")
	}
	if seen.Snap != nil {
		again := say("Judge it again, without AWS:", "AWS なしで再度判定するには:")
		if r.Planned() {
			again = say("Judge the estate before the change again, without AWS:", "変更前の環境を AWS なしで再度判定するには:")
		}
		lines = append(lines, again, "", "```sh", outside.Words(command...), "```", "")
	}
	if rep.Redacted != "" {
		whose := say(" Whoever holds the key that it was made with can tell what the names stand for (mark %s).", "元の名前は作成に使った鍵の所有者だけがわかる（識別子 %s）。", rep.Redacted)
		if r.KeyFile == "" {
			whose = say(" No key was kept: nobody can tell what the names stand for.", "鍵は残していないため、元の名前は誰にもわからない。")
		}
		lines = append(lines, say("Accounts, ids, addresses and names are replaced, everywhere alike: what was the same is the same, and addresses share a network where they did. Statuses and codes are those of the real estate.", "アカウント、ID、アドレス、名前は一貫して置き換えてある。同じものは同じ名前になり、アドレスが属するネットワークの関係も変わらない。ステータスとコードは実際の環境のもの。")+whose, "")
	} else {
		lines = append(lines, say("It names accounts, ids and addresses of the estate: pass it on with care, or make it with --redact.", "環境のアカウント、ID、アドレスを含む。取り扱いに注意するか、--redact を付けて作成する。"), "")
	}
	return strings.Join(lines, "\n")
}
