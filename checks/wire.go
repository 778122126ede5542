package checks

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// wireUses tell what the configuration does with the packets of the machine that
// dialled: all that the checks of the configuration read. To place the machine takes
// netpath.FinderKinds only.
var wireUses = append([]snapshot.Kind{snapshot.SecurityGroups}, groupUses...)

// dialled is a probe with the run that it belongs to.
type dialled struct {
	snapshot.Probe
	run   *snapshot.ProbeRun
	place snapshot.VantagePlace
	// against is what another machine saw of the same address and port, where the
	// two can't both hold for the agent.
	against *dialled
}

// when words where and when a probe was made.
func (d dialled) when() string {
	return fmt.Sprintf("%s, %s", d.from(), d.run.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// source is the address that the probe came from, as far as it is known.
func (d dialled) source() netip.Addr {
	if d.From.IsValid() {
		return d.From
	}
	for _, a := range d.run.Vantage.Addresses {
		if a.Is4() == d.Addr.Is4() {
			return a
		}
	}
	return netip.Addr{}
}

// from is source in words.
func (d dialled) from() string {
	if a := d.source(); a.IsValid() {
		return a.String()
	}
	return string(d.place)
}

// fact words what was seen.
func (d dialled) fact() Text {
	what := snapshot.Textf("tcp %d %s after %.1f ms, from %s", "tcp %d %s（%.1f ms、%s から）", d.Port, string(d.Outcome), d.ElapsedMS, d.when())
	add := func(t Text) { what = say(what.En+"; "+t.En, what.Ja+"、"+t.Ja) }
	if d.ICMP != nil {
		add(snapshot.Textf("ICMP type %d code %d from %s", "ICMP タイプ %d コード %d（%s から）", d.ICMP.Type, d.ICMP.Code, d.ICMP.From))
	} else if d.Errno != "" {
		add(snapshot.Same(d.Errno))
	}
	if t := d.TLS; t != nil {
		switch t.Outcome {
		case "ok":
			add(snapshot.Textf("TLS: certificate of %s, issued by %s", "TLS: %s の証明書、発行者 %s", shorten(t.Names), t.Issuer))
		default:
			add(snapshot.Textf("TLS: %s", "TLS: %s", strings.TrimSpace(t.Outcome+" "+t.Detail)))
		}
	}
	return what
}

func (d dialled) evidence() snapshot.Evidence {
	return snapshot.Evidence{Source: "probe", Ref: d.name(), Fact: d.fact()}
}

// name is what was dialled.
func (d dialled) name() string {
	if d.Host != "" && d.Addr.IsValid() {
		return d.Host + " (" + d.Addr.String() + ")"
	}
	if d.Host != "" {
		return d.Host
	}
	return d.Addr.String()
}

// vantages words where all runs were made from.
func (x *Exam) vantages() string {
	var out []string
	for i := range x.Snapshot.Probes {
		r := &x.Snapshot.Probes[i]
		var addrs []string
		for _, a := range r.Vantage.Addresses {
			addrs = append(addrs, a.String())
		}
		line := string(x.place(r))
		if len(addrs) > 0 {
			line += " " + shorten(addrs)
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "; ")
}

// probeCommand is what to run where a dial would count.
func (x *Exam) probeCommand(flags ...string) string {
	return strings.Join(append(append([]string{"dspreflight", "probe", "--vantage", "agent-network"}, flags...), "-o", "json=probes.json"), " ")
}
