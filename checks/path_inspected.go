package checks

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqInspected = &Requirement{
	ID: "firewalls", Grade: "required",
	Title:   say("Any firewall in between lets 443, 1024-1064 and 22 through", "途中のファイアウォールが 443・1024-1064・22 を通す"),
	Sources: []string{pageArticle, pageNetwork},
}

var _ = register(&Check{
	ID:       "path-inspected",
	Area:     AreaACL,
	Title:    say("No appliance, Network Firewall or load balancer stands unjudged in the path", "経路上に判定できないアプライアンスやファイアウォールがない"),
	Requires: reqInspected,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{connectionActive},
	Run:      runInspected,
})

func runInspected(x *Exam) {
	j, ok := x.journey()
	if !ok {
		return
	}
	if x.clash(j) {
		x.See(whyClash, "cidr-overlap")
		return
	}
	var clear []snapshot.Evidence
	stopped := false
	home := x.homeward(j)
	for _, t := range append(x.outward(j), home...) {
		for _, l := range t.legs {
			switch {
			case len(l.Inspected) > 0:
				x.Unknown(t.subnet, *l.Gap)
			case l.Outcome == netpath.Arrived:
				clear = append(clear, stepEvidence(l.Steps)...)
			default:
				stopped = true
			}
		}
	}
	x.diversions(j, home)
	switch {
	case len(x.findings) > 0:
	case stopped || len(clear) == 0 && !j.sameVPC():
		x.See(say("the path does not lead through", "経路が通じていない"), "route-to-endpoint", "route-to-agent")
	case len(clear) == 0:
		x.OK(j.to.VPC, snapshot.Saw(snapshot.Subnets, j.to.VPC, say("agent and endpoint are in one subnet; nothing stands between", "エージェントとエンドポイントが同じサブネットにあり、間に何もない")))
	default:
		x.OK(j.to.VPC, clear...)
	}
}

// diversions looks at the route tables of gateways, which decide what happens to
// traffic that comes in through them.
func (x *Exam) diversions(j journey, home []trip) {
	for _, t := range home {
		for _, l := range t.legs {
			if l.Outcome != netpath.Arrived || !strings.HasPrefix(l.Connection, "vgw-") {
				continue
			}
			table, ok := netpath.GatewayTable(j.to.Scope, l.Connection)
			if !ok {
				continue
			}
			for _, e := range j.ends {
				for _, h := range netpath.Lookup(j.to.Scope, table, e.all()) {
					if h.Kind == netpath.ToAppliance || h.Kind == netpath.ToEndpoint {
						x.Unknown(l.Connection, snapshot.Gap{Code: snapshot.ThroughAppliance, Source: snapshot.RouteTables.Action(), Scope: j.to.Scope.Label(), Ref: table.ID, Detail: h.Target})
					}
				}
			}
		}
	}
}
