package checks

import (
	"cmp"
	"strings"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The remedies, by what is wrong: each goes on a sentence.
var (
	remedyAccept    = say("accept it", "承認する")
	remedyAttach    = say("attach it to the endpoint's VPC", "エンドポイントの VPC にアタッチする")
	remedyStart     = say("start it", "起動する")
	remedyReplace   = say("it does not come back, so create a new one in its place and point the routes at that", "元には戻らないので、代わりを作成し、経路をそちらに向ける")
	remedyInstance  = say("start it once it has stopped; one that is terminated does not come back, so launch another in its place", "停止が完了してから起動する。終了したものは元に戻らないので、代わりのインスタンスを起動する")
	remedyTunnel    = say("bring a tunnel up on the customer gateway device; what AWS says of each tunnel tells whether IKE, IPsec or BGP is missing", "カスタマーゲートウェイデバイスでトンネルを稼働させる。AWS が示す各トンネルのステータスで、IKE、IPsec、BGP のどこで止まっているか分かる")
	remedyBlock     = say("associate the address block with the VPC again", "アドレスブロックを VPC に関連付け直す")
	remedyPlace     = say("wait until it is available, or use another", "available になるまで待つか、別のものを使う")
	remedyCircle    = say("point one of these routes at what leads to the other network", "循環している経路の 1 つを、相手側のネットワークへつながるものに向ける")
	remedyAttached  = say("create the attachment that is missing", "不足しているアタッチメントを作成する")
	remedyAssociate = say("associate the attachment with a route table of the transit gateway", "アタッチメントをトランジットゲートウェイのルートテーブルに関連付ける")
	remedyElsewhere = say("point the routes at a connection that joins the two networks, or create one", "両方のネットワークをつなぐ接続に経路を向ける。なければ作成する")
)

// remedyOfStop is what helps where something stops the traffic for another reason than
// its state.
func remedyOfStop(h netpath.Hop) Text {
	switch h.Cause.Reason {
	case netpath.Circle:
		return remedyCircle
	case netpath.NotAttached:
		return remedyAttached
	case netpath.NotAssociated:
		return remedyAssociate
	case netpath.Missing:
		return remedyReplace
	}
	return remedyElsewhere
}

// revive finds what makes something work again, by what it is and its state.
func (x *Exam) revive(j journey, id, state string) revival {
	accept := func(account, region string, kind repair.Acceptable, needed, command, option string) revival {
		r := revival{needed: needed, remedy: remedyReplace, command: []string{"ec2", command, option, id}}
		if r.Whose = x.inAccount(account, region); waits(state) {
			r.Change, r.remedy = repair.Accept{ID: id, Kind: kind}, remedyAccept
		}
		return r
	}
	for _, s := range x.Snapshot.Scopes {
		if p, ok := s.Peerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.Peering, "active", "describe-vpc-peering-connections", "--vpc-peering-connection-ids")
		}
		if p, ok := s.TransitGatewayPeerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.GatewayPeering, "available", "describe-transit-gateway-peering-attachments", "--transit-gateway-attachment-ids")
		}
		if a, ok := s.TransitGatewayVPCAttachments.Get(id); ok == snapshot.Present {
			g, _ := x.gateway(a.Gateway)
			return accept(cmp.Or(g.OwnerID, s.Account), s.Region, repair.GatewayAttachment, "available", "describe-transit-gateway-vpc-attachments", "--transit-gateway-attachment-ids")
		}
		if g, ok := s.VPNGateways.Get(id); ok == snapshot.Present {
			r := revival{needed: "attached", remedy: remedyReplace, command: []string{"ec2", "describe-vpn-gateways", "--vpn-gateway-ids", id}}
			r.Whose = whose(s, "")
			if netpath.Lives(netpath.VPNGatewayState, g.State) == netpath.On {
				r.remedy = remedyAttach
				if state == "detached" || len(g.Attachments) == 0 {
					r.Change = repair.AttachVPNGateway{Gateway: id, VPC: j.to.VPC}
				}
			}
			return r
		}
	}
	checked := func(needed string, remedy Text, words ...string) revival {
		return revival{needed: needed, remedy: remedy, command: words}
	}
	for _, s := range x.Snapshot.Scopes {
		if _, ok := s.Subnets.Get(id); ok == snapshot.Present {
			r := checked("available", remedyPlace, "ec2", "describe-subnets", "--subnet-ids", id)
			r.Whose = whose(s, "")
			return r
		}
		vpc, _, block := strings.Cut(id, " ") // the whole of it, or an address block
		if _, ok := s.VPCs.Get(vpc); ok == snapshot.Present {
			r := checked("available", remedyPlace, "ec2", "describe-vpcs", "--vpc-ids", vpc)
			if r.Whose = whose(s, ""); block {
				r.needed, r.remedy = "associated", remedyBlock
			}
			return r
		}
	}
	switch connectionKind(id) {
	case snapshot.Instances:
		r := checked("running", remedyInstance, "ec2", "describe-instances", "--instance-ids", id)
		if r.Whose = whose(j.from.Scope, ""); state == "stopped" {
			r.Change, r.remedy = repair.StartInstance{ID: id}, remedyStart
		}
		return r
	case snapshot.VPNConnections:
		r := checked("UP", remedyTunnel, "ec2", "describe-vpn-connections", "--vpn-connection-ids", id)
		if netpath.Lives(netpath.VPNState, state) == netpath.Stopped {
			r.needed, r.remedy = "available", remedyReplace
		}
		return r
	case snapshot.NATGateways:
		r := checked("available", remedyReplace, "ec2", "describe-nat-gateways", "--nat-gateway-ids", id)
		r.Whose = whose(j.from.Scope, "")
		return r
	}
	return checked("available", remedyReplace, "ec2", "describe-transit-gateways")
}
