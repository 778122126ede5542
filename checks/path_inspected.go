package checks

import (
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqInspected = &Requirement{
	ID: "firewalls", Grade: "required",
	Title:   say("Any firewall in between lets 443, 1024-1064 and 22 through", "途中のファイアウォールが 443・1024-1064・22 を通す"),
	Sources: []string{pageArticle, pageNetwork},
}

var pathInspected = register(&Check{
	ID:       inspectedID,
	Area:     AreaACL,
	Title:    say("No appliance, Network Firewall or load balancer stands unjudged in the path", "経路上に判定できないアプライアンスやファイアウォールがない"),
	Requires: reqInspected,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Run:      runInspected,
	On:       []netpath.Layer{netpath.Inspect},
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
	var resting []string
	stopped := false
	for _, s := range j.sides() {
		for _, l := range s.legs {
			met := false
			for _, h := range l.chain {
				if h.Layer == netpath.Inspect && h.Fate == netpath.Open {
					x.Unknown(l.subject(j.to.VPC), gapOf(h))
					met = true
				}
			}
			h, open := l.open()
			switch {
			case met:
			case open:
				resting = append(resting, x.owner(h, s.back))
			case l.last.Fate == netpath.On:
				clear = append(clear, wayEvidence(l)...)
			default:
				stopped = true
			}
		}
	}
	switch {
	case len(x.findings) > 0:
	case len(resting) > 0:
		for _, id := range distinct(resting...) {
			x.restsOn(j.to.VPC, id)
		}
	case stopped || len(clear) == 0:
		x.See(say("the path does not lead through", "経路が通じていない"), connectionID, routeThereID, routeBackID)
	default:
		x.OK(j.to.VPC, clear...)
	}
}
