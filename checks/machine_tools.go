package checks

import "github.com/dspreflight/dspreflight/internal/snapshot"

var reqTools = &Requirement{
	ID: "tools", Grade: "recommended",
	Title:   say("curl and the AWS CLI are on the activation machine", "アクティベーションを行うマシンに curl と AWS CLI がある"),
	Sources: []string{pageArticle},
}

var (
	toolCurl = &Problem{
		Code: "DSP720", Severity: Warn,
		Title:   say("{subject} is not on this machine", "このマシンに {subject} がない"),
		Cause:   say("The documented way asks the agent for its key with curl. The agent's local console hands it out as well.", "文書の手順では curl でエージェントにキーを要求する。エージェントのローカルコンソールでも取得できる。"),
		Fix:     say("Install {subject}, or fetch the key at the agent's local console.", "{subject} をインストールするか、エージェントのローカルコンソールでキーを取得する。"),
		CLI:     []string{"curl --version"},
		Sources: []string{pageArticle, pageActivate},
	}
	toolCLI = &Problem{
		Code: "DSP721", Severity: Warn,
		Title:   say("the AWS CLI ({subject}) is not on this machine", "このマシンに AWS CLI（{subject}）がない"),
		Cause:   say("The documented way calls CreateAgent with the AWS CLI. Terraform, an SDK or the console do as well, but the console can't use a FIPS endpoint.", "文書の手順では AWS CLI で CreateAgent を呼び出す。Terraform・SDK・コンソールでもよいが、コンソールは FIPS エンドポイントに対応していない。"),
		Fix:     say("Install the AWS CLI, version 2.", "AWS CLI バージョン 2 をインストールする。"),
		CLI:     []string{"aws --version"},
		Errors:  []*DocumentedError{errAgentARNs},
		Sources: []string{pageArticle, pageActivate},
	}
)

var _ = register(&Check{
	ID:       "machine-tools",
	Area:     AreaIdentity,
	Title:    say("curl and the AWS CLI are here", "このマシンに curl と AWS CLI がある"),
	Requires: reqTools,
	Needs:    []snapshot.Kind{snapshot.Probes},
	Uses:     append([]snapshot.Kind{snapshot.Endpoints}, wireUses...),
	Problems: []*Problem{toolCurl, toolCLI},
	Run: func(x *Exam) {
		run, elsewhere := x.newestRun(func(r *snapshot.ProbeRun) bool { return r.Tools != nil })
		if run == nil && elsewhere {
			x.Unknown("", x.otherMachine("curl, aws"))
			return
		}
		if run == nil {
			x.NotLooked(say("nobody looked at the tools of a machine: dspreflight check looks, unless --no-probe is given", "どのマシンのツールも調べていない。dspreflight check は（--no-probe を付けなければ）調べる"))
			return
		}
		for _, t := range run.Tools {
			saw := snapshot.Evidence{Source: "probe", Ref: t.Name, Fact: snapshot.Textf("found, version %s", "あり、バージョン %s", t.Version)}
			switch {
			case t.Found:
				x.OK(t.Name, saw)
			case t.Name == "curl":
				saw.Fact = say("not on the PATH", "PATH 上にない")
				x.Report(toolCurl, t.Name, nil, saw)
			default:
				saw.Fact = say("not on the PATH", "PATH 上にない")
				x.Report(toolCLI, t.Name, nil, saw)
			}
		}
	},
})

// newestRun is the last of the probe runs that has something and was made on the
// activation machine, or by the very command that judges. elsewhere says that
// there are others: what they saw says nothing of that machine.
func (x *Exam) newestRun(has func(*snapshot.ProbeRun) bool) (newest *snapshot.ProbeRun, elsewhere bool) {
	for i := range x.Snapshot.Probes {
		r := &x.Snapshot.Probes[i]
		switch {
		case !has(r):
		case x.tooOld(r), !r.Here && x.place(r) != snapshot.ActivationMachine:
			elsewhere = true
		case newest == nil || r.TakenAt.After(newest.TakenAt):
			newest = r
		}
	}
	return newest, elsewhere
}

// otherMachine is the gap where only other machines were looked at.
func (x *Exam) otherMachine(what string) snapshot.Gap {
	return x.gapOfDials(snapshot.ActivationMachine, what, "dspreflight probe --vantage activation-machine --region "+x.region()+" -o json=probes.json")
}
