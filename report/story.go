package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// told is a place of a story: what the hops that are one to a reader say of it.
type told struct {
	place  snapshot.Text
	ref    string
	status checks.Status
	facts  []snapshot.Text
	hop    checks.Hop // the first of them
}

// story words one direction of a trace: a place that several parts of the traffic pass
// is told once.
func story(hops []checks.Hop, results []checks.Result) []told {
	var out []told
	fresh := false // the last place was not told before
	add := func(t told) {
		for i := range out {
			if out[i].place != t.place || out[i].ref != t.ref {
				continue
			}
			out[i].join(t)
			if last := len(out) - 1; fresh && i < last && !t.hop.Branch {
				out[last].facts = append(out[last].facts, snapshot.Textf("goes on as above: %s, %s", "この先は上と同じ: %s、%s", t.place, t.ref))
			}
			fresh = false
			return
		}
		out, fresh = append(out, t), true
	}
	for _, h := range hops {
		switch h.Layer {
		case netpath.GroupOut, netpath.GroupIn:
			for _, c := range h.Checks {
				for _, f := range found(results, c) {
					add(told{c.Place, f.Subject, f.Status, wordsOf(f), h})
				}
			}
		case netpath.ACLOut, netpath.ACLIn:
			t := told{place: placeIn(h), ref: h.Holder, status: checks.Pass, hop: h}
			for _, f := range h.Findings {
				one := told{t.place, t.ref, f.Status, wordsOf(f), h}
				if t.facts == nil {
					t = one
					continue
				}
				t.join(one)
			}
			add(t)
		case netpath.Goal:
			add(told{placeIn(h), h.Holder, checks.Pass, []snapshot.Text{snapshot.Same(shortened(h.Leaves))}, h})
		default:
			add(onWay(h))
		}
	}
	return out
}

// found are the findings of a check.
func found(results []checks.Result, c *checks.Check) []checks.Finding {
	if i := slices.IndexFunc(results, func(r checks.Result) bool { return r.Check == c }); i >= 0 {
		return results[i].Findings
	}
	return nil
}

// onWay words a hop that routes or carries: what was seen of it, and what keeps that from
// being proved.
func onWay(h checks.Hop) told {
	out := told{place: placeIn(h), ref: h.Holder, status: checks.Pass, hop: h}
	if h.Layer == netpath.Exit {
		out.ref = h.Subnet
	}
	for _, f := range h.Findings {
		out.status = f.Status
		for _, e := range f.Evidence {
			out.facts = append(out.facts, e.Fact)
		}
		for _, g := range f.Gaps {
			out.facts = append(out.facts, checks.GapText(g))
		}
	}
	return out
}

// placeIn words where a hop is.
func placeIn(h checks.Hop) snapshot.Text {
	switch h.Layer {
	case netpath.ACLOut:
		return snapshot.Textf("network ACL of %s, outbound", "%s のネットワーク ACL（アウトバウンド）", h.Subnet)
	case netpath.ACLIn:
		return snapshot.Textf("network ACL of %s, inbound", "%s のネットワーク ACL（インバウンド）", h.Subnet)
	case netpath.Route:
		if h.Subnet == "" {
			return snapshot.Textf("routes of %s", "%s の経路", h.At.VPC)
		}
		return snapshot.Textf("route table of %s", "%s のルートテーブル", h.Subnet)
	case netpath.EdgeRoute:
		return snapshot.Text{En: "route table of the gateway", Ja: "ゲートウェイのルートテーブル"}
	case netpath.GatewayRoute:
		return snapshot.Text{En: "route table of the transit gateway", Ja: "トランジットゲートウェイのルートテーブル"}
	case netpath.Exit:
		return snapshot.Text{En: "out of the transit gateway, in the attachment's subnet", Ja: "トランジットゲートウェイの出口（アタッチメントのサブネット）"}
	case netpath.Inspect:
		return snapshot.Text{En: "can't be looked into", Ja: "中を確認できない"}
	case netpath.Goal:
		return snapshot.Text{En: "out of AWS, to the agent's network", Ja: "AWS の外、エージェントのネットワークへ"}
	}
	if h.Instance {
		return snapshot.Text{En: "the agent's instance", Ja: "エージェントのインスタンス"}
	}
	return snapshot.Text{En: "connection", Ja: "接続"}
}

// mostLeaving is how many addresses outside AWS a place shows.
const mostLeaving = 6

func shortened(list []string) string {
	if len(list) <= mostLeaving {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:mostLeaving], ", ") + fmt.Sprintf(" (+%d)", len(list)-mostLeaving)
}

// wordsOf words what a check found.
func wordsOf(f checks.Finding) []snapshot.Text {
	switch {
	case f.Problem != nil:
		title := func(lang string) string { return f.Problem.Code + " " + f.Args.In(lang).Fill(f.Problem.Title.In(lang)) }
		return []snapshot.Text{{En: title("en"), Ja: title("ja")}}
	case len(f.Gaps) == 0 && f.Status == checks.Skip:
		return []snapshot.Text{f.Note}
	}
	var out []snapshot.Text
	for _, g := range f.Gaps {
		out = append(out, checks.GapText(g))
	}
	if out != nil {
		return out
	}
	for _, e := range f.Evidence {
		out = append(out, snapshot.Text{En: e.Ref + ": " + e.Fact.En, Ja: e.Ref + ": " + e.Fact.Ja})
	}
	return out
}

// join adds what another hop says of the same place: the worst status, and its facts
// before those of better ones.
func (t *told) join(o told) {
	facts := append(slices.Clone(t.facts), o.facts...)
	if o.status.Weight() > t.status.Weight() {
		t.status, facts = o.status, append(slices.Clone(o.facts), t.facts...)
	}
	t.facts = nil
	for _, f := range facts {
		if !slices.Contains(t.facts, f) {
			t.facts = append(t.facts, f)
		}
	}
}
