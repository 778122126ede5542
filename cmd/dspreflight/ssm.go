package main

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
)

// ofCommand begins a value of --probes that names a command of Systems Manager.
const ofCommand = "ssm:"

// ssmDocument is the name that the document gets.
const ssmDocument = "dspreflight-probe"

// maxSSMDocument is how large a document may be.
// Source: https://docs.aws.amazon.com/general/latest/gr/ssm.html
const maxSSMDocument = 64 << 10

var (
	commandID  = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// commandOf is the command of Systems Manager whose outputs --probes asks for, or "".
func commandOf(c *cli.Context) (string, error) {
	var id string
	for _, v := range c.StringSlice("probes") {
		named, ok := strings.CutPrefix(v, ofCommand)
		switch {
		case !ok:
			continue
		case !commandID.MatchString(named):
			return "", snapshot.Errorf("--probes %q: expected ssm: and the id of a command, such as ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9", "--probes %q: ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9 のように ssm: とコマンド ID を指定する", v)
		case id != "" && id != named:
			return "", snapshot.Errorf("--probes: two commands, %s and %s; read one, and save the other with --save", "--probes: コマンドが 2 つ（%s と %s）ある。一方だけを指定し、他方は --save で保存する", id, named)
		case c.String("snapshot") != "" || c.String("fixture") != "" || c.Bool("plan-only"):
			return "", snapshot.Errorf("--probes %s asks AWS, and --snapshot, --fixture and --plan-only don't: in a folder, ssm-list-command-invocations.json and ssm-get-command-invocation.<instance>.json are read without a flag", "--probes %s は AWS に問い合わせるため、--snapshot、--fixture、--plan-only とは併用できない。フォルダー内の ssm-list-command-invocations.json と ssm-get-command-invocation.<instance>.json は指定なしで読み込まれる", v)
		}
		id = named
	}
	return id, nil
}

// sentAnywhere refuses a command that no scope knows: nothing would come of it.
func sentAnywhere(snap *snapshot.Snapshot, command string) error {
	if command == "" {
		return nil
	}
	var asked []string
	for _, s := range snap.Scopes {
		if len(s.Invocations.All()) > 0 || s.Extent(snapshot.Invocations) != snapshot.Full {
			return nil // it was, or nobody was allowed to look
		}
		asked = append(asked, s.Label())
	}
	return snapshot.Errorf("--probes ssm:%s: no instance was sent the command in %s: name the account and Region that it was sent in (such as --source-region, --source-profile), and look whether any instance has the tag", "--probes ssm:%s: %s ではこのコマンドはどのインスタンスにも送られていない。送信したアカウントとリージョンを指定し（--source-region、--source-profile など）、タグの付いたインスタンスがあるか確認する", command, strings.Join(asked, ", "))
}

// tellSilent names the machines that were sent the script and told nothing, those with
// the same trouble in a line.
func tellSilent(env *environment, snap *snapshot.Snapshot, lang string) {
	if g := snap.CommandGap(); g != nil {
		env.tell(checks.GapText(*g).In(lang))
	}
	var order []snapshot.Gap
	silent := map[snapshot.Gap][]string{}
	for i := range snap.Probes {
		r := &snap.Probes[i]
		if r.Trouble == nil {
			continue
		}
		g := r.Gap()
		g.Ref = ""
		if silent[g] == nil {
			order = append(order, g)
		}
		silent[g] = append(silent[g], r.Instance)
	}
	for _, g := range order {
		named := g
		named.Ref = strings.Join(silent[g], ", ")
		env.tell(checks.GapText(named).In(lang))
	}
}

// printSSMDocument prints the document, and on standard error how it is used.
func printSSMDocument(c *cli.Context, env *environment, targets []probe.Target, lang string) error {
	key, value, tagged := strings.Cut(c.String("ssm-tag"), "=")
	bucket := c.String("ssm-bucket")
	switch {
	case c.Bool("script") || c.IsSet("vantage"):
		return snapshot.Errorf("--ssm-document goes with neither --script nor --vantage: EC2 tells where each instance is", "--ssm-document は --script、--vantage と併用できない。各インスタンスの場所は EC2 から分かる")
	case len(targets) == 0:
		return snapshot.Errorf("--ssm-document: nothing to dial; pass --endpoint-ip, --agent-ip or --storage", "--ssm-document: 接続先がない。--endpoint-ip、--agent-ip、--storage のいずれかを指定する")
	case !tagged || key == "" || value == "":
		return snapshot.Errorf("--ssm-tag %q: expected KEY=VALUE", "--ssm-tag %q: KEY=VALUE の形で指定する", c.String("ssm-tag"))
	case bucket != "" && !bucketName.MatchString(bucket):
		return snapshot.Errorf("--ssm-bucket %q: expected the name of an S3 bucket", "--ssm-bucket %q: S3 バケットの名前を指定する", bucket)
	}
	document, err := probe.SSMDocument(targets, c.Duration("connect-timeout"), version(), lang)
	if err != nil {
		return err
	}
	if len(document) > maxSSMDocument {
		return snapshot.Errorf("--ssm-document: the document would have %d bytes, and Systems Manager takes %d: dial fewer addresses", "--ssm-document: ドキュメントが %d バイトになり、Systems Manager の上限 %d を超える。接続先のアドレスを減らす", len(document), maxSSMDocument)
	}
	if _, err := env.stdout.Write(document); err != nil {
		return err
	}
	where, err := json.Marshal([]map[string]any{{"Key": "tag:" + key, "Values": []string{value}}})
	if err != nil {
		return err
	}
	create := []string{"aws", "ssm", "create-document", "--name", ssmDocument, "--document-type", "Command", "--document-format", "JSON", "--content", "file://" + ssmDocument + ".json"}
	send := []string{"aws", "ssm", "send-command", "--document-name", ssmDocument, "--targets", string(where), "--timeout-seconds", "600", "--max-concurrency", "50", "--max-errors", "100%"}
	if bucket != "" {
		send = append(send, "--output-s3-bucket-name", bucket)
	}
	send = append(send, "--query", "Command.CommandId", "--output", "text")
	if r := c.String("region"); r != "" {
		create, send = append(create, "--region", r), append(send, "--region", r)
	}
	for _, line := range []struct {
		what  snapshot.Text
		words []string
	}{
		{snapshot.Textf("Save this as %s.json, and make the document, once:", "これを %s.json に保存し、ドキュメントを作成する（1 回だけ）:", ssmDocument), create},
		{snapshot.Textf("Send it, in the account and Region of the instances:", "インスタンスのアカウントとリージョンで送信する:"), send},
		{snapshot.Textf("Then read what they saw, with the flags that name the target:", "ターゲットを指定するフラグとともに、結果を読み取る:"), []string{"dspreflight", "check", "--probes", ofCommand + "COMMAND-ID"}},
	} {
		env.tell(line.what.In(lang))
		env.tell("  " + shellWords(line.words))
	}
	return nil
}

func shellWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = outside.Of(w).Shell()
	}
	return strings.Join(out, " ")
}
