package main

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// contradictions lists what a text names that is not the target's, and tells whether it
// is about another agent or endpoint.
func contradictions(t snapshot.Target, named map[string]string, snap *snapshot.Snapshot, lang string) (out []cause, another bool) {
	pairs := []struct {
		flag, text, target string
		wire               bool
	}{
		{"--vpc-endpoint-id", named["vpc_endpoint_id"], t.EndpointID, true},
		{"--endpoint-ip", named["endpoint_ip"], addrText(t.EndpointIP), false}, // it may have several
		{"--agent-ip", named["agent_ip"], agentBeside(t, named["agent_ip"], snap), true},
		{"--subnet-id", audit.IDInARN(named["subnet_arn"], "subnet-"), t.SubnetID, false},
		{"--security-group-id", audit.IDInARN(named["security_group_arn"], "sg-"), t.GroupID, false},
		{"--region", named["region"], t.Region, true},
	}
	for _, p := range pairs {
		if p.text == "" || p.target == "" || p.text == p.target {
			continue
		}
		another = another || p.wire
		out = append(out, cause{
			Check: "target", Subject: p.text, Refs: []string{}, AWSCLI: []string{},
			Message: snapshot.Textf("the text is about %s, the target is %s", "テキストは %s についてのもので、ターゲットは %s", p.text, p.target).In(lang),
			Fix:     snapshot.Textf("Judge what the text is about with %s %s, or make the call with %s.", "%s %s を指定してテキストの対象を判定するか、%s で呼び出す。", p.flag, p.text, p.target).In(lang),
		})
	}
	return out, another
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// agentBeside is the address of the target's agent where it is another than the one that
// a text names, which may have been filled in: that of its instance, or where it stands.
// A public address may be translated to any, and contradicts none that is private.
func agentBeside(t snapshot.Target, text string, snap *snapshot.Snapshot) string {
	said, err := netip.ParseAddr(text)
	if err != nil || t.AgentIP.IsValid() && t.AgentIP.IsPrivate() != said.IsPrivate() {
		return ""
	}
	if t.AgentIP.IsValid() && t.AgentIP != said || !said.IsPrivate() {
		return addrText(t.AgentIP)
	}
	t.AgentIP = said
	if _, gap := netpath.FindAgents(snap, t); gap == nil && t.AgentInstanceID != "" { // one of its addresses
		return ""
	}
	t.AgentIP = netip.Addr{}
	agents, gap := netpath.FindAgents(snap, t)
	if gap != nil {
		return ""
	}
	var out []string
	for _, p := range agents.Addrs.Prefixes() {
		if p.Contains(said) {
			return ""
		}
		out = append(out, strings.TrimSuffix(p.String(), "/32"))
	}
	return strings.Join(out, ", ")
}

// isOfText reports whether what a finding is about is what the text speaks of, where the
// text says: the ARN that was refused, the identity that was, the host that was asked.
func isOfText(f report.Finding, m match, t snapshot.Target, named map[string]string) bool {
	said := map[string]string{}
	if m.Captured != nil {
		said = *m.Captured
	}
	switch m.Error {
	case "INVALID_EC2_SUBNET":
		return f.Code != "DSP808" || f.Subject == "--subnet-arn"
	case "INVALID_EC2_SECURITY_GROUP":
		return f.Code != "DSP808" || f.Subject == "--security-group-arn"
	case "ARN_ACCOUNT_MISMATCH":
		seen, expected := lastField(f.Args["seen"]), lastField(f.Args["expected"])
		return seen != expected && (said["account"] == "" || said["account"] == seen)
	case "ACCESS_DENIED":
		return named["principal"] == "" || !strings.HasPrefix(f.Subject, "arn:") || principal(named["principal"]) == principal(f.Subject)
	case "AGENT_HTTP_REFUSED", "AGENT_HTTP_TIMEOUT":
		u, err := url.Parse(t.KeyRequest)
		return named["agent_ip"] != "" || named["agent_host"] == "" || err == nil && strings.EqualFold(u.Hostname(), named["agent_host"])
	}
	return true
}

// lastField is the account of a place: "aws / us-east-1 / 111122223333".
func lastField(place any) string {
	text, _ := place.(string)
	return text[strings.LastIndexByte(text, ' ')+1:]
}

// principal is whose an ARN is, whichever session it is of: the account, and the name of
// the user or role without its path.
func principal(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	if kind == "assumed-role" {
		kind = "role"
		name, _, _ = strings.Cut(name, "/")
	}
	return parts[4] + ":" + kind + "/" + name[strings.LastIndexByte(name, '/')+1:]
}
