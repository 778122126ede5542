package netpath

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// doors lists what leads out of AWS towards the agent: what the replies to it
// take; else whatever leads out from the endpoint's network.
func (e *Estate) doors(a Agents, ends []End) []door {
	w := &walker{e: e, reply: true, outside: true}
	for _, end := range ends {
		if !Empty(end.All()) {
			w.leave(end.At, end.Subnet, Flow{Src: end.All(), Dst: a.Addrs, Dial: e.ephemeral}, -1)
		}
	}
	if len(w.doors) > 0 {
		return w.doors
	}
	if slices.ContainsFunc(w.hops, func(h Hop) bool { return h.Fate == Open }) {
		return nil // it may be anything
	}
	return e.anyDoor(a, ends)
}

// anyDoor lists every attachment that leads out of AWS from the VPCs of the ends.
func (e *Estate) anyDoor(a Agents, ends []End) []door {
	var out []door
	add := func(o outward) {
		if !slices.ContainsFunc(out, func(d door) bool { return d.id == o.id }) {
			out = append(out, door{o, a.Addrs})
		}
	}
	for _, end := range ends {
		for _, g := range end.At.Scope.VPNGateways.All() {
			if slices.ContainsFunc(g.Attachments, func(v snapshot.VPNGatewayAttachment) bool { return v.VPC == end.At.VPC }) {
				add(outward{scope: end.At.Scope, id: g.ID, kind: "vgw"})
			}
		}
		for _, s := range e.snap.Scopes {
			for _, v := range s.AttachmentsOf(end.At.VPC) {
				for _, gateway := range e.reachable(v.Gateway) {
					e.outwardOf(gateway, add)
				}
			}
		}
	}
	return out
}

// outwardOf hands on the attachments of a gateway that lead out of AWS.
func (e *Estate) outwardOf(gateway string, add func(outward)) {
	for _, s := range e.snap.Scopes {
		for _, a := range s.TransitGatewayAttachments.All() {
			if a.Gateway == gateway && LeadsOut(a.ResourceType) {
				add(outward{scope: s, id: a.ID, kind: a.ResourceType, resource: a.ResourceID, gateway: gateway})
			}
		}
	}
}

// LeadsOut reports whether attachments of a kind lead to networks outside AWS.
func LeadsOut(resourceType string) bool {
	return slices.Contains([]string{"vpn", "vpn-concentrator", "direct-connect-gateway", "connect"}, strings.ToLower(resourceType))
}

// reachable lists a gateway and those that chains of peerings join to it.
func (e *Estate) reachable(gateway string) []string {
	out := []string{gateway}
	for i := 0; i < len(out); i++ {
		for _, s := range e.snap.Scopes {
			for _, p := range s.TransitGatewayPeerings.All() {
				next := ""
				switch out[i] {
				case p.Requester.Gateway:
					next = p.Accepter.Gateway
				case p.Accepter.Gateway:
					next = p.Requester.Gateway
				}
				if next != "" && !slices.Contains(out, next) {
					out = append(out, next)
				}
			}
		}
	}
	return out
}

// door is a way out of AWS, and the agent's addresses that lie behind it.
type door struct {
	outward
	src *netipx.IPSet
}
