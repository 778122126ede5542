package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// conclusion is what running the checks of an error came to.
type conclusion struct {
	Verdict string   `json:"verdict"` // found, not-found or undecided
	Causes  []cause  `json:"causes"`
	Unseen  []string `json:"unseen"`  // what could not be seen, and would have to be
	Summary string   `json:"summary"` // in words
}

// cause is a finding that explains the error.
type cause struct {
	Check   string   `json:"check"`
	Code    string   `json:"code"`
	Subject string   `json:"subject"`
	Message string   `json:"message"`
	Fix     string   `json:"fix"`
	Refs    []string `json:"refs"` // the rules and resources that prove it
}

func (c *conclusion) exitCode() int {
	switch c.Verdict {
	case "found":
		return report.NotReady.ExitCode()
	case "undecided":
		return report.Inconclusive.ExitCode()
	}
	return report.Ready.ExitCode()
}

// findCause runs the checks that can find the cause of what was recognised, and
// concludes.
func findCause(c *cli.Context, env *environment, text string, found []match, recognised []checks.Recognition, lang string) (*conclusion, *report.Report, error) {
	if err := saneLimits(c); err != nil {
		return nil, nil, err
	}
	if err := saneWire(c); err != nil {
		return nil, nil, err
	}
	var globs []string
	for _, m := range found {
		for _, id := range m.Checks {
			if !slices.Contains(globs, id) {
				globs = append(globs, id)
			}
		}
	}
	if len(globs) == 0 {
		return &conclusion{Verdict: "undecided", Causes: []cause{}, Unseen: []string{}, Summary: snapshot.Text{
			En: "No check of the network or the identity can find this: the cause above is all there is to say.", Ja: "ネットワークやアイデンティティのチェックでは見つけられない。上記の原因がすべてである。",
		}.In(lang)}, &report.Report{Verdict: report.Inconclusive, Targets: []report.Target{}}, nil
	}
	selected, err := checks.Select(checks.All(), globs, nil)
	if err != nil {
		return nil, nil, err
	}
	p, err := readRequest(c, env)
	if err != nil {
		return nil, nil, err
	}
	named := checks.Mentioned(text, recognised)
	if c.String("snapshot") == "" && c.String("fixture") == "" {
		// The estate says nothing of the target by itself: the text does.
		for i := range p.targets {
			p.targets[i] = defaultsFrom(p.targets[i], named)
		}
		for _, t := range p.targets {
			if t.Sides == nil {
				continue
			}
			if a := &p.scopes[t.Sides.Destination].Account; a.Region == "" {
				a.Region = t.Region
			}
		}
	}
	rep, err := lookOnce(c, env, asked{request: p, selected: selected, lang: lang, failOn: report.OnFail, named: named})
	if err != nil {
		return nil, nil, err
	}
	return conclude(rep, found, globs, lang), &rep, nil
}

// conclude picks the findings that explain the errors: failures that lead to one
// of them first, then failures of the checks that can find it.
func conclude(rep report.Report, found []match, order []string, lang string) *conclusion {
	con := &conclusion{Verdict: "not-found", Causes: []cause{}, Unseen: []string{}}
	var leads []string
	for _, m := range found {
		leads = append(leads, m.Error)
	}
	asked := map[string]bool{}
	for _, m := range found {
		if m.Check != "" {
			asked[m.Check] = true
		}
	}
	var direct, related []cause
	for _, t := range rep.Targets {
		for _, id := range order {
			i := slices.IndexFunc(t.Results, func(r report.Result) bool { return r.Check == id })
			if i < 0 {
				continue
			}
			for _, f := range t.Results[i].Findings {
				switch f.Status {
				case "FAIL":
					one := cause{Check: id, Code: f.Code, Subject: f.Subject, Message: f.Message, Refs: []string{}}
					if f.Fix != nil {
						one.Fix = f.Fix.Text
					}
					for _, e := range f.Evidence {
						if !slices.Contains(one.Refs, e.Ref) {
							one.Refs = append(one.Refs, e.Ref)
						}
					}
					if asked[id] || slices.ContainsFunc(f.Errors, func(e string) bool { return slices.Contains(leads, e) }) {
						direct = append(direct, one)
					} else {
						related = append(related, one)
					}
				case "UNKNOWN", "SKIP":
					if f.Status == "SKIP" && !f.Unasked {
						continue
					}
					if line := id + ": " + f.Message; !slices.Contains(con.Unseen, line) {
						con.Unseen = append(con.Unseen, line)
					}
				}
			}
		}
	}
	con.Causes = append(append(con.Causes, direct...), related...)
	switch {
	case len(direct) > 0:
		con.Verdict = "found"
		con.Summary = snapshot.Textf("This is it: %s %s", "原因はこれである: %s %s", direct[0].Code, direct[0].Message).In(lang)
		if len(direct) > 1 {
			con.Summary += snapshot.Textf(" (and %d more, below)", "（ほかに %d 件、下記）", len(direct)-1).In(lang)
		}
	case len(related) > 0:
		con.Verdict = "found"
		con.Summary = snapshot.Textf("Probably this: %s %s", "おそらく原因はこれである: %s %s", related[0].Code, related[0].Message).In(lang)
	case len(con.Unseen) > 0:
		con.Verdict = "undecided"
		con.Summary = snapshot.Text{En: "What was seen does not explain it, and this was not seen:", Ja: "見えた範囲では説明がつかない。次のものは見えていない。"}.In(lang)
	default:
		con.Summary = snapshot.Text{
			En: "None of the checks that can find the cause fails on this estate: it may have been mended since, or the cause lies elsewhere: dspreflight check runs all checks.",
			Ja: "原因を見つけうるチェックはこの環境ではどれも失敗していない。既に直っているか、原因が別にある。dspreflight check ですべてのチェックを実行できる。",
		}.In(lang)
	}
	return con
}

func (c *conclusion) print(w io.Writer, width int, lang string) {
	fmt.Fprintln(w, snapshot.Text{En: "On this estate", Ja: "この環境では"}.In(lang))
	sayLine(w, snapshot.Text{}, c.Summary, width, lang)
	for _, one := range c.Causes {
		fmt.Fprintf(w, "\n  %s  %s  %s\n", one.Code, one.Check, one.Subject)
		sayLine(w, snapshot.Text{}, one.Message, width, lang)
		sayLine(w, snapshot.Text{En: "Proved by", Ja: "根拠"}, strings.Join(one.Refs, ", "), width, lang)
		sayLine(w, snapshot.Text{En: "Fix", Ja: "対処"}, one.Fix, width, lang)
	}
	for _, u := range c.Unseen {
		sayLine(w, snapshot.Text{En: "Not seen", Ja: "見えなかったもの"}, u, width, lang)
	}
}
