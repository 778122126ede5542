package checks

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqStorage = &Requirement{
	ID: "storage-ports", Grade: "required",
	Title:   say("The storage answers: NFS on TCP 2049, SMB on TCP 445 or 139, object storage on TCP 443 or 80, HDFS on TCP 8020, a KDC on TCP 88", "ストレージが応答する（NFS は TCP 2049、SMB は TCP 445 または 139、オブジェクトストレージは TCP 443 または 80、HDFS は TCP 8020、KDC は TCP 88）"),
	Sources: []string{pageNetwork},
}

// storageProblem makes the problems of the file server, which differ in what was
// seen.
func storageProblem(code string, fix Text) *Problem {
	return &Problem{
		Code: code, Severity: Fail,
		Title:   say("{subject} does not answer on TCP {ports} from {from}: {meaning}", "{subject} の TCP {ports} が {from} から応答しない: {meaning}"),
		Cause:   say("The agent reads the storage itself, and asks a KDC where SMB or HDFS uses Kerberos. Activation works without, but no location on it does.", "ストレージを読むのはエージェント自身であり、SMB や HDFS で Kerberos を使う場合は KDC にも接続する。アクティブ化はできても、そのロケーションは使えない。"),
		Fix:     fix,
		Look:    []Command{Here("dspreflight probe --vantage agent-network --storage {subject} --wait 10m")},
		Errors:  []*documented.Error{documented.SMBUnreachable, documented.TaskUnavailable},
		Sources: []string{pageNetwork},
	}
}

var (
	storageRefused    = storageProblem("DSP641", say("Start the service on {subject}, or name the port that it listens on with --storage.", "{subject} でサービスを起動するか、待ち受けているポートを --storage で指定する。"))
	storageSilent     = storageProblem("DSP642", say("Allow TCP {ports} from {from} to {subject} in the server's own firewall and in those between.", "サーバー自身と途中のファイアウォールで {from} から {subject} への TCP {ports} を許可する。"))
	storageRejected   = storageProblem("DSP643", say("Mend that device or its route for TCP {ports} from {from} to {subject}.", "その機器または経路を直して {from} から {subject} への TCP {ports} を通す。"))
	storageUnresolved = storageProblem("DSP644", say("Correct the name, or give the agent a name server that knows {subject}.", "名前を直すか、{subject} を解決できる DNS サーバーをエージェントに設定する。"))
)

var _ = register(&Check{
	ID:       "probe-storage",
	Area:     AreaProbe,
	Title:    say("The file server answers, dialled from the agent's network", "エージェントのネットワークからの接続にファイルサーバーが応答"),
	Requires: reqStorage,
	Needs:    []snapshot.Kind{snapshot.Probes},
	Uses:     netpath.FinderKinds,
	Dials:    snapshot.ToStorage,
	Problems: []*Problem{storageRefused, storageSilent, storageRejected, storageUnresolved},
	Run: func(x *Exam) {
		if len(x.Target.Storage) == 0 {
			x.NotApplicable(say("no storage is given: pass --storage nfs://HOST, smb://HOST, https://HOST or hdfs://HOST", "ストレージが指定されていない。--storage nfs://ホスト、smb://ホスト、https://ホスト、hdfs://ホスト のいずれかを指定する"))
			return
		}
		list := x.dials(snapshot.ToStorage, snapshot.AgentNetwork)
		for _, s := range x.Target.Storage {
			x.storage(s, list)
		}
	},
})

// storage judges one file server: any one of its deciding ports is enough.
func (x *Exam) storage(url string, all []dialled) {
	st, err := snapshot.ParseStorage(url)
	if err != nil {
		x.Unknown(url, snapshot.Gap{Code: snapshot.Malformed, Source: "--storage", Ref: url, Words: wordsOf(err)})
		return
	}
	var list, deciding []dialled
	for _, d := range all {
		if d.Host != st.Host || st.Addr.IsValid() && d.Addr != st.Addr {
			continue
		}
		if slices.Contains(st.Ports, d.Port) {
			list = append(list, d)
		}
		if slices.Contains(st.Deciding(), d.Port) {
			deciding = append(deciding, d)
		}
	}
	if len(deciding) == 0 {
		x.Unknown(url, x.gapOfPurpose(snapshot.ToStorage, snapshot.AgentNetwork, url, x.probeCommand("--storage", url)))
		return
	}
	if x.intercepted(deciding, netip.Addr{}, url) {
		return
	}
	j := judgeDials(deciding, 0)
	if len(j.open) == 0 && !answeredAll(st, deciding) {
		if !x.unsettled(j, url) {
			x.Unknown(url, snapshot.Gap{Code: snapshot.DialCut, Source: "probe", Ref: url})
		}
		return
	}
	if len(j.open) > 0 {
		var ev []snapshot.Evidence
		for _, d := range list {
			ev = append(ev, d.evidence())
		}
		x.OK(url, ev...)
		return
	}
	if x.settle(j, url) {
		return
	}
	args := Args{"ports": netpath.JoinPorts(j.ports), "from": j.example.from(), "meaning": j.meaning()}
	switch j.fault {
	case faultReset:
		x.Report(storageRefused, url, args, j.evidence()...)
	case faultSilent:
		x.Report(storageSilent, url, args, j.evidence()...)
	case faultUnresolved:
		x.Report(storageUnresolved, url, args, j.evidence()...)
	default:
		x.Report(storageRejected, url, args, j.evidence()...)
	}
}

// answeredAll reports whether every port that could serve was really tried, at
// every address: any one of them would be enough.
func answeredAll(st snapshot.Storage, deciding []dialled) bool {
	tried := map[string]int{}
	for _, d := range deciding {
		if !d.settled() || d.against != nil || !d.Addr.IsValid() && d.Outcome != snapshot.NoSuchHost {
			return false
		}
		tried[d.Addr.String()]++
	}
	for _, n := range tried {
		if n < len(st.Deciding()) {
			return false
		}
	}
	return true
}
