package snapshot

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// witnesses are what the files of a folder say of the account and the Region that
// they were gathered in. A folder is one scope: where two of them can't both be
// true, files of two scopes lie together.
type witnesses struct {
	region  []witness
	account []witness
}

// witness is something that only the given accounts can see, or that only the
// given Region has.
type witness struct {
	what string
	of   []string
}

// EC2 and DataSync name the Region in the ARNs of its resources, and in the names of zones.
// Only fields are looked at: a tag or a policy may name anything.
var (
	regionInARN  = pattern.New(`Arn"\s*:\s*"arn:[a-z0-9-]+:(?:ec2|datasync):([a-z0-9-]+):`)
	regionInZone = pattern.New(`"AvailabilityZone"\s*:\s*"([a-z0-9-]+)"`)
)

// regions collects what a file says of its Region.
func (w *witnesses) regions(file string, body []byte) {
	body, err := UTF8(body)
	if err != nil {
		return
	}
	add := func(region string) {
		if region != "" && !slices.ContainsFunc(w.region, func(o witness) bool { return o.of[0] == region }) {
			w.region = append(w.region, witness{file, []string{region}})
		}
	}
	for _, m := range regionInARN.Re().FindAllSubmatch(body, -1) {
		add(string(m[1]))
	}
	for _, m := range regionInZone.Re().FindAllSubmatch(body, -1) {
		add(RegionOfZone(string(m[1])))
	}
}

// accounts collects what the rows say of the account that sees them. Who calls is
// not asked: that may be the one who will activate, and is judged by a check.
func (w *witnesses) accounts(s *Scope) {
	add := func(what string, accounts ...string) {
		for _, a := range accounts {
			if !accountShape.Re().MatchString(a) {
				return // it may be anyone's
			}
		}
		w.account = append(w.account, witness{what, accounts})
	}
	// A default group can't be shared, and nobody but its owner is shown it.
	// Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-sharing.html
	for _, g := range s.SecurityGroups.All() {
		if g.Name == "default" {
			add(g.ID, g.OwnerID)
		}
	}
	// An interface is shown to its owner and to that of its VPC.
	// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
	for _, i := range s.Interfaces.All() {
		if v, p := s.VPCs.Get(i.VPC); p == Present {
			add(i.ID, i.OwnerID, v.OwnerID)
		}
	}
	// Agents are their owner's alone.
	for _, a := range s.Agents.All() {
		add(LastOf(a.ARN), arnField(a.ARN, 4))
	}
	for _, a := range s.AgentDetails.All() {
		add(a.ID, arnField(a.ARN, 4))
	}
	for _, p := range s.Peerings.All() {
		add(p.ID, p.Requester.OwnerID, p.Accepter.OwnerID)
	}
	// The route tables of a shared transit gateway are its owner's alone.
	// Source: https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-share.html
	for _, t := range s.TransitGatewayRouteTables.All() {
		if g, p := s.TransitGateways.Get(t.Gateway); p == Present {
			add(t.ID, g.OwnerID)
		}
	}
}

// agree refuses a folder whose files no one account in one Region can have
// printed.
func (w *witnesses) agree(s *Scope, dir string) error {
	if s.Region != "" {
		w.region = slices.Insert(w.region, 0, witness{"manifest.json", []string{s.Region}})
	}
	if s.Account != "" {
		w.account = slices.Insert(w.account, 0, witness{"manifest.json", []string{s.Account}})
	}
	if a, b := quarrel(w.region); a != nil {
		return Errorf("%s: %s is of %s and %s of %s: give each account and Region a folder of its own", "%s: %s は %s のもの、%s は %s のもの。アカウントとリージョンごとにフォルダーを分ける", dir, a.what, a.of[0], b.what, b.of[0])
	}
	if a, b := quarrel(w.account); a != nil {
		return Errorf("%s: account %s sees %s, and account %s sees %s; none sees both: give each account and Region a folder of its own", "%s: アカウント %s に %s が、アカウント %s に %s が見えるが、両方が見えるアカウントはない。アカウントとリージョンごとにフォルダーを分ける", dir, a.of[0], a.what, b.of[0], b.what)
	}
	return nil
}

// quarrel finds a witness that leaves nothing of what the others say, and one of
// those.
func quarrel(list []witness) (a, b *witness) {
	var left []string
	for i, w := range list {
		both := slices.DeleteFunc(slices.Clone(w.of), func(v string) bool { return i > 0 && !slices.Contains(left, v) })
		if len(both) == 0 {
			apart := func(o witness) bool {
				return !slices.ContainsFunc(o.of, func(v string) bool { return slices.Contains(w.of, v) })
			}
			return &list[max(slices.IndexFunc(list[:i], apart), 0)], &list[i]
		}
		left = both
	}
	return nil, nil
}

// noCopies refuses two folders gathered by hand in the same account and Region:
// one is an older copy, or both are parts, and nothing tells which.
func noCopies(scopes []*Scope) error {
	for i, a := range scopes {
		for _, b := range scopes[:i] {
			if a.Calls == nil && b.Calls == nil && sameScope(a, b) {
				return Errorf("the folders %s and %s are of the same account and Region: keep one, with all its files", "フォルダー %s と %s は同じアカウントとリージョンのもの。すべてのファイルを 1 つにまとめる", b.Name, a.Name)
			}
		}
	}
	return nil
}

// sameScope reports whether two scopes are surely one: they say so, or both show
// an endpoint, which nobody but its owner is shown.
func sameScope(a, b *Scope) bool {
	if a.Region == b.Region && a.Region != "" && a.Account == b.Account && a.Account != "" && !a.Guessed && !b.Guessed {
		return true
	}
	return slices.ContainsFunc(a.Endpoints.IDs(), func(id string) bool { _, p := b.Endpoints.Get(id); return p == Present })
}
