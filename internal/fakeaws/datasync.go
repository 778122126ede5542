package fakeaws

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dspreflight/dspreflight/internal/fakeagent"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DataSync is the part of the service that agents are activated with. Set its fields
// before the first request.
type DataSync struct {
	Keys *fakeagent.Keys
	// Created is called with each agent that is made.
	Created func(arn string)
	// Listed is for how long a new agent is in no list: ListAgents is eventually
	// consistent. Offline is for how long it is OFFLINE.
	Listed, Offline time.Duration

	mu     sync.Mutex
	agents []activated
}

type activated struct {
	arn, name, endpoint, address, keyType, subnet, group string
	since                                                time.Time
}

// Agents are the ARNs of those that were made.
func (d *DataSync) Agents() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, a := range d.agents {
		out = append(out, a.arn)
	}
	return out
}

func (d *DataSync) status(a activated) string {
	if time.Since(a.since) < d.Offline {
		return "OFFLINE"
	}
	return "ONLINE"
}

var keyPattern = regexp.MustCompile(`^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$`)

// createAgent answers CreateAgent: with the errors that the article has, in the words
// that are documented, where what is passed deserves them.
func (d *DataSync) createAgent(w http.ResponseWriter, r *http.Request, sc scope, region string) {
	var in struct {
		ActivationKey, AgentName      string
		VpcEndpointID                 string `json:"VpcEndpointId"`
		SubnetArns, SecurityGroupArns []string
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	invalid := func(format string, args ...any) {
		fail(w, http.StatusBadRequest, "InvalidRequestException", fmt.Sprintf(format, args...))
	}
	switch {
	case err != nil || !keyPattern.MatchString(in.ActivationKey) || len(in.SubnetArns) != 1 || len(in.SecurityGroupArns) != 1:
		invalid("the request is not valid")
		return
	}
	for _, need := range []struct{ action, kind, arn, list, field string }{
		{"ec2:DescribeSubnets", "subnet", in.SubnetArns[0], "describe-subnets/Subnets", "SubnetId"},
		{"ec2:DescribeSecurityGroups", "security group", in.SecurityGroupArns[0], "describe-security-groups/SecurityGroups", "GroupId"},
	} {
		id := need.arn[strings.LastIndexByte(need.arn, '/')+1:]
		if !allowed(sc, need.action) || !has(sc, need.list, need.field, id) {
			invalid("Invalid EC2 %[1]s, ARN: %[2]s, reason: invalid %[1]s, StatusCode: 403", need.kind, need.arn)
			return
		}
	}
	if !allowed(sc, "ec2:DescribeVpcEndpoints") || !has(sc, "describe-vpc-endpoints/VpcEndpoints", "VpcEndpointId", in.VpcEndpointID) || !has(sc, "describe-vpc-endpoints/VpcEndpoints", "State", "available") {
		invalid("Private Link configuration is invalid: VPC Endpoint %s is invalid", in.VpcEndpointID)
		return
	}
	key, ok := d.Keys.Use(in.ActivationKey)
	switch {
	case !ok || key.Region != "" && key.Region != region:
		invalid("the activation key %s is not valid", in.ActivationKey)
		return
	case !strings.HasSuffix(key.Type, "PRIVATE_LINK"):
		invalid("Private Link configuration is invalid: VPC Endpoint Id should remain unspecified for public-endpoint activation keys.")
		return
	}
	a := activated{
		arn:  "arn:aws:datasync:" + region + ":" + sc.account + ":agent/" + agentID(),
		name: in.AgentName, endpoint: in.VpcEndpointID, address: key.Address, keyType: key.Type, subnet: in.SubnetArns[0], group: in.SecurityGroupArns[0], since: time.Now(),
	}
	d.mu.Lock()
	d.agents = append(d.agents, a)
	d.mu.Unlock()
	if d.Created != nil {
		d.Created(a.arn)
	}
	answerJSON(w, map[string]any{"AgentArn": a.arn})
}

// listed are the agents that a list has by now.
func (d *DataSync) listed() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []any
	for _, a := range d.agents {
		if time.Since(a.since) >= d.Listed {
			out = append(out, map[string]any{"AgentArn": a.arn, "Name": a.name, "Status": d.status(a)})
		}
	}
	return out
}

// describe is what DescribeAgent tells of an agent that was made.
func (d *DataSync) describe(arn string) (map[string]any, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.agents, func(a activated) bool { return a.arn == arn })
	if i < 0 {
		return nil, false
	}
	a := d.agents[i]
	return map[string]any{
		"AgentArn": a.arn, "Name": a.name, "Status": d.status(a), "EndpointType": a.keyType, "CreationTime": a.since.Unix(),
		"PrivateLinkConfig": map[string]any{"VpcEndpointId": a.endpoint, "PrivateLinkEndpoint": a.address, "SubnetArns": []string{a.subnet}, "SecurityGroupArns": []string{a.group}},
	}, true
}

// dataSync answers the calls that look, from the estate's files.
func (s *Server) dataSync(w http.ResponseWriter, r *http.Request, sc scope, kind snapshot.Kind) {
	var in map[string]any
	_ = json.NewDecoder(r.Body).Decode(&in)
	if !kind.PerID() {
		rows := rowsOf(sc, kind.Command(), kind)
		if kind == snapshot.Agents && s.DataSync != nil {
			rows = append(slices.Clip(rows), s.DataSync.listed()...)
		}
		out := map[string]any{}
		if s.PageSize > 0 {
			token, _ := in["NextToken"].(string)
			start, _ := strconv.Atoi(token)
			end := min(start+s.PageSize, len(rows))
			if end < len(rows) {
				out["NextToken"] = strconv.Itoa(end)
			}
			rows = rows[min(start, len(rows)):end]
		}
		out[kind.ListKey()] = rows
		answerJSON(w, out)
		return
	}
	for _, name := range []string{"AgentArn", "TaskArn", "LocationArn"} {
		arn, ok := in[name].(string)
		if !ok {
			continue
		}
		row, there := sc.files[kind.Command()+"."+snapshot.LastOf(arn)]
		if kind == snapshot.AgentDetails && s.DataSync != nil && !there {
			row, there = s.DataSync.describe(arn)
		}
		if there = there && row[name] == arn; there {
			answerJSON(w, inSeconds(row))
			return
		}
		fail(w, http.StatusBadRequest, "InvalidRequestException", strings.TrimSuffix(name, "Arn")+" "+snapshot.LastOf(arn)+" does not exist.")
		return
	}
	fail(w, http.StatusBadRequest, "InvalidRequestException", "no ARN")
}

// inSeconds writes times as the JSON protocol has them.
func inSeconds(row map[string]any) map[string]any {
	out := maps.Clone(row)
	for k, v := range row {
		text, ok := v.(string)
		if t, err := time.Parse(time.RFC3339, text); ok && err == nil && strings.HasSuffix(k, "Time") {
			out[k] = t.Unix()
		}
	}
	return out
}

func answerJSON(w http.ResponseWriter, v any) {
	body, _ := json.Marshal(v) // maps of texts encode
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, _ = w.Write(body)
}

// has reports whether a list of the estate has a row with the id.
func has(sc scope, list, field, id string) bool {
	file, key, _ := strings.Cut(list, "/")
	rows, _ := sc.files[file][key].([]any)
	return slices.ContainsFunc(rows, func(r any) bool { row, _ := r.(map[string]any); return row[field] == id })
}

// allowed reports whether the estate's simulation lets the caller do something.
func allowed(sc scope, action string) bool {
	rows, _ := sc.files["simulate-principal-policy.any"]["EvaluationResults"].([]any)
	i := slices.IndexFunc(rows, func(r any) bool { row, _ := r.(map[string]any); return row["EvalActionName"] == action })
	if i < 0 {
		return true
	}
	row, _ := rows[i].(map[string]any)
	return row["EvalDecision"] == "allowed"
}

// agentID is the id of a new agent.
func agentID() string {
	id := make([]byte, 9)
	_, _ = rand.Read(id)
	return "agent-" + hex.EncodeToString(id)[:17]
}
