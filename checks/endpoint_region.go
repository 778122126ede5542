package checks

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var endpointElsewhere = &Problem{
	Code: "DSP115", Severity: Fail,
	Title:   say("{subject} itself is in {seen}; the agent is to be activated in {region}", "{subject} 自体は {seen} にあり、アクティブ化先は {region}"),
	Cause:   serviceOtherRegion.Cause,
	Fix:     serviceOtherRegion.Fix,
	Look:    serviceOtherRegion.Look,
	Errors:  serviceOtherRegion.Errors,
	Sources: serviceOtherRegion.Sources,
}

// elsewhere reports an endpoint that is itself in a third Region: neither in that of its
// service nor in that of the activation.
func (x *Exam) elsewhere(s *snapshot.Scope, ep snapshot.Endpoint, service string) bool {
	own, saw := regionOf(s, ep)
	if own == "" || strings.EqualFold(own, service) || strings.EqualFold(own, x.Target.Region) {
		return false
	}
	x.Report(endpointElsewhere, ep.ID, Args{"seen": own, "region": x.Target.Region}, saw)
	return true
}

// regionOf is the Region that an endpoint itself is in, whichever one its service
// is of: its subnets and interfaces tell, else the scope.
func regionOf(s *snapshot.Scope, ep snapshot.Endpoint) (string, snapshot.Evidence) {
	for _, id := range ep.SubnetIDs {
		if n, p := s.Subnets.GetIn(ep.VPC, id); p == snapshot.Present {
			if region := snapshot.RegionOfZone(n.AvailabilityZone); region != "" {
				return region, snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("in the zone %s", "ゾーン %s にある", n.AvailabilityZone))
			}
		}
	}
	for _, id := range ep.InterfaceIDs {
		if i, p := s.Interfaces.GetIn(ep.VPC, id); p == snapshot.Present {
			if region := snapshot.RegionOfZone(i.AvailabilityAZ); region != "" {
				return region, snapshot.Saw(snapshot.Interfaces, i.ID, snapshot.Textf("in the zone %s", "ゾーン %s にある", i.AvailabilityAZ))
			}
		}
	}
	return s.Region, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("collected in %s", "%s で収集", s.Label()))
}
