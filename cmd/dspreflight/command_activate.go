package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/activation"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

const groupActivation = "Activation"

func activateCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "activate",
		Usage:     "print a script that activates the agent, if it is READY",
		UsageText: "dspreflight activate [flags] > activate.sh\n   dspreflight activate [flags] | ssh HOST sh\n\nJudges the target as check does. If it is READY, prints a POSIX script for a machine that reaches the agent: it asks for the activation key, which stays in memory, calls CreateAgent once, waits until the agent is ONLINE, and prints its ARN. dspreflight itself changes nothing.\nOtherwise it prints what is in the way on standard error and exits as check does.",
		Flags:     activationFlags(),
		Action: func(c *cli.Context) error {
			if err := noAgentNamed(c); err != nil {
				return err
			}
			return runActivate(c, env)
		},
	}
}

// noAgentNamed refuses arguments, and says what serves for the ARN of an agent.
func noAgentNamed(c *cli.Context) error {
	if arn := c.Args().First(); snapshot.IsAgentARN(arn) {
		return existsAlready(c.Command.Name, arn)
	}
	return noArguments(c)
}

// existsAlready says what to do about an agent that is there.
func existsAlready(command, arn string) error {
	return snapshot.Errorf("%[1]s is about an agent that is still to be made: to see how one is that exists, run dspreflight check --agent-arn %[2]s. To put another in its place, name the endpoint with --vpc-endpoint-id and the new agent with --agent-ip, and afterwards give it to the locations of the old one", "%[1]s はこれから作成するエージェントのためのコマンド。既存のエージェントの状態は dspreflight check --agent-arn %[2]s で調べる。置き換える場合は、--vpc-endpoint-id でエンドポイントを、--agent-ip で新しいエージェントを指定し、アクティブ化の後にロケーションのエージェントを付け替える", command, arn)
}

// activationFlags are those of the commands that say how an agent is activated.
func activationFlags() []cli.Flag {
	flags := append(targetFlags(), evidenceFlags()...)
	flags = append(flags, judgementFlags()...)
	return append(flags,
		boolFlag(groupActivation, "local-console", "take the key from the agent's local console instead of its port 80: print the keystrokes"),
		boolFlag(groupActivation, "terraform", "print an aws_datasync_agent with the key as an input"),
		boolFlag(groupActivation, "cloudformation", "print a template with an AWS::DataSync::Agent and the key as a parameter"),
		&cli.DurationFlag{Name: "online-timeout", Usage: "the script waits for ONLINE at most `TIME`", Value: 10 * time.Minute, Category: groupActivation, EnvVars: variable("online-timeout")},
	)
}

// judgementFlags are those of the commands that say what follows a READY.
func judgementFlags() []cli.Flag {
	flags := []cli.Flag{
		stringFlag(groupActivation, "agent-name", "`NAME` of the agent (default: datasync-agent and its address)"),
		stringFlag(groupActivation, "anyway", "go on although the verdict is `VERDICT`: inconclusive (a FAIL only by --accept or --waivers)"),
		stringFlag(groupSelection, "requirements", "where sources disagree, follow `WHICH`: default, article or guide"),
		listFlag(groupGate, "accept", "let findings with `CODE` (or of a check) stand, for this run (repeatable)"),
		stringFlag(groupGate, "waivers", "let findings stand that the YAML `FILE` names, each with a reason, an owner and an expiry"),
		stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
		&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", Category: groupOutput, EnvVars: variable("color")},
		ownChecksFlag(), connectTimeoutFlag(), allowPublicFlag(),
	}
	return append(flags, timeFlags()...)
}

func runActivate(c *cli.Context, env *environment) error {
	form, err := activationForm(c)
	if err != nil {
		return err
	}
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	if _, err := colored(c.String("color"), env.Err); err != nil {
		return err
	}
	ready, err := readyFor(c, env, o)
	if err != nil || ready == nil {
		return err
	}
	defer ready.report.Close()
	var text string
	switch form {
	case activation.ByTerraform:
		text = ready.plan.Terraform(o.Version, o.Lang)
	case activation.ByCloudFormation:
		text = ready.plan.CloudFormation(o.Version, o.Lang)
	default:
		if err := askable(c, ready.plan); err != nil {
			return err
		}
		text = ready.plan.Script(scriptOptions(c, ready, o))
	}
	_, err = fmt.Fprint(env.stdout, text)
	return err
}

// activationForm is how the flags want the agent made.
func activationForm(c *cli.Context) (activation.Form, error) {
	form, forms := activation.ByCLI, 0
	for flag, f := range map[string]activation.Form{"local-console": activation.ByCLI, "terraform": activation.ByTerraform, "cloudformation": activation.ByCloudFormation} {
		if c.Bool(flag) {
			forms++
			form = f
		}
	}
	if forms > 1 {
		return form, snapshot.Errorf("--local-console, --terraform and --cloudformation exclude each other", "--local-console、--terraform、--cloudformation は同時に指定できない")
	}
	if d := c.Duration("online-timeout"); d < time.Second {
		return form, snapshot.Errorf("--online-timeout %s: expected a time of a second or more, such as 10m", "--online-timeout %s: 10m のような 1 秒以上の時間を指定する", d)
	}
	return form, nil
}

// askable refuses to ask an agent for its key whose address is not known.
func askable(c *cli.Context, p activation.Plan) error {
	if p.Agent.IsValid() || c.Bool("local-console") {
		return nil
	}
	return snapshot.Errorf("it is not known which address the agent has, and the key is asked for there: say it with --agent-ip or --agent-instance-id, or take the key from its local console with --local-console", "キーの要求先となるエージェントのアドレスが分からない。--agent-ip か --agent-instance-id で指定するか、--local-console でローカルコンソールから取得する")
}

func scriptOptions(c *cli.Context, r *ready, o audit.Options) activation.ScriptOptions {
	return activation.ScriptOptions{Version: o.Version, Lang: o.Lang, LocalConsole: c.Bool("local-console"), Online: c.Duration("online-timeout"), Explain: sameTarget(c, r.target, r.plan)}
}

// ready is what may be activated, and how that was judged.
type ready struct {
	plan   activation.Plan
	target snapshot.Target
	report report.Report
}

// readyFor judges the one target of a run. It is nil where it is not ready: that
// is said on standard error, and the exit code is check's.
func readyFor(c *cli.Context, env *environment, o audit.Options) (*ready, error) {
	if v := c.String("anyway"); v != "" && v != "inconclusive" {
		return nil, snapshot.Errorf("--anyway %q: expected inconclusive; a FAIL is let stand by --accept or --waivers alone", "--anyway %q: inconclusive だけを指定できる。FAIL は --accept か --waivers でのみ許容される", v)
	}
	r := audit.New(o, env.Console)
	if err := r.Prepare(c.Context); err != nil {
		return nil, err
	}
	if n := len(r.Request.Targets); n != 1 {
		return nil, snapshot.Errorf("%s is about one agent, but --config has %d targets: leave one in it", "%s は 1 つのエージェントを対象とするが、--config に %d 個のターゲットがある。1 個にする", c.Command.Name, n)
	}
	var snap *snapshot.Snapshot
	var target snapshot.Target
	r.Seen = func(_ context.Context, s *snapshot.Snapshot, targets []snapshot.Target) { snap, target = s, targets[0] }
	rep, err := r.Look(c.Context)
	if err != nil {
		return nil, err
	}
	if target.AgentARN != "" {
		rep.Close()
		return nil, existsAlready(c.Command.Name, target.AgentARN)
	}
	if rep.Verdict != report.Ready && (rep.Verdict != report.Inconclusive || c.String("anyway") == "") {
		defer rep.Close()
		env.code = rep.ExitCode
		return nil, refuse(c, env, rep, o.Lang)
	}
	plan, err := activation.For(target, snap.For(target), c.String("agent-name"))
	if err != nil {
		rep.Close()
		return nil, err
	}
	return &ready{plan, target, rep}, nil
}

// refuse says what is in the way.
func refuse(c *cli.Context, env *environment, rep report.Report, lang string) error {
	color, err := colored(c.String("color"), env.Err)
	if err != nil {
		return err
	}
	width, _ := console.Terminal(env.Err)
	if err := report.Table(report.TableOptions{Width: width, Color: color, Quiet: true, Lang: lang})(env.Err, rep); err != nil {
		return err
	}
	note := snapshot.Textf("nothing was printed: mend what is above first (check --explain shows how), or let it stand with --accept or --waivers", "何も出力していない。先に上記を直す（直し方は check --explain で分かる）か、--accept または --waivers で許容する")
	switch rep.Verdict {
	case report.Interrupted:
		note = snapshot.Textf("nothing was printed: the run was interrupted before all was judged", "何も出力していない。判定が終わる前に中断された")
	case report.Inconclusive:
		note = snapshot.Textf("nothing was printed: it is not known whether an activation would succeed. Settle what is UNKNOWN above, or add --anyway inconclusive", "何も出力していない。アクティブ化が成功するか分からない。上記の UNKNOWN を解消するか、--anyway inconclusive を付ける")
	}
	env.Tell(note.In(lang))
	return nil
}

// sameTarget are flags with which explain --run looks at the same target: those that
// were given, and the ids that the activation settled.
func sameTarget(c *cli.Context, t snapshot.Target, p activation.Plan) []string {
	flags := append(targetFlags(), evidenceFlags()...)
	flags = append(flags, stringFlag(groupSelection, "requirements", ""), allowPublicFlag())
	leftOut := []string{"activation-key", "subnet-arn", "security-group-arn", "no-probe", "vantage"}
	var out []string
	for _, f := range flags {
		name := f.Names()[0]
		if !c.IsSet(name) || slices.Contains(leftOut, name) {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			if c.Bool(name) {
				out = append(out, "--"+name)
			}
		case *cli.StringSliceFlag:
			for _, v := range c.StringSlice(name) {
				out = append(out, "--"+name, v)
			}
		default:
			out = append(out, "--"+name, fmt.Sprint(c.Value(name)))
		}
	}
	settled := []struct{ flag, value string }{
		{"region", p.Region},
		{"vpc-endpoint-id", p.Endpoint},
		{"endpoint-ip", p.Address.String()},
		{"subnet-id", audit.IDInARN(p.SubnetARN, "subnet-")},
		{"security-group-id", audit.IDInARN(p.GroupARN, "sg-")},
		{"source-vpc-id", t.SourceVPCID},
		{"source-subnet-id", t.SourceSubnetID},
		{"agent-instance-id", t.AgentInstanceID},
	}
	if t.AgentIP.IsValid() {
		settled = append(settled, struct{ flag, value string }{"agent-ip", t.AgentIP.String()})
	}
	for _, s := range settled {
		if s.value != "" && !slices.Contains(out, "--"+s.flag) {
			out = append(out, "--"+s.flag, s.value)
		}
	}
	return out
}
