package documented

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What can go wrong while the agent is asked for its key. The marks K01 to K14
// order them as the sources do.
var (
	EndpointUnreachable = &Error{ // K01, K03
		ID: "PRIVATE_LINK_ENDPOINT_UNREACHABLE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"),
		match: func() []wording {
			return slices.Concat(
				phrases(nil, "retrieving activation key from IP Address ({at}) {...} PRIVATE_LINK_ENDPOINT_UNREACHABLE", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"),
				phrases(codeOrOwn, "PRIVATE LINK ENDPOINT UNREACHABLE"),
				phrases(ofKeyRequest, "private link endpoint is unreachable"))
		},
		Title: say("The agent can't reach the VPC endpoint", "エージェントが VPC エンドポイントに到達できない"),
		Cause: say(
			"When it is asked for a key, the agent connects to the endpoint's address. TCP 443 to it is usually what is blocked; a missing route, the wrong address, a network ACL or a firewall does the same.",
			"エージェントはキーを求められた時点でエンドポイントのアドレスに接続する。多くの場合は TCP 443 が許可されていない。経路の欠落、アドレスの誤り、ネットワーク ACL、ファイアウォールでも同じ結果になる。",
		),
		Fix: say(
			"Open TCP 443 and 1024-1064 from the agent to the endpoint, check routes and network ACLs in both directions, and use an address of the endpoint as privateLinkEndpoint.",
			"エージェントからエンドポイントへの TCP 443 と 1024-1064 を許可し、往復の経路とネットワーク ACL を確認し、privateLinkEndpoint にはエンドポイント自身のアドレスを指定する。",
		),
		Sources: []string{PageArticle, pageTFAgent},
		Checks:  []string{"sg-ingress-443", "route-to-endpoint", "route-to-agent", "nacl-to-endpoint", "nacl-to-agent", "agent-sg-egress", "connection-active", "cidr-overlap", "probe-443", "activation-input", "sg-ingress-control"},
	}
	KeyNotRetrieved = &Error{ // K02
		ID: "ACTIVATION_KEY_NOT_RETRIEVED", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("Failed to retrieve agent activation key"),
		match: func() []wording {
			return append(phrases(nil, "failed to retrieve agent activation key", "failed to retrieve agent's activation key", "could not retrieve agent activation key"),
				exactly(nil, "アクティベーションキー", `エージェントの?アクティベーションキーを?(?:取得|取り出)(?:でき|に失敗)`))
		},
		Title:   say("The console could not get a key from the agent", "コンソールがエージェントからキーを取得できない"),
		Cause:   say("Network security settings block the connection: from the browser to the agent's port 80, or from the agent to the endpoint.", "ネットワークのセキュリティ設定が、ブラウザーからエージェントのポート 80、またはエージェントからエンドポイントへの接続を遮断している。"),
		Fix:     say("Open TCP 80 from the browser to the agent and the endpoint's ports from the agent, or fetch the key at the agent's local console.", "ブラウザーからエージェントへの TCP 80 と、エージェントからエンドポイントへのポートを許可するか、エージェントのローカルコンソールでキーを取得する。"),
		Sources: []string{PageAgentHelp},
		Checks:  []string{"sg-ingress-443", "sg-ingress-control", "probe-agent-http", "probe-443", "nacl-to-endpoint", "nacl-to-agent"},
	}
	AgentTimeout = &Error{ // K04, K05
		ID: "AGENT_HTTP_TIMEOUT", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("making HTTP request: Get \"http://AGENT/?...\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
		match: func() []wording {
			return slices.Concat(
				phrases(nil, "timeout retrieving activation key from IP Address ({at})"),
				phrases(ofAgentPort, "connect to {at} port 80 (tcp) timed out", "took too long to respond", "taking too long to respond", "execution expired", "connect to {at} port 80 {...} Timeout was reached", "{host} {...} context deadline exceeded", "dial tcp {at}:80 {...} i/o timeout",
					"context deadline exceeded", "i/o timeout", "timed out", "timeout was reached", "aborted due to timeout", "timeout awaiting", "timeout of {n}ms exceeded", "HttpClient.Timeout",
					"ConnectTimeoutError", "ConnectionTimeoutError", "HttpTimeoutException", "operation was aborted", "HTTPTimeoutError", "Headers Timeout Error", "connected party did not properly respond", "Ncat: TIMEOUT", "WinError 10060"),
				phrases(codeOfAgentPort, "ETIMEDOUT", "ESOCKETTIMEDOUT"),
				phrases(aloneAtPort80, "curl: (28) Failed to connect to {private} port 80", "nc: connect to {private} port 80 (tcp) failed: Connection timed out", "nc: connect to {private} port 80 (tcp) timed out",
					"Connecting to {private}:80... failed: Connection timed out", "Timeout when waiting for {private}:80", "connected host has failed to respond. ({private}:80)"),
				phrases(clientOfPort80, "connected party did not properly respond", "wget: download timed out", "Operation timed out after", "Connection timed out after", "Connection timed out", "Ncat: TIMEOUT", "nc: timed out"), []wording{netcat("connectiontimedout")},
				[]wording{exactly(ofAgentPort, "readtimeout", `500readtimeout|readtimeoutat/`), exactly(ofAgentPort, "timeout", `net::(?:open|read|write)timeout|(?:^|[^y.])timeouterror|asyncio\.timeouterror|underr(?:connect|headers|body)timeout|connect:timeout`)})
		},
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
	AgentStatus = &Error{ // K06, K07
		ID: "AGENT_HTTP_UNEXPECTED_STATUS", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("expected HTTP status code 302, received: 200"),
		match: func() []wording {
			return slices.Concat(answered(`4(?:0[0-689]|[1-9][0-9])|50[0-35-9]`, "not found", "forbidden", "unauthorized", "bad request", "method not allowed", "internal server error", "server error", "client error", "bad gateway", "service unavailable", "service temporarily unavailable"),
				phrases(nil, "expected HTTP status code 302, received: {status}", "extracting HTTP Location header"),
				phrases(ofKeyRequest, "FileNotFoundException: http://"))
		}, // Java's word for 404
		Title:   say("What answered on port 80 is not an agent that redirects", "ポート 80 の応答がエージェントのリダイレクトではない"),
		Cause:   say("The address is another machine's, a proxy answered, or the key was asked for with no_redirect, which makes an agent answer 200 with the key as text.", "別のマシンのアドレスである、プロキシが応答した、または no_redirect 付きで要求した（この場合エージェントは 200 とキーの本文を返す）。"),
		Fix:     say("Use the agent's own address, bypass the proxy for it, and with no_redirect read the key from the body.", "エージェント自身のアドレスを使い、プロキシの対象から外し、no_redirect の場合は本文からキーを読む。"),
		Sources: []string{pageTFAgent, pageTFGateway, PageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	KeyEmpty = &Error{ // K08
		ID: "ACTIVATION_KEY_EMPTY", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("empty activationKey received from IP Address: AGENT"),
		match: func() []wording {
			return phrases(nil, "empty activationKey received from IP Address: {at}", "empty activationKey received")
		},
		Title:   say("The agent's answer holds no key", "エージェントの応答にキーがない"),
		Cause:   say("The agent answered with an errorType that the tool does not know; Terraform looks for PRIVATE_LINK_ENDPOINT_UNREACHABLE only.", "エージェントがツールの知らない errorType を返した。Terraform が見るのは PRIVATE_LINK_ENDPOINT_UNREACHABLE だけである。"),
		Fix:     say("Ask with curl -v and read errorType in the Location header; then judge the path from the agent to the endpoint.", "curl -v で要求して Location ヘッダーの errorType を読み、エージェントからエンドポイントへの経路を判定する。"),
		Sources: []string{pageTFAgent, pageTFGateway},
		Checks:  []string{"sg-ingress-443", "sg-ingress-control", "route-to-endpoint", "nacl-to-endpoint", "activation-input"},
	}
	KeyNoResponse = &Error{ // K09
		ID: "ACTIVATION_KEY_NO_RESPONSE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("no response for activation key request"),
		match: func() []wording {
			return append(phrases(nil, "no response for activation key request"),
				exactly(ofKeyRequest, "httprequestfailed", `httprequestfailed!(?:in|$)`))
		},
		Title:   say("The request for a key got no response", "キー要求に応答がない"),
		Cause:   say("The client gave up before the agent answered.", "エージェントの応答前にクライアントが待つのをやめた。"),
		Fix:     say("Try again, and probe the agent's port 80.", "再試行し、エージェントのポート 80 への接続を試す。"),
		Sources: []string{pageTFAgent},
		Checks:  []string{"probe-agent-http"},
	}
	KeyOrAddress = &Error{ // K10
		ID: "ACTIVATION_KEY_OR_ADDRESS_REQUIRED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("one of activation_key or ip_address is required"),
		match: func() []wording {
			return phrases(nil, "one of activation_key or ip_address is required", "one of activation_key, ip_address")
		},
		Title:   say("Terraform was told neither a key nor the agent's address", "Terraform にキーもエージェントのアドレスも指定されていない"),
		Cause:   say("aws_datasync_agent needs activation_key or ip_address.", "aws_datasync_agent には activation_key か ip_address が必要。"),
		Fix:     say("Set one of the two.", "どちらかを設定する。"),
		Sources: []string{pageTFAgent},
	}
	AgentGatewayTimeout = &Error{ // K11
		ID: "AGENT_HTTP_GATEWAY_TIMEOUT", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("status code in HTTP response: 504"),
		match: func() []wording {
			return append(answered(`504`, "gateway timeout", "server error"), phrases(nil, "status code in HTTP response: 504")...)
		},
		Title:   say("Something in front of the agent timed out", "エージェントの手前の機器がタイムアウトした"),
		Cause:   say("A proxy or load balancer answered 504 in the agent's place.", "プロキシまたはロードバランサーがエージェントの代わりに 504 を返した。"),
		Fix:     say("Ask the agent directly, without the proxy, and try again.", "プロキシを通さずエージェントに直接要求し、再試行する。"),
		Sources: []string{pageTFGateway},
		Checks:  []string{"probe-agent-http"},
	}
	NotAKey = &Error{ // K12
		ID: "AGENT_HTTP_NOT_A_KEY", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("Failed to self-activate or create agent in XHTML for <?xml ..."),
		match: func() []wording {
			return slices.Concat(
				phrases(nil, "failed to self-activate or create {...} agent in XHTML", "failed to self-activate or create agent in XHTML", "the answer is not an activation key"),
				phrases(ofKeyRequest, "HTTP/0.9 when not allowed", "assuming HTTP/0.9", "BadStatusLine", "bad status line", "wrong status line", "invalid status line", "malformed HTTP response", "Expected HTTP/", "HPE_INVALID_CONSTANT", "invalid HTTP response", "committed a protocol violation", "malformed Status-Line", "tokens in status line", "before a valid response was received", "SSH-2.0-"),
				[]wording{exactly(ofPage, "<html", "<html"), exactly(ofPage, "<!doctype", "<!doctypehtml")})
		},
		Title:   say("The answer is a web page, not a key", "応答がキーではなく Web ページ"),
		Cause:   say("A proxy, a captive portal or another machine answered instead of the agent; its security group may not admit TCP 80.", "エージェントの代わりにプロキシ、認証ポータル、または別のマシンが応答した。エージェントのセキュリティグループが TCP 80 を許可していない可能性もある。"),
		Fix:     say("Allow TCP 80 to the agent, use its own address, and bypass the proxy for it.", "エージェントへの TCP 80 を許可し、エージェント自身のアドレスを使い、プロキシの対象から外す。"),
		Sources: []string{"https://github.com/aws-samples/amazon-efs-tutorial/issues/5"},
		Checks:  []string{"probe-agent-http"},
	}
	AgentRefused = &Error{ // K13
		ID: "AGENT_HTTP_REFUSED", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("curl: (7) Failed to connect to AGENT port 80: Connection refused"),
		match: func() []wording {
			return slices.Concat(
				phrases(ofAgentPort, "connect to {at} port 80 (tcp) failed: Connection refused", "failed to connect to {at} port 80 {...} [Connection refused|Couldn't connect|Could not connect]", "connect ECONNREFUSED {at}:80", "dial tcp {at}:80: connect: connection refused", "failed to connect to {at}:80 {...} [Connection refused|Couldn't connect|Could not connect]",
					"connection refused", "ConnectionRefusedError", "target machine actively refused it", "Connect call failed", "refused to connect", "can't establish a connection to the server at"),
				phrases(codeOfAgentPort, "ECONNREFUSED"),
				phrases(aloneAtPort80, "curl: (7) Failed to connect to {private} port 80 {...} [Connection refused|Couldn't connect|Could not connect]", "curl: (7) Failed to connect to {private}:80 {...} [Couldn't connect|Could not connect]", "nc: connect to {private} port 80 (tcp) failed: Connection refused",
					"Connecting to {private}:80... failed: Connection refused", "target machine actively refused it. ({private}:80)"),
				phrases(clientOfPort80, "Connection refused", "target machine actively refused it"), []wording{netcat("connectionrefused")},
				[]wording{exactly(ofAgentPort, "connectexception", `java\.net\.connectexception(?:at|$|:failedtoconnectto[a-z0-9.]*/[0-9a-f.:\[\]]+:80(?:[^0-9]|$))`)})
		},
		Title:   say("The agent refuses port 80", "エージェントがポート 80 を拒否する"),
		Cause:   say("An agent closes port 80 once it is activated. Before that it refuses only while it boots, or the address is another machine's. Where curl says only that it could not connect, a missing route may be the cause: curl -v tells.", "エージェントはアクティブ化が済むとポート 80 を閉じる。それ以前に拒否するのは起動中か、別のマシンのアドレスの場合だけである。curl が接続できなかったとだけ表示する場合は経路がないこともあり、curl -v で区別できる。"),
		Fix:     say("List the agents of the account: it may be activated already. Otherwise wait for it to boot and compare the address with its console.", "アカウントのエージェントを一覧し、既にアクティブ化済みでないか確認する。そうでなければ起動を待ち、アドレスをコンソールの表示と比べる。"),
		Sources: []string{PageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	AgentNotConnected = &Error{
		ID: "AGENT_HTTP_NOT_CONNECTED", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("Invoke-WebRequest : Unable to connect to the remote server"),
		match: func() []wording {
			return slices.Concat(
				phrases(ofAgentPort, "Unable to connect to the remote server"), phrases(clientOfPort80, "Unable to connect to the remote server"),
				phrases(aloneAtPort80, "TCP connect to ({private} : 80) failed", "RemoteAddress : {private} RemotePort : 80 {...} TcpTestSucceeded : False"))
		},
		Title:   say("No connection to the agent's port 80", "エージェントのポート 80 に接続できない"),
		Cause:   say("Windows PowerShell and Test-NetConnection don't tell a port that refuses from one that is silent: the agent is activated already and has closed it, it is not up yet, TCP 80 is blocked, or the address is another machine's.", "Windows PowerShell と Test-NetConnection は拒否と無応答を区別しない。アクティブ化済みでポートが閉じている、起動していない、TCP 80 が遮断されている、または別のマシンのアドレスである。"),
		Fix:     say("Ask with curl.exe -v, which tells the two apart, and list the agents of the account.", "両者を区別する curl.exe -v で要求し、アカウントのエージェントを一覧する。"),
		Sources: []string{PageActivate, "https://github.com/PowerShell/PowerShell/issues/21569"},
		Checks:  []string{"probe-agent-http"},
	}
	AgentReset = &Error{
		ID: "AGENT_HTTP_RESET", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("curl: (56) Recv failure: Connection reset by peer"),
		match: func() []wording {
			return slices.Concat(
				phrases(ofAgentPort, "connection reset by peer", "connection reset", "socket hang up", "empty reply from server", "header parser received no bytes", "remote end closed connection without response",
					"RemoteDisconnected", "forcibly closed by the remote host", "server disconnected without sending a response", "unexpected EOF", "unexpected end of file from server", "no data received", "server disconnected", "other side closed", "end of file reached", "EOFError",
					"closed connection without sending any data", "didn't send any data", "ERR_EMPTY_RESPONSE", "connection closed before message completed", "NoHttpResponseException", "HTTPStreamClosedError", "UND_ERR_SOCKET", "unexpected end of stream", "connection was closed unexpectedly", "response ended prematurely"),
				phrases(codeOfAgentPort, "ECONNRESET"),
				phrases(clientOfPort80, "connection reset by peer", "empty reply from server", "no data received"),
				[]wording{exactly(ofKeyRequest, "eof", `[?&][^ ]{0,400}:eof(?:[^a-z]|$)`)})
		},
		Title:   say("The connection to the agent's port 80 was cut", "エージェントのポート 80 への接続が切断された"),
		Cause:   say("Something accepted the connection and ended it without an answer: a firewall or proxy in between, or an agent that is starting or already activated.", "接続を受け付けた後、応答せずに切断された。途中のファイアウォールやプロキシ、または起動中かアクティブ化済みのエージェント。"),
		Fix:     say("Ask from a machine with a direct way to the agent, compare the address with the agent's console, and exempt it from inspection.", "エージェントに直接届くマシンから要求し、アドレスをエージェントのコンソールと比べ、検査の対象から外す。"),
		Sources: []string{PageActivate, PageAgentHelp},
		Checks:  []string{"probe-agent-http"},
	}
	AgentNoRoute = &Error{
		ID: "AGENT_HTTP_NO_ROUTE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("curl: (7) Failed to connect to AGENT port 80: No route to host"),
		match: func() []wording {
			return slices.Concat(
				phrases(ofAgentPort, "no route to host", "network is unreachable", "NoRouteToHostException", "could not resolve host", "unable to resolve host address", "name or service not known", "name does not resolve", "no such host", "bad address",
					"getaddrinfo failed", "nodename nor servname provided", "failure in name resolution", "no address associated with hostname", "server misbehaving", "UnknownHostException", "UnresolvedAddressException", "remote name could not be resolved", "Bad hostname", "ERR_NAME_NOT_RESOLVED", "DNS_PROBE_FINISHED", "ERR_ADDRESS_UNREACHABLE", "server IP address could not be found"),
				phrases(codeOfAgentPort, "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"),
				phrases(aloneAtPort80, "curl: (7) Failed to connect to {private} port 80 {...} [No route to host|Network is unreachable]", "nc: connect to {private} port 80 (tcp) failed: [No route to host|Network is unreachable]",
					"Connecting to {private}:80... failed: [No route to host|Network is unreachable]"),
				phrases(clientOfPort80, "No route to host", "Network is unreachable"), []wording{netcat("noroutetohost"), netcat("networkisunreachable")})
		},
		Title:   say("The agent's address or name leads nowhere from here", "エージェントのアドレスまたは名前にここから到達できない"),
		Cause:   say("This machine has no way to the agent's network, the host is not up, or its name does not resolve here.", "このマシンからエージェントのネットワークへの経路がない、ホストが起動していない、または名前を解決できない。"),
		Fix:     say("Ask from a machine with routes to the agent's network, by the address that the agent's console shows.", "エージェントのネットワークへの経路があるマシンから、エージェントのコンソールに表示されるアドレスで要求する。"),
		Sources: []string{PageArticle, PageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	AgentProxy = &Error{
		ID: "AGENT_HTTP_PROXY", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("curl: (7) Failed to connect to PROXY port 3128: Connection refused"),
		match: func() []wording {
			return slices.Concat(
				dialled,
				phrases(ofProxy, "could not resolve proxy", "ProxyError", "ClientProxyConnectionError", "unable to connect to proxy", "cannot connect to proxy", "proxyconnect tcp", "from proxy after CONNECT", "proxy authentication required", "proxy tunneling failed", "CONNECT tunnel failed", "when HTTP tunneling", "unable to tunnel through proxy", "ERR_PROXY_CONNECTION_FAILED", "ERR_TUNNEL_CONNECTION_FAILED", "complete SOCKS5 connection", "complete SOCKS4 connection"),
				phrases(throughProxy, "timed out", "connection reset", "empty reply from server"),
				phrases(ofKeyRequest, "ERR_CACHE_ACCESS_DENIED", "ERR_ACCESS_DENIED", "ERR_CONNECT_FAIL", "Cache Access Denied"), // the pages of Squid
				[]wording{
					exactly(ofKeyRequest, "407", `(?:error:?|http/[0-9.]+|http|status|code:?|response\.*)407(?:[^0-9]|$)|407clienterror`),
					exactly(ofProxy, "usesproxyenv", `usesproxyenvvariable(?:http|all)proxy.{0,400}?(?:connectionrefused|couldn?o?tconnecttoserver|timedout|timeoutwasreached|noroutetohost|connectionreset)`),
					exactly(ofProxy, "connectingto", `connectingto[a-z0-9.]*proxy[^:]{0,100}:[0-9]+\.*failed`),
					exactly(ofProxy, "failedtoconnectto", `failedtoconnectto[a-z0-9.]*proxy[a-z0-9.]*port[0-9]+`),
					exactly(ofProxy, "proxyrequestsent", `proxyrequestsent.{0,100}?(?:timedout|connectionreset|nodatareceived|[45][0-9]{2}[a-z])`),
				})
		},
		Title:   say("A proxy stood between, and failed", "途中のプロキシで失敗した"),
		Cause:   say("The request for the key went to the proxy that the environment names, not to the agent.", "キーの要求が、エージェントではなく環境変数のプロキシに送られた。"),
		Fix:     say("Bypass the proxy for the agent: curl --noproxy '*', or its address in no_proxy.", "エージェントへはプロキシを通さない（curl --noproxy '*'、または no_proxy にアドレスを設定）。"),
		Sources: []string{PageArticle, PageActivate},
		Checks:  []string{"probe-agent-http"},
	}
	KeyExpired = &Error{ // K14
		ID: "ACTIVATION_KEY_EXPIRED", Stage: CreateAgent,
		Message: say("the text is not documented", "文面は文書化されていない"),
		Title:   say("The key is older than 30 minutes", "キーの取得から 30 分を超えている"),
		Cause:   say("Activation keys expire in 30 minutes if unused. What CreateAgent then says is in no public source.", "アクティベーションキーは未使用のまま 30 分で失効する。その際の CreateAgent のメッセージは公開資料にない。"),
		Fix:     say("Fetch a new key and use it at once.", "キーを取り直し、すぐに使う。"),
		Sources: []string{PageActivate},
		Checks:  []string{"activation-input"},
	}
)

var keyErrors = []*Error{
	EndpointUnreachable, KeyNotRetrieved, AgentTimeout, AgentStatus, KeyEmpty, KeyNoResponse, KeyOrAddress,
	AgentGatewayTimeout, NotAKey, AgentRefused, AgentNotConnected, AgentReset, AgentNoRoute, AgentProxy, KeyExpired,
}
