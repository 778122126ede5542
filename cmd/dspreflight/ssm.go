package main

import (
	"encoding/json"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
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
	commandID  = pattern.New(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	bucketName = pattern.New(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// printSSMDocument prints the document, and on standard error how it is used.
func printSSMDocument(c *cli.Context, env *environment, o audit.Options, targets []probe.Target) error {
	key, value, tagged := strings.Cut(c.String("ssm-tag"), "=")
	bucket := c.String("ssm-bucket")
	switch {
	case c.Bool("script") || c.IsSet("vantage"):
		return snapshot.Errorf("--ssm-document goes with neither --script nor --vantage: EC2 tells where each instance is", "--ssm-document は --script、--vantage と併用できない。各インスタンスの場所は EC2 から分かる")
	case len(targets) == 0:
		return snapshot.Errorf("--ssm-document: nothing to dial; pass --endpoint-ip, --agent-ip or --storage", "--ssm-document: 接続先がない。--endpoint-ip、--agent-ip、--storage のいずれかを指定する")
	case !tagged || key == "" || value == "":
		return snapshot.Errorf("--ssm-tag %q: expected KEY=VALUE", "--ssm-tag %q: KEY=VALUE の形で指定する", c.String("ssm-tag"))
	case bucket != "" && !bucketName.Re().MatchString(bucket):
		return snapshot.Errorf("--ssm-bucket %q: expected the name of an S3 bucket", "--ssm-bucket %q: S3 バケットの名前を指定する", bucket)
	}
	document, err := probe.SSMDocument(targets, o.ConnectTimeout, o.Version, o.Lang)
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
		env.Tell(line.what.In(o.Lang))
		env.Tell("  " + outside.Words(line.words...))
	}
	return nil
}
