package netpath

import (
	"net/netip"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// list resolves a managed prefix list in the account of the group; a list that
// was not seen may hold any address.
func (l GroupLayer) list(id string) (*netipx.IPSet, *snapshot.Gap) {
	return ListSet(l.Snapshot, l.Self.Scope, id, l.Peers)
}

// ListSet resolves a prefix list. When its entries are not known it returns the
// addresses of interest that the list may hold, and the gap.
func ListSet(snap *snapshot.Snapshot, s *snapshot.Scope, id string, interest *netipx.IPSet) (*netipx.IPSet, *snapshot.Gap) {
	if s == nil {
		return interest, &snapshot.Gap{Code: snapshot.ListUnseen, Source: snapshot.PrefixListEntries.Action(), Ref: id}
	}
	s = listHolder(snap, s, id)
	row, p := s.PrefixLists.Get(id)
	switch { // a list holds addresses of one family
	case p != snapshot.Present:
	case strings.EqualFold(row.AddressFamily, "IPv6"):
		interest = Minus(interest, everyIPv4)
	case strings.EqualFold(row.AddressFamily, "IPv4"):
		interest = IPv4(interest)
	}
	if content, q := s.PrefixListEntries.Get(id); q == snapshot.Present {
		if p == snapshot.Present && row.State != "" && Lives(PrefixListState, row.State) != On { // which entries hold is about to change
			return interest, stateGap(s, snapshot.PrefixLists, id, row.State)
		}
		return listed(content), nil
	}
	if p == snapshot.Present && HoldsPublicOnly(row) {
		interest = Minus(interest, privateSpace)
	}
	if Empty(interest) {
		return interest, nil
	}
	gap := s.GapFor(snapshot.PrefixListEntries, id)
	if gap.Code == snapshot.NotCollected {
		gap.Code = snapshot.ListUnseen
	}
	return interest, &gap
}

// listHolder is the scope that shows the entries of a prefix list: the one that refers
// to it, else another of the Region, such as its owner's, who shares it.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/sharing-managed-prefix-lists.html
func listHolder(snap *snapshot.Snapshot, s *snapshot.Scope, id string) *snapshot.Scope {
	for _, o := range append([]*snapshot.Scope{s}, snap.Scopes...) {
		if _, p := o.PrefixListEntries.Get(id); p == snapshot.Present && o.Region == s.Region {
			return o
		}
	}
	return s
}

// partOf is what is known of a prefix list that may hold more.
func (l GroupLayer) partOf(id string) *netipx.IPSet {
	if l.Self.Scope == nil || !l.Self.Scope.PrefixListEntries.Partly(id) {
		return Set()
	}
	content, _ := l.Self.Scope.PrefixListEntries.Get(id)
	return listed(content)
}

func listed(content snapshot.PrefixListContent) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, e := range content.Entries {
		if e.CIDR.IsValid() {
			b.AddPrefix(e.CIDR.Masked())
		}
	}
	return must(b.IPSet())
}

// privateSpace is the address space that no public AWS service answers from: what
// is not globally reachable, and stands in VPCs and networks that lead to them.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry/
var privateSpace = Set(
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
)

// Private reports whether every address of a set is a private one.
func Private(s *netipx.IPSet) bool { return Empty(Minus(s, privateSpace)) }

// HoldsPublicOnly reports whether a list is one of AWS's own for the public
// addresses of a gateway endpoint service or CloudFront.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
func HoldsPublicOnly(l snapshot.PrefixList) bool {
	if !strings.EqualFold(l.OwnerID, "AWS") {
		return false
	}
	service := l.Name[strings.LastIndexByte(l.Name, '.')+1:]
	return service == "s3" || service == "dynamodb" || strings.Contains(l.Name, "cloudfront")
}
