package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	wordVantage = snapshot.Text{En: "dialled from", Ja: "接続元"}
	wordGuessed = snapshot.Text{En: "guessed from this machine's addresses; --vantage says it", Ja: "マシンのアドレスからの推測。--vantage で指定できる"}
	placeWords  = map[snapshot.VantagePlace]snapshot.Text{
		snapshot.AgentNetwork:      {En: "the agent's network", Ja: "エージェントのネットワーク"},
		snapshot.ActivationMachine: {En: "the activation machine", Ja: "アクティブ化するマシン"},
		snapshot.Elsewhere:         {En: "elsewhere, so that nothing follows for the agent", Ja: "どちらでもない場所（エージェントについては何も言えない）"},
	}
	purposeWords = map[snapshot.Purpose]snapshot.Text{
		snapshot.ToEndpointPort: {En: "VPC endpoint", Ja: "VPC エンドポイント"},
		snapshot.ToControlPort:  {En: "a port that must be closed", Ja: "閉じているべきポート"},
		snapshot.ToAgentHTTP:    {En: "agent", Ja: "エージェント"},
		snapshot.ToStorage:      {En: "file server", Ja: "ファイルサーバー"},
		snapshot.ToAPI:          {En: "AWS API", Ja: "AWS API"},
	}
)

// Probes writes what was dialled for people: neighbouring ports with one outcome
// share a line.
func Probes(w io.Writer, run snapshot.ProbeRun, opt TableOptions) error {
	if opt.Width < 40 {
		opt.Width = DefaultWidth
	}
	var b bytes.Buffer
	p := &printer{opt: opt, out: &b}
	place := p.say(placeWords[run.Vantage.Place])
	if run.Vantage.Guessed {
		place += " (" + p.say(wordGuessed) + ")"
	}
	p.hang(p.say(wordVantage)+": ", place)
	last := ""
	for _, g := range groupProbes(run.Probes) {
		head := p.say(purposeWords[g[0].Purpose]) + " " + nameOf(g[0])
		if g[0].Purpose == snapshot.ToControlPort && (g[0].Outcome != snapshot.Open || len(g) > 1) {
			continue // only news when it is open
		}
		if head != last {
			fmt.Fprintf(&b, "\n%s\n", head)
			last = head
		}
		label := fmt.Sprintf("%-*s  %-11s  ", statusWidth, p.paint(mark(g[0]), string(markStatus(g[0]))), portsOf(g))
		indent := statusWidth + 2 + 11 + 2
		text := string(g[0].Outcome) + ", " + times(g)
		if g[0].Outcome != snapshot.Open {
			text += ": " + checks.Meaning(g[0]).In(opt.Lang)
		}
		if by := rejectedBy(run.Probes, g[0]); by != "" {
			text += "; " + snapshot.Textf("%s rejects other ports here, and routers send few ICMP errors: probably it is the same", "%s がここの他のポートを拒否している。ルーターは ICMP エラーを間引くため、おそらく同じ機器", by).In(opt.Lang)
		}
		if t := g[0].TLS; t != nil {
			text += "; TLS " + Harmless(strings.TrimSpace(t.Outcome+" "+t.Issuer+" "+t.Detail))
		}
		if g[0].Purpose == snapshot.ToControlPort {
			text += "; " + snapshot.Textf("something in between answers in the endpoint's name", "途中の機器がエンドポイントの代わりに応答している").In(opt.Lang)
		}
		for i, line := range Wrap(text, opt.Width-indent) {
			if i > 0 {
				label = strings.Repeat(" ", indent)
			}
			b.WriteString(strings.TrimRight(label+line, " ") + "\n")
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// rejectedBy is the device that rejected other ports of a silent address.
func rejectedBy(all []snapshot.Probe, p snapshot.Probe) string {
	if p.Outcome != snapshot.Filtered {
		return ""
	}
	for _, o := range all {
		if o.Addr == p.Addr && o.Purpose == p.Purpose && o.ICMP != nil && !o.Local {
			return o.ICMP.From.String()
		}
	}
	return ""
}

// mark is the first column: whether it is as it should be.
func mark(p snapshot.Probe) string {
	switch {
	case p.Purpose == snapshot.ToControlPort && p.Outcome == snapshot.Open:
		return "ODD"
	case p.Outcome == snapshot.Open:
		return "OPEN"
	case p.Outcome == snapshot.Cancelled || p.Local || p.Outcome == snapshot.Failed:
		return "UNKNOWN"
	}
	return "CLOSED"
}

func markStatus(p snapshot.Probe) Status {
	return map[string]Status{"OPEN": Pass, "CLOSED": Fail, "ODD": Warn, "UNKNOWN": Unknown}[mark(p)]
}

func nameOf(p snapshot.Probe) string {
	switch {
	case p.Host != "" && p.Addr.IsValid():
		return Harmless(p.Host) + " (" + p.Addr.String() + ")"
	case p.Host != "":
		return Harmless(p.Host)
	}
	return p.Addr.String()
}

// groupProbes puts neighbouring ports of one address with one outcome together.
func groupProbes(probes []snapshot.Probe) [][]snapshot.Probe {
	var out [][]snapshot.Probe
	for _, p := range probes {
		if n := len(out); n > 0 {
			g := out[n-1]
			l := g[len(g)-1]
			icmp := (l.ICMP == nil) == (p.ICMP == nil) && (l.ICMP == nil || *l.ICMP == *p.ICMP)
			if l.Purpose == p.Purpose && l.Host == p.Host && l.Addr == p.Addr && l.Port+1 == p.Port && l.Outcome == p.Outcome && icmp && l.Errno == p.Errno && l.Local == p.Local && p.TLS == nil && l.TLS == nil {
				out[n-1] = append(g, p)
				continue
			}
		}
		out = append(out, []snapshot.Probe{p})
	}
	return out
}

func portsOf(g []snapshot.Probe) string {
	if len(g) == 1 {
		return fmt.Sprint(g[0].Port)
	}
	return fmt.Sprintf("%d-%d", g[0].Port, g[len(g)-1].Port)
}

func times(g []snapshot.Probe) string {
	low := slices.MinFunc(g, func(a, b snapshot.Probe) int { return int(a.ElapsedMS*100) - int(b.ElapsedMS*100) }).ElapsedMS
	high := slices.MaxFunc(g, func(a, b snapshot.Probe) int { return int(a.ElapsedMS*100) - int(b.ElapsedMS*100) }).ElapsedMS
	if fmt.Sprintf("%.1f", low) == fmt.Sprintf("%.1f", high) {
		return fmt.Sprintf("%.1f ms", low)
	}
	return fmt.Sprintf("%.1f-%.1f ms", low, high)
}
