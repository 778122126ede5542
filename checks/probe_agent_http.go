package checks

import (
	"net/netip"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqAgentHTTP = &Requirement{
	ID: "agent-port-80", Grade: "required", Ports: []netpath.Ports{netpath.Port(80)},
	Title:   say("TCP 80 from the activation machine to the agent, until it is activated", "アクティブ化完了まで、作業マシンからエージェントへの TCP 80"),
	Sources: []string{pageArticle, pageActivate, pageNetwork},
}

var (
	agentRefused = &Problem{
		Code: "DSP631", Severity: Fail,
		Title:   say("{subject} refuses TCP 80 from {from}", "{subject} が {from} からの TCP 80 を拒否している"),
		Cause:   say("An agent closes port 80 once it is activated; before that it refuses only while it boots. Or the address is another machine's.", "エージェントはアクティブ化が済むとポート 80 を閉じる。それ以前に拒否するのは起動中だけ。または別のマシンのアドレスである。"),
		Fix:     say("Look whether it is activated already: list the agents of the account. If not, wait for it to boot, and compare {subject} with its console.", "既にアクティブ化済みでないかエージェントの一覧で確認する。そうでなければ起動を待ち、{subject} をコンソールの表示と比べる。"),
		Look:    []Command{OnAWS("datasync list-agents")},
		Errors:  []*documented.Error{documented.AgentRefused, documented.AgentNotConnected},
		Sources: []string{pageActivate},
	}
	agentSilent = &Problem{
		Code: "DSP632", Severity: Fail,
		Title:   say("{subject} does not answer on TCP 80 from {from}: {meaning}", "{subject} の TCP 80 が {from} から応答しない: {meaning}"),
		Cause:   say("The activation key is asked for over HTTP on port 80 of the agent.", "アクティベーションキーはエージェントのポート 80 に HTTP で要求する。"),
		Fix:     say("Allow TCP 80 from {from} to {subject} in the agent's security group and in the firewalls between, or fetch the key at the agent's local console.", "エージェントのセキュリティグループと途中のファイアウォールで {from} から {subject} への TCP 80 を許可するか、エージェントのローカルコンソールでキーを取得する。"),
		Look:    []Command{Here("dspreflight probe --vantage activation-machine --agent-ip {subject} --wait 10m")},
		Errors:  []*documented.Error{documented.AgentTimeout, documented.AgentNotConnected},
		Sources: []string{pageActivate, pageNetwork},
	}
	agentRejected = &Problem{
		Code: "DSP633", Severity: Fail,
		Title:   say("TCP 80 of {subject} can't be reached from {from}: {meaning}", "{subject} の TCP 80 に {from} から到達できない: {meaning}"),
		Cause:   agentSilent.Cause,
		Fix:     say("Mend that device or its route for TCP 80 from {from} to {subject}, or fetch the key at the agent's local console.", "その機器または経路を直して {from} から {subject} への TCP 80 を通すか、エージェントのローカルコンソールでキーを取得する。"),
		Look:    []Command{Here("dspreflight probe --vantage activation-machine --agent-ip {subject} --wait 10m")},
		Errors:  []*documented.Error{documented.AgentTimeout, documented.AgentNotConnected},
		Sources: []string{pageActivate, pageNetwork},
	}
)

var _ = register(&Check{
	ID:       "probe-agent-http",
	Area:     AreaProbe,
	Title:    say("The agent's port 80 accepts a connection", "エージェントのポート 80 が接続を受け付ける"),
	Requires: reqAgentHTTP,
	Needs:    []snapshot.Kind{snapshot.Probes},
	Uses:     netpath.FinderKinds,
	Dials:    snapshot.ToAgentHTTP,
	Problems: []*Problem{agentRefused, agentSilent, agentRejected},
	Run: func(x *Exam) {
		if x.Target.AgentARN != "" {
			x.NotApplicable(say("the agent is activated already, and has closed its port 80", "エージェントは既にアクティブ化済みで、ポート 80 は閉じている"))
			return
		}
		agent := AgentAddress(x.Target, x.Snapshot)
		// The activation machine decides; without it, one beside the agent does.
		var found *dialled
		for _, place := range []snapshot.VantagePlace{snapshot.AgentNetwork, snapshot.ActivationMachine} {
			for _, d := range x.dials(snapshot.ToAgentHTTP, place) {
				if d.Addr == agent && d.Port == 80 {
					found = &d
				}
			}
		}
		switch {
		case found != nil:
			x.agentHTTP(*found)
		case !agent.IsValid():
			x.NotApplicable(say("the agent's own address is not given: pass --agent-ip or --agent-instance-id", "エージェント自身のアドレスが指定されていない。--agent-ip か --agent-instance-id を指定する"))
		default:
			x.Unknown(agent.String(), x.gapOfPurpose(snapshot.ToAgentHTTP, snapshot.ActivationMachine, agent.String()+" tcp 80", "dspreflight probe --vantage activation-machine --agent-ip "+agent.String()+" -o json=probes.json"))
		}
	},
})

// AgentAddress is the agent's own address, where it is known; it is invalid
// where only its network is.
func AgentAddress(t snapshot.Target, snap *snapshot.Snapshot) netip.Addr {
	if t.AgentIP.IsValid() {
		return t.AgentIP
	}
	if agents, gap := netpath.FindAgents(snap, t); gap == nil && t.AgentInstanceID != "" {
		if p := agents.Addrs.Prefixes(); len(p) == 1 && p[0].IsSingleIP() {
			return p[0].Addr()
		}
	}
	return netip.Addr{}
}

func (x *Exam) agentHTTP(d dialled) {
	j := judgeDials([]dialled{d}, 0)
	subject := d.Addr.String()
	if x.settle(j, subject) || x.intercepted([]dialled{d}, netip.Addr{}, subject) {
		return
	}
	args := Args{"from": d.from(), "meaning": j.meaning(), "region": x.region()}
	switch j.fault {
	case noFault:
		x.OK(subject, d.evidence())
	case faultReset:
		x.Report(agentRefused, subject, args, d.evidence())
	case faultSilent:
		x.Report(agentSilent, subject, args, d.evidence())
	default:
		x.Report(agentRejected, subject, args, d.evidence())
	}
}
