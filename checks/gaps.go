package checks

import "github.com/dspreflight/dspreflight/internal/snapshot"

// gapTexts say what is missing and what would settle it. {source}, {scope},
// {ref} and {detail} come from the gap.
var gapTexts = map[snapshot.GapCode]Text{
	snapshot.NoPermission:      say("{source} is denied in {scope} ({detail}): have it allowed for the identity that runs dspreflight", "{scope} で {source} が拒否された（{detail}）。dspreflight を実行するアイデンティティに {source} が許可されるようにする"),
	snapshot.CallFailed:        say("{source} failed in {scope}: {detail}", "{scope} で {source} が失敗した: {detail}"),
	snapshot.NotCollected:      say("{source} was not collected for {scope}: add {detail}", "{scope} の {source} が収集されていない。{detail} を追加する"),
	snapshot.FileNotThere:      say("the snapshot is missing {detail}, which its manifest lists", "マニフェストに記載のある {detail} がスナップショットにない"),
	snapshot.NotComplete:       say("{source} of {scope} may be incomplete, so nothing follows from what it does not show (looking for {ref}): pass --complete if the files are whole and unfiltered", "{scope} の {source} は不完全かもしれず、そこにないもの（{ref}）について結論できない。ファイルが全件・無条件の出力なら --complete を付ける"),
	snapshot.SearchFiltered:    say("the routes of {ref} in {scope} were searched with a filter, as {source} takes no call without one, so that others may exist, longer ones too: collect them with --filters Name=state,Values=active,blackhole, and pass --complete or note the call in manifest.json", "{scope} の {ref} の経路は条件付きの検索結果であり（{source} は条件なしでは呼び出せない）、より長いプレフィックスを含む他の経路があるかもしれない。--filters Name=state,Values=active,blackhole で取得し、--complete を付けるか manifest.json に呼び出しを記す"),
	snapshot.CutShort:          say("the output of {source} in {scope} is cut short (it says that there is more): collect it again without a limit", "{scope} の {source} の出力は途中で切れている（続きがあると記されている）。件数制限なしで取り直す"),
	snapshot.RowUnseen:         say("{ref} is not among what {source} showed of {scope}", "{scope} の {source} の結果に {ref} がない"),
	snapshot.FieldUnseen:       say("{source} does not show {detail} of {ref}", "{source} の結果に {ref} の {detail} がない"),
	snapshot.ListUnseen:        say("the entries of prefix list {ref} are not all known: allow ec2:GetManagedPrefixListEntries, or add get-managed-prefix-list-entries.{ref}.json (whole, with --complete or a manifest)", "プレフィックスリスト {ref} の内容が不明。ec2:GetManagedPrefixListEntries を許可するか、get-managed-prefix-list-entries.{ref}.json（全件のもの。--complete かマニフェストを併用）を追加する"),
	snapshot.ReferenceUnseen:   say("a rule references {ref}, and which interfaces carry it is not fully known ({source})", "ルールが {ref} を参照しているが、それが付いたインターフェイスをすべては把握できない（{source}）"),
	snapshot.ReferenceOpen:     say("a rule references {ref}; no interface has {detail} yet, so whether the agent will carry the group is open: pass --agent-instance-id or the agent's own --agent-ip", "ルールが {ref} を参照しているが、{detail} を持つインターフェイスはまだなく、エージェントにこのグループが付くかは未定。--agent-instance-id かエージェント自身の --agent-ip を指定する"),
	snapshot.AccountUnknown:    say("{ref} belongs to account {detail}; which account activates is not known: add get-caller-identity.json, or allow sts:GetCallerIdentity", "{ref} はアカウント {detail} のもの。アクティブ化するアカウントが不明。get-caller-identity.json を追加するか sts:GetCallerIdentity を許可する"),
	snapshot.AgentNotGiven:     say("nothing says where the agent is: pass --agent-ip, --agent-instance-id, --source-subnet-id, --source-cidr or --source-vpc-id", "エージェントの場所が指定されていない。--agent-ip、--agent-instance-id、--source-subnet-id、--source-cidr、--source-vpc-id のいずれかを指定する"),
	snapshot.AgentNotFound:     say("{ref} was not found in any scope ({source}): check the id, --source-region and --source-profile", "{ref} がどのスコープにも見つからない（{source}）。ID と --source-region、--source-profile を確認する"),
	snapshot.AgentAmbiguous:    say("several VPCs hold {ref}: say which with --source-vpc-id", "{ref} を含む VPC が複数ある。--source-vpc-id で指定する"),
	snapshot.SpaceNotDeclared:  say("the address space of the source network is not known: pass --source-vpc-id, or --source-cidr for each of its blocks", "ソースネットワークのアドレス空間が不明。--source-vpc-id か、ブロックごとに --source-cidr を指定する"),
	snapshot.LocationSubnet:    say("for an {detail} destination the task's interfaces go into the subnet of the location, not into the one given at activation: pass that subnet with --subnet-id", "転送先が {detail} の場合、タスクのインターフェイスはアクティブ化時のサブネットではなくロケーションのサブネットに作られる。そのサブネットを --subnet-id で指定する"),
	snapshot.NoDestination:     say("the evidence does not cover the account and Region of the endpoint ({source}): add their folder, or check --region", "証拠にエンドポイントのアカウントとリージョンが含まれていない（{source}）。そのフォルダーを追加するか、--region を確認する"),
	snapshot.EndpointUnnamed:   say("no DataSync endpoint is among what was seen of {scope}: pass --vpc-endpoint-id, and --region where a plan or template does not tell it", "{scope} で見えた範囲に DataSync のエンドポイントがない。--vpc-endpoint-id を指定する。プランやテンプレートからリージョンがわからない場合は --region も指定する"),
	snapshot.RouteAmbiguous:    say("{ref} has routes to two prefix lists ({detail}) with the same block and different targets; AWS picks one at random: make the lists disjoint", "{ref} に、同じブロックを含み転送先の異なる 2 つのプレフィックスリスト（{detail}）への経路がある。AWS は無作為に一方を選ぶため、重複をなくす"),
	snapshot.ThroughAppliance:  say("the path goes through {ref}, whose rules AWS does not show: have its owner confirm TCP 443 and 1024-1064 both ways, or dial from the agent's network", "経路は {ref} を通り、そのルールは AWS から見えない。管理者に往復の TCP 443 と 1024-1064 を確認するか、エージェントのネットワークから接続を試す"),
	snapshot.Translated:        say("{ref} sends the agent's packets through {detail}, which changes their source address: judge with the private NAT gateway's address as --agent-ip", "{ref} はエージェントのパケットを {detail} に送り、送信元アドレスが変わる。プライベート NAT ゲートウェイのアドレスを --agent-ip に指定して判定する"),
	snapshot.BeyondAWS:         say("the path leaves AWS by {ref} on its way to {detail}; what lies beyond is not visible to AWS: dial from the agent's network", "経路は {detail} へ向かう途中で {ref} から AWS の外に出る。その先は AWS から見えないため、エージェントのネットワークから接続を試す"),
	snapshot.OwnedElsewhere:    say("{ref} is owned by {detail} in {region}, where nobody looked, and only its owner is shown all of it ({source}): add --network-profile or --network-role-arn (and --network-region), a scope in --config, or that account's folder in --snapshot", "{ref} は {region} の {detail} が所有し、そこは調べていない。全体が見えるのは所有者だけ（{source}）。--network-profile または --network-role-arn（と --network-region）、--config の scopes、または --snapshot にそのアカウントのフォルダーを追加する"),
	snapshot.InTransition:      say("the state of {ref} is {detail} ({source}): AWS is still at work on it, or the state is not one that AWS documents; look again when it has settled", "{ref} の状態が {detail}（{source}）。AWS による処理中か、文書化されていない状態。落ち着いてからもう一度判定する"),
	snapshot.NothingLearned:    say("a static route sends {detail} to {ref}, and nothing proves that {ref} leads there: no VPN connection of it has a tunnel up for these addresses, and Direct Connect does not show in EC2; switch route propagation on, or dial from the agent's network", "静的な経路が {detail} を {ref} に送るが、{ref} がそこに通じている証拠がない（該当アドレスを運ぶ VPN トンネルが稼働しておらず、Direct Connect は EC2 に表示されない）。ルート伝播を有効にするか、エージェントのネットワークから接続を試す"),
	snapshot.SeveralExits:      say("packets may leave the transit gateway in any subnet of {ref}, and the network ACL of one of them stops them ({detail}); nothing says which one is taken: open that ACL too", "パケットは {ref} のどのサブネットからも出る可能性があり、そのうちの 1 つのネットワーク ACL が止める（{detail}）。どれが使われるかは分からないため、その ACL も開ける"),
	snapshot.OwnSubnetRule:     say("the transit gateway is attached in the sender's own subnet {detail}; AWS documents that the inbound rules of {ref} then look at the sender's own address, and they stop it: attach the gateway in a subnet of its own (docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html), or allow the subnet's own block inbound", "トランジットゲートウェイが送信元自身のサブネット {detail} にアタッチされている。AWS の文書では、この場合 {ref} のインバウンドルールが送信元自身のアドレスを評価するとされ、それが止めている。専用のサブネットにアタッチするか（docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html）、サブネット自身のブロックをインバウンドで許可する"),
	snapshot.Contradiction:     say("{ref} and {detail} contradict each other ({source}): a change is under way, or one of the two is out of date; look again", "{ref} と {detail} が食い違っている（{source}）。変更中か、どちらかが古い。もう一度取得する"),
	snapshot.NotAnAgents:       say("{ref} can't be the agent's own address: it is held or reserved ({detail}); pass the agent's own --agent-ip or --agent-instance-id", "{ref} はエージェント自身のアドレスではありえない（使用中または予約済み: {detail}）。エージェント自身の --agent-ip か --agent-instance-id を指定する"),
	snapshot.NotDeclared:       say("the agent's address {ref} lies in none of the declared blocks ({detail}), so not all of the source network's address space is known: pass --source-cidr for each of its blocks", "エージェントのアドレス {ref} が、宣言されたどのブロック（{detail}）にも含まれないため、ソースネットワークのアドレス空間をすべては把握できない。ブロックごとに --source-cidr を指定する"),
	snapshot.MaybeHere:         say("{ref} lies in the endpoint's own VPC {detail}: if the agent is to run there, pass --source-vpc-id {detail}; if it is a network elsewhere, the two overlap", "{ref} はエンドポイントと同じ VPC {detail} の中にある。エージェントをそこで動かすなら --source-vpc-id {detail} を指定する。別のネットワークなら、両者は重複している"),
	snapshot.AgentPlace:        say("which VPC the agent is in, if any, is not known: pass --source-vpc-id, --source-region and --source-role-arn if it runs in AWS", "エージェントがどの VPC にあるか（または AWS 外か）が不明。AWS 上なら --source-vpc-id、--source-region、--source-role-arn を指定する"),
	snapshot.OldProbe:          say("{ref} was dialled on {detail}, long before the other evidence was taken: a network changes; run the probe again", "{ref} への接続試験は {detail} のもので、他の証拠よりかなり古い。ネットワークは変わるため、試し直す"),
	snapshot.NotDialled:        say("{ref} was not dialled from {scope}, the place that counts (the probes at hand are from {source}): run there `{detail}`, and pass the file with --probes", "{ref} への接続を、判定に必要な場所 {scope} から試していない（手元の結果は {source} からのもの）。そこで `{detail}` を実行し、ファイルを --probes で渡す"),
	snapshot.OtherVantage:      say("{ref} was dialled from {detail}, which the configuration stops, while it lets the agent through: dial from the agent's own address, or trust the configuration", "{ref} への接続は {detail} から試したが、構成上このアドレスは遮断され、エージェントは許可されている。エージェント自身のアドレスから試す"),
	snapshot.CommandOpen:       say("{ref} has not run the command {scope} yet (Systems Manager says {detail}): look again when it has", "{ref} はまだコマンド {scope} を実行し終えていない（Systems Manager のステータス: {detail}）。完了後にもう一度実行する"),
	snapshot.CommandFailed:     say("{ref} did not run the command {scope} as meant (Systems Manager says {detail}): see whether its SSM Agent is online, and send the command to it again", "{ref} でコマンド {scope} が正常に実行されなかった（Systems Manager のステータス: {detail}）。SSM Agent がオンラインか確認し、コマンドを送り直す"),
	snapshot.CommandUnread:     say("what {ref} answered to the command {scope} could not be read by {source}: {detail}", "コマンド {scope} に対する {ref} の出力を {source} で読み取れない: {detail}"),
	snapshot.CommandCut:        say("what {ref} answered to the command {scope} is cut off ({detail} characters): send the command with --output-s3-bucket-name (probe --ssm-document --ssm-bucket), which keeps the whole output", "コマンド {scope} に対する {ref} の出力が途中で切れている（{detail} 文字）。出力全体を残すには、--output-s3-bucket-name を付けて送り直す（probe --ssm-document --ssm-bucket）"),
	snapshot.CommandInS3:       say("what {ref} answered to the command {scope} is cut off, and whole in S3, which is not read here: run {detail}, and add --probes {ref}.stdout to the flags of this run", "コマンド {scope} に対する {ref} の出力は途中で切れており、全体は S3 にある（ここでは S3 を読まない）。{detail} を実行し、今回のフラグに --probes {ref}.stdout を加えて再実行する"),
	snapshot.CommandGarbage:    say("what {ref} answered to the command {scope} is not the output of the document that probe --ssm-document prints: {detail}", "コマンド {scope} に対する {ref} の出力は、probe --ssm-document のドキュメントのものではない: {detail}"),
	snapshot.VantageUnproved:   say("{ref} was dialled from {detail}, which only looks like the {scope}: private addresses are used in many networks, and too little beside the agent answered (its port 80, a file server, the endpoint with a certificate of DataSync that could be verified: two of them prove it); if the machine stands there, dial again with --vantage {scope}", "{ref} への接続を {detail} から試したが、{scope} のように見えるのはアドレスだけである。プライベートアドレスは多くのネットワークで使われ、エージェント側からの応答も足りない（エージェントの 80 番ポート、ファイルサーバー、検証できた DataSync の証明書を示すエンドポイントのうち 2 つで証明される）。実際にそこにあるマシンなら --vantage {scope} を付けて試し直す"),
	snapshot.VantageDenied:     say("{ref} was dialled from {detail}, which is not in the agent's network although --vantage {scope} says so: dial from a machine there, or declare its block with --source-cidr", "{ref} への接続を {detail} から試したが、--vantage {scope} の指定に反してエージェントのネットワークにないアドレスである。そこにあるマシンから試すか、そのブロックを --source-cidr で指定する"),
	snapshot.MachinesDiffer:    say("two machines saw opposite things of {ref}: {scope}, and {detail}; dial again from the agent's own address, or from both machines anew", "{ref} について 2 台のマシンの結果が食い違う: {scope} と {detail}。エージェント自身のアドレスか、両方のマシンから試し直す"),
	snapshot.Hurried:           say("{ref} was given up after {detail}, before an answer could be expected: a lost packet is sent again after 1 s, and other answers of the same run took their time too; dial again with --connect-timeout 3.5s", "{ref} への接続を {detail} で打ち切っており、応答を待ったことにならない（失われたパケットの再送は 1 秒後で、同じ試行の他の応答にも時間がかかっている）。--connect-timeout 3.5s で試し直す"),
	snapshot.DialFailed:        say("the attempt to reach {ref} ended neither in an answer nor in a refusal ({detail}): something on the way may have cut it; try `curl -v {ref}` on that machine", "{ref} への接続は応答でも拒否でもない形で終わった（{detail}）。途中の機器が切断した可能性がある。そのマシンで `curl -v {ref}` を試す"),
	snapshot.LocalTrouble:      say("the machine that dialled could not reach out to {ref} itself ({detail}): mend its routes, firewall or limits, and dial again", "接続を試したマシン自身の問題（{detail}）で {ref} に送信できなかった。そのマシンの経路・ファイアウォール・上限を直して試し直す"),
	snapshot.DialCut:           say("the dial of {ref} was stopped before it was answered: run the probe again", "{ref} への接続試験が応答前に中断された。もう一度実行する"),
	snapshot.Intercepted:       say("at {ref} even TCP {detail} answers, which no DataSync endpoint serves: something in between answers in its name, so that open ports prove nothing; dial from a machine without that proxy", "{ref} では DataSync エンドポイントが使わない TCP {detail} まで応答する。途中の機器が代わりに応答しており、ポートが開いていても証拠にならない。そのプロキシを通らないマシンから試す"),
	snapshot.NotSimulated:      say("whether the caller may do {ref} can't be asked of IAM ({source}), which simulates users and roles only: pass its policies with --policy-file, or call with a role", "{ref} の権限を IAM に問い合わせできない（{source} の対象はユーザーとロールだけ）。--policy-file でポリシーを渡すか、ロールで呼び出す"),
	snapshot.SimulationSplit:   say("{ref} is allowed on one way to name its resource and not on the other, * and {detail} ({source}); AWS documents no resource type for it, so a policy should name *: allow {ref} on *", "{ref} は、リソースの指定が * の場合と {detail} の場合とで結果が異なる（{source}）。AWS はこのアクションのリソースタイプを定義していないため、* で許可する"),
	snapshot.SimulationRefuted: say("what the simulation ({source}) says of {ref} proves nothing: of {detail} it says the opposite of what AWS answered in this very run; find what the simulation did not see (a session policy, an RCP, a change since), and simulate again", "{ref} についてのシミュレーション（{source}）の結果は証拠にならない。{detail} では、今回の実行での AWS の実際の応答と逆の結果を示している。シミュレーションの対象外のもの（セッションポリシー、RCP、その後の変更など）を調べ、取り直す"),
	snapshot.SimulationDoubted: say("what the simulation ({source}) says of {ref} proves nothing ({detail}): run it again with all policies of the identity, on * and on this account's DataSync resources in this Region", "{ref} についてのシミュレーション（{source}）の結果は証拠にならない（{detail}）。アイデンティティのすべてのポリシーを対象に、* とこのアカウント・リージョンの DataSync リソースについて取り直す"),
	snapshot.OrganizationOpen:  say("whether {ref} is allowed is open: the simulation ({source}) sees only the organization's policies in the way, and it is known to say so where those have conditions that hold ({detail}); ask who manages the organization, or try the call", "{ref} が許可されるかはわからない。シミュレーション（{source}）が示す障害は組織のポリシーだけで、条件付きのポリシーでは実際には許可される場合もこの結果になることが知られている（{detail}）。組織の管理者に確認するか、実際に呼び出す"),
	snapshot.ForwardedOpen:     say("{ref} worked when it was called directly, but CreateAgent makes the call on the caller's behalf, and the policies judge that one by {detail} ({source}): except calls that AWS services forward (aws:ViaAWSService) from the condition", "{ref} の直接の呼び出しは成功したが、CreateAgent は呼び出し元に代わってこれを呼び出し、ポリシーはその呼び出しを {detail} で判定する（{source}）。AWS サービスが転送する呼び出し（aws:ViaAWSService）を条件の対象から外す"),
	snapshot.ForwardedDenied:   say("{ref} was refused when it was called directly, but CreateAgent makes the call on the caller's behalf, and the policies judge that one by {detail} ({source}): simulate it with the values that a forwarded call has, aws:ViaAWSService true among them", "{ref} の直接の呼び出しは拒否されたが、CreateAgent は呼び出し元に代わってこれを呼び出し、ポリシーはその呼び出しを {detail} で判定する（{source}）。転送された呼び出しの値（aws:ViaAWSService は true など）でシミュレーションする"),
	snapshot.IdentityUnnamed:   say("whether {ref} is allowed depends on whose the policies are: {detail} ({source}); name the identity with --policy-identity", "{ref} が許可されるかは、どのアイデンティティのポリシーかによる: {detail}（{source}）。--policy-identity でアイデンティティを指定する"),
	snapshot.ConditionOpen:     say("whether {ref} is allowed depends on what is known only when it is called: {detail} ({source}); simulate the call with those values, or take what depends on them out of the policy", "{ref} が許可されるかは呼び出し時に決まる値による: {detail}（{source}）。その値でシミュレーションするか、それに依存する部分をポリシーから除く"),
	snapshot.Malformed:         say("{source} shows something of {ref} that can't be understood: {detail}", "{source} が示す {ref} の内容を解釈できない: {detail}"),
	snapshot.Panicked:          say("the check {ref} crashed ({detail}): please report it, with the output of dspreflight snapshot", "チェック {ref} が異常終了した（{detail}）。dspreflight snapshot の出力を添えて報告してほしい"),
	snapshot.TookTooLong:       say("the check {ref} took longer than {detail}", "チェック {ref} が {detail} 以内に終わらなかった"),
	snapshot.Interrupted:       say("the run was stopped before this was decided", "判定の前に実行が中断された"),
	snapshot.NoEvidence:        say("no evidence was found either way", "どちらとも判断できる証拠がない"),
	snapshot.KnownAfterApply:   say("{ref} is known only after apply, and {detail} depends on it: apply, then look again", "{ref} は適用後に決まる値で、{detail} がこれに依存する。適用後にもう一度判定する"),
	snapshot.NotInPlan:         say("the plan does not tell ({source}, {scope}): judge it over the estate, with AWS credentials or --snapshot", "プランからはわからない（{source}、{scope}）。AWS の認証情報か --snapshot を与え、実環境に重ねて判定する"),
	snapshot.MaybeRemoved:      say("{detail} holds more than the template says of {ref}: the rest may be the stack's, and go, or somebody else's, and stay; pass the template that the stack has now with --deployed-template, or the change set", "{detail} にはテンプレートの {ref} が述べる以外のものがある。スタックのもの（削除される）か他者のもの（残る）かを判定できない。スタックの現在のテンプレートを --deployed-template で渡すか、変更セットを使う"),
	snapshot.Contradicted:      say("{ref} contradict each other: of two entries with one number, or routes with one destination, {detail} can hold one, and AWS refuses the second; leave one of them out", "{ref} が矛盾している。番号が同じエントリや送信先が同じルートを {detail} は 1 つしか持てず、AWS は 2 つ目を拒否する。どちらかを除く"),
	snapshot.PartUnseen:        say("the plan changes {ref}, a part of {detail}, which was not seen: judge the plan over the estate, live or with --snapshot", "プランが {detail} の一部である {ref} を変更するが、{detail} が見えていない。実環境か --snapshot に重ねて判定する"),
	snapshot.NotAsDeployed:     say("the change touches {ref}, which the estate does not show as the deployed template of {detail} has it, because somebody changed it or it depends on a value that is not known: give the stack's values with --parameters, or pass a change set made with --include-property-values", "変更対象の {ref} が、スタック {detail} の現在のテンプレートどおりには環境に見えない（誰かが変更したか、不明な値による）。スタックの値を --parameters で渡すか、--include-property-values 付きの変更セットを使う"),
	snapshot.ValuesUntold:      say("the change set does not say what {ref} ({detail}) was or will be: describe it with --include-property-values", "変更セットに {ref}（{detail}）の変更前後の値がない。--include-property-values を付けて取得する"),
	snapshot.EstateDiffers:     say("the plan says that {ref} ({detail}) exists, and the estate does not have it: one of the two is out of date, so collect the estate and make the plan again", "プランでは {ref}（{detail}）が存在するが、環境にはない。どちらかが古いため、環境の収集とプランの作成をやり直す"),
	snapshot.NotModelled:       say("the plan touches {ref}, and what that does to the path is not worked out ({detail}): judge the estate again after apply", "プランが {ref} を変更するが、経路への影響は計算の対象外（{detail}）。適用後にもう一度判定する"),
	snapshot.PublicAgent:       say("{ref} uses a service endpoint on the internet ({detail}, {source}) and no VPC endpoint, which is all that is judged here: leave it out by naming the others with --agent-arn, or activate it anew through a VPC endpoint", "{ref} は VPC エンドポイントではなくインターネット上のサービスエンドポイント（{detail}、{source}）を使っており、ここでの判定の対象外。他のエージェントだけを --agent-arn で指定するか、VPC エンドポイントでアクティブ化し直す"),
	snapshot.NotAWS:            say("something answered for {ref}, but nothing shows that it was the API of AWS in {scope} ({detail}): a proxy, a gateway or a portal may have; unset AWS_ENDPOINT_URL and the like, let the host pass the proxy unread, and try again", "{ref} への応答はあったが、{scope} の AWS の API によるものと確認できない（{detail}）。プロキシ、ゲートウェイ、ポータルの応答かもしれない。AWS_ENDPOINT_URL などの設定を外し、プロキシで復号せずに通してから試し直す"),
	snapshot.ClockApart:        say("the answer for {ref} carries a time that differs from the other APIs' ({detail} from this machine's clock): it may be a stored answer of something in between; compare the clocks and try again", "{ref} の応答の時刻が他の API と食い違う（このマシンの時計との差 {detail}）。途中の機器が保存した応答かもしれないため、時計を確認して試し直す"),
	snapshot.SubnetShared:      say("{ref} has room for this target, but not if {detail}, of the same run, use it too: say each target's subnet", "{ref} にはこのターゲット用の空きがあるが、同じ実行の {detail} もこのサブネットを使うなら足りない。各ターゲットのサブネットを指定する"),
	snapshot.KeyAmbiguous:      say("the key request gives {ref} more than once ({detail}), and which one the agent takes is not documented: give it once", "キー要求に {ref} が複数ある（{detail}）。エージェントがどれを使うかは文書化されていないため、1 つだけにする"),
	snapshot.KeyHostOpen:       say("the key request goes to {ref}; whether that is the agent ({detail}), behind a translated address or a forwarded port, is not to be seen: ask the agent's own address on port 80", "キー要求の宛先は {ref}。これが（アドレス変換やポート転送を経た）エージェント（{detail}）かどうかはわからない。エージェント自身のアドレスのポート 80 に要求する"),
	snapshot.FieldNotRead:      say("an expression asks for {detail} of {ref}, which dspreflight does not keep of {source}: ask for a field that docs/own-checks.md lists", "式が {ref} の {detail} を参照しているが、dspreflight は {source} からこのフィールドを保持していない。docs/own-checks.md にあるフィールドを使う"),
	snapshot.ExpressionFailed:  say("the expression of {ref} came to no value: {detail}", "{ref} の式の値が求まらない: {detail}"),
	snapshot.NotSpokenOf:       say("{detail} has nothing to judge here, and {ref}, which would say why, was not asked or found nothing: ask it too, with --check {ref}", "{detail} には判定する対象がなく、その理由を示す {ref} は実行されていないか何も検出していない。--check {ref} も指定する"),
	snapshot.RestsOn:           say("what lies behind can't be told: see {ref}", "その先は判定できない（{ref} を参照）"),
	snapshot.NeedsPrior:        say("{ref} is UNKNOWN, and this rests on it", "前提となる {ref} が UNKNOWN"),
}

// onlyIPv4 is why an endpoint without IPv4 addresses can't be asked for a key.
var onlyIPv4 = say("no IPv4 address, and the key request takes none but IPv4", "IPv4 アドレスがなく、キー要求は IPv4 しか受け付けない")

// wordsOf is what an error says, in each language.
func wordsOf(err error) Text { return say(err.Error(), snapshot.ErrorIn(err, "ja")) }

// GapText words a gap.
func GapText(g snapshot.Gap) Text {
	t, detail, region := gapTexts[g.Code], snapshot.Same(g.Detail), snapshot.Same(g.Region)
	if !g.Words.Empty() {
		detail = g.Words
	}
	if g.Code == snapshot.OwnedElsewhere {
		if detail.En == "" {
			detail = say("another account", "別のアカウント")
		}
		if region.En == "" {
			region = say("its Region", "そのリージョン")
		}
	}
	in := func(lang string) string {
		args := Args{"source": g.Source, "scope": g.Scope, "ref": g.Ref, "detail": detail.In(lang), "region": region.In(lang)}
		return args.Fill(t.In(lang))
	}
	return say(in("en"), in("ja"))
}
