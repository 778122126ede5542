package snapshot

import "testing"

// TestAskedOfEach holds that of each kind of EC2 whose rows are asked for one by one
// it is known by whose ids, and of no other.
func TestAskedOfEach(t *testing.T) {
	for _, k := range Kinds() {
		if _, known := askedOf[k]; known != (specs[k].perID && specs[k].service == "ec2") {
			t.Errorf("%s: %t", k.Command(), known)
		}
	}
}

// TestChangesOfWhatIsNew holds that what could not be asked for, as what it is of was
// not there, is new with it, and goes with it; and that what only was not asked is not.
func TestChangesOfWhatIsNew(t *testing.T) {
	estate := func(tables Extent, ids ...string) *Snapshot {
		s := &Scope{Account: "111122223333", Region: "us-east-1"}
		s.TransitGatewayRouteTables = NewTable[TransitGatewayRouteTable](tables)
		s.TransitGatewayRoutes = NewTable[TransitGatewayRouteSet](Partial)
		for _, id := range ids {
			s.TransitGatewayRouteTables.Put(TransitGatewayRouteTable{ID: id})
			s.TransitGatewayRoutes.Put(TransitGatewayRouteSet{RouteTable: id})
		}
		return &Snapshot{Scopes: []*Scope{s}}
	}
	with := estate(Full, "tgw-rtb-1")
	for _, tt := range []struct {
		before, after *Snapshot
		want          string
	}{
		{estate(Full), with, "create"},
		{with, estate(Full), "delete"},
		{estate(None), with, ""},
		{with, estate(None), ""},
	} {
		got := ""
		for _, c := range Changes(tt.before, tt.after) {
			if c.Kind == TransitGatewayRoutes {
				got += c.Action
			}
		}
		if got != tt.want {
			t.Errorf("the routes are changed by %q, want %q", got, tt.want)
		}
	}
}
