package snapshot

import "strings"

// Infer fills in the account and the Region of a scope from what its rows say
// of themselves: the caller, ARNs, zone names and owner ids, in this order.
func (s *Scope) Infer() {
	var accounts, regions tally
	for _, id := range s.Identity.All() {
		accounts.add(id.Account, 1_000_000)
	}
	for _, g := range s.SecurityGroups.All() {
		accounts.add(g.OwnerID, 2)
		regions.add(arnField(g.ARN, 3), 2)
	}
	for _, n := range s.Subnets.All() {
		accounts.add(n.OwnerID, 1)
		regions.add(arnField(n.ARN, 3), 2)
		regions.add(RegionOfZone(n.AvailabilityZone), 2)
	}
	for _, i := range s.Interfaces.All() {
		regions.add(RegionOfZone(i.AvailabilityAZ), 1)
	}
	for _, e := range s.Endpoints.All() {
		accounts.add(e.OwnerID, 1)
		if e.IsDataSync() && regions.counts == nil {
			regions.add(e.Region(), 1)
		}
	}
	for _, v := range s.VPCs.All() {
		accounts.add(v.OwnerID, 1)
	}
	for _, a := range s.Agents.All() {
		accounts.add(arnField(a.ARN, 4), 3)
		regions.add(arnField(a.ARN, 3), 2)
	}
	for _, a := range s.AgentDetails.All() {
		accounts.add(arnField(a.ARN, 4), 3)
		regions.add(arnField(a.ARN, 3), 2)
	}
	if s.Account == "" {
		s.Account = accounts.top()
		s.Guessed = s.Identity.Len() == 0
	}
	if s.Region == "" {
		s.Region = regions.top()
	}
}

// tally counts votes; the first to reach the highest count wins.
type tally struct {
	counts map[string]int
	order  []string
}

func (t *tally) add(v string, weight int) {
	if v == "" {
		return
	}
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	if _, ok := t.counts[v]; !ok {
		t.order = append(t.order, v)
	}
	t.counts[v] += weight
}

func (t *tally) top() string {
	best := ""
	for _, v := range t.order {
		if best == "" || t.counts[v] > t.counts[best] {
			best = v
		}
	}
	return best
}

// arnField returns one of the colon-separated parts of an ARN:
// arn:partition:service:region:account:resource.
func arnField(arn string, n int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[n]
}

// RegionOfZone turns the name of an Availability Zone or Local Zone into that of
// its Region: "us-east-1a" and "us-east-1-bos-1a" are in us-east-1.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
func RegionOfZone(zone string) string {
	parts := strings.Split(zone, "-")
	for i := 2; i < len(parts); i++ {
		p := parts[i]
		if p != "" && p[0] >= '0' && p[0] <= '9' {
			parts[i] = strings.TrimRight(p, "abcdefghijklmnopqrstuvwxyz")
			return strings.Join(parts[:i+1], "-")
		}
	}
	return ""
}
