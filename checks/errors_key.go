package checks

import "github.com/dspreflight/dspreflight/internal/snapshot"

// What can go wrong while the agent is asked for its key. The marks K01 to K14
// order them as the sources do.
var (
	errUnreachable = &DocumentedError{ // K01, K03
		ID: "PRIVATE_LINK_ENDPOINT_UNREACHABLE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"),
		Match: patterns(`retrievingactivationkeyfromipaddress\((?P<agent_ip>[0-9.]+)\).{0,80}?private_?link_?endpoint_?unreachable`,
			`private_?link_?endpoint_?unreachable`),
		Title: say("The agent can't reach the VPC endpoint", "エージェントが VPC エンドポイントに到達できない"),
		Cause: say(
			"When it is asked for a key, the agent connects to the endpoint's address. TCP 443 to it is usually what is blocked; a missing route, the wrong address, a network ACL or a firewall does the same.",
			"エージェントはキーを求められた時点でエンドポイントのアドレスに接続する。多くの場合は TCP 443 が許可されていない。経路の欠落、アドレスの誤り、ネットワーク ACL、ファイアウォールでも同じ結果になる。",
		),
		Fix: say(
			"Open TCP 443 and 1024-1064 from the agent to the endpoint, check routes and network ACLs in both directions, and use an address of the endpoint as privateLinkEndpoint.",
			"エージェントからエンドポイントへの TCP 443 と 1024-1064 を許可し、往復の経路とネットワーク ACL を確認し、privateLinkEndpoint にはエンドポイント自身のアドレスを指定する。",
		),
		Sources: []string{pageArticle, pageTFAgent},
		Checks:  []string{"sg-ingress-443", "route-to-endpoint", "route-to-agent", "nacl-to-endpoint", "nacl-to-agent", "agent-sg-egress", "connection-active", "cidr-overlap", "probe-443", "activation-input", "sg-ingress-control"},
	}
	errKeyNotRetrieved = &DocumentedError{ // K02
		ID: "ACTIVATION_KEY_NOT_RETRIEVED", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("Failed to retrieve agent activation key"),
		Match:   patterns(`failedtoretrieve(?:the)?agent(?:'s)?activationkey`, `エージェントのアクティベーションキーを(?:取得|取り出)でき`),
		Title:   say("The console could not get a key from the agent", "コンソールがエージェントからキーを取得できない"),
		Cause:   say("Network security settings block the connection: from the browser to the agent's port 80, or from the agent to the endpoint.", "ネットワークのセキュリティ設定が、ブラウザーからエージェントのポート 80、またはエージェントからエンドポイントへの接続を遮断している。"),
		Fix:     say("Open TCP 80 from the browser to the agent and the endpoint's ports from the agent, or fetch the key at the agent's local console.", "ブラウザーからエージェントへの TCP 80 と、エージェントからエンドポイントへのポートを許可するか、エージェントのローカルコンソールでキーを取得する。"),
		Sources: []string{pageAgentHelp},
		Checks:  []string{"sg-ingress-443", "sg-ingress-control", "probe-agent-http", "probe-443", "nacl-to-endpoint", "nacl-to-agent"},
	}
	errAgentTimeout = &DocumentedError{ // K04, K05
		ID: "AGENT_HTTP_TIMEOUT", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("making HTTP request: Get \"http://AGENT/?...\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
		Match: patterns(
			`timeoutretrievingactivationkeyfromipaddress\((?P<agent_ip>[0-9.]+)`,
			`get\\?"http://(?P<agent_ip>[0-9.]+)[^"]*?(?:activationregion|gatewaytype)[^"]*?\\?":(?:contextdeadlineexceeded|dialtcp[^ ]{0,60}?(?:i/otimeout|operationtimedout)|net/http:requestcancel)`,
			`makinghttprequest:get\\?"http://(?P<agent_ip>[0-9.]+)[^"]*?\\?":(?:contextdeadlineexceeded|dialtcp[^ ]{0,60}?i/otimeout)`,
			`(?:activationregion|gatewaytype)=.*?(?:curl:\(28\)|operationtimedoutafter)`,
			`curl:\(28\)failedtoconnectto(?P<agent_ip>(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]+)port80`),
		Title: say("The agent's port 80 gave no answer in time", "エージェントのポート 80 から時間内に応答がない"),
		Cause: say(
			"TCP 80 to the agent is blocked, the agent is not up yet, or it answers only after it has tried the endpoint, which takes longer than ten seconds when the endpoint can't be reached. Version 6.42.0 of Terraform's AWS provider does this by itself with VPC endpoints.",
			"エージェントへの TCP 80 が遮断されている、エージェントが起動していない、またはエンドポイントへの接続を試してから応答しており、到達できないと 10 秒を超える。Terraform の AWS プロバイダー 6.42.0 は VPC エンドポイントで単独でもこの症状を起こす。",
		),
		Fix: say(
			"Open TCP 80 from the machine that asks to the agent, judge the path from the agent to the endpoint, and pin the Terraform provider to 6.41.0 if it is 6.42.0.",
			"要求するマシンからエージェントへの TCP 80 を許可し、エージェントからエンドポイントへの経路を判定し、Terraform プロバイダーが 6.42.0 なら 6.41.0 に固定する。",
		),
		Sources: []string{pageTFAgent, pageTF47798, "https://github.com/hashicorp/terraform-provider-aws/issues/14904"},
		Checks:  []string{"probe-agent-http", "sg-ingress-443", "route-to-endpoint", "nacl-to-endpoint", "probe-443"},
	}
	errAgentStatus = &DocumentedError{ // K06, K07
		ID: "AGENT_HTTP_UNEXPECTED_STATUS", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("expected HTTP status code 302, received: 200"),
		Match:   patterns(`expectedhttpstatuscode302,received:(?P<status>[0-9]{3})`, `extractinghttplocationheader`),
		Title:   say("What answered on port 80 is not an agent that redirects", "ポート 80 の応答がエージェントのリダイレクトではない"),
		Cause:   say("The address is another machine's, a proxy answered, or the key was asked for with no_redirect, which makes an agent answer 200 with the key as text.", "別のマシンのアドレスである、プロキシが応答した、または no_redirect 付きで要求した（この場合エージェントは 200 とキーの本文を返す）。"),
		Fix:     say("Use the agent's own address, bypass the proxy for it, and with no_redirect read the key from the body.", "エージェント自身のアドレスを使い、プロキシの対象から外し、no_redirect の場合は本文からキーを読む。"),
		Sources: []string{pageTFAgent, pageTFGateway, pageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	errKeyEmpty = &DocumentedError{ // K08
		ID: "ACTIVATION_KEY_EMPTY", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("empty activationKey received from IP Address: AGENT"),
		Match:   patterns(`emptyactivationkeyreceivedfromipaddress:(?P<agent_ip>[0-9.]*)`),
		Title:   say("The agent's answer holds no key", "エージェントの応答にキーがない"),
		Cause:   say("The agent answered with an errorType that the tool does not know; Terraform looks for PRIVATE_LINK_ENDPOINT_UNREACHABLE only.", "エージェントがツールの知らない errorType を返した。Terraform が見るのは PRIVATE_LINK_ENDPOINT_UNREACHABLE だけである。"),
		Fix:     say("Ask with curl -v and read errorType in the Location header; then judge the path from the agent to the endpoint.", "curl -v で要求して Location ヘッダーの errorType を読み、エージェントからエンドポイントへの経路を判定する。"),
		Sources: []string{pageTFAgent, pageTFGateway},
		Checks:  []string{"sg-ingress-443", "sg-ingress-control", "route-to-endpoint", "nacl-to-endpoint", "activation-input"},
	}
	errKeyNoResponse = &DocumentedError{ // K09
		ID: "ACTIVATION_KEY_NO_RESPONSE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("no response for activation key request"),
		Match:   patterns(`noresponseforactivationkeyrequest`),
		Title:   say("The request for a key got no response", "キー要求に応答がない"),
		Cause:   say("The client gave up before the agent answered.", "エージェントの応答前にクライアントが待つのをやめた。"),
		Fix:     say("Try again, and probe the agent's port 80.", "再試行し、エージェントのポート 80 への接続を試す。"),
		Sources: []string{pageTFAgent},
		Checks:  []string{"probe-agent-http"},
	}
	errKeyOrAddress = &DocumentedError{ // K10
		ID: "ACTIVATION_KEY_OR_ADDRESS_REQUIRED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("one of activation_key or ip_address is required"),
		Match:   patterns(`oneof[^a-z]{0,3}activation_key[^a-z]{0,3}(?:or|,)[^a-z]{0,3}ip_address`),
		Title:   say("Terraform was told neither a key nor the agent's address", "Terraform にキーもエージェントのアドレスも指定されていない"),
		Cause:   say("aws_datasync_agent needs activation_key or ip_address.", "aws_datasync_agent には activation_key か ip_address が必要。"),
		Fix:     say("Set one of the two.", "どちらかを設定する。"),
		Sources: []string{pageTFAgent},
	}
	errAgentGatewayTimeout = &DocumentedError{ // K11
		ID: "AGENT_HTTP_GATEWAY_TIMEOUT", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("status code in HTTP response: 504"),
		Match: patterns(`statuscodeinhttpresponse:(?P<status>504)`, `(?P<status>504)servererror:gatewaytimeoutforurl:http://.*?(?:activationregion|gatewaytype)=`,
			`(?:activationregion|gatewaytype)=.*?http/[0-9.]+(?P<status>504)gatewaytime-?out`),
		Title:   say("Something in front of the agent timed out", "エージェントの手前の機器がタイムアウトした"),
		Cause:   say("A proxy or load balancer answered 504 in the agent's place.", "プロキシまたはロードバランサーがエージェントの代わりに 504 を返した。"),
		Fix:     say("Ask the agent directly, without the proxy, and try again.", "プロキシを通さずエージェントに直接要求し、再試行する。"),
		Sources: []string{pageTFGateway},
		Checks:  []string{"probe-agent-http"},
	}
	errNotAKey = &DocumentedError{ // K12
		ID: "AGENT_HTTP_NOT_A_KEY", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("Failed to self-activate or create agent in XHTML for <?xml ..."),
		Match:   patterns(`failedtoself-activateorcreate.{0,60}?agentinxhtml`),
		Title:   say("The answer is a web page, not a key", "応答がキーではなく Web ページ"),
		Cause:   say("A proxy, a captive portal or another machine answered instead of the agent; its security group may not admit TCP 80.", "エージェントの代わりにプロキシ、認証ポータル、または別のマシンが応答した。エージェントのセキュリティグループが TCP 80 を許可していない可能性もある。"),
		Fix:     say("Allow TCP 80 to the agent, use its own address, and bypass the proxy for it.", "エージェントへの TCP 80 を許可し、エージェント自身のアドレスを使い、プロキシの対象から外す。"),
		Sources: []string{"https://github.com/aws-samples/amazon-efs-tutorial/issues/5"},
		Checks:  []string{"probe-agent-http"},
	}
	errAgentRefused = &DocumentedError{ // K13
		ID: "AGENT_HTTP_REFUSED", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("curl: (7) Failed to connect to AGENT port 80: Connection refused"),
		Match: patterns(
			`(?:activationregion|gatewaytype)=.*?(?:connectionrefused|couldn'tconnecttoserver)`,
			`curl:\(7\)failedtoconnectto(?P<agent_ip>(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]+)port80.{0,40}?(?:connectionrefused|couldn'tconnect)`,
			`nc:connectto(?P<agent_ip>(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]+)port80\(tcp\)failed:connectionrefused`,
			`(?:retrievingactivationkey|makinghttprequest).*?dialtcp(?P<agent_ip>[0-9.]+):80:connect:connectionrefused`),
		Title:   say("The agent refuses port 80", "エージェントがポート 80 を拒否する"),
		Cause:   say("An agent closes port 80 once it is activated. Before that it refuses only while it boots, or the address is another machine's.", "エージェントはアクティベーションが済むとポート 80 を閉じる。それ以前に拒否するのは起動中か、別のマシンのアドレスの場合だけである。"),
		Fix:     say("List the agents of the account: it may be activated already. Otherwise wait for it to boot and compare the address with its console.", "アカウントのエージェントを一覧し、既にアクティベート済みでないか確認する。そうでなければ起動を待ち、アドレスをコンソールの表示と比べる。"),
		Sources: []string{pageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	errKeyExpired = &DocumentedError{ // K14
		ID: "ACTIVATION_KEY_EXPIRED", Stage: CreateAgent,
		Message: say("the text is not documented", "文面は文書化されていない"),
		Title:   say("The key is older than 30 minutes", "キーの取得から 30 分を超えている"),
		Cause:   say("Activation keys expire in 30 minutes if unused. What CreateAgent then says is in no public source.", "アクティベーションキーは未使用のまま 30 分で失効する。その際の CreateAgent のメッセージは公開資料にない。"),
		Fix:     say("Fetch a new key and use it at once.", "キーを取り直し、すぐに使う。"),
		Sources: []string{pageActivate},
		Checks:  []string{"activation-input"},
	}
)

var keyErrors = []*DocumentedError{
	errUnreachable, errKeyNotRetrieved, errAgentTimeout, errAgentStatus, errKeyEmpty, errKeyNoResponse, errKeyOrAddress,
	errAgentGatewayTimeout, errNotAKey, errAgentRefused, errKeyExpired,
}
