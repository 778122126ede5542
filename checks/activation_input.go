package checks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqKeyRequest = &Requirement{
	ID: "key-request", Grade: "required",
	Title:   say("The key is asked for with the endpoint's type, address and Region", "キー要求がエンドポイントの種類・アドレス・リージョンを指定している"),
	Sources: []string{pageActivate, pageArticle},
}

var (
	keyMalformed = &Problem{
		Code: "DSP805", Severity: Fail,
		Title:   say("the activation key is not one: {seen}", "アクティベーションキーの形式が誤っている: {seen}"),
		Cause:   say("A key is five groups of five capital letters or digits, joined by hyphens, with nothing around them. Anything else was cut off, holds more than the key, is a placeholder, or is not a key at all.", "キーは大文字または数字 5 文字の組を 5 つハイフンでつないだもので、前後に何も付かない。それ以外は、途中で切れているか、余分なものが付いているか、見本の文字列か、キーではない。"),
		Fix:     say("Pass the key whole, and nothing else; if it is not at hand, ask the agent for it again.", "キーの全体だけを渡す。手元になければ、エージェントからキーを取り直す。"),
		Do:      keyIsPublic.Do,
		Sources: []string{pageCreate, pageActivate},
	}
	arnMalformed = &Problem{
		Code: "DSP806", Severity: Fail, Hides: true,
		Title:   say("{subject} {seen} is not an ARN of the kind that CreateAgent takes", "{subject} の {seen} は CreateAgent が受け付ける形の ARN ではない"),
		Cause:   say("CreateAgent takes full ARNs, and the ids in them have 8 or 17 digits from 0 to f, in small letters. The article asks for the bare GroupId, which it refuses.", "CreateAgent は完全な ARN を要求し、その ID は 0〜f の 8 桁または 17 桁（小文字）である。記事は GroupId だけを指定するよう書いているが、拒否される。"),
		Fix:     say("Pass {expected}.", "{expected} を渡す。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --query Subnets[].SubnetArn"), OnAWS("ec2 describe-security-groups --query SecurityGroups[].SecurityGroupArn")},
		Errors:  []*documented.Error{documented.SubnetARNs, documented.GroupARNs, documented.InvalidSubnet, documented.InvalidGroup},
		Sources: []string{pageCreate, pageArticle},
	}
	arnNotOne = &Problem{
		Code: "DSP807", Severity: Fail, Hides: true,
		Title:   say("{subject} is given {count} times; CreateAgent takes exactly one", "{subject} が {count} 個指定されている。CreateAgent が受け付けるのは 1 個だけ"),
		Cause:   say("The lists of subnet ARNs and of security group ARNs hold exactly one each.", "サブネット ARN とセキュリティグループ ARN のリストは、それぞれちょうど 1 個である。"),
		Fix:     say("Choose one: {seen}.", "1 つを選ぶ: {seen}。"),
		Look:    arnMalformed.Look,
		Errors:  []*documented.Error{documented.SubnetARNs},
		Sources: []string{pageCreate},
	}
	arnElsewhere = &Problem{
		Code: "DSP808", Severity: Fail, Hides: true,
		Title:   say("{subject} names {seen}; the activation is in {expected}", "{subject} が {seen} を指しているが、アクティブ化先は {expected}"),
		Cause:   say("Endpoint, subnet, security group and CreateAgent share one partition, Region and account. DataSync answers that what is elsewhere is invalid, with status 403.", "エンドポイント・サブネット・セキュリティグループ・CreateAgent のパーティション・リージョン・アカウントは同じでなければならない。別の場所のものはステータス 403 で「無効」とされる。"),
		Fix:     say("Use the ARN of the resource in {expected}.", "{expected} にあるリソースの ARN を使う。"),
		Look:    arnMalformed.Look,
		Errors:  []*documented.Error{documented.InvalidSubnet, documented.InvalidGroup, documented.AccountMismatch},
		Sources: []string{pageCreate, pageEndpoint},
	}
	arnOther = &Problem{
		Code: "DSP809", Severity: Fail,
		Title:   say("{subject} names {seen}, and the id given beside it is {expected}", "{subject} は {seen} を指しているが、併せて指定された ID は {expected}"),
		Cause:   say("Two inputs contradict each other. What the ARN names is judged, since CreateAgent gets that; the id may be what is meant.", "2 つの入力が矛盾している。CreateAgent に渡すのは ARN なので、ARN が指すものを判定した。本来は ID の方かもしれない。"),
		Fix:     say("Make them agree: pass what CreateAgent is to get to both, or leave the id out.", "一致させる。CreateAgent に渡すものを両方に指定するか、ID を指定しない。"),
		Look:    arnMalformed.Look,
		Errors:  []*documented.Error{documented.InvalidSubnet, documented.InvalidGroup},
		Sources: []string{pageCreate},
	}
)

// The shape of the ARNs of CreateAgent, from the model of the API, whose ids are of
// 8 or 17 digits: one of another length was cut off.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html
// and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var (
	subnetARN = pattern.New(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):ec2:[a-z0-9-]*:[0-9]{12}:subnet/subnet-([a-f0-9]{8}|[a-f0-9]{17})$`)
	groupARN  = pattern.New(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):ec2:[a-z0-9-]*:[0-9]{12}:security-group/sg-([a-f0-9]{8}|[a-f0-9]{17})$`)
	keyShape  = pattern.New(`^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$`)
)

// keyFaults words what may be wrong with an activation key.
var keyFaults = map[string]Text{
	"empty":       say("it is empty", "空である"),
	"small":       say("it has small letters, as a placeholder does", "小文字があり、見本の文字列と思われる"),
	"white-space": say("there is white space around it", "前後に空白がある"),
	"web-page":    say("it begins with <, as a web page does: something else than the agent answered", "< で始まっており、エージェント以外が返した Web ページと思われる"),
	"error":       say("it is the agent's error, not a key: give the text to dspreflight explain", "キーではなくエージェントのエラーである。テキストを dspreflight explain に渡す"),
	"parameter":   say("it is a URL or a parameter: pass only what stands behind activationKey=", "URL またはパラメーターである。activationKey= の後ろの値だけを渡す"),
	"characters":  say("it holds characters that no key has; capital letters, digits and hyphens are due", "キーに使われない文字がある。大文字・数字・ハイフンだけのはずである"),
	"placeholder": say("it is a placeholder or an example, not a key that an agent gave", "見本の文字列であり、エージェントが返したキーではない"),
	"groups":      say("it is not five groups of five characters: it may be cut off", "5 文字の組が 5 つになっていない。途中で切れている可能性がある"),
}

// KeyShape says what is wrong with an activation key without telling it: "ok", or
// a name among keyFaults.
func KeyShape(key string) string {
	switch {
	case keyShape.Re().MatchString(key) && placeholderKey(key):
		return "placeholder"
	case keyShape.Re().MatchString(key):
		return "ok"
	case strings.TrimSpace(key) == "":
		return "empty"
	case strings.Contains(key, "errorType="):
		return "error"
	case strings.Contains(key, "://"), strings.Contains(key, "="):
		return "parameter"
	case strings.HasPrefix(strings.TrimSpace(key), "<"):
		return "web-page"
	case strings.TrimSpace(key) != key:
		return "white-space"
	case keyShape.Re().MatchString(strings.ToUpper(key)):
		return "small"
	case strings.Trim(strings.ToUpper(key), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
		return "characters"
	}
	return "groups"
}

// A key's 25 characters are random, from 36: fewer than nine different ones, two
// equal groups, or half of them in a row as the alphabet has them, come by chance
// less than once in a million keys.
const (
	fewestKinds = 9
	mostInRow   = 12
)

// placeholderKey reports whether a key of the right shape is no real one.
func placeholderKey(key string) bool {
	plain := strings.ReplaceAll(key, "-", "")
	for _, word := range []string{"EXAMPLE", "PLACEHOLDER", "ACTIVATIONKEY", "YOURKEY"} {
		if strings.Contains(plain, word) {
			return true
		}
	}
	kinds := map[rune]bool{}
	for _, r := range plain {
		kinds[r] = true
	}
	row := 0
	for i := 1; i < len(plain); i++ {
		if d := int(plain[i]) - int(plain[i-1]); d >= -1 && d <= 1 {
			row++
		}
	}
	groups := strings.Split(key, "-")
	slices.Sort(groups)
	return len(kinds) < fewestKinds || row >= mostInRow || len(slices.Compact(groups)) < strings.Count(key, "-")+1
}

// KnownKeyShape reports whether a text is one that KeyShape gives.
func KnownKeyShape(s string) bool { return s == "ok" || !keyFaults[s].Empty() }

var _ = register(&Check{
	ID:       "activation-input",
	Area:     AreaInput,
	Title:    say("What was given for the activation is well formed and belongs together", "アクティブ化に渡す値が正しい形で、互いに整合している"),
	Requires: reqKeyRequest,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces},
	Uses:     append([]snapshot.Kind{snapshot.CallerIdentity}, netpath.FinderKinds...),
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{keyIsPublic, keyOtherAddress, keyOtherRegion, keyOtherGateway, keyOtherHost, keyOtherPort, keyMalformed, arnMalformed, arnNotOne, arnElsewhere, arnOther},
	Run:      runActivationInput,
})

func runActivationInput(x *Exam) {
	t := x.Target
	if t.KeyRequest == "" && t.KeyShape == "" && t.SubnetARNs == nil && t.GroupARNs == nil {
		x.NotLooked(say("no input was given: pass --key-request with the URL that the key was asked for with, --activation-key, --subnet-arn or --security-group-arn", "入力が指定されていない。--key-request（キー要求の URL）、--activation-key、--subnet-arn、--security-group-arn のいずれかを指定する"))
		return
	}
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	if t.KeyShape != "" {
		fault, known := keyFaults[t.KeyShape]
		if !known {
			fault = keyFaults["groups"]
		}
		saw := snapshot.Evidence{Source: "--activation-key", Ref: "--activation-key", Fact: say("its shape was looked at; the key itself is not kept", "形式だけを確認した（キー自体は保存しない）")}
		if t.KeyShape == "ok" {
			x.OK("--activation-key", saw)
		} else {
			x.Report(keyMalformed, "--activation-key", Args{"seen": fault, "needed": KeyType(ep), "region": x.region(), "address": x.keyAddress(s, ep), "agent": agentText(x)}, saw)
		}
	}
	x.arn("--subnet-arn", t.SubnetARNs, subnetARN.Re(), cmp.Or(t.SaidSubnetID, t.SubnetID), "subnet/subnet-", ep, s)
	x.arn("--security-group-arn", t.GroupARNs, groupARN.Re(), cmp.Or(t.SaidGroupID, t.GroupID), "security-group/sg-", ep, s)
	if t.KeyRequest != "" {
		x.keyRequest(ep, s)
	}
}

// arn judges one of the two ARNs of CreateAgent. id is what another flag says.
func (x *Exam) arn(flag string, list []string, shape *regexp.Regexp, id, kind string, ep snapshot.Endpoint, s *snapshot.Scope) {
	if list == nil {
		return
	}
	saw := snapshot.Evidence{Source: flag, Ref: flag, Fact: snapshot.Same(strings.Join(list, " "))}
	account := s.Account
	if ep.OwnerID != "" {
		account = ep.OwnerID
	}
	partition := snapshot.PartitionOf(x.region())
	args := Args{"seen": strings.Join(list, " "), "count": fmt.Sprint(len(list)), "region": x.region(), "endpoint": ep.ID, "expected": "arn:" + partition + ":ec2:" + x.region() + ":" + account + ":" + kind + "..."}
	if len(list) != 1 {
		x.Report(arnNotOne, flag, args, saw)
		return
	}
	if !shape.MatchString(list[0]) {
		if last := strings.TrimPrefix(kind[strings.LastIndexByte(kind, '/')+1:], "/"); strings.HasPrefix(list[0], last) {
			args["expected"] = strings.TrimSuffix(args["expected"].(string), last+"...") + list[0]
		}
		x.Report(arnMalformed, flag, args, saw)
		return
	}
	parts := strings.SplitN(list[0], ":", 6)
	where := func(p, r, a string) string { return strings.Join([]string{p, r, a}, " / ") }
	seen, due := where(parts[1], parts[3], parts[4]), where(partition, x.region(), account)
	named := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	switch {
	case x.region() == "" || account == "":
		x.Unknown(flag, snapshot.Gap{Code: snapshot.AccountUnknown, Source: snapshot.Endpoints.Action(), Ref: list[0], Detail: parts[4]})
	case seen != due:
		args["seen"], args["expected"] = seen, due
		x.Report(arnElsewhere, flag, args, saw)
	case id != "" && id != named:
		args["seen"], args["expected"] = named, id
		x.Report(arnOther, flag, args, saw)
	default:
		x.OK(flag, saw)
	}
}

// plainly makes white space, and a value that is empty, visible.
func plainly(s string) string {
	if s == "" || strings.TrimSpace(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// orNone makes an empty value visible.
func orNone(s string) string {
	if s == "" {
		return `""`
	}
	return s
}
