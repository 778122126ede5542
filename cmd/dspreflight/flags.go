package main

import (
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

// The groups of flags, as --help shows them.
const (
	groupDestination = "Destination: where the endpoint is"
	groupSource      = "Source: where the agent is"
	groupEvidence    = "Evidence: where the facts come from"
	groupSelection   = "Selection"
	groupOutput      = "Output"
	groupGate        = "Gate"
	groupTime        = "Time"
	groupMany        = "Many targets"
)

// variable is the environment variable of a flag.
func variable(flag string) []string {
	return []string{"DSPREFLIGHT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}

func stringFlag(group, name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: usage, Category: group, EnvVars: variable(name)}
}

func listFlag(group, name, usage string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Usage: usage, Category: group, EnvVars: variable(name)}
}

func boolFlag(group, name, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Usage: usage, Category: group, EnvVars: variable(name)}
}

func targetFlags() []cli.Flag {
	return append(networkFlags(),
		stringFlag(groupDestination, "region", "the activation `REGION`"),
		stringFlag(groupDestination, "profile", "`NAME` in the shared AWS configuration"),
		stringFlag(groupDestination, "role-arn", "`ARN` of a role to assume"),
		stringFlag(groupDestination, "vpc-endpoint-id", "`ID` of the DataSync VPC endpoint (default: the only one)"),
		stringFlag(groupDestination, "endpoint-ip", "the endpoint's `ADDRESS` that goes into the activation key (default: judge all it has)"),
		stringFlag(groupDestination, "subnet-id", "`ID` of the subnet given to CreateAgent (default: the endpoint's)"),
		stringFlag(groupDestination, "security-group-id", "`ID` of the security group given to CreateAgent (default: the endpoint's)"),
		&cli.IntFlag{Name: "tasks", Usage: "how many tasks are planned, `N` (four addresses each)", Value: 1, Category: groupDestination, EnvVars: variable("tasks")},
		stringFlag(groupDestination, "destination-type", "`TYPE` of the location to transfer to: s3, efs or fsx (default: s3)"),
		stringFlag(groupDestination, "mode", "`MODE` of the agent: basic or enhanced (default: basic)"),
		// Without an environment variable: a secret does not belong there.
		&cli.StringFlag{Name: "activation-key", Usage: "the `KEY` that CreateAgent will get; only its shape is looked at, it is never shown or saved", Category: groupDestination},
		listFlag(groupDestination, "subnet-arn", "the subnet `ARN` that CreateAgent will get"),
		listFlag(groupDestination, "security-group-arn", "the security group `ARN` that CreateAgent will get"),
		stringFlag(groupDestination, "key-request", "the `URL` that the activation key was, or will be, asked for with"),
		listFlag(groupSource, "source-cidr", "`CIDR` of the source network, on-premises or a VPC (repeatable)"),
		stringFlag(groupSource, "source-region", "the agent's `REGION`, if it runs in AWS"),
		stringFlag(groupSource, "source-profile", "`NAME` in the shared AWS configuration, for the source account"),
		stringFlag(groupSource, "source-role-arn", "`ARN` of a role to assume in the source account"),
		stringFlag(groupSource, "source-vpc-id", "`ID` of the agent's VPC"),
		stringFlag(groupSource, "source-subnet-id", "`ID` of the agent's subnet"),
		stringFlag(groupSource, "agent-instance-id", "`ID` of the agent's EC2 instance"),
		stringFlag(groupSource, "agent-ip", "the agent's `ADDRESS`"),
		listFlag(groupSource, "storage", "storage `URL`: nfs://host[:port], or with smb://, https:// or http:// (object storage), hdfs:// (a NameNode; a DataNode with its port) or kerberos:// (a KDC) (repeatable)"),
		&cli.StringFlag{Name: "config", Usage: "read targets from a YAML `FILE`; flags and environment win over it", Category: groupMany, EnvVars: variable("config")},
	)
}

func timeFlags() []cli.Flag {
	return []cli.Flag{
		boolFlag(groupOutput, "debug", "say on standard error what is asked of AWS: each request, how long it took, by which identity, with which credentials"),
		&cli.DurationFlag{Name: "timeout", Usage: "the whole run takes at most `TIME`; what is missing then is UNKNOWN", Value: time.Minute, Category: groupTime, EnvVars: variable("timeout")},
		&cli.IntFlag{Name: "concurrency", Usage: "at most `N` AWS calls at once in each account and Region", Value: collect.DefaultConcurrency, Category: groupTime, EnvVars: variable("concurrency")},
	}
}

func selectionFlags() []cli.Flag {
	return []cli.Flag{
		listFlag(groupSelection, "check", "only checks that match `GLOB`, and those they rest on (repeatable)"),
		ownChecksFlag(),
		listFlag(groupSelection, "skip", "no checks that match `GLOB` (repeatable)"),
		stringFlag(groupSelection, "requirements", "where sources disagree, follow `WHICH`: default, article or guide"),
	}
}

// evidenceFlags say where the facts come from.
func evidenceFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag(groupEvidence, "snapshot", "judge the files in `DIR` instead of asking AWS"),
		boolFlag(groupEvidence, "complete", "the files of --snapshot are whole and unfiltered, so that what is missing does not exist"),
		stringFlag(groupEvidence, "fixture", "judge the embedded estate `NAME` (see dspreflight fixtures)"),
		listFlag(groupEvidence, "policy-file", "judge the identity by these IAM policies instead of asking AWS: `FILE` (repeatable)"),
		stringFlag(groupEvidence, "policy-identity", "`ARN` of the user or role whose policies those of --policy-file are"),
		listFlag(groupEvidence, "probes", "add what dspreflight probe, or its script, saw elsewhere: `FILE`, or ssm:COMMAND-ID for what a command of Systems Manager printed that ran the document of probe --ssm-document (repeatable)"),
		boolFlag(groupEvidence, "no-probe", "dial nothing; judge by configuration alone"),
		stringFlag(groupEvidence, "vantage", "`PLACE` of this machine: agent-network, activation-machine or elsewhere (default: guessed from its addresses; elsewhere nothing is dialled)"),
	}
}

// planFlags say which changes to lay over the evidence.
func planFlags() []cli.Flag {
	return []cli.Flag{
		listFlag(groupEvidence, "plan", "lay the changes of a Terraform or OpenTofu plan over the estate: the JSON `FILE` of terraform show -json, - for standard input (repeatable)"),
		listFlag(groupEvidence, "template", "lay a CloudFormation template, or the output of describe-change-set, over the estate: `FILE` (repeatable)"),
		listFlag(groupEvidence, "parameters", "parameters of the templates: `KEY=VALUE`, or a JSON file; with TEMPLATE: in front, of that one alone (repeatable)"),
		stringFlag(groupEvidence, "stack", "`NAME` of the stack that the template updates (default: the one whose resources the estate has)"),
		boolFlag(groupEvidence, "new-stack", "the template makes a new stack, whatever stacks the estate has"),
		listFlag(groupEvidence, "deployed-template", "the template that the stack has now, as aws cloudformation get-template prints it: `FILE` (one for each --template)"),
		boolFlag(groupEvidence, "plan-only", "judge the plan or template by itself: without AWS, a snapshot or a fixture"),
		stringFlag(groupEvidence, "configuration", "the `DIR` with the plan's *.tf files, to read expressions and name file and line (default: that of the plan, else this one)"),
	}
}

func gateFlag() cli.Flag {
	return &cli.StringFlag{Name: "gate", Usage: "with a plan or template: `WHAT` counts, change (only what it breaks) or all", Value: "change", Category: groupGate, EnvVars: variable("gate")}
}

func outputFlag(env []string) cli.Flag {
	return &cli.StringSliceFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT[=PATH]`: " + report.FormatNames() + " (repeatable)", Category: groupOutput, EnvVars: env}
}

func checkFlags() []cli.Flag {
	flags := append(targetFlags(), auditFlags()...)
	flags = append(flags, evidenceFlags()...)
	flags = append(flags, planFlags()...)
	flags = append(flags, stringFlag(groupEvidence, "save", "save the evidence to `DIR`, to be judged again with --snapshot"))
	flags = append(flags, stringFlag(groupEvidence, "baseline", "say what changed since `FILE`, the JSON of an earlier report, or a folder that --save wrote"))
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		outputFlag(variable("output")),
		boolFlag(groupOutput, "explain", "for each failure: cause, evidence, commands that mend it, sources"),
		stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
		&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", Category: groupOutput, EnvVars: variable("color")},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only what is not PASS; with --baseline, no output where nothing changed (files are written all the same)", Category: groupOutput, EnvVars: variable("quiet")},
		boolFlag(groupOutput, "verbose", "every check in a line, below what matters"),
		listFlag(groupGate, "accept", "let findings with `CODE` (or of a check) stand, for this run (repeatable)"),
		stringFlag(groupGate, "waivers", "let findings stand that the YAML `FILE` names, each with a reason, an owner and an expiry"),
		gateFlag(),
		&cli.StringFlag{Name: "fail-on", Usage: "exit 1 for a FAIL and for `STATUS`: fail, warn or unknown; new: only for what is new since --baseline (3 if what can no longer be told may hide it)", Value: "fail", Category: groupGate, EnvVars: variable("fail-on")},
	)
	flags = append(flags, redactFlags()...)
	flags = append(flags, connectTimeoutFlag(), waitFlag(), allowPublicFlag())
	return append(flags, timeFlags()...)
}

const groupScopes = "Other scopes: whose else the way leads through"

func networkFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag(groupScopes, "network-profile", "`NAME` in the shared AWS configuration, for the account that owns transit gateways and firewalls (more of them: scopes in --config)"),
		stringFlag(groupScopes, "network-role-arn", "`ARN` of a role to assume in that account"),
		stringFlag(groupScopes, "network-region", "its `REGION` (default: that of the endpoint)"),
	}
}

// scopeFlags are the flags that say which accounts and Regions to look at.
func scopeFlags() []cli.Flag {
	names := []string{"region", "profile", "role-arn", "source-region", "source-profile", "source-role-arn", "network-profile", "network-role-arn", "network-region", "config"}
	return slices.DeleteFunc(targetFlags(), func(f cli.Flag) bool { return !slices.Contains(names, f.Names()[0]) })
}

const groupAudit = "What there is already: DataSync tells endpoint, subnet, group and tasks"

// auditFlags say which agents and endpoints of DataSync are the targets.
func auditFlags() []cli.Flag {
	return []cli.Flag{
		listFlag(groupAudit, "agent-arn", "`ARN` of an agent (repeatable)"),
		boolFlag(groupAudit, "all-agents", "every agent of the accounts and Regions that are looked at"),
		boolFlag(groupAudit, "all-endpoints", "every DataSync endpoint there that no agent uses"),
		stringFlag(groupAudit, "accounts-from", "look at every account of the organization: `WHERE` is organizations"),
		stringFlag(groupAudit, "role-name", "`NAME` of the role to assume in each of them"),
	}
}

func redactFlags() []cli.Flag {
	return []cli.Flag{
		boolFlag(groupOutput, "redact", "replace accounts, ids, addresses and names in all that is written, so that it can be passed on"),
		stringFlag(groupOutput, "redact-key", "replace by the key in `FILE`, which is made if it is not there: the same key, the same names; FILE.map.json says what they stand for. Keep both"),
	}
}

func connectTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "connect-timeout", Usage: "one connection attempt takes at most `TIME`; under 3.5s a lost packet may look like a filter", Value: probe.DefaultTimeout, Category: groupTime, EnvVars: variable("connect-timeout")}
}

func waitFlag() cli.Flag {
	return &cli.DurationFlag{Name: "wait", Usage: "look again at what failed until it passes or `TIME` is up, such as 10m", Category: groupTime, EnvVars: variable("wait")}
}

func allowPublicFlag() cli.Flag {
	return boolFlag(groupEvidence, "allow-public", "dial public addresses of the endpoint too, where its VPC has public blocks")
}

func ownChecksFlag() cli.Flag {
	return stringFlag(groupSelection, "checks", "checks of your own beside ours: a YAML `FILE` of CEL expressions (docs/own-checks.md; needs the build dspreflight-cel)")
}
