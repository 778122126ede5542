package main

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

// optionsOf reads the flags of a command, and refuses what can't be meant: by itself, or
// beside the rest. What a command has no flag for keeps its default.
func optionsOf(c *cli.Context) (audit.Options, error) {
	o, err := commonOptions(c)
	if err != nil {
		return o, err
	}
	for _, read := range []func(*cli.Context, *audit.Options) error{readSaid, readEvidence, readPlans, readAgents, readJudging, readWriting, readLimits, readTogether} {
		if err := read(c, &o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// commonOptions are those that every look needs, also one at the wire alone.
func commonOptions(c *cli.Context) (audit.Options, error) {
	o := audit.Options{Version: version(), Revision: revision(), FailOn: report.OnFail, Rule: probe.Possible(c.Bool("allow-public")), ConnectTimeout: c.Duration("connect-timeout"), Debug: c.Bool("debug")}
	var err error
	if o.Lang, err = language(c); err != nil {
		return o, err
	}
	o.Vantage = snapshot.VantagePlace(c.String("vantage"))
	switch d := o.ConnectTimeout; {
	case has(c, "connect-timeout") && (d < 10*time.Millisecond || d > time.Minute):
		return o, snapshot.Errorf("--connect-timeout %s: expected a time from 10ms to 1m, such as 3.5s", "--connect-timeout %s: 10ms から 1m までの時間（3.5s など）を指定する", d)
	case c.Duration("wait") < 0:
		return o, snapshot.Errorf("--wait %s: expected a time above zero, such as 10m", "--wait %s: 10m のような正の時間を指定する", c.Duration("wait"))
	case o.Vantage != "" && !slices.Contains(snapshot.VantagePlaces(), o.Vantage):
		return o, snapshot.Errorf("--vantage %q: expected agent-network, activation-machine or elsewhere", "--vantage %q: agent-network、activation-machine、elsewhere のいずれかを指定する", o.Vantage)
	}
	return o, nil
}

// has reports whether a command has a flag.
func has(c *cli.Context, name string) bool {
	return slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// readSaid reads what flags and environment say of every target, and of those who look.
func readSaid(c *cli.Context, o *audit.Options) error {
	o.ConfigFile = c.String("config")
	o.Origin = origin
	o.Access = audit.Access{Profile: c.String("profile"), RoleARN: c.String("role-arn"), SourceProfile: c.String("source-profile"), SourceRoleARN: c.String("source-role-arn")}
	o.Network = collect.Account{Region: c.String("network-region"), Profile: c.String("network-profile"), RoleARN: c.String("network-role-arn")}
	var err error
	o.Said, err = saidOf(c)
	return err
}

// origin says how a flag was given.
func origin(flag string) string {
	if v := variable(flag)[0]; os.Getenv(v) != "" {
		return "--" + flag + " (" + v + ")"
	}
	return "--" + flag
}

// saidOf is what flags and environment say of every target.
func saidOf(c *cli.Context) (snapshot.Target, error) {
	t := snapshot.Target{
		Region: c.String("region"), EndpointID: c.String("vpc-endpoint-id"), SubnetID: c.String("subnet-id"), GroupID: c.String("security-group-id"),
		DestinationType: c.String("destination-type"), Mode: c.String("mode"), SourceRegion: c.String("source-region"), SourceVPCID: c.String("source-vpc-id"),
		SourceSubnetID: c.String("source-subnet-id"), AgentInstanceID: c.String("agent-instance-id"), KeyRequest: c.String("key-request"), Requirements: c.String("requirements"),
	}
	if c.IsSet("tasks") {
		t.Tasks = c.Int("tasks")
		if t.Tasks < 1 || t.Tasks > audit.MaxTasks {
			return t, snapshot.Errorf("--tasks %d: expected a number from 1 to %d", "--tasks %d: 1 から %d までの数を指定する", t.Tasks, audit.MaxTasks)
		}
	}
	t.Storage, t.SubnetARNs, t.GroupARNs = c.StringSlice("storage"), c.StringSlice("subnet-arn"), c.StringSlice("security-group-arn")
	if c.IsSet("activation-key") {
		t.KeyShape = checks.KeyShape(c.String("activation-key"))
	}
	for _, s := range c.StringSlice("source-cidr") {
		p, err := parseCIDR(s)
		if err != nil {
			return t, fmt.Errorf("--source-cidr %w", err)
		}
		t.SourceCIDRs = append(t.SourceCIDRs, p)
	}
	var err error
	if t.EndpointIP, err = parseAddr(c.String("endpoint-ip")); err != nil {
		return t, fmt.Errorf("--endpoint-ip %w", err)
	}
	if t.AgentIP, err = parseAddr(c.String("agent-ip")); err != nil {
		return t, fmt.Errorf("--agent-ip %w", err)
	}
	return t, nil
}

func parseCIDR(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, snapshot.Errorf("%q: expected a CIDR block, such as 10.10.0.0/16", "%q: 10.10.0.0/16 のような CIDR ブロックを指定する", s)
	}
	if p.Masked() != p {
		return p, snapshot.Errorf("%q: the address has bits set behind the prefix; did you mean %s?", "%q: プレフィックスより後ろのビットが立っている。%s のことか", s, p.Masked())
	}
	return p, nil
}

func parseAddr(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		return a, snapshot.Errorf("%q: an address with a zone means something on one machine only; leave %q out", "%q: ゾーン付きのアドレスは 1 台のマシンでしか意味がない。%q を除く", s, "%"+a.Zone())
	}
	if err != nil {
		return a, snapshot.Errorf("%q: expected an IP address, such as 10.10.1.50", "%q: 10.10.1.50 のような IP アドレスを指定する", s)
	}
	return a, nil
}

// readAgents reads which agents and endpoints of DataSync are the targets.
func readAgents(c *cli.Context, o *audit.Options) error {
	o.AgentARNs, o.Audit = c.StringSlice("agent-arn"), snapshot.Audit{Agents: c.Bool("all-agents"), Endpoints: c.Bool("all-endpoints")}
	o.Organization, o.RoleName = c.String("accounts-from") != "", c.String("role-name")
	whole := o.Audit != snapshot.Audit{}
	switch from := c.String("accounts-from"); {
	case from != "" && from != "organizations":
		return snapshot.Errorf("--accounts-from %q: expected organizations", "--accounts-from %q: organizations を指定する", from)
	case (from == "") != (c.String("role-name") == ""):
		return snapshot.Errorf("--accounts-from and --role-name go together: the role is assumed in each account", "--accounts-from と --role-name は併せて指定する。各アカウントでそのロールを引き受ける")
	case from != "" && !whole && len(o.AgentARNs) == 0:
		return snapshot.Errorf("--accounts-from: say what to look for there, with --all-agents, --all-endpoints or --agent-arn", "--accounts-from: 対象を --all-agents、--all-endpoints、--agent-arn のいずれかで指定する")
	case from != "" && !o.AsksAWS():
		return snapshot.Errorf("--accounts-from asks AWS, so it can't be used with --snapshot, --fixture or --plan-only: files have their accounts as folders", "--accounts-from は AWS に問い合わせる指定なので、--snapshot、--fixture、--plan-only とは併用できない。ファイルではアカウントごとにフォルダーを分ける")
	case from != "" && !roleName.Re().MatchString(c.String("role-name")):
		return snapshot.Errorf("--role-name %q: expected the name of a role, with its path if it has one, such as Audit", "--role-name %q: Audit のようなロール名（パスがあればパスも）を指定する", c.String("role-name"))
	case whole && len(o.AgentARNs) > 0:
		return snapshot.Errorf("--agent-arn and --all-agents or --all-endpoints exclude each other", "--agent-arn と、--all-agents または --all-endpoints は同時に指定できない")
	}
	return nil
}

// readEvidence reads where the facts come from.
func readEvidence(c *cli.Context, o *audit.Options) error {
	o.Snapshot, o.Complete, o.Fixture = c.String("snapshot"), c.Bool("complete"), c.String("fixture")
	o.PolicyFiles, o.PolicyIdentity, o.NoProbe = c.StringSlice("policy-file"), c.String("policy-identity"), c.Bool("no-probe")
	o.PlanOnly = c.Bool("plan-only")
	for _, flag := range []string{"snapshot", "fixture"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return snapshot.Errorf("--%s is empty", "--%s が空", flag)
		}
	}
	switch identity := o.PolicyIdentity; {
	case o.Snapshot != "" && o.Fixture != "":
		return snapshot.Errorf("--snapshot and --fixture exclude each other", "--snapshot と --fixture は同時に指定できない")
	case o.Complete && o.Snapshot == "" && has(c, "snapshot"):
		return snapshot.Errorf("--complete is about the files of --snapshot", "--complete は --snapshot のファイルについての指定")
	case identity != "" && !policyIdentity.Re().MatchString(identity):
		return snapshot.Errorf("--policy-identity %q: expected the ARN of a user or role, such as arn:aws:iam::111122223333:role/NAME", "--policy-identity %q: arn:aws:iam::111122223333:role/NAME のようなユーザーまたはロールの ARN を指定する", identity)
	case strings.Contains(identity, ":role/aws-service-role/"):
		return snapshot.Errorf("--policy-identity %q: only a service of AWS assumes a service-linked role; name the identity that will call CreateAgent", "--policy-identity %q: サービスリンクロールを引き受けるのは AWS のサービスだけである。CreateAgent を呼び出すアイデンティティを指定する", identity)
	case o.NoProbe && o.Vantage != "":
		return snapshot.Errorf("--no-probe and --vantage exclude each other: nothing is dialled from there", "--no-probe と --vantage は同時に指定できない")
	}
	if !has(c, "no-probe") { // iam-policy takes any command
		return nil
	}
	return readProbes(c, o)
}

// roleName is the name of a role, with its path.
var roleName = pattern.New(`^/?([\w+=,.@-]+/)*[\w+=,.@-]{1,64}$`)

// policyIdentity is the ARN of what can have identity policies and call
// CreateAgent.
var policyIdentity = pattern.New(`^arn:aws[a-z-]*:(iam::[0-9]{12}:(user|role)|sts::[0-9]{12}:assumed-role)/[\w+=,.@/-]+$`)

// readProbes tells the files of --probes from a command of Systems Manager.
func readProbes(c *cli.Context, o *audit.Options) error {
	for _, v := range c.StringSlice("probes") {
		id, ok := strings.CutPrefix(v, ofCommand)
		switch {
		case !ok:
			o.Probes = append(o.Probes, v)
			continue
		case !commandID.Re().MatchString(id):
			return snapshot.Errorf("--probes %q: expected ssm: and the id of a command, such as ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9", "--probes %q: ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9 のように ssm: とコマンド ID を指定する", v)
		case o.Command != "" && o.Command != id:
			return snapshot.Errorf("--probes: two commands, %s and %s; read one, and save the other with --save", "--probes: コマンドが 2 つ（%s と %s）ある。一方だけを指定し、他方は --save で保存する", o.Command, id)
		case !o.AsksAWS():
			return snapshot.Errorf("--probes %s asks AWS, and --snapshot, --fixture and --plan-only don't: in a folder, ssm-list-command-invocations.json and ssm-get-command-invocation.<instance>.json are read without a flag", "--probes %s は AWS に問い合わせるため、--snapshot、--fixture、--plan-only とは併用できない。フォルダー内の ssm-list-command-invocations.json と ssm-get-command-invocation.<instance>.json は指定なしで読み込まれる", v)
		}
		o.Command = id
	}
	return nil
}

// readPlans reads which changes are laid over the evidence.
func readPlans(c *cli.Context, o *audit.Options) error {
	o.Plans, o.Configuration = c.StringSlice("plan"), c.String("configuration")
	o.Templates, o.Deployed, o.Parameters = c.StringSlice("template"), c.StringSlice("deployed-template"), c.StringSlice("parameters")
	o.Stack, o.NewStack = c.String("stack"), c.Bool("new-stack")
	stdin := 0
	for _, path := range o.Plans {
		if path == "" {
			return snapshot.Errorf("--plan is empty", "--plan が空")
		}
		if path == "-" {
			stdin++
		}
	}
	switch {
	case o.PlanOnly && !o.Planned():
		return snapshot.Errorf("--plan-only is about --plan or --template", "--plan-only は --plan か --template についての指定")
	case o.PlanOnly && (o.Snapshot != "" || o.Fixture != ""):
		return snapshot.Errorf("--plan-only and --snapshot or --fixture exclude each other: is there an estate to lay the plan over?", "--plan-only と --snapshot、--fixture は同時に指定できない")
	case o.Configuration != "" && len(o.Plans) == 0:
		return snapshot.Errorf("--configuration is about --plan", "--configuration は --plan についての指定")
	case stdin > 1:
		return snapshot.Errorf("--plan - is given twice: standard input can be read once", "--plan - が 2 回指定されている。標準入力は 1 回しか読めない")
	case len(o.Templates) == 0 && (len(o.Parameters) > 0 || o.Stack != "" || o.NewStack || len(o.Deployed) > 0):
		return snapshot.Errorf("--parameters, --stack, --new-stack and --deployed-template are about --template", "--parameters、--stack、--new-stack、--deployed-template は --template についての指定")
	case len(o.Deployed) > 0 && len(o.Deployed) != len(o.Templates):
		return snapshot.Errorf("there are %d --template and %d --deployed-template: give one for each, in the same order", "--template が %d 個、--deployed-template が %d 個ある。同じ順に 1 つずつ指定する", len(o.Templates), len(o.Deployed))
	}
	if o.Gate = report.Gate(c.String("gate")); has(c, "gate") && o.Gate != report.GateChange && o.Gate != report.GateAll {
		return snapshot.Errorf("--gate %q: expected change or all", "--gate %q: change か all を指定する", o.Gate)
	}
	return nil
}

// readJudging reads which checks are run, and which findings count.
func readJudging(c *cli.Context, o *audit.Options) error {
	o.Checks, o.Skip, o.ChecksFile = c.StringSlice("check"), c.StringSlice("skip"), c.String("checks")
	o.Accept, o.WaiversFile = c.StringSlice("accept"), c.String("waivers")
	if c.IsSet("checks") && o.ChecksFile == "" {
		return snapshot.Errorf("--checks is empty", "--checks が空")
	}
	if on := report.FailOn(c.String("fail-on")); on != "" && c.Command.Name != "diff" { // whose own counts what is new
		o.FailOn = on
	}
	switch {
	case !slices.Contains([]report.FailOn{report.OnFail, report.OnWarn, report.OnUnknown, report.OnNew}, o.FailOn), o.FailOn == report.OnNew && !has(c, "baseline"):
		return snapshot.Errorf("--fail-on %q: expected fail, warn or unknown, or with --baseline, new", "--fail-on %q: fail、warn、unknown、または --baseline とともに new を指定する", o.FailOn)
	case o.FailOn == report.OnNew && c.String("baseline") == "":
		return snapshot.Errorf("--fail-on new: say with --baseline since when", "--fail-on new: 比較の基準を --baseline で指定する")
	}
	return nil
}

// readWriting reads what is written, and where.
func readWriting(c *cli.Context, o *audit.Options) error {
	o.Save, o.Redact, o.KeyFile = c.String("save"), c.Bool("redact"), c.String("redact-key")
	o.KeepDocuments = o.Save != "" || c.Command.Name == "bundle"
	switch {
	case !o.Redact && o.KeyFile != "":
		return snapshot.Errorf("--redact-key is about --redact", "--redact-key は --redact についての指定")
	case o.Redact && o.ChecksFile != "":
		return snapshot.Errorf("--redact and --checks exclude each other: what your checks say is in your words, and may name anything", "--redact と --checks は同時に指定できない。独自のチェックの文面には何の名前でも入りうる")
	}
	return files.FreshFolder(o.Save)
}

// readLimits reads how much time and how many calls a run may take.
func readLimits(c *cli.Context, o *audit.Options) error {
	o.Timeout, o.Concurrency = c.Duration("timeout"), c.Int("concurrency")
	switch {
	case !has(c, "timeout"):
		return nil
	case o.Timeout <= 0:
		return snapshot.Errorf("--timeout %s: expected a time above zero, such as 60s", "--timeout %s: 60s のような正の時間を指定する", o.Timeout)
	case o.Concurrency < 1:
		return snapshot.Errorf("--concurrency %d: expected a number from 1 on", "--concurrency %d: 1 以上の数を指定する", o.Concurrency)
	}
	return nil
}

// readTogether refuses flags that exclude each other, whatever each of them says.
func readTogether(c *cli.Context, o *audit.Options) error {
	wait, baseline := c.Duration("wait") > 0, c.String("baseline") != ""
	switch {
	case wait && (o.Snapshot != "" || o.Fixture != "" || o.Planned()):
		return snapshot.Errorf("--wait looks at AWS again, so it can't be used with --snapshot, --fixture, --plan or --template", "--wait は AWS を見直す指定なので、--snapshot、--fixture、--plan、--template とは併用できない")
	case wait && o.Save != "":
		return snapshot.Errorf("--wait and --save exclude each other: which look should be saved?", "--wait と --save は同時に指定できない")
	case o.Planned() && len(c.StringSlice("probes")) > 0:
		return snapshot.Errorf("--probes says how things are, a plan how they will be: judge them in separate runs", "--probes は現状、プランは変更後の話なので、別々に実行する")
	case o.Planned() && baseline:
		return snapshot.Errorf("--baseline and --plan or --template exclude each other: with a plan, the estate before it is what is compared with", "--baseline と --plan、--template は同時に指定できない。プランでは変更前の環境と比較する")
	}
	return nil
}
