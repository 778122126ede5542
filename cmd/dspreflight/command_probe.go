package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

func probeCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "probe",
		Usage:     "dial from here what the agent will need, without AWS credentials",
		UsageText: "dspreflight probe --endpoint-ip ADDRESS [--agent-ip ADDRESS] [--storage nfs://HOST] [flags]\n\nRun it on the agent's network, save the result with -o json=probes.json, and give it to dspreflight check --probes probes.json. Where nothing can be installed, --script prints a shell script that dials the same. Nothing is requested: a connection to the agent's port 80 is opened and closed, no key is made. At most " + fmt.Sprint(probe.PerAddress) + " dials to one address are under way.\n\n   Exit code: 0 when everything that an agent can't do without answers, 1 when something does\n   not, 3 when this machine itself could not tell, 130 when interrupted.",
		Flags: []cli.Flag{
			stringFlag(groupDestination, "region", "the activation `REGION`: its DataSync, EC2 and STS APIs are tried, and the tools of this machine looked at"),
			listFlag(groupDestination, "endpoint-ip", "an `ADDRESS` of the VPC endpoint (repeatable)"),
			stringFlag(groupSource, "agent-ip", "the agent's `ADDRESS`: its port 80 is dialled"),
			listFlag(groupSource, "storage", "storage `URL`: nfs://host[:port], or with smb://, https:// or http:// (object storage), hdfs:// (a NameNode; a DataNode with its port) or kerberos:// (a KDC) (repeatable)"),
			listFlag(groupSource, "source-cidr", "`CIDR` of the agent's network, to tell whether this machine is in it (repeatable)"),
			stringFlag(groupSource, "vantage", "`PLACE` of this machine: agent-network, activation-machine or elsewhere (default: guessed by its addresses, and believed only where the agent or a file server beside it answers)"),
			stringFlag(groupSelection, "requirements", "where sources disagree, follow `WHICH`: default, article or guide"),
			stringFlag(groupSelection, "mode", "`MODE` of the agent: basic or enhanced (default: basic)"),
			boolFlag(groupOutput, "script", "print a POSIX shell script that dials the same and prints the same JSON"),
			boolFlag(groupOutput, "ssm-document", "print a Command document of AWS Systems Manager that runs the script, for check --probes ssm:COMMAND-ID, and say on standard error how it is sent"),
			&cli.StringFlag{Name: "ssm-tag", Usage: "with --ssm-document: send it to the instances with the tag `KEY=VALUE`", Value: "dspreflight=probe", Category: groupOutput, EnvVars: variable("ssm-tag")},
			stringFlag(groupOutput, "ssm-bucket", "with --ssm-document: keep whole outputs in the S3 bucket `NAME`"),
			&cli.StringSliceFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT[=PATH]`: table or json (repeatable)", Category: groupOutput},
			stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
			&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", Category: groupOutput, EnvVars: variable("color")},
			connectTimeoutFlag(), waitFlag(), allowPublicFlag(),
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return runProbe(c, env)
		},
	}
}

func runProbe(c *cli.Context, env *environment) error {
	o, err := commonOptions(c)
	if err != nil {
		return err
	}
	outputs, err := outputsOfProbe(c, env)
	if err != nil {
		return err
	}
	here, err := hereFor(c, o)
	if err != nil {
		return err
	}
	targets, err := probePlan(c, o.Rule)
	if err != nil {
		return err
	}
	if c.Bool("ssm-document") {
		return printSSMDocument(c, env, o, targets)
	}
	if c.Bool("script") {
		_, err := fmt.Fprint(env.stdout, probe.Script(targets, o.ConnectTimeout, probe.ScriptHead{ToolVersion: o.Version, Lang: o.Lang, Vantage: here}))
		return err
	}
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, ToolVersion: o.Version, TakenAt: time.Now().UTC().Truncate(time.Second), Vantage: here, TimeoutMS: int(o.ConnectTimeout.Milliseconds())}
	if region := c.String("region"); region != "" {
		run.Tools = probe.Tools(c.Context)
		run.APIs = audit.ReachAPIs(c.Context, collect.Account{Region: region}, o.ConnectTimeout)
	}
	run.Probes = audit.New(o, env.Console).Dial(c.Context, targets, c.Duration("wait"))
	if c.Duration("wait") > 0 { // what was waited for is as of now
		run.TakenAt = time.Now().UTC().Truncate(time.Second)
	}
	env.code = probeCode(c.Context, snapshot.Target{Requirements: c.String("requirements"), Mode: c.String("mode")}, run)
	for _, out := range outputs {
		var b bytes.Buffer
		if out.format.Name == "json" {
			err = writeJSONTo(&b, run)
		} else {
			out.table.Lang = o.Lang
			err = report.Probes(&b, run, out.table)
		}
		if err != nil {
			return err
		}
		if out.path == "" {
			if _, err := env.stdout.Write(b.Bytes()); err != nil {
				return err
			}
			continue
		}
		if err := files.Write(c.Context, o.Patience(), out.path, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
			return snapshot.Errorf("--output %s: %w", "--output %s: %w", out.path, err)
		}
		open, total := 0, 0
		for _, p := range run.Probes {
			if p.Purpose != snapshot.ToControlPort {
				total++
				if p.Outcome == snapshot.Open {
					open++
				}
			}
		}
		env.Tell(snapshot.Textf("wrote %s: %d of %d answered", "%s に書き込んだ（%[3]d 件中 %[2]d 件が応答）", out.path, open, total).In(o.Lang))
	}
	return nil
}

// hereFor places this machine by what the flags say.
func hereFor(c *cli.Context, o audit.Options) (snapshot.Vantage, error) {
	here := probe.Here()
	if o.Vantage != "" {
		here.Place, here.Guessed = o.Vantage, false
		return here, nil
	}
	var source []netip.Prefix
	for _, s := range c.StringSlice("source-cidr") {
		p, err := parseCIDR(s)
		if err != nil {
			return here, fmt.Errorf("--source-cidr %w", err)
		}
		source = append(source, p)
	}
	if a, err := parseAddr(c.String("agent-ip")); err == nil && a.IsValid() {
		source = append(source, netip.PrefixFrom(a, a.BitLen()))
	}
	here.Place = here.Guess(source, nil)
	return here, nil
}

// probePlan turns the flags into what to dial.
func probePlan(c *cli.Context, rule probe.Rule) ([]probe.Target, error) {
	t := snapshot.Target{Region: c.String("region"), Requirements: c.String("requirements"), Mode: c.String("mode")}
	if err := audit.Validate(t, "--config", nil); err != nil {
		return nil, err
	}
	r := probe.Request{Storage: c.StringSlice("storage"), Ports: audit.PortsToDial(t)}
	for _, s := range c.StringSlice("endpoint-ip") {
		a, err := parseAddr(s)
		if err != nil {
			return nil, fmt.Errorf("--endpoint-ip %w", err)
		}
		if !a.IsValid() {
			return nil, snapshot.Errorf("--endpoint-ip is empty", "--endpoint-ip が空")
		}
		if !a.Unmap().Is4() {
			return nil, snapshot.Errorf("--endpoint-ip %s: the activation key takes an IPv4 address only", "--endpoint-ip %s: アクティベーションキーには IPv4 アドレスしか使えない", a)
		}
		if err := rule(snapshot.ToEndpointPort, a.Unmap()); err != nil {
			return nil, snapshot.Errorf("--endpoint-ip: %w", "--endpoint-ip: %w", err)
		}
		if !slices.Contains(r.Endpoint, a.Unmap()) {
			r.Endpoint = append(r.Endpoint, a.Unmap())
		}
	}
	agent, err := parseAddr(c.String("agent-ip"))
	if err != nil {
		return nil, fmt.Errorf("--agent-ip %w", err)
	}
	if r.Agent = agent.Unmap(); r.Agent.IsValid() {
		if err := rule(snapshot.ToAgentHTTP, r.Agent); err != nil {
			return nil, snapshot.Errorf("--agent-ip: %w", "--agent-ip: %w", err)
		}
	}
	targets, err := probe.Plan(r)
	if err != nil {
		return nil, fmt.Errorf("--storage %w", err)
	}
	for _, t := range targets {
		if t.Addr.IsValid() {
			if err := rule(t.Purpose, t.Addr); err != nil {
				return nil, snapshot.Errorf("--storage: %w", "--storage: %w", err)
			}
		}
	}
	if len(targets) == 0 && t.Region == "" {
		return nil, snapshot.Errorf("probe: nothing to dial; pass --endpoint-ip (an address of the VPC endpoint), --agent-ip, --storage or --region", "probe: 接続先がない。--endpoint-ip（VPC エンドポイントのアドレス）、--agent-ip、--storage、--region のいずれかを指定する")
	}
	return targets, nil
}

// probeCode is the exit code of a run: 0 when all that must answer does, 1 when
// something does not, 3 when that could not be told.
func probeCode(ctx context.Context, t snapshot.Target, run snapshot.ProbeRun) int {
	if ctx.Err() != nil {
		return report.Interrupted.ExitCode()
	}
	code, probes := 0, run.Probes
	for _, a := range run.APIs {
		switch {
		case a.Service == "iam" || a.Outcome == snapshot.Open && a.Untrusted == "":
		case a.Outcome == snapshot.Failed || a.Outcome == snapshot.Cancelled || a.Outcome == snapshot.LocalLimit:
			code = report.Inconclusive.ExitCode()
		default:
			return report.NotReady.ExitCode()
		}
	}
	for _, p := range probes {
		switch {
		case p.Purpose == snapshot.ToControlPort:
			if p.Outcome == snapshot.Open { // something answers on everything: open ports prove nothing
				code = max(code, report.Inconclusive.ExitCode())
			}
		case p.Outcome == snapshot.Open:
		case p.Local || p.Outcome == snapshot.Cancelled || p.Outcome == snapshot.Failed || checks.Hurried(&run, p):
			code = max(code, report.Inconclusive.ExitCode())
		case p.Purpose == snapshot.ToStorage && optionalStorage(p, probes), p.Purpose == snapshot.ToEndpointPort && !checks.PortRequired(t, p.Port):
		default:
			return report.NotReady.ExitCode()
		}
	}
	return code
}

// optionalStorage reports whether another port of the file server is enough.
func optionalStorage(p snapshot.Probe, probes []snapshot.Probe) bool {
	return slices.ContainsFunc(probes, func(o snapshot.Probe) bool {
		return o.Purpose == p.Purpose && o.Host == p.Host && o.Addr == p.Addr && o.Outcome == snapshot.Open
	})
}
