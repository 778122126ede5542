package snapshot

import "testing"

// Views that are kept are those that would be made: every kind by itself shows what
// it shows, and nothing of another.
func TestKeptViewsShowTheSame(t *testing.T) {
	snap := &Snapshot{Scopes: []*Scope{{Name: "one"}}, Probes: []ProbeRun{{}}, Policies: []PolicyFile{{Name: "p"}}}
	s := snap.Scopes[0]
	for _, k := range Kinds() {
		s.table(k).See(Full, nil)
	}
	views := NewViews(snap)
	for range 2 { // made, and kept
		for _, k := range append(Kinds(), Probes, Policies) {
			view := views.Only(snap, []Kind{k})
			for _, o := range Kinds() {
				if seen := view.Scopes[0].Extent(o) == Full; seen != (o == k) {
					t.Errorf("the view of %v shows %v: %v; has the kind its field of Scope, and its case in Scope.table?", k, o, seen)
				}
			}
			if seen := view.Probes != nil; seen != (k == Probes) {
				t.Errorf("the view of %v shows the probes: %v", k, seen)
			}
			if seen := view.Policies != nil; seen != (k == Policies) {
				t.Errorf("the view of %v shows the policies: %v", k, seen)
			}
		}
	}
	other := &Snapshot{Scopes: []*Scope{{Name: "two"}}}
	if got := views.Only(other, []Kind{VPCs}); got.Scopes[0].Name != "two" {
		t.Errorf("a view of another snapshot is one of %s", got.Scopes[0].Name)
	}
}

// What follows from a row is worked out once, follows the row when it changes, and
// is shared by the copies of a table.
func TestDerive(t *testing.T) {
	worked := 0
	name := func(v VPC) string { worked++; return v.ID + " " + v.State }
	table := NewTable[VPC](Full)
	table.Put(VPC{ID: "vpc-1", State: "pending"})
	view := table
	for _, tt := range []Table[VPC]{table, view} {
		if got := Derive(tt, "name", VPC{ID: "vpc-1"}, name); got != "vpc-1 pending" || worked != 1 {
			t.Errorf("%q after working %d times", got, worked)
		}
	}
	table.Put(VPC{ID: "vpc-1", State: "available"})
	if got := Derive(table, "name", VPC{ID: "vpc-1"}, name); got != "vpc-1 available" {
		t.Errorf("after a change it is still %q", got)
	}
	if got := Derive(table, "name", VPC{ID: "vpc-2", State: "new"}, name); got != "vpc-2 new" {
		t.Errorf("of a row that is not in the table: %q", got)
	}
	clone := table
	clone.disown()
	clone.Put(VPC{ID: "vpc-1", State: "deleted"})
	if a, b := Derive(table, "name", VPC{ID: "vpc-1"}, name), Derive(clone, "name", VPC{ID: "vpc-1"}, name); a != "vpc-1 available" || b != "vpc-1 deleted" {
		t.Errorf("a changed copy: %q, %q", a, b)
	}
}
