package report

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// drawing is the picture of a path, from which every format draws: the networks
// from the agent's down to the endpoint's, crossed by the way there, downwards, and
// the way back, upwards.
type drawing struct {
	path  *Path
	bands []band
	ways  [2]way    // there and back
	fault []string  // what is wrong with the endpoint itself
	notes [2]string // what is other at the agent and at the endpoint in the picture beside it
	lang  string
}

// band is a network, or what lies between two.
type band struct {
	at       Stand
	between  bool
	agent    bool // the agent is in it
	endpoint bool // the endpoint is
	steps    [2][]step
}

// step is a hop of the drawing.
type step struct {
	Hop
	way    int
	number int    // on the round trip
	stop   bool   // the packet stops here
	behind bool   // it does not get here, or that can't be told
	note   string // what is other here in the picture beside it
}

// way is a direction, and how the packet fares on it.
type way struct {
	status Status
	at     *step // where it stops or can't be told
	empty  bool
}

var (
	wordDrawThere  = snapshot.Text{En: "There: agent to endpoint", Ja: "往路: エージェントからエンドポイントへ"}
	wordDrawBack   = snapshot.Text{En: "Back: endpoint to agent", Ja: "復路: エンドポイントからエージェントへ"}
	wordArrives    = snapshot.Text{En: "arrives", Ja: "到達する"}
	wordStopsHere  = snapshot.Text{En: "STOPS HERE", Ja: "ここで止まる"}
	wordAlsoStops  = snapshot.Text{En: "ALSO STOPS HERE", Ja: "ここでも止まる"}
	wordOpenHere   = snapshot.Text{En: "CAN'T BE TOLD", Ja: "判定できない"}
	wordStopsAtEnd = snapshot.Text{En: "stops at the endpoint itself", Ja: "エンドポイント自体で止まる"}
	wordJudgedPart = snapshot.Text{En: "nothing stops it where it was judged; not all of it was", Ja: "判定した範囲では止まらない。判定していない箇所がある"}
	wordBetween    = snapshot.Text{En: "between the networks", Ja: "ネットワーク間の接続"}
	wordOutside    = snapshot.Text{En: "outside AWS", Ja: "AWS の外"}
	wordNowhere    = snapshot.Text{En: "a network that was not seen", Ja: "確認できていないネットワーク"}
	wordDrawAgent  = snapshot.Text{En: "DataSync agent", Ja: "DataSync エージェント"}
	wordDrawEnd    = snapshot.Text{En: "VPC endpoint", Ja: "VPC エンドポイント"}
	wordDrawTask   = snapshot.Text{En: "the task's interfaces", Ja: "タスクのネットワークインターフェイス"}
	wordOtherPart  = snapshot.Text{En: "another part of the traffic", Ja: "通信の別の一部"}
	wordUnreached  = snapshot.Text{En: "not reached; its rules are judged all the same", Ja: "到達しないが、ルールは判定する"}
	wordNoPath     = snapshot.Text{En: "The path can't be drawn", Ja: "経路を描けない"}
	wordElsewhere  = snapshot.Text{En: "Not on the path", Ja: "経路以外の問題"}
	wordNoWay      = snapshot.Text{En: "no part of it could be followed", Ja: "経路をたどれない"}
	layerWords     = map[string]snapshot.Text{
		"acl-out": {En: "network ACL, outbound", Ja: "ネットワーク ACL（アウトバウンド）"},
		"acl-in":  {En: "network ACL, inbound", Ja: "ネットワーク ACL（インバウンド）"},
		"route":   {En: "route table", Ja: "ルートテーブル"},
		"exit":    {En: "out of the transit gateway", Ja: "トランジットゲートウェイの出口"},
	}
)

// draw makes the picture of a path to an endpoint with its own faults.
func draw(p *Path, fault []string, lang string) drawing {
	d := drawing{path: p, fault: fault, lang: lang}
	var ways [2][]band
	number := 0
	for w, hops := range [][]Hop{p.There, p.Back} {
		d.ways[w] = way{status: Pass, empty: !slices.ContainsFunc(hops, func(h Hop) bool { return !h.Unreached })}
		ends := [2]Terminus{p.Agent, p.Endpoint}
		if w == 1 {
			ends[0], ends[1] = ends[1], ends[0]
		}
		list := []band{{at: placeOf(ends[0].Stand)}}
		in, branched := 0, false
		to := func(b band) {
			if list[in].same(b) {
				return
			}
			// Another part of the traffic passes networks again that the first did.
			if n := slices.IndexFunc(list, b.same); branched && n >= 0 {
				in = n
				return
			}
			in++
			list = slices.Insert(list, in, b)
		}
		for _, h := range hops {
			number++
			s := step{Hop: h, way: w, number: number, behind: d.ways[w].at != nil || h.Unreached}
			switch {
			case h.Status == Fail && d.ways[w].status != Fail:
				s.stop, d.ways[w].status = true, Fail
				d.ways[w].at = &s
			case h.Status == Unknown && d.ways[w].at == nil:
				d.ways[w].status, d.ways[w].at = Unknown, &s
			case h.Status == Skip && d.ways[w].status == Pass:
				d.ways[w].status = Skip
			}
			branched = branched || h.Branch
			to(bandOf(h))
			list[in].steps[w] = append(list[in].steps[w], s)
		}
		if end := (band{at: placeOf(ends[1].Stand)}); !list[len(list)-1].same(end) {
			list = append(list, end)
		}
		switch {
		case len(fault) > 0 && d.ways[w].status != Fail:
			d.ways[w].status, d.ways[w].at = Fail, nil
		case d.ways[w].empty && d.ways[w].status == Pass:
			d.ways[w].status = Unknown
		}
		if w == 1 {
			slices.Reverse(list)
			for i := range list {
				slices.Reverse(list[i].steps[1])
			}
		}
		ways[w] = list
	}
	d.bands = alongside(ways[0], ways[1])
	d.bands[0].agent, d.bands[len(d.bands)-1].endpoint = true, true
	return d
}

// placeOf is what makes a network the same one: its subnets don't.
func placeOf(s Stand) Stand {
	return Stand{Account: s.Account, Region: s.Region, VPC: s.VPC, Outside: s.Outside}
}

// bandOf is the network that a hop is in. What carries packets from one to another
// is in none, but an attachment of a VPC is that VPC's door.
func bandOf(h Hop) band {
	switch {
	case strings.HasPrefix(h.Ref, "tgw-attach-") && h.VPC != "":
	case h.Layer == "gateway-route", h.Layer == "connection" && len(h.Subnets) == 0, h.Layer == "inspect" && h.VPC == "", h.Layer == "edge-route", h.Layer == "goal" && h.Outside:
		return band{between: true}
	}
	return band{at: placeOf(h.Stand)}
}

func (b band) same(o band) bool {
	return b.between == o.between && b.at.VPC == o.at.VPC && b.at.Outside == o.at.Outside && (b.at.VPC != "" || b.at.Account == o.at.Account)
}

// alongside lays two lists of networks side by side: those that both pass are
// shared, in their order.
func alongside(there, back []band) []band {
	common := make([][]int, len(there)+1) // longest common parts, from each place to the ends
	for i := range common {
		common[i] = make([]int, len(back)+1)
	}
	for i := len(there) - 1; i >= 0; i-- {
		for j := len(back) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); there[i].same(back[j]) {
				common[i][j] = max(common[i][j], common[i+1][j+1]+1)
			}
		}
	}
	var out []band
	i, j := 0, 0
	for i < len(there) || j < len(back) {
		switch {
		case i < len(there) && j < len(back) && there[i].same(back[j]):
			b := there[i]
			b.steps[1] = back[j].steps[1]
			out = append(out, b)
			i, j = i+1, j+1
		case j == len(back) || i < len(there) && common[i+1][j] >= common[i][j+1]:
			out = append(out, there[i])
			i++
		default:
			out = append(out, back[j])
			j++
		}
	}
	return out
}

// title is the network's name, and whose it is.
func (b band) title(lang string) (string, string) {
	switch {
	case b.between:
		return wordBetween.In(lang), ""
	case b.at.Outside:
		return wordOutside.In(lang), ""
	case b.at.VPC == "":
		return wordNowhere.In(lang), ""
	}
	return b.at.VPC, strings.Join(slices.DeleteFunc([]string{b.at.Account, b.at.Region}, func(s string) bool { return s == "" }), "  ")
}

// head is what decides at a step.
func (s step) head(lang string) string {
	if w, ok := layerWords[s.Layer]; ok {
		return w.In(lang)
	}
	if s.Layer == "connection" {
		for _, c := range connections {
			if strings.HasPrefix(s.Ref, c.prefix) {
				return c.word.In(lang)
			}
		}
	}
	return s.Place
}

// connections are what joins networks, by their ids; the longer beginnings first.
var connections = []struct {
	prefix string
	word   snapshot.Text
}{
	{"pcx-", snapshot.Text{En: "peering connection", Ja: "ピアリング接続"}},
	{"tgw-attach-", snapshot.Text{En: "attachment to the transit gateway", Ja: "トランジットゲートウェイのアタッチメント"}},
	{"tgw-", snapshot.Text{En: "transit gateway", Ja: "トランジットゲートウェイ"}},
	{"vgw-", snapshot.Text{En: "virtual private gateway", Ja: "仮想プライベートゲートウェイ"}},
	{"vpn-", snapshot.Text{En: "VPN connection", Ja: "VPN 接続"}},
	{"nat-", snapshot.Text{En: "NAT gateway", Ja: "NAT ゲートウェイ"}},
}

// subnet is the one that a step belongs to, if that is of interest there.
func (s step) subnet() string {
	if _, ok := layerWords[s.Layer]; ok && len(s.Subnets) > 0 && s.Subnets[0] != s.Ref {
		return s.Subnets[0]
	}
	return ""
}

// rules are what decides at a step, without the id that stands above: where it
// stops the packet what does that, not what lets other packets through.
func (s step) rules(lang string) []string {
	var out []string
	for i, f := range s.Facts {
		if s.Status == Fail && i > 0 && !problemCode.Re().MatchString(f) {
			continue
		}
		if rule, ok := strings.CutPrefix(f, s.Ref+"/"); ok && s.Ref != "" {
			if f = rule; strings.HasPrefix(s.Layer, "acl-") {
				f = snapshot.Textf("rule %s", "ルール %s", rule).In(lang)
			}
		}
		out = append(out, f)
	}
	return out
}

var problemCode = pattern.New(`^DSP\d+ `)

// banner says aloud what becomes of the packet at a step; "" where it goes on.
func (s step) banner(lang string) string {
	switch {
	case s.stop:
		return wordStopsHere.In(lang)
	case s.Status == Fail:
		return wordAlsoStops.In(lang)
	case s.Status == Unknown:
		return wordOpenHere.In(lang)
	}
	return ""
}

// outcome says in words how the packet fares on a way.
func (d drawing) outcome(w int) string {
	way := d.ways[w]
	switch {
	case way.status == Fail && way.at == nil:
		return wordStopsAtEnd.In(d.lang)
	case way.empty:
		return wordNoWay.In(d.lang)
	case way.status == Skip:
		return wordJudgedPart.In(d.lang)
	case way.at == nil:
		return wordArrives.In(d.lang)
	case way.status == Fail:
		return snapshot.Textf("stops at %d: %s", "%d で止まる: %s", way.at.number, way.at.head(d.lang)).In(d.lang)
	}
	return snapshot.Textf("can't be told at %d: %s", "%d で判定できない: %s", way.at.number, way.at.head(d.lang)).In(d.lang)
}

// wayTitle is the name of a direction.
func (d drawing) wayTitle(w int) string {
	if w == 0 {
		return wordDrawThere.In(d.lang)
	}
	return wordDrawBack.In(d.lang)
}

// endpointFaults are what keeps the endpoint from answering whatever the path; before
// a planned change only that there was something is known.
func (t Target) endpointFaults(before bool) []string {
	var out []string
	for _, r := range t.Results {
		if c := checks.ByID(r.Check); c == nil || !c.Vital {
			continue
		}
		if before {
			if r.Before == Fail {
				out = append(out, r.Check)
			}
			continue
		}
		for _, f := range r.Findings {
			if f.Status == Fail && f.Waived == nil {
				out = append(out, f.Code+" "+f.Message)
			}
		}
	}
	return out
}

// aside lists what is wrong, or can't be told, and is not seen in the picture.
func aside(t Target) []string {
	shown := func(check string, status Status) bool {
		c := checks.ByID(check)
		if t.Path == nil || c == nil {
			return false
		}
		if status == Fail && c.Area == checks.AreaEndpoint && len(t.endpointFaults(false)) > 0 {
			return c.Vital
		}
		for _, hops := range [][]Hop{t.Path.There, t.Path.Back} {
			for _, h := range hops {
				if h.Status == status && slices.ContainsFunc(c.On, func(l netpath.Layer) bool { return l.String() == h.Layer }) {
					return true
				}
			}
		}
		return false
	}
	var out []string
	for _, status := range []Status{Fail, Unknown} {
		for _, r := range t.Results {
			for _, f := range r.Findings {
				if f.Status == status && f.Waived == nil && !shown(r.Check, status) {
					out = append(out, strings.Join(strings.Fields(string(status)+" "+r.Check+" "+f.Code), " ")+": "+f.Message)
				}
			}
		}
	}
	return out
}
