package fakeaws

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var credentialScope = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/`)

// RefusedRole is one that nobody may assume.
const RefusedRole = "arn:aws:iam::999900001111:role/Closed"

// Member is an account of the organization.
type Member struct{ Account, State string }

// membersAPage is how many accounts a page lists.
const membersAPage = 20

// listAccounts answers ListAccounts of AWS Organizations.
func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request) {
	var in struct{ NextToken string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	start, _ := strconv.Atoi(in.NextToken)
	end := min(start+membersAPage, len(s.Members))
	rows := []any{}
	for _, m := range s.Members[min(start, end):end] {
		rows = append(rows, map[string]any{"Id": m.Account, "State": m.State})
	}
	out := map[string]any{"Accounts": rows}
	if end < len(s.Members) {
		out["NextToken"] = strconv.Itoa(end)
	}
	answerJSON(w, out)
}

// roleKey is how the key of an assumed role begins; its account follows.
const roleKey = "ASIA"

// of returns the scope of a Region that a key is for: that of the role's account,
// else the first; none, where another server knows whose the key is.
func (s *Server) of(region, key string) (scope, bool) {
	list := s.scopes[region]
	if len(list) == 0 {
		return scope{}, false
	}
	account := strings.TrimPrefix(key, roleKey)
	if s.Whose != nil {
		account = s.Whose(key)
	}
	i := slices.IndexFunc(list, func(sc scope) bool { return sc.account == account })
	if i < 0 && s.Whose != nil {
		return scope{}, false
	}
	return list[max(i, 0)], true
}

// accountOf is the account in an ARN.
func accountOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 5 {
		return "EXAMPLE"
	}
	return parts[4]
}
