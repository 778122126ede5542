package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What AWS Systems Manager takes for the parameters of the document. A value is put
// into the script as it is, between single quotes: no pattern lets one end there.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
const (
	oneTarget       = `(endpoint|control|agent-http|storage) [A-Za-z0-9_][A-Za-z0-9_.:-]{0,252} [1-9][0-9]{0,4} (addr|name)`
	targetsPattern  = `^` + oneTarget + `(,` + oneTarget + `)*$`
	waitPattern     = `^([1-9]|[1-5][0-9]|60)$`
	lifetimePattern = `^[1-9][0-9]{1,4}$`
)

type ssmDocument struct {
	SchemaVersion string                  `json:"schemaVersion"`
	Description   string                  `json:"description"`
	Parameters    map[string]ssmParameter `json:"parameters"`
	MainSteps     []ssmStep               `json:"mainSteps"`
}

type ssmParameter struct {
	Type           string `json:"type"`
	Description    string `json:"description"`
	Default        string `json:"default"`
	AllowedPattern string `json:"allowedPattern"`
}

type ssmStep struct {
	Precondition map[string][]string `json:"precondition"`
	Action       string              `json:"action"`
	Name         string              `json:"name"`
	Inputs       ssmInputs           `json:"inputs"`
}

type ssmInputs struct {
	TimeoutSeconds string   `json:"timeoutSeconds"`
	RunCommand     []string `json:"runCommand"`
}

// SSMDocument is a Command document of AWS Systems Manager, schema 2.2, that runs the
// script on Linux and prints what it saw in a packed form, so that it fits the 24,000
// characters that a reply holds. What machine said it, and where that stands, is told
// by Systems Manager and EC2, not by the script.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
func SSMDocument(targets []Target, timeout time.Duration, version, lang string) ([]byte, error) {
	say := func(en, ja string) string { return snapshot.Text{En: en, Ja: ja}.In(lang) }
	head := ScriptHead{ToolVersion: version, Lang: lang, Vantage: snapshot.Vantage{Place: snapshot.Elsewhere, Guessed: true}}
	script := scriptOf("  printf '%s\\n' '{{ Targets }}' | tr ',' '\\n'", "'{{ ConnectTimeout }}'", head)
	_, body, _ := strings.Cut(script, "\n") // without the first line, which names the shell
	text := fmt.Sprintf(packing, body, snapshot.PackedProbes, snapshot.PlainProbes, snapshot.ProbesEnd)
	wait := seconds(timeout)
	rounds := (len(targets) + PerAddress - 1) / PerAddress
	doc := ssmDocument{
		SchemaVersion: "2.2",
		Description:   say("Dials what an AWS DataSync agent needs and prints what it saw, for dspreflight check --probes ssm:COMMAND-ID. It requests nothing and changes nothing.", "AWS DataSync エージェントに必要な接続を試し、結果を出力する（dspreflight check --probes ssm:COMMAND-ID 用）。要求は送らず、何も変更しない。"),
		Parameters: map[string]ssmParameter{
			"Targets":          {"String", say("what to dial: purpose, host, port and addr or name, with commas between", "接続先。用途 ホスト ポート addr|name をカンマで区切る"), strings.Join(lines(targets), ","), targetsPattern},
			"ConnectTimeout":   {"String", say("seconds that one dial may take", "1 回の接続の上限（秒）"), strconv.Itoa(wait), waitPattern},
			"ExecutionTimeout": {"String", say("seconds that the whole run may take", "全体の上限（秒）"), strconv.Itoa(60 + 3*rounds*(wait+2)), lifetimePattern},
		},
		MainSteps: []ssmStep{{
			Precondition: map[string][]string{"StringEquals": {"platformType", "Linux"}}, Action: "aws:runShellScript", Name: "probe",
			Inputs: ssmInputs{TimeoutSeconds: "{{ ExecutionTimeout }}", RunCommand: strings.Split(strings.TrimSuffix(text, "\n"), "\n")},
		}},
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}

// packing runs the script and packs what it prints. The last line tells that nothing
// was cut off.
const packing = `#!/bin/sh
# shellcheck disable=SC2317 # what traps call
probe() (
%s)
if command -v gzip >/dev/null 2>&1 && command -v base64 >/dev/null 2>&1; then
  echo '%s'
  probe | gzip -9c | base64
else
  echo '%s'
  probe
fi
echo '%s'
`
