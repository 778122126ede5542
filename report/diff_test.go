package report

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
)

// TestCompareFacts widens and narrows a finding, and takes the sight from a check.
func TestCompareFacts(t *testing.T) {
	fail := func(cidr string, ports ...netpath.Ports) Finding {
		return Finding{Status: "FAIL", Code: "DSP201", Subject: "vpce-1", About: &checks.About{Direction: "ingress", Addrs: netpath.Set(netip.MustParsePrefix(cidr)), Ports: ports}}
	}
	overlap := func(cidrs ...string) Finding {
		return Finding{Status: "FAIL", Code: "DSP310", Subject: "vpc-1", Args: map[string]any{"list": cidrs}}
	}
	denied := func(action string) Finding {
		return Finding{Status: "FAIL", Code: "DSP701", Subject: "role", Args: map[string]any{"action": action}}
	}
	of := func(status Status, findings ...Finding) Report {
		return Report{Targets: []Target{{Name: "t", Results: []Result{{Check: "c", Status: status, Findings: findings}}}}}
	}
	unknown := Finding{Status: "UNKNOWN", Gaps: []Gap{{Code: "no-permission", Source: "ec2:DescribeSubnets"}}}
	for _, tt := range []struct {
		name          string
		before, after Report
		want          [6]int // new, revealed, resolved, hidden, unchanged, gaps opened
	}{
		{"wider", of("FAIL", fail("10.0.0.0/24", netpath.Port(443))), of("FAIL", fail("10.0.0.0/16", netpath.Port(443))), [6]int{1, 0, 0, 0, 1, 0}},
		{"narrower", of("FAIL", fail("10.0.0.0/16", netpath.Port(443))), of("FAIL", fail("10.0.0.0/24", netpath.Port(443))), [6]int{0, 0, 1, 0, 1, 0}},
		{"another port", of("FAIL", fail("10.0.0.0/16", netpath.Port(443))), of("FAIL", fail("10.0.0.0/16", netpath.Port(22))), [6]int{1, 0, 1, 0, 0, 0}},
		{"in two parts", of("FAIL", fail("10.0.0.0/24", netpath.AllPorts)), of("FAIL", fail("10.0.0.0/25", netpath.AllPorts), fail("10.0.0.128/25", netpath.AllPorts)), [6]int{0, 0, 0, 0, 3, 0}},
		{"another in the list", of("FAIL", overlap("a")), of("FAIL", overlap("a", "b")), [6]int{1, 0, 0, 0, 1, 0}},
		{"another action", of("FAIL", denied("a")), of("FAIL", denied("a"), denied("b")), [6]int{1, 0, 0, 0, 1, 0}},
		{"gone", of("FAIL", overlap("a")), of("PASS"), [6]int{0, 0, 1, 0, 0, 0}},
		{"no longer told", of("FAIL", overlap("a")), of("UNKNOWN", unknown), [6]int{0, 0, 0, 1, 0, 1}},
		{"told in part", of("FAIL", overlap("a")), of("FAIL", overlap("c"), unknown), [6]int{1, 0, 0, 1, 0, 1}},
		{"no longer asked", of("FAIL", overlap("a")), of("SKIP", Finding{Status: "SKIP"}), [6]int{0, 0, 0, 1, 0, 0}},
		{"waived", of("FAIL", overlap("a")), of("PASS", Finding{Status: "SKIP", Waived: &Waived{}}), [6]int{0, 0, 0, 1, 0, 0}},
		{"the target is gone", of("FAIL", overlap("a")), Report{}, [6]int{0, 0, 0, 1, 0, 0}},
		{"the target came", Report{}, of("FAIL", overlap("a")), [6]int{0, 1, 0, 0, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Compare(tt.before, tt.after)
			if err != nil || len(d.Targets) != 1 {
				t.Fatal(d, err)
			}
			x := d.Targets[0]
			got := [6]int{len(x.New), len(x.Revealed), len(x.Resolved), len(x.Hidden), len(x.Unchanged), len(x.GapsOpened)}
			if got != tt.want {
				t.Errorf("new, revealed, resolved, hidden, unchanged, gaps: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestGapsTogether tells each gap once, with the checks that it keeps from telling.
func TestGapsTogether(t *testing.T) {
	gap := func(check, code, ref, message string) DiffGap {
		return DiffGap{Check: check, Gap: Gap{Code: code, Ref: ref, Message: message}}
	}
	d := Diff{Targets: []TargetDiff{{Name: "a", Before: Ready, After: Inconclusive, GapsOpened: []DiffGap{
		gap("task-sg", "no-permission", "", "groups were refused"), gap("sg-ingress-443", "no-permission", "", "groups were refused"),
		gap("probe-443", "not-dialled", "10.20.1.10 tcp 443", "10.20.1.10 tcp 443 was not dialled: run probe"),
		gap("probe-control", "not-dialled", "10.20.1.10 tcp 1024", "10.20.1.10 tcp 1024 was not dialled: run probe"),
	}}}}
	for name, render := range map[string]func(io.Writer, Diff, TableOptions) error{"table": diffTable, "markdown": diffMarkdown, "html": diffHTML} {
		var b bytes.Buffer
		if err := render(&b, d, TableOptions{Lang: "en", Width: 120}); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(`<span class="k">`, "", "</span>", "", "\\", "").Replace(b.String())
		for _, says := range []string{"roups were refused", "task-sg, sg-ingress-443", "10.20.1.10 tcp 443, 10.20.1.10 tcp 1024 was not dialled: run probe", "probe-443, probe-control"} {
			if strings.Count(text, says) != 1 {
				t.Errorf("%s: %q is said %d times in\n%s", name, says, strings.Count(text, says), text)
			}
		}
	}
}
