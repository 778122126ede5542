package checks

import (
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// ruleEvidence is what the rules of security groups say.
func ruleEvidence(rules []netpath.Rule) []snapshot.Evidence {
	return clauses(snapshot.SecurityGroups, rules)
}

// aclEvidence is what the rules of network ACLs say.
func aclEvidence(rules []netpath.Rule) []snapshot.Evidence {
	return clauses(snapshot.NetworkACLs, rules)
}

func clauses(k snapshot.Kind, rules []netpath.Rule) []snapshot.Evidence {
	var out []snapshot.Evidence
	for _, r := range rules {
		out = append(out, snapshot.Saw(k, r.Ref, clause(r.Says)))
	}
	return out
}

// clause words a rule, such as "tcp 1024-1064 from 10.10.0.0/16".
func clause(c netpath.Clause) Text {
	if c == (netpath.Clause{}) {
		return Text{}
	}
	t := say("a rule with values that are marked as sensitive", "機密に指定された値を含むルール")
	if !c.Secret {
		en, ja := "all traffic", "すべてのトラフィック" // as the console calls it
		if !c.All {
			en = "tcp " + c.Ports.String()
			ja = " " + en
		}
		t = say(en+" from "+c.Peer, c.Peer+" からの"+ja)
		if c.Direction == netpath.Egress {
			t = say(en+" to "+c.Peer, c.Peer+" への"+ja)
		}
		if c.Action != "" {
			t = say(c.Action+" "+t.En, c.Action+" "+t.Ja)
		}
	}
	if why := never(c.Never); !why.Empty() {
		t = say(t.En+" ("+why.En+")", t.Ja+"（"+why.Ja+"）")
	}
	return t
}

// never words why a reference to a security group matches nothing.
func never(n netpath.Never) Text {
	switch n {
	case netpath.AgentLacksGroup:
		return say("the agent does not carry this group", "エージェントにこのグループは付いていない")
	case netpath.NobodyCarries:
		return say("none of the addresses in question carries this group", "該当アドレスのいずれにもこのグループは付いていない")
	case netpath.AcrossRegions:
		return say("a reference to a security group never matches across Regions", "セキュリティグループの参照はリージョンをまたいで一致しない")
	case netpath.ThroughMiddlebox:
		return say("a reference to a security group does not match through an appliance", "セキュリティグループの参照はアプライアンス越しには一致しない")
	case netpath.OutboundOver:
		return say("over a transit gateway a reference to a security group matches in inbound rules only", "トランジットゲートウェイ越しのセキュリティグループの参照はインバウンドルールでしか一致しない")
	case netpath.EndpointOver:
		return say("over a transit gateway a reference to a security group does not match for interface endpoints", "トランジットゲートウェイ越しのセキュリティグループの参照はインターフェイスエンドポイントでは一致しない")
	case netpath.InZone:
		return say("references to security groups over a transit gateway do not work in use1-az3", "トランジットゲートウェイ越しのセキュリティグループの参照は use1-az3 では機能しない")
	case netpath.OverGateways:
		return say("a reference to a security group does not match over peered transit gateways", "ピアリングしたトランジットゲートウェイ越しにはセキュリティグループの参照は一致しない")
	case netpath.ReferencingOff:
		return say("security group referencing is off on the transit gateway or an attachment", "トランジットゲートウェイかアタッチメントでセキュリティグループの参照が無効")
	case netpath.NothingJoins:
		return say("nothing that carries references joins the two VPCs", "参照が有効な接続が 2 つの VPC 間にない")
	}
	return Text{}
}

// sighting is where AWS shows the agent.
func sighting(s netpath.Sighting) snapshot.Evidence {
	fact := snapshot.Textf("the agent's private address is %s", "エージェントのプライベートアドレスは %s", s.Addr)
	blocks := netpath.Shorten(s.Blocks, 8)
	switch s.Kind {
	case snapshot.Interfaces:
		fact = snapshot.Textf("it has the address %s, in %s", "アドレス %s を持ち、%s にある", s.Addr, s.Subnet)
	case snapshot.Subnets:
		fact = snapshot.Textf("its CIDR block is %s", "CIDR ブロックは %s", blocks)
	case snapshot.VPCs:
		fact = snapshot.Textf("its CIDR blocks are %s", "CIDR ブロックは %s", blocks)
	}
	return snapshot.Saw(s.Kind, s.Ref, fact)
}
