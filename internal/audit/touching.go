package audit

import (
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// touchingNotes say how much of the plans is about a target, and how much of what
// they say exists is of accounts and Regions that the estate does not hold.
func touchingNotes(o *iac.Overlay, after, before report.Judged, called func(string) string) []snapshot.Text {
	touching, all := o.Touching(about(before, after))
	out := []snapshot.Text{snapshot.Textf("%d of %d changes touch this target.", "変更 %[2]d 件のうち、この対象に関わるのは %[1]d 件。", touching, all)}
	if n, places := o.Foreign(); n > 0 {
		for i, place := range places {
			places[i] = strings.Join(each(strings.Split(place, "/"), called), "/")
		}
		out = append(out, snapshot.Textf(
			"%d resources that the plan says exist are in %s, which the estate does not hold: they prove nothing here.",
			"プランが存在するとする %d 個のリソースは %s にあり、環境に含まれない。ここでは何の証明にもならない。", n, strings.Join(places, ", ")))
	}
	for _, k := range o.InUse {
		k.ID, k.Address, k.By = called(k.ID), called(k.Address), each(k.By, called)
		if k.Ground {
			out = append(out, snapshot.Textf(
				"The plan deletes %s (%s) while %s stands in it: AWS refuses that (DependencyViolation). Judged as if it went with it.",
				"プランは %[3]s のある %[1]s（%[2]s）を削除する。AWS はこれを拒否する（DependencyViolation）。ともに失われるものとして判定した。", k.ID, k.Address, checks.Args{"by": k.By}.Fill("{by}")))
			continue
		}
		if k.Detached {
			out = append(out, snapshot.Textf(
				"The plan deletes %s (%s) while %s keeps it: the subnets fall to what the VPC has for those without one, and are judged so.",
				"プランは %[3]s が使用中の %[1]s（%[2]s）を削除する。サブネットには VPC の既定のものが適用されるため、それで判定した。", k.ID, k.Address, checks.Args{"by": k.By}.Fill("{by}")))
			continue
		}
		out = append(out, snapshot.Textf(
			"The plan deletes %s (%s) while %s keeps it: AWS refuses that (DependencyViolation), and what it held is gone by then. Judged as empty.",
			"プランは %[3]s が使用中の %[1]s（%[2]s）を削除する。AWS はこれを拒否し（DependencyViolation）、その時点で中身は失われている。空として判定した。", k.ID, k.Address, checks.Args{"by": k.By}.Fill("{by}")))
	}
	return out
}

// each is what every element of a list is called.
func each(list []string, called func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = called(s)
	}
	return out
}

// about are the ids that the answers about a target rest on, before and after.
func about(both ...report.Judged) map[string]bool {
	out := map[string]bool{}
	add := func(id string) {
		base, _, _ := strings.Cut(id, "/")
		out[id], out[base] = true, true
	}
	for _, j := range both {
		t := j.Target
		for _, id := range []string{t.EndpointID, t.SubnetID, t.GroupID, t.SourceVPCID, t.SourceSubnetID, t.AgentInstanceID} {
			add(id)
		}
		for _, r := range j.Results {
			for _, f := range r.Findings {
				add(f.Subject)
				for _, e := range f.Evidence {
					add(e.Ref)
				}
				for _, g := range f.Gaps {
					add(g.Ref)
				}
				if f.About != nil {
					add(f.About.Holder)
				}
			}
		}
	}
	delete(out, "")
	return out
}

// nowhere reports whether an endpoint is proved not to be in an estate.
func nowhere(snap *snapshot.Snapshot, id string) bool {
	if id == "" || len(snap.Scopes) == 0 || checks.Stands(snap, id) {
		return false
	}
	s := snap.Role(snapshot.Destination)
	if s == nil {
		return false
	}
	_, p := s.Endpoints.Get(id)
	return p == snapshot.Absent
}
