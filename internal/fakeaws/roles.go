package fakeaws

import (
	"regexp"
	"slices"
	"strings"
)

var credentialScope = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/`)

// RefusedRole is one that nobody may assume.
const RefusedRole = "arn:aws:iam::999900001111:role/Closed"

// roleKey is how the key of an assumed role begins; its account follows.
const roleKey = "ASIA"

// of returns the scope of a Region that a key is for: that of the role's account,
// else the first.
func (s *Server) of(region, key string) (scope, bool) {
	list := s.scopes[region]
	if len(list) == 0 {
		return scope{}, false
	}
	account := strings.TrimPrefix(key, roleKey)
	i := slices.IndexFunc(list, func(sc scope) bool { return sc.account == account })
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
