package checks

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqTools = &Requirement{
	ID: "tools", Grade: "recommended",
	Title:   say("curl and the AWS CLI are on the activation machine", "アクティブ化するマシンに curl と AWS CLI がある"),
	Sources: []string{pageArticle},
}

var (
	toolCurl = &Problem{
		Code: "DSP720", Severity: Warn,
		Title:   say("{subject} is not on the activation machine, or does not run", "アクティブ化するマシンに {subject} がないか、実行できない"),
		Cause:   say("The documented way asks the agent for its key with curl. The agent's local console hands it out as well.", "文書の手順では curl でエージェントにキーを要求する。エージェントのローカルコンソールでも取得できる。"),
		Fix:     say("Install {subject}, or fetch the key at the agent's local console.", "{subject} をインストールするか、エージェントのローカルコンソールでキーを取得する。"),
		Look:    []Command{Here("curl --version")},
		Sources: []string{pageArticle, pageActivate},
	}
	toolCLI = &Problem{
		Code: "DSP721", Severity: Warn,
		Title:   say("the AWS CLI ({subject}) is not on the activation machine, or does not run", "アクティブ化するマシンに AWS CLI（{subject}）がないか、実行できない"),
		Cause:   say("The documented way calls CreateAgent with the AWS CLI. Terraform, an SDK or the console do as well, but the console can't use a FIPS VPC endpoint.", "文書の手順では AWS CLI で CreateAgent を呼び出す。Terraform・SDK・コンソールでもよいが、コンソールは FIPS の VPC エンドポイントに対応していない。"),
		Fix:     say("Install the AWS CLI, version 2.", "AWS CLI バージョン 2 をインストールする。"),
		Look:    []Command{Here("aws --version")},
		Errors:  []*documented.Error{documented.AgentARNs},
		Sources: []string{pageArticle, pageActivate},
	}
)

var toolOldCLI = &Problem{
	Code: "DSP722", Severity: Warn,
	Title:   say("the AWS CLI on the activation machine is version {seen}, older than DataSync's VPC endpoints ({needed})", "アクティブ化するマシンの AWS CLI はバージョン {seen} で、DataSync の VPC エンドポイント対応（{needed}）より古い"),
	Cause:   say("Its create-agent does not know --vpc-endpoint-id, --subnet-arns and --security-group-arns.", "create-agent に --vpc-endpoint-id、--subnet-arns、--security-group-arns がない。"),
	Fix:     toolCLI.Fix,
	Look:    toolCLI.Look,
	Sources: []string{pageCreate, pageActivate},
}

var _ = register(&Check{
	ID:       "machine-tools",
	Area:     AreaIdentity,
	Title:    say("curl and the AWS CLI are here", "このマシンに curl と AWS CLI がある"),
	Requires: reqTools,
	Needs:    []snapshot.Kind{snapshot.Probes},
	Uses:     netpath.FinderKinds,
	Problems: []*Problem{toolCurl, toolCLI, toolOldCLI},
	Run: func(x *Exam) {
		run, gap := x.activationRun("curl, aws", toolsSeen)
		if gap != nil {
			x.Unknown("", *gap)
			return
		}
		if run == nil {
			x.NotLooked(say("nobody looked at the tools of a machine: dspreflight check looks, unless --no-probe is given", "どのマシンのツールも調べていない。dspreflight check は（--no-probe を付けなければ）調べる"))
			return
		}
		for _, name := range []string{"curl", "aws"} {
			if !slices.ContainsFunc(run.Tools, func(t snapshot.Tool) bool { return t.Name == name }) {
				x.Unknown(name, x.otherMachine(name))
			}
		}
		for _, t := range run.Tools {
			saw := snapshot.Evidence{Source: "probe", Ref: t.Name, Fact: snapshot.Textf("found, version %s", "あり、バージョン %s", t.Version)}
			problem := toolCLI
			if t.Name == "curl" {
				problem = toolCurl
			}
			old, told := older(t.Version, oldestCLI)
			switch {
			case !t.Found:
				saw.Fact = say("not on the PATH", "PATH 上にない")
				x.Report(problem, t.Name, nil, saw)
			case t.Version == "":
				saw.Fact = say("on the PATH, but it does not run: --version says nothing", "PATH 上にあるが実行できない（--version の応答がない）")
				x.Report(problem, t.Name, nil, saw)
			case t.Name == "aws" && !told:
				x.Unknown(t.Name, snapshot.Gap{Code: snapshot.Malformed, Source: "probe", Ref: t.Name, Words: snapshot.Textf("no version: %s", "バージョンではない: %s", t.Version)})
			case t.Name == "aws" && old:
				x.Report(toolOldCLI, t.Name, Args{"seen": t.Version, "needed": oldestCLI}, saw)
			default:
				x.OK(t.Name, saw)
			}
		}
	},
})

// oldestCLI is the first version 1 of the AWS CLI whose create-agent knows
// --vpc-endpoint-id, with botocore 1.12.201; every version 2 does.
// Source: https://github.com/boto/botocore/blob/develop/CHANGELOG.rst
const oldestCLI = "1.16.211"

// older compares versions number by number, as far as they differ; told says that
// both are versions as far as that.
func older(version, than string) (is, told bool) {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		if i >= len(a) {
			return true, true
		}
		m, err1 := strconv.ParseUint(a[i], 10, 64)
		n, err2 := strconv.ParseUint(b[i], 10, 64)
		if err1 != nil || err2 != nil || m != n {
			return m < n, err1 == nil && err2 == nil
		}
	}
	return false, true
}

// toolsSeen are the tools of a run with their versions; "" if nobody looked.
func toolsSeen(r *snapshot.ProbeRun) string {
	var out []string
	for _, t := range r.Tools {
		version := t.Version
		if !t.Found {
			version = "-"
		}
		out = append(out, strings.TrimSpace(t.Name+" "+version))
	}
	if r.Tools != nil && out == nil {
		return "-"
	}
	return strings.Join(out, ", ")
}

// activationRun is the newest probe run that says something and speaks for the
// activation machine: one that was made there, as its maker said, else one whose
// addresses say so, else the run of the very command that judges. Where there are
// only others, a gap names what was not looked at: they say nothing of that machine.
// A run of that machine that is too old leaves the question open, as do two of one
// moment that say different things; the machine that judges does not stand in for it.
func (x *Exam) activationRun(what string, says func(*snapshot.ProbeRun) string) (newest *snapshot.ProbeRun, gap *snapshot.Gap) {
	rank := func(r *snapshot.ProbeRun) int {
		switch there := x.place(r) == snapshot.ActivationMachine; {
		case there && !r.Vantage.Guessed:
			return 3
		case there && !r.Here:
			return 2
		case there || r.Here:
			return 1
		}
		return 0
	}
	best, elsewhere := 0, false
	var twin *snapshot.ProbeRun
	for i := range x.Snapshot.Probes {
		r := &x.Snapshot.Probes[i]
		n := rank(r)
		switch {
		case says(r) == "":
		case n == 0:
			elsewhere = true
		case n > best, n == best && r.TakenAt.After(newest.TakenAt):
			newest, best, twin = r, n, nil
		case n == best && r.TakenAt.Equal(newest.TakenAt) && says(r) != says(newest):
			twin = r
		}
	}
	switch {
	case newest == nil && !elsewhere:
		return nil, nil
	case newest == nil, x.tooOld(newest):
		other := x.otherMachine(what)
		return nil, &other
	case twin != nil:
		return nil, &snapshot.Gap{Code: snapshot.Contradiction, Source: "probe", Ref: says(newest), Detail: says(twin)}
	}
	return newest, nil
}

// otherMachine is the gap where only other machines were looked at.
func (x *Exam) otherMachine(what string) snapshot.Gap {
	return x.gapOfDials(snapshot.ActivationMachine, what, "dspreflight probe --vantage activation-machine --region "+x.region()+" -o json=probes.json")
}
