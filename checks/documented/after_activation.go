package documented

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What shows up once the agent exists. The marks P01 to P14 order them as the
// sources do.
var (
	AgentNotFound = &Error{ // P01
		ID: "AGENT_NOT_FOUND", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("InvalidRequestException: Agent ARN does not exist"),
		match: func() []wording {
			return slices.Concat(phrases(unlessOther, "{agent} does not exist", "{agent} {...} not found", "DataSync Agent ({...}) could not be found", "DataSync Agent ({...}) couldn't be found", "DataSync Agent ({...}) not found", "DataSync Agent ({...}) does not exist"),
				phrases(callOfDataSync, "InvalidRequestException when calling the {op} operation: Agent {...} does not exist", "InvalidRequestException: Agent {...} does not exist"))
		},
		Title:   say("There is no such agent here", "該当するエージェントがここにない"),
		Cause:   say("The agent belongs to another Region or account, or it was deleted; right after activation ListAgents may not show it yet.", "エージェントが別のリージョンまたはアカウントにあるか、削除されている。アクティブ化直後は ListAgents にまだ現れないことがある。"),
		Fix:     say("Call with the account and Region of the activation, and ask DescribeAgent rather than ListAgents.", "アクティブ化と同じアカウント・リージョンで呼び出し、ListAgents ではなく DescribeAgent で確認する。"),
		Sources: []string{pageTFAgent, pageModel},
		Checks:  []string{"credentials"},
	}
	AgentInUse = &Error{ // P02
		ID: "AGENT_IN_USE", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Agent is in-use by these location(s)"),
		match: func() []wording {
			return phrases(nil, "in use by these location")
		},
		Title:   say("The agent can't be deleted while locations use it", "ロケーションが使用中のためエージェントを削除できない"),
		Cause:   say("Locations name the agent.", "このエージェントを指定したロケーションがある。"),
		Fix:     say("Delete those locations, or give them another agent, first.", "先にそのロケーションを削除するか、別のエージェントに変える。"),
		Sources: []string{pageTFAgent},
	}
	AgentOffline = &Error{ // P03
		ID: "AGENT_OFFLINE", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same(`"Status": "OFFLINE"`),
		match: func() []wording {
			return slices.Concat([]wording{exactly(offlineField, "offline", `offline`), exactly(nil, "offline", `agentarn:arn[^{}]{0,600}status:offline(?:[^a-z]|$)`)},
				phrases(offlineSentence, "agent is offline", "agent went offline", "agent status is offline", "agent appears offline", "agent shows offline", "agent ({...}) is offline", "agent {agent} is offline"),
				[]wording{exactly(nil, "オフライン", `エージェントの?(?:ステータス|状態)?[がは]オフライン`)})
		},
		Title: say("The agent has not been heard of for five minutes", "エージェントから 5 分以上連絡がない"),
		Cause: say(
			"Briefly after activation and during updates that is normal. Else it is powered off, too small, restored from a snapshot, or has lost the way to the endpoint (1024-1064 and 443). A public-endpoint agent in a VPC with private DNS on is led astray.",
			"アクティブ化直後と更新中は正常。それ以外では、電源が切れている、サイズ不足、スナップショットからの復元、エンドポイントへの経路（1024-1064 と 443）の喪失。プライベート DNS が有効な VPC 内のパブリックエンドポイント用エージェントは誤った宛先に向かう。",
		),
		Fix:     say("Wait a few minutes; then judge the path to the endpoint, and test the connections at the agent's local console.", "数分待ち、エンドポイントへの経路を判定し、エージェントのローカルコンソールで接続をテストする。"),
		Sources: []string{PageAgentHelp, pageModel},
		Checks:  []string{"sg-ingress-control", "sg-ingress-443", "route-to-endpoint", "route-to-agent", "nacl-to-endpoint", "nacl-to-agent", "probe-control", "endpoint-private-dns"},
	}
	ConsoleTest = &Error{ // P04
		ID: "CONSOLE_TEST_FAILED", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Testing connection to ENDPOINT ... FAILED"),
		match: func() []wording {
			return []wording{exactly(nil, "test", `test(?:ing)?(?:network)?connect(?:ion|ivity)(?:to|s)?.{0,160}?(?:datasync|vpce|vpcendpoint)[^\[]{0,120}?\[?failed`)}
		},
		Title:   say("The agent's own network test fails", "エージェント自身のネットワークテストが失敗した"),
		Cause:   say("An address that the agent needs does not answer it. The console does not say what stops it.", "エージェントに必要なアドレスが応答しない。何が止めているかコンソールは示さない。"),
		Fix:     say("Judge the path from the agent to the endpoint: the checks below name the rule or route.", "エージェントからエンドポイントへの経路を判定する。下のチェックがルールや経路を特定する。"),
		Sources: []string{PageTesting, PageNetwork},
		Checks:  []string{"sg-ingress-443", "sg-ingress-control", "route-to-endpoint", "route-to-agent", "nacl-to-endpoint", "nacl-to-agent", "agent-sg-egress", "probe-443", "probe-control"},
	}
	TaskLaunching = &Error{ // P05
		ID: "TASK_LAUNCHING", Stage: AfterActivation,
		Message: snapshot.Same("task execution status LAUNCHING, without progress"),
		match: func() []wording {
			return append(phrases(besideOwn, "stuck in launching status", "stuck in launching state", "stuck in launching", "stuck at launching", "remains in launching"),
				exactly(nil, "launching", `task/task[0-9a-z]{17}[^}]{0,400}?status[:=]launching[^a-z]`))
		},
		Title:   say("The task does not get past LAUNCHING", "タスクが LAUNCHING から進まない"),
		Cause:   say("The agent is off or has lost its network connection.", "エージェントが停止しているか、ネットワーク接続を失っている。"),
		Fix:     say("See whether the agent is online, and judge its path to the endpoint and to the task's interfaces.", "エージェントがオンラインか確認し、エンドポイントとタスクのインターフェイスへの経路を判定する。"),
		Sources: []string{pageTasksHelp},
		Checks:  []string{"sg-ingress-control", "task-sg", "subnet-free-ips", "route-to-endpoint", "route-to-agent", "nacl-to-endpoint", "nacl-to-agent"},
	}
	ENINotFound = &Error{ // P06
		ID: "ENI_NOT_FOUND", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("EniNotFound"),
		match: func() []wording {
			return phrases(codeOrOwn, "EniNotFound")
		},
		Title:   say("A network interface of the task was deleted", "タスクのネットワークインターフェイスが削除された"),
		Cause:   say("DataSync made it with the task; without it a scheduled or queued execution fails.", "DataSync がタスク作成時に作ったもので、ないとスケジュール実行やキューの実行が失敗する。"),
		Fix:     say("Start the task by hand: that makes the missing interfaces again, if the subnet has four free addresses.", "タスクを手動で開始すると、サブネットに空きアドレスが 4 つあれば作り直される。"),
		Sources: []string{pageTasksHelp},
		Checks:  []string{"subnet-free-ips", "subnet-usable"},
	}
	TaskUnavailable = &Error{ // P07
		ID: "TASK_UNAVAILABLE", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("task status UNAVAILABLE, with a mount error"),
		match: func() []wording {
			return slices.Concat(phrases(nil, "Task failed to access location", "Task fails to access location", "Task is unable to access location", "failed to connect to EFS mount target with IP"),
				phrases(speaksOf, "could not mount", "couldn't mount", "didn't mount", "unable to mount", "failed to mount", "mount.nfs", "mount error"),
				[]wording{
					exactly(nil, "unavailable", `task/task[0-9a-z]{17}[^}]{0,400}?status[:=]unavailable`), exactly(nil, "unavailable", `status[:=]unavailable[^}]{0,400}?task/task[0-9a-z]{17}`),
					exactly(speaksOf, "unavailable", `task.{0,40}unavailable.{0,120}(?:mount|nfs|smb)`), exactly(speaksOf, "unavailable", `status[:=]?unavailable.{0,300}?(?:mount|nfs|smb)`),
				})
		},
		Title:   say("The task's storage can't be mounted", "タスクのストレージをマウントできない"),
		Cause:   say("A firewall stands between the agent and the file server, the export does not admit the agent, or an agent of the location is offline.", "エージェントとファイルサーバーの間のファイアウォール、エージェントを許可しないエクスポート設定、またはロケーションのエージェントがオフライン。"),
		Fix:     say("See whether the agents are online; open NFS 2049 (111) or SMB 445 from the agent to the server, for EFS 2049 to the mount target, and admit the agent's address in the export.", "エージェントがオンラインか確認し、サーバーへの NFS 2049（111）または SMB 445、EFS ではマウントターゲットへの 2049 を許可し、エクスポート設定でエージェントのアドレスを許可する。"),
		Sources: []string{pageTasksHelp, PageNetwork},
		Checks:  []string{"probe-storage"},
	}
	Memory = &Error{ // P08
		ID: "OUT_OF_MEMORY", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Cannot allocate memory"),
		Codes:   []string{"cannotallocatememory", "nomem"},
		match: func() []wording {
			return append(phrases(speaksOf, "Cannot allocate memory"), exactly(speaksOf, "nomem", `errorcode[:=]nomem`), exactly(nil, "nomem", `task/task[0-9a-z]{17}[^}]{0,400}?nomem`))
		},
		Title:   say("The agent has too little memory for the transfer", "エージェントのメモリが転送に対して不足している"),
		Cause:   say("A Basic mode agent needs 32 GB, 64 GB above 20 million files.", "Basic モードのエージェントには 32 GB、2,000 万ファイルを超える場合は 64 GB が必要。"),
		Fix:     say("Give the agent more memory, split the task, or use Enhanced mode.", "エージェントのメモリを増やすか、タスクを分割するか、Enhanced モードを使う。"),
		Sources: []string{pageTasksHelp},
	}
	IO = &Error{ // P09
		ID: "INPUT_OUTPUT_ERROR", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Input/output error"),
		Codes:   []string{"input/outputerror"},
		match: func() []wording {
			return phrases(speaksOf, "Input/output error")
		},
		Title:   say("Reading or writing on the storage failed", "ストレージの読み書きに失敗した"),
		Cause:   say("The storage, the network or a firewall changed during the transfer, or a limit of the storage was hit.", "転送中にストレージ・ネットワーク・ファイアウォールが変わったか、ストレージの上限に達した。"),
		Fix:     say("Look at the storage's own log, and probe its ports from the agent's network.", "ストレージ自身のログを確認し、エージェントのネットワークからポートへの接続を試す。"),
		Sources: []string{pageTasksHelp},
		Checks:  []string{"probe-storage"},
	}
	StorageReset = &Error{ // P10
		ID: "STORAGE_CONNECTION_RESET", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Connection Reset by peer / Host is down"),
		Codes:   []string{"hostisdown"},
		match: func() []wording {
			return phrases(ofTask, "Connection reset by peer", "Host is down")
		},
		Title:   say("The storage dropped the connection", "ストレージが接続を切断した"),
		Cause:   say("A failover of the file server, as ONTAP does, ends its connections.", "ONTAP などのファイルサーバーはフェイルオーバー時に接続を切る。"),
		Fix:     say("Start the task again once the server is back.", "サーバーの復帰後にタスクを再開する。"),
		Sources: []string{pageTasksHelp},
		Checks:  []string{"probe-storage"},
	}
	IDMapping = &Error{ // P11
		ID: "NFS_ID_MAPPING", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("FsNfsIdMappingEnabled"),
		match: func() []wording {
			return phrases(nil, "FsNfsIdMappingEnabled", "does not support server-side NFSv4 ID mapping")
		},
		Title:   say("The NFS server maps ids, which DataSync does not support", "NFS サーバーの ID マッピングを DataSync がサポートしていない"),
		Cause:   say("NFSv4 id mapping on the server changes owners.", "サーバー側の NFSv4 ID マッピングが所有者を変える。"),
		Fix:     say("Mount with NFS version 3, or turn id mapping off.", "NFS バージョン 3 を使うか、ID マッピングを無効にする。"),
		Sources: []string{pageTasksHelp},
	}
	SyncOption = &Error{ // P12
		ID: "INVALID_SYNC_OPTION", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("Invalid SyncOption value. Option: TransferMode,PreserveDeletedFiles, Value: ALL,REMOVE."),
		match: func() []wording {
			return phrases(nil, "Invalid SyncOption value")
		},
		Title:   say("Two options of the task exclude each other", "タスクの 2 つのオプションが両立しない"),
		Cause:   say("TransferMode ALL copies everything without looking, so it can't remove what is gone.", "TransferMode の ALL は比較せずにすべてコピーするため、削除されたものを取り除けない。"),
		Fix:     say("Set PreserveDeletedFiles to PRESERVE, or TransferMode to CHANGED.", "PreserveDeletedFiles を PRESERVE にするか、TransferMode を CHANGED にする。"),
		Sources: []string{pageTasksHelp},
	}
	SMBUnreachable = &Error{ // P13
		ID: "SMB_UNREACHABLE", Stage: AfterActivation, Literal: true,
		Message: snapshot.Same("NT_STATUS_IO_TIMEOUT"),
		match: func() []wording {
			return phrases(nil, "NT_STATUS_IO_TIMEOUT", "NT_STATUS_HOST_UNREACHABLE", "NT_STATUS_NETWORK_UNREACHABLE")
		},
		Title:   say("The SMB server, or one that it refers to, does not answer", "SMB サーバー、またはその参照先が応答しない"),
		Cause:   say("TCP 445 is blocked, or a DFS referral names a server that the agent can't reach.", "TCP 445 が遮断されているか、DFS の参照先サーバーにエージェントが到達できない。"),
		Fix:     say("Open TCP 445 from the agent to the server and to the targets of its DFS referrals.", "エージェントからサーバーと DFS 参照先への TCP 445 を許可する。"),
		Sources: []string{"https://github.com/ministryofjustice/analytical-platform/issues/5175"},
		Checks:  []string{"probe-storage"},
	}
	RegionOff = &Error{ // P14
		ID: "TASK_STOPS_REGION_DISABLED", Stage: AfterActivation,
		Message: say("the text is not documented; the task stops early", "文面は文書化されていない。タスクが早期に停止する"),
		Title:   say("The task stops early: an opt-in Region is disabled", "タスクが早期に停止する（オプトインリージョンが無効）"),
		Cause:   say("One of the accounts has not enabled the opt-in Region of the other side.", "一方のアカウントで、相手側のオプトインリージョンが有効になっていない。"),
		Fix:     say("Enable the Region in that account.", "そのアカウントでリージョンを有効にする。"),
		Sources: []string{pageTasksHelp},
	}
)

var laterErrors = []*Error{
	AgentNotFound, AgentInUse, AgentOffline, ConsoleTest, TaskLaunching, ENINotFound, TaskUnavailable, Memory, IO, StorageReset,
	IDMapping, SyncOption, SMBUnreachable, RegionOff,
}
