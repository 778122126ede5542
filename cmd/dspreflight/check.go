package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func checkCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "audit one or more targets and print a verdict",
		UsageText: "dspreflight check [flags]\n\n   Reads the estate from AWS (read-only), from files that the AWS CLI printed (--snapshot),\n   or from an embedded example (--fixture), and judges it.\n   With --plan or --template it judges what a planned change would make of it.",
		Flags:     checkFlags(),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return runCheck(c, env)
		},
	}
}

func runCheck(c *cli.Context, env *environment) error {
	outputs, err := parseOutputs(c, env)
	if err != nil {
		return err
	}
	if err := sanePlan(c); err != nil {
		return err
	}
	if err := freshFolder(c.String("save")); err != nil {
		return err
	}
	if report.FailOn(c.String("fail-on")) == report.OnNew && c.String("baseline") == "" {
		return snapshot.Errorf("--fail-on new: say with --baseline since when", "--fail-on new: 比較の基準を --baseline で指定する")
	}
	if c.String("baseline") != "" && planned(c) {
		return snapshot.Errorf("--baseline and --plan or --template exclude each other: with a plan, the estate before it is what is compared with", "--baseline と --plan、--template は同時に指定できない。プランでは変更前の環境と比較する")
	}
	gate, err := gateOf(c)
	if err != nil {
		return err
	}
	ask, err := askedOf(c, env, report.OnFail, report.OnWarn, report.OnUnknown, report.OnNew)
	if err != nil {
		return err
	}
	ask.gate = gate
	lang := ask.lang
	look := func() (report.Report, error) { return lookOnce(c, env, ask) }
	rep, err := look()
	if err != nil {
		return err
	}
	defer func() { rep.Close() }()
	if wait := c.Duration("wait"); wait > 0 {
		if rep, err = lookUntilReady(c.Context, env, rep, look, wait, lang); err != nil {
			return err
		}
	}
	if base := c.String("baseline"); base != "" {
		earlier, err := reportAt(c.Context, c, env, ask, base, &estate{})
		if err != nil {
			return fmt.Errorf("--baseline %s: %w", report.Harmless(base), err)
		}
		defer earlier.Close()
		if rep.Redacted != earlier.Redacted {
			return snapshot.Errorf("--baseline %s: what is redacted can be compared only with what was redacted with the same key: name it with --redact-key both times", "--baseline %s: 置き換え済みのレポートは、同じ鍵で置き換えたものとだけ比較できる。両方で同じ --redact-key を指定する", base)
		}
		if err := rep.Since(earlier); err != nil {
			return err
		}
	}
	noteWaivers(env, ask.waivers, rep, ask.all, ask.selected, time.Now(), lang)
	slices.SortStableFunc(outputs, func(a, b output) int { return cmp.Compare(b.path, a.path) }) // files first: a pipe may close early
	for _, o := range outputs {
		if err := o.write(c, env, rep, lang); err != nil {
			return err
		}
	}
	env.code = rep.ExitCode
	return ask.redaction.keepMap(env, c, lang)
}

// asked is what the flags of a run come to.
type asked struct {
	request  request
	all      checks.Catalogue
	selected []*checks.Check
	lang     string
	failOn   report.FailOn
	gate     report.Gate
	waivers  []report.Waiver
	// redaction is what is written instead of what was seen; nil: what was seen.
	redaction *redaction
	// named are ids that a pasted error names: they fill in what neither the
	// flags nor the estate say.
	named map[string]string
	// seen is told what was gathered, before it is judged.
	seen func(context.Context, *snapshot.Snapshot, []snapshot.Target)
	// shown is told what is written of it.
	shown func(masked)
}

// askedOf reads the flags that say what is judged, and how.
func askedOf(c *cli.Context, env *environment, failOn ...report.FailOn) (asked, error) {
	var a asked
	var err error
	if a.lang, err = language(c); err != nil {
		return a, err
	}
	if err := saneLimits(c); err != nil {
		return a, err
	}
	if err := saneWire(c); err != nil {
		return a, err
	}
	if a.failOn = report.FailOn(c.String("fail-on")); !slices.Contains(failOn, a.failOn) {
		return a, snapshot.Errorf("--fail-on %q: expected fail, warn or unknown, or with --baseline, new", "--fail-on %q: fail、warn、unknown、または --baseline とともに new を指定する", a.failOn)
	}
	if a.all, err = catalogue(c); err != nil {
		return a, err
	}
	if a.selected, err = selection(c, a.all); err != nil {
		return a, err
	}
	if a.request, err = readRequest(c, env); err != nil {
		return a, err
	}
	if a.waivers, err = readWaivers(c, a.all); err != nil {
		return a, err
	}
	a.redaction, err = redactionOf(c)
	return a, err
}

// lookOnce gathers the evidence and judges it.
func lookOnce(c *cli.Context, env *environment, a asked) (report.Report, error) {
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	snap, err := evidence(ctx, c, env, a.request, checks.Kinds(a.selected))
	if err != nil {
		return report.Report{}, err
	}
	if a.request.plans != nil {
		return lookAhead(ctx, c, env, a, snap)
	}
	targets, err := complete(snap, a.request.said, a.request.targets)
	if err != nil {
		return report.Report{}, err
	}
	if a.named != nil {
		for i := range targets {
			targets[i] = defaultsFrom(targets[i], a.named).Settled()
		}
	}
	if err := addPolicies(c, snap); err != nil {
		return report.Report{}, err
	}
	if err := addProbes(ctx, c, env, snap, targets, a); err != nil {
		return report.Report{}, err
	}
	if a.seen != nil {
		a.seen(ctx, snap, targets)
	}
	shown := masked{snap, targets, a.waivers}
	if a.redaction != nil {
		if shown, err = a.redaction.apply(snap, targets, a.waivers); err != nil {
			return report.Report{}, err
		}
	}
	if a.shown != nil {
		a.shown(shown)
	}
	rep, err := judgeInTurn(ctx, c, env, a, targets, snap, shown)
	if err != nil {
		return rep, err
	}
	return rep, saveEvidence(c, env, shown.snap, shown.targets, a.lang)
}

// judgedAtOnce is how many targets' findings are in memory at a time.
const judgedAtOnce = 64

// judgeInTurn judges the targets and words what was found, a few at a time: there
// may be tens of thousands. What is shown of them may be redacted.
func judgeInTurn(ctx context.Context, c *cli.Context, env *environment, a asked, targets []snapshot.Target, snap *snapshot.Snapshot, shown masked) (report.Report, error) {
	opt := report.Options{
		Version: version(), Revision: revision(), Lang: a.lang, FailOn: a.failOn, Waivers: shown.waivers, Now: time.Now(), Interrupted: c.Context.Err() != nil, GeneratedAt: snap.TakenAt, Redacted: a.redaction.mark(),
	}
	if a.redaction != nil {
		opt.Revision = report.Revision{} // it names a repository
	}
	b, err := report.NewBuilder(len(targets), opt)
	if err != nil {
		return report.Report{}, err
	}
	l := liveLine(env)
	defer l.done()
	tasks, shownTasks := checks.TasksOf(targets, snap), checks.TasksOf(shown.targets, shown.snap)
	for n := 0; n < len(targets); n += judgedAtOnce {
		end := min(n+judgedAtOnce, len(targets))
		judged := judgeSome(ctx, targets[n:end], snap, a.all, a.selected, tasks)
		if a.redaction != nil {
			was := judged
			judged = judgeSome(ctx, shown.targets[n:end], shown.snap, a.all, a.selected, shownTasks)
			if err := sameAnswers(was, judged); err != nil {
				return report.Report{}, err
			}
			for i := range was {
				follow(a.waivers, shown.waivers, was[i], judged[i])
			}
		}
		for _, j := range judged {
			if err := b.Add(j); err != nil {
				return report.Report{}, snapshot.Errorf("keep the findings in a temporary file: %w", "検出事項の一時ファイルへの保存: %w", err)
			}
		}
		if len(targets) > judgedAtOnce {
			l.say(snapshot.Textf("judged %d of %d targets", "%d / %d 件のターゲットを判定", end, len(targets)).In(a.lang))
		}
	}
	rep, err := b.Report()
	if c.Context.Err() != nil {
		rep.Interrupt()
	}
	return rep, err
}

// keeps reports whether the evidence is written again.
func keeps(c *cli.Context) bool { return c.String("save") != "" || c.Command.Name == "bundle" }

// saveEvidence saves the evidence where --save says.
func saveEvidence(c *cli.Context, env *environment, snap *snapshot.Snapshot, targets []snapshot.Target, lang string) error {
	dir := c.String("save")
	if dir == "" {
		return nil
	}
	if len(targets) == 1 {
		said := targets[0].AsSaid()
		snap.Target = &said
	}
	if err := save(snap, dir); err != nil {
		return err
	}
	env.tell(snapshot.Textf("saved the evidence to %s", "証拠を %s に保存した", dir).In(lang))
	return nil
}

// judgeAll runs the checks for every target.
func judgeAll(ctx context.Context, targets []snapshot.Target, snap *snapshot.Snapshot, all checks.Catalogue, selected []*checks.Check) []report.Judged {
	return judgeSome(ctx, targets, snap, all, selected, checks.TasksOf(targets, snap))
}

// judgeSome runs the checks for some targets of a run, whose tasks are told. A deadline
// that has passed stops the collecting, not the judging, which takes milliseconds; an
// interrupt stops both.
func judgeSome(ctx context.Context, targets []snapshot.Target, snap *snapshot.Snapshot, all checks.Catalogue, selected []*checks.Check, tasks *checks.PlannedTasks) []report.Judged {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ctx = context.WithoutCancel(ctx)
	}
	return report.Run{All: all, Selected: selected, Options: checks.Options{Now: time.Now(), Tasks: tasks}}.Judge(ctx, snap, targets)
}

// evidence gets the snapshot from where the flags say. With --plan-only it is
// nil.
func evidence(ctx context.Context, c *cli.Context, env *environment, p request, kinds []snapshot.Kind) (*snapshot.Snapshot, error) {
	dir, fixture := c.String("snapshot"), c.String("fixture")
	if dir != "" && fixture != "" {
		return nil, snapshot.Errorf("--snapshot and --fixture exclude each other", "--snapshot と --fixture は同時に指定できない")
	}
	for _, flag := range []string{"snapshot", "fixture"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return nil, snapshot.Errorf("--%s is empty", "--%s が空", flag)
		}
	}
	if c.Bool("complete") && dir == "" {
		return nil, snapshot.Errorf("--complete is about the files of --snapshot", "--complete は --snapshot のファイルについての指定")
	}
	command, err := commandOf(c)
	if err != nil {
		return nil, err
	}
	opt := snapshot.ReadOptions{Complete: c.Bool("complete"), KeepDocuments: keeps(c)}
	var snap *snapshot.Snapshot
	switch {
	case fixture != "":
		var files fs.FS
		if files, _, err = fixtures.Open(fixture); err != nil {
			return nil, fmt.Errorf("--fixture: %w", err)
		}
		snap, err = snapshot.Read(files, opt)
	case dir != "":
		if snap, err = readFolder(dir, opt); err != nil {
			return nil, fmt.Errorf("--snapshot %s: %w", dir, err)
		}
		tellPassed(env, dir, snap.Passed, languageOf([]string{"--lang", c.String("lang")}))
	case c.Bool("plan-only"):
		return nil, nil
	default:
		snap, err = live(ctx, env, p, kinds, c.Int("concurrency"), opt.KeepDocuments, command)
		if err == nil {
			err = sentAnywhere(snap, command)
		}
		if p.plans != nil && (errors.Is(err, collect.ErrNoCredentials) || errors.Is(err, collect.ErrNoRegion)) {
			env.tell(snapshot.Textf("no estate to lay the plan over (%v): it is judged by itself, as with --plan-only", "プランを重ねる環境がない（%v）。--plan-only と同じくプランだけで判定する", err).In(languageOf(nil)))
			forgetSides(p.targets)
			return nil, nil
		}
	}
	return snap, err
}

// complete fills in what the targets leave out from the estate.
func complete(snap *snapshot.Snapshot, said snapshot.Target, asked []snapshot.Target) ([]snapshot.Target, error) {
	if m := snap.Target; m != nil && m.AgentARN != "" && len(asked) == 1 && asked[0].AgentARN == "" && asked[0].Audit == nil && asked[0].EndpointID == "" {
		asked = []snapshot.Target{asked[0].Merge(*m)} // saved of an agent
	}
	if slices.ContainsFunc(asked, func(t snapshot.Target) bool { return t.AgentARN != "" || t.Audit != nil }) {
		return found(snap, asked)
	}
	targets := slices.Clone(asked)
	var err error
	for i := range targets {
		targets[i] = checks.Together(snap, snap.Target, said, targets[i])
		if snap.Target != nil {
			if err := validate(targets[i], "manifest.json: target", nil); err != nil {
				return nil, err
			}
		}
		if targets[i], err = checks.Settle(snap, targets[i]); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

func readFolder(dir string, opt snapshot.ReadOptions) (*snapshot.Snapshot, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, plainPath(err)
	}
	if !info.IsDir() {
		return nil, snapshot.Errorf("not a folder; expected one that holds describe-vpc-endpoints.json and the like", "フォルダーではない。describe-vpc-endpoints.json などを含むフォルダーを指定する")
	}
	return snapshot.Read(os.DirFS(dir), opt)
}

// plainPath takes the path off an error of the file system, which the caller
// names itself.
func plainPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func live(ctx context.Context, env *environment, p request, kinds []snapshot.Kind, concurrency int, keep bool, command string) (*snapshot.Snapshot, error) {
	progress, done := progressLine(env)
	defer done()
	targets := make([]snapshot.Target, len(p.targets))
	for i, t := range p.targets {
		targets[i] = t.Settled()
	}
	return collect.Live(ctx, collect.Request{
		Targets: targets, Kinds: withAudit(withIdentity(kinds), targets), Scopes: p.scopes,
		Simulate: checks.ActivationActions(), Concurrency: concurrency, Keep: keep, Progress: progress, Command: command, Planned: namedBy(p.plans),
		Connect: p.aws.Connect,
	})
}

// withIdentity adds the call that tells the account, which the report shows.
func withIdentity(kinds []snapshot.Kind) []snapshot.Kind {
	if slices.Contains(kinds, snapshot.CallerIdentity) {
		return kinds
	}
	return append([]snapshot.Kind{snapshot.CallerIdentity}, kinds...)
}

// saneLimits refuses limits under which nothing could be done.
func saneLimits(c *cli.Context) error {
	if d := c.Duration("timeout"); d <= 0 {
		return snapshot.Errorf("--timeout %s: expected a time above zero, such as 60s", "--timeout %s: 60s のような正の時間を指定する", d)
	}
	if n := c.Int("concurrency"); n < 1 {
		return snapshot.Errorf("--concurrency %d: expected a number from 1 on", "--concurrency %d: 1 以上の数を指定する", n)
	}
	return nil
}

func save(snap *snapshot.Snapshot, dir string) error {
	files, err := snap.Files(version())
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return writeFiles(files, dir)
}

// output is one --output.
type output struct {
	format report.Format
	path   string // "": standard output
	table  report.TableOptions
}

// wideWidth is that of a wide table where no terminal says otherwise.
const wideWidth = 160

func parseOutputs(c *cli.Context, env *environment) ([]output, error) {
	list := c.StringSlice("output")
	if len(list) == 0 {
		list = []string{"table"}
	}
	color, err := colored(c.String("color"), env.stdout)
	if err != nil {
		return nil, err
	}
	width, tty := terminal(env.stdout)
	var outputs []output
	toStdout := 0
	for _, s := range list {
		name, path, named := strings.Cut(s, "=")
		format, ok := report.FormatNamed(name)
		if !ok {
			return nil, snapshot.Errorf("--output %q: expected one of %s, and =PATH to write to a file", "--output %q: %s のいずれかを指定する（ファイルに書くには =PATH を付ける）", s, report.FormatNames())
		}
		if named && path == "" {
			return nil, snapshot.Errorf("--output %q: the path is empty", "--output %q: パスが空", s)
		}
		if path == "" {
			toStdout++
		} else if slices.ContainsFunc(outputs, func(o output) bool { return o.path == path }) {
			return nil, snapshot.Errorf("--output: two outputs go to %s", "--output: 2 つの出力が同じ %s に書かれる", path)
		}
		t := report.TableOptions{Width: width, Color: color && path == "", Quiet: c.Bool("quiet"), Explain: c.Bool("explain"), Verbose: c.Bool("verbose"), Wide: name == "wide"}
		if path != "" {
			t.Width = report.DefaultWidth
		}
		if t.Wide && (!tty || path != "" || width < report.DefaultWidth*3/2) {
			t.Width = wideWidth
		}
		outputs = append(outputs, output{format, path, t})
	}
	if toStdout > 1 {
		return nil, snapshot.Errorf("two outputs go to standard output: give all but one a path, as in -o json=report.json", "2 つの出力が標準出力に向いている。1 つを除いて -o json=report.json のようにパスを付ける")
	}
	return outputs, nil
}

func (o output) write(c *cli.Context, env *environment, rep report.Report, lang string) error {
	o.table.Lang = lang
	render := o.format.Render(o.table)
	if o.format.Name == "github" {
		if err := stepSummary(c, rep, lang); err != nil {
			return err
		}
	}
	if o.path == "" {
		if err := render(env.stdout, rep); err != nil {
			return snapshot.Errorf("write the report: %w", "レポートの書き込み: %w", err)
		}
		return nil
	}
	if err := writeWhole(c, o.path, func(w io.Writer) error { return render(w, rep) }); err != nil {
		return snapshot.Errorf("--output %s: %w", "--output %s: %w", o.path, err)
	}
	return nil
}

// stepSummary adds the report to the summary of a step of GitHub Actions, where
// there is one.
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
func stepSummary(c *cli.Context, rep report.Report, lang string) error {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeWhole(c, path, func(w io.Writer) error { return report.Markdown(lang)(w, rep) })
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	if err := report.Markdown(lang)(f, rep); err != nil {
		_ = f.Close()
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	return f.Close()
}

// progressLine shows on a terminal what is being read; elsewhere it is silent.
func progressLine(env *environment) (report func(string, snapshot.Kind), done func()) {
	l := liveLine(env)
	if !l.tty {
		return nil, func() {}
	}
	lines := make(chan string)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		n, lang := 0, languageOf(nil)
		for line := range lines {
			n++
			l.say(snapshot.Textf("reading from AWS: %d calls, last %s", "AWS から読み取り中: %d 件、直近 %s", n, line).In(lang))
		}
		l.done()
	}()
	return func(scope string, k snapshot.Kind) { lines <- scope + " " + k.Command() }, func() { close(lines); <-finished }
}
