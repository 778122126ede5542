package fakeaws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// SSM is the part of Systems Manager that runs commands, in one account. Set its fields
// before the first request.
type SSM struct {
	Bucket  string // where whole outputs are kept; "": nowhere
	Account string
	// Run runs a script on a managed node.
	Run func(instance, script string) (stdout, stderr string, code int)
	// Status overrides how a command ends on a node, and Output what it printed: "" and
	// nil change nothing.
	Status func(instance string) string
	Output func(instance, stdout string) string

	mu       sync.Mutex
	commands map[string][]map[string]any
}

// What a reply holds of what a command printed.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
const (
	mostOutput = 24000
	mostErrors = 8000
)

// atOnce is how many nodes run the script at a time.
const atOnce = 25

// Send does what SendCommand does: it holds the parameters against the document, puts
// them into the script, and runs that on every node. It returns the id of the command.
func (s *SSM) Send(document []byte, parameters map[string]string, instances []string) (string, error) {
	var doc struct {
		SchemaVersion string
		Parameters    map[string]struct{ Type, Default, AllowedPattern string }
		MainSteps     []struct {
			Action, Name string
			Inputs       struct {
				TimeoutSeconds string
				RunCommand     []string
			}
		}
	}
	if err := json.Unmarshal(document, &doc); err != nil || doc.SchemaVersion != "2.2" || len(doc.MainSteps) != 1 || doc.MainSteps[0].Action != "aws:runShellScript" {
		return "", fmt.Errorf("InvalidDocumentContent: %v", err)
	}
	for name := range parameters {
		if _, ok := doc.Parameters[name]; !ok {
			return "", fmt.Errorf("InvalidParameters: %s is not in the document", name)
		}
	}
	script, seconds := strings.Join(doc.MainSteps[0].Inputs.RunCommand, "\n"), doc.MainSteps[0].Inputs.TimeoutSeconds
	for name, p := range doc.Parameters {
		v, given := parameters[name]
		if !given {
			v = p.Default
		}
		if !regexp.MustCompile(p.AllowedPattern).MatchString(v) {
			return "", fmt.Errorf("InvalidParameters: %s does not match %s", name, p.AllowedPattern)
		}
		script, seconds = strings.ReplaceAll(script, "{{ "+name+" }}", v), strings.ReplaceAll(seconds, "{{ "+name+" }}", v)
	}
	if n, err := strconv.Atoi(seconds); err != nil || n > 172800 || strings.Contains(script, "{{") {
		return "", fmt.Errorf("InvalidParameters: timeoutSeconds %q", seconds)
	}
	s.mu.Lock()
	id := fmt.Sprintf("0a1b2c3d-0000-4000-8000-%012d", len(s.commands)+1)
	s.mu.Unlock()
	rows := make([]map[string]any, len(instances))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for n, instance := range instances {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[n] = s.invoke(id, doc.MainSteps[0].Name, instance, script)
		})
	}
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.commands == nil {
		s.commands = map[string][]map[string]any{}
	}
	s.commands[id] = rows
	return id, nil
}

func (s *SSM) invoke(id, step, instance, script string) map[string]any {
	row := map[string]any{"CommandId": id, "InstanceId": instance, "PluginName": step, "ResponseCode": -1, "StandardOutputContent": "", "StandardErrorContent": "", "StandardOutputUrl": ""}
	if s.Bucket != "" {
		row["StandardOutputUrl"] = "https://s3.us-east-1.amazonaws.com/" + s.Bucket + "/" + id + "/" + instance + "/awsrunShellScript/" + step + "/stdout"
	}
	details := ""
	if s.Status != nil {
		details = s.Status(instance)
	}
	if details == "" || details == "Failed" || details == "Success" {
		stdout, stderr, code := s.Run(instance, script)
		if s.Output != nil {
			stdout = s.Output(instance, stdout)
		}
		row["ResponseCode"], row["StandardOutputContent"], row["StandardErrorContent"] = code, first(stdout, mostOutput), first(stderr, mostErrors)
		if details == "" {
			details = map[bool]string{true: "Success", false: "Failed"}[code == 0]
		}
	}
	row["StatusDetails"] = details
	row["Status"] = map[string]string{"DeliveryTimedOut": "TimedOut", "ExecutionTimedOut": "TimedOut", "Undeliverable": "Failed", "Terminated": "Cancelled", "InProgress": "InProgress"}[details]
	if row["Status"] == "" {
		row["Status"] = details
	}
	return row
}

func first(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// answer answers a call, if it is one of Systems Manager's.
func (s *SSM) answer(w http.ResponseWriter, r *http.Request, sc scope, action string) bool {
	var in struct {
		CommandID  string `json:"CommandId"`
		InstanceID string `json:"InstanceId"`
		NextToken  string
		MaxResults int
	}
	switch action {
	case "ListCommandInvocations", "GetCommandInvocation":
		_ = json.NewDecoder(r.Body).Decode(&in)
	default:
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.commands[in.CommandID]
	if sc.account != s.Account {
		rows = nil
	}
	if action == "GetCommandInvocation" {
		i := slices.IndexFunc(rows, func(row map[string]any) bool { return row["InstanceId"] == in.InstanceID })
		if i < 0 {
			fail(w, http.StatusBadRequest, "InvocationDoesNotExist", "")
			return true
		}
		answerJSON(w, rows[i])
		return true
	}
	start, _ := strconv.Atoi(in.NextToken)
	end := min(start+max(in.MaxResults, 1), len(rows))
	out := []any{}
	for _, row := range rows[start:end] {
		out = append(out, map[string]any{"CommandId": row["CommandId"], "InstanceId": row["InstanceId"], "Status": row["Status"], "StatusDetails": row["StatusDetails"]})
	}
	reply := map[string]any{"CommandInvocations": out}
	if end < len(rows) {
		reply["NextToken"] = strconv.Itoa(end)
	}
	answerJSON(w, reply)
	return true
}
