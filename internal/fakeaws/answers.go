package fakeaws

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// genuine answers as the estate has it.
func (s *Server) genuine(w http.ResponseWriter, r *http.Request, region, key, action string) {
	sc, ok := s.of(region, key)
	if !ok {
		fail(w, http.StatusForbidden, "OptInRequired", "You are not subscribed to this service.")
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	switch action {
	case "GetCallerIdentity":
		id := sc.files["get-caller-identity"]
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%v</Arn><UserId>%v</UserId><Account>%v</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", id["Arn"], id["UserId"], id["Account"])
		return
	case "GetRole":
		fmt.Fprintf(w, "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::%s:role/audit/%s</Arn><RoleName>%[2]s</RoleName><RoleId>AROAEXAMPLE</RoleId><Path>/audit/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>", sc.account, r.Form.Get("RoleName"))
		return
	case "SimulatePrincipalPolicy":
		simulation(w, sc, r.Form)
		return
	case "AssumeRole":
		if r.Form.Get("RoleArn") == RefusedRole {
			fail(w, http.StatusForbidden, "AccessDenied", "You are not authorized to perform: sts:AssumeRole")
			return
		}
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>example</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>", roleKey+accountOf(r.Form.Get("RoleArn")), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	if changes[action] != nil {
		made, err := s.Change(sc.account, region, action, r.Form)
		answerChange(w, action, made, err)
		return
	}
	if action == "ListAccounts" {
		s.listAccounts(w, r)
		return
	}
	if s.DataSync != nil && action == "CreateAgent" {
		s.DataSync.createAgent(w, r, sc, region)
		return
	}
	if s.SSM != nil && s.SSM.answer(w, r, sc, action) {
		return
	}
	var kind snapshot.Kind
	for _, k := range snapshot.Kinds() {
		if strings.HasSuffix(k.Action(), ":"+action) {
			kind = k
		}
	}
	if kind == snapshot.NoKind {
		fail(w, http.StatusBadRequest, "InvalidAction", "The action "+action+" is not valid for this web service.")
		return
	}
	name := kind.Command()
	if kind.OfDataSync() {
		s.dataSync(w, r, sc, kind)
		return
	}
	if kind.PerID() {
		name += "." + firstOf(r.Form, "PrefixListId", "TransitGatewayRouteTableId", "SubnetId")
	}
	rows := filtered(rowsOf(sc, name, kind), r.Form)
	token := ""
	if s.PageSize > 0 {
		start, _ := strconv.Atoi(r.Form.Get("NextToken"))
		end := min(start+s.PageSize, len(rows))
		if end < len(rows) {
			token = strconv.Itoa(end)
		}
		rows = rows[min(start, len(rows)):end]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<%sResponse><requestId>fake</requestId>", action)
	element(&b, "", kind.ListKey(), rows)
	if token != "" {
		fmt.Fprintf(&b, "<nextToken>%s</nextToken>", token)
	}
	fmt.Fprintf(&b, "</%sResponse>", action)
	_, _ = w.Write([]byte(b.String()))
}

// rowsOf is the list of a reply: empty where the estate has no file, as AWS answers.
func rowsOf(sc scope, name string, kind snapshot.Kind) []any {
	rows, ok := sc.files[name][kind.ListKey()].([]any)
	if !ok {
		return []any{}
	}
	return rows
}

// simulation answers what the estate's files say of the actions asked about.
func simulation(w http.ResponseWriter, sc scope, form url.Values) {
	if arn := form.Get("PolicySourceArn"); strings.Contains(arn, ":role/NetworkAuditWithPath") { // it lives under /audit/
		fail(w, http.StatusNotFound, "NoSuchEntity", "The role "+arn+" cannot be found.")
		return
	}
	name := "simulate-principal-policy." + snapshot.AnyResource
	if form.Get("ResourceArns.member.1") != "" {
		name = "simulate-principal-policy." + snapshot.AccountResource
	}
	rows, _ := sc.files[name]["EvaluationResults"].([]any)
	var b strings.Builder
	b.WriteString("<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>")
	for n := 1; form.Get(fmt.Sprintf("ActionNames.member.%d", n)) != ""; n++ {
		action := form.Get(fmt.Sprintf("ActionNames.member.%d", n))
		for _, r := range rows {
			row, _ := r.(map[string]any)
			if row["EvalActionName"] == action {
				fmt.Fprintf(&b, "<member><EvalActionName>%v</EvalActionName><EvalResourceName>%v</EvalResourceName><EvalDecision>%v</EvalDecision></member>", action, row["EvalResourceName"], row["EvalDecision"])
			}
		}
	}
	b.WriteString("</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>")
	_, _ = w.Write([]byte(b.String()))
}

func firstOf(form url.Values, keys ...string) string {
	for _, k := range keys {
		if v := form.Get(k); v != "" {
			return v
		}
	}
	return ""
}

// filtered applies the filters that dspreflight uses.
func filtered(rows []any, form url.Values) []any {
	for n := 1; form.Get(fmt.Sprintf("Filter.%d.Name", n)) != ""; n++ {
		var values []string
		for v := 1; form.Get(fmt.Sprintf("Filter.%d.Value.%d", n, v)) != ""; v++ {
			values = append(values, form.Get(fmt.Sprintf("Filter.%d.Value.%d", n, v)))
		}
		field := map[string]string{"vpc-id": "VpcId", "group-id": "GroupId", "instance-id": "InstanceId", "network-interface-id": "NetworkInterfaceId", "state": "State"}[form.Get(fmt.Sprintf("Filter.%d.Name", n))]
		rows = slices.DeleteFunc(slices.Clone(rows), func(r any) bool { return !holds(r, field, values) })
	}
	return rows
}

func holds(row any, field string, values []string) bool {
	m, ok := row.(map[string]any)
	if !ok {
		return false
	}
	if list, ok := m["Instances"].([]any); ok {
		return slices.ContainsFunc(list, func(i any) bool { return holds(i, field, values) })
	}
	v, _ := m[field].(string)
	return slices.Contains(values, v)
}
