package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
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
		UsageText: "dspreflight bundle -o FILE [flags]\n   dspreflight bundle -o ticket.zip --region us-east-1 --agent-ip 10.10.1.50 --redact --redact-key ~/dspreflight.key\n\n   Looks and judges as check does, and writes an archive: the snapshot with what was dialled, the\n   report as JSON and as a page for a browser, the versions, and a README that says how to\n   judge it again. With --redact it names nothing of the estate, and is judged alike.\n\n   Exit code: that of check.",
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
	if err := sanePlan(c); err != nil {
		return err
	}
	ask, err := askedOf(c, env, report.OnFail, report.OnWarn, report.OnUnknown)
	if err != nil {
		return err
	}
	if ask.gate, err = gateOf(c); err != nil {
		return err
	}
	var seen masked
	ask.shown = func(m masked) { seen = m }
	rep, err := lookOnce(c, env, ask)
	if err != nil {
		return err
	}
	defer func() { rep.Close() }()
	files, err := bundled(c, ask, seen, rep)
	if err != nil {
		return err
	}
	if err := replays(c.Context, c, ask, seen, rep, files); err != nil {
		return err
	}
	noteWaivers(env, ask.waivers, rep, ask.all, ask.selected, time.Now(), ask.lang)
	if err := writePrivate(c, file, func(w io.Writer) error { return pack(w, files, rep.GeneratedAt) }); err != nil {
		return snapshot.Errorf("--output %s: %w", "--output %s: %w", file, err)
	}
	env.tell(snapshot.Textf("wrote %s: %s", "%s に書き込んだ: %s", file, rep.Verdict.Label()).In(ask.lang))
	env.code = rep.ExitCode
	return ask.redaction.keepMap(env, c, ask.lang)
}

// The names in a bundle.
const (
	bundleSnapshot = "snapshot"
	bundleWaivers  = "waivers.yaml"
	bundleTargets  = "targets.yaml"
	bundleChecks   = "checks.yaml"
)

// bundled are the files of a bundle, by name.
func bundled(c *cli.Context, ask asked, seen masked, rep report.Report) (map[string][]byte, error) {
	files := map[string][]byte{}
	if err := bundledEvidence(files, seen); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if own := c.String("checks"); own != "" {
		body, err := readLimited(c, own, maxChecksBytes)
		if err != nil {
			return nil, snapshot.Errorf("--checks %s: %w", "--checks %s: %w", own, err)
		}
		files[bundleChecks] = body
	}
	for name, render := range map[string]report.Renderer{"report.json": report.JSON, "report.html": report.HTML(ask.lang)} {
		var b bytes.Buffer
		if err := render(&b, rep); err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", name, err)
		}
		files[name] = b.Bytes()
	}
	versions, err := json.MarshalIndent(map[string]string{
		"dspreflight": version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		"report": report.Schema, "snapshot": snapshot.ManifestSchema, "probes": snapshot.ProbeSchema,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	files["versions.json"] = append(versions, '\n')
	files["README.md"] = []byte(bundleReadme(c, ask, seen, rep, files))
	return files, nil
}

// bundledEvidence adds what a bundle is judged again by. Where a plan was judged by
// itself, nothing was looked at.
func bundledEvidence(files map[string][]byte, seen masked) error {
	if seen.snap == nil {
		return nil
	}
	snap := *seen.snap
	if len(seen.targets) == 1 {
		said := seen.targets[0].AsSaid()
		snap.Target = &said
	}
	saved, err := snap.Files(version())
	if err != nil {
		return err
	}
	for name, body := range saved {
		files[path.Join(bundleSnapshot, name)] = body
	}
	if len(seen.targets) > 1 {
		if files[bundleTargets], err = targetsFile(seen.targets); err != nil {
			return err
		}
	}
	body, err := waiversFile(seen.waivers)
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
func replays(ctx context.Context, c *cli.Context, ask asked, seen masked, rep report.Report, files map[string][]byte) error {
	if rep.Verdict == report.Interrupted || seen.snap == nil {
		return nil
	}
	folder := fstest.MapFS{}
	for name, body := range files {
		if inner, ok := strings.CutPrefix(name, bundleSnapshot+"/"); ok {
			folder[inner] = &fstest.MapFile{Data: body}
		}
	}
	snap, err := snapshot.Read(folder, snapshot.ReadOptions{Complete: c.Bool("complete")})
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	targets := seen.targets
	for n := 0; n < len(targets); n += judgedAtOnce {
		end := min(n+judgedAtOnce, len(targets))
		was := judgeSome(ctx, targets[n:end], seen.snap, ask.all, ask.selected, checks.TasksOf(targets, seen.snap))
		is := judgeSome(ctx, targets[n:end], snap, ask.all, ask.selected, checks.TasksOf(targets, snap))
		if r, other := differs(was, is); r != nil {
			return snapshot.Errorf("bundle: %s is %s, and would be %s if the bundle were judged again; nothing is written: please report this", "bundle: %s は %s だが、バンドルを再度判定すると %s になる。何も書き出さない。不具合として報告してほしい", r.Check.ID, strings.Join(answers(*r), ", "), strings.Join(answers(*other), ", "))
		}
	}
	return nil
}

// bundleReadme says what is in a bundle, and how it is judged again.
func bundleReadme(c *cli.Context, ask asked, seen masked, rep report.Report, files map[string][]byte) string {
	command := []string{"dspreflight", "check", "--snapshot", bundleSnapshot}
	if files[bundleChecks] != nil {
		command[0] = "dspreflight-cel"
	}
	if c.Bool("complete") {
		command = append(command, "--complete")
	}
	for _, o := range []struct{ file, flag string }{{bundleChecks, "--checks"}, {bundleTargets, "--config"}, {bundleWaivers, "--waivers"}} {
		if files[o.file] != nil {
			command = append(command, o.flag, o.file)
		}
	}
	for _, flag := range []string{"check", "skip", "accept"} {
		for _, v := range c.StringSlice(flag) {
			command = append(command, "--"+flag, outside.Of(v).Shell())
		}
	}
	if ask.failOn != report.OnFail {
		command = append(command, "--fail-on", string(ask.failOn))
	}
	command = append(command, "--lang", ask.lang)
	say := func(en, ja string, args ...any) string { return snapshot.Textf(en, ja, args...).In(ask.lang) }
	lines := []string{
		"# dspreflight: " + rep.Verdict.Label(), "",
		say("What dspreflight saw of an estate, and what it makes of it: whether an AWS DataSync agent can be activated through its VPC endpoint.", "dspreflight が見た環境とその判定: AWS DataSync エージェントを VPC エンドポイント経由でアクティブ化できるか。"), "",
		say("| file | is |\n|---|---|", "| ファイル | 内容 |\n|---|---|"),
		say("| `report.html` | the report, for a browser: begin here |", "| `report.html` | ブラウザーで読むレポート。まずこれを開く |"),
		say("| `report.json` | the same for programs |", "| `report.json` | 同じ内容（プログラム用） |"),
		say("| `versions.json` | what wrote it |", "| `versions.json` | 作成したプログラムの版 |"),
	}
	if seen.snap != nil {
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
	if planned(c) {
		lines = append(lines, say("The report says what a planned change does. The plan is not in here: it may hold secrets.", "レポートは予定された変更の影響を示す。プランは機密を含みうるため、入れていない。"), "")
	}
	if seen.snap != nil {
		again := say("Judge it again, without AWS:", "AWS なしで再度判定するには:")
		if planned(c) {
			again = say("Judge the estate before the change again, without AWS:", "変更前の環境を AWS なしで再度判定するには:")
		}
		lines = append(lines, again, "", "```sh", strings.Join(command, " "), "```", "")
	}
	if rep.Redacted != "" {
		lines = append(lines, say("Accounts, ids, addresses and names are replaced, everywhere alike: what was the same is the same, and addresses share a network where they did. Statuses and codes are those of the real estate. Whoever made it can tell what the names stand for (mark %s).", "アカウント、ID、アドレス、名前は一貫して置き換えてある。同じものは同じ名前になり、アドレスが属するネットワークの関係も変わらない。ステータスとコードは実際の環境のもの。元の名前は作成者だけがわかる（識別子 %s）。", rep.Redacted), "")
	} else {
		lines = append(lines, say("It names accounts, ids and addresses of the estate: pass it on with care, or make it with --redact.", "環境のアカウント、ID、アドレスを含む。取り扱いに注意するか、--redact を付けて作成する。"), "")
	}
	return strings.Join(lines, "\n")
}

// packer writes files as one archive. The same files give the same bytes.
type packer func(w io.Writer, files map[string][]byte, at time.Time) error

func packerOf(file string) packer {
	switch {
	case strings.HasSuffix(file, ".zip"):
		return packZip
	case strings.HasSuffix(file, ".tar.gz"), strings.HasSuffix(file, ".tgz"):
		return packTar
	}
	return nil
}

// earliest is the first moment that a ZIP file can hold.
var earliest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func packZip(w io.Writer, files map[string][]byte, at time.Time) error {
	if at.Before(earliest) {
		at = earliest
	}
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()}
		h.SetMode(evidenceFile)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

func packTar(w io.Writer, files map[string][]byte, at time.Time) error {
	g := gzip.NewWriter(w)
	t := tar.NewWriter(g)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: evidenceFile, Size: int64(len(files[name])), ModTime: at.UTC()}); err != nil {
			return err
		}
		if _, err := t.Write(files[name]); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return g.Close()
}
