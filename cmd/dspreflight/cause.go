package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// conclusion is what running the checks of an error came to.
type conclusion struct {
	Verdict string   `json:"verdict"` // found, not-found or undecided
	Causes  []cause  `json:"causes"`
	Unseen  []string `json:"unseen"` // what could not be seen, and would have to be
	open    []unseen // the same, for people: what one step settles together
	Summary string   `json:"summary"` // in words
}

// cause is a finding that explains the error.
type cause struct {
	Check   string   `json:"check"`
	Code    string   `json:"code"`
	Subject string   `json:"subject"`
	Message string   `json:"message"`
	Fix     string   `json:"fix"`
	Refs    []string `json:"refs"`    // the rules and resources that prove it
	AWSCLI  []string `json:"aws_cli"` // what mends it
	// Credentials are those that each of them takes, Look what only looks.
	Credentials []string `json:"credentials,omitempty"`
	Look        []string `json:"look,omitempty"`
}

func (c *conclusion) exitCode() int {
	if c.Verdict == "found" {
		return report.NotReady.ExitCode()
	}
	return report.Inconclusive.ExitCode()
}

// findCause runs the checks that can find the cause of what was recognised, and
// concludes.
func findCause(ctx context.Context, r *audit.Run, text string, found []match, recognised []documented.Recognition) (*conclusion, *report.Report, error) {
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
		}.In(r.Lang)}, &report.Report{Verdict: report.Inconclusive, Targets: []report.Target{}}, nil
	}
	var err error
	if r.Selected, err = r.All.Select(globs, nil); err != nil {
		return nil, nil, err
	}
	if err := r.ReadRequest(ctx); err != nil {
		return nil, nil, err
	}
	r.Named = documented.Mentioned(text, recognised)
	if r.Snapshot == "" && r.Fixture == "" {
		// The estate says nothing of the target by itself: the text does.
		r.NameTargets()
	}
	var sure proved
	r.Seen = func(ctx context.Context, snap *snapshot.Snapshot, targets []snapshot.Target) {
		sure, err = prove(ctx, found, r.Named, snap, targets, r.Lang)
	}
	rep, failed := r.Look(ctx)
	if failed != nil {
		return nil, nil, failed
	}
	if err != nil {
		return nil, nil, err
	}
	con := conclude(rep, found, globs, sure, r.Lang)
	if rep.Verdict == report.Ready { // there was an error: what was seen to be right is not what it was about
		rep.Verdict = report.Inconclusive
		rep.ExitCode = rep.Verdict.ExitCode()
	}
	return con, &rep, nil
}

// causeOf is a finding as a cause.
func causeOf(check string, f report.Finding) cause {
	c := cause{Check: check, Code: f.Code, Subject: f.Subject, Message: f.Message, Refs: []string{}, AWSCLI: []string{}}
	if f.Fix != nil {
		c.Fix, c.AWSCLI, c.Credentials, c.Look = f.Fix.Text, append(c.AWSCLI, f.Fix.AWSCLI...), f.Fix.Credentials, f.Fix.Look
	}
	for _, e := range f.Evidence {
		if !slices.Contains(c.Refs, e.Ref) {
			c.Refs = append(c.Refs, e.Ref)
		}
	}
	return c
}

// conclude says what the run came to: what is proved to be the message first, then
// what contradicts the text, then what may have to do with it.
func conclude(rep report.Report, found []match, order []string, sure proved, lang string) *conclusion {
	con := &conclusion{Verdict: "not-found", Causes: []cause{}, Unseen: []string{}}
	var direct, possible []cause
	direct = append(direct, sure.causes...)
	for _, t := range rep.Targets {
		for _, id := range order {
			i := slices.IndexFunc(t.Results, func(r report.Result) bool { return r.Check == id })
			if i < 0 {
				continue
			}
			for _, f := range t.Results[i].Findings {
				one := causeOf(id, f)
				switch f.Status {
				case report.Fail:
					if slices.ContainsFunc(found, func(m match) bool { return m.Check == id }) { // the check itself was asked about
						direct = append(direct, one)
					} else if !slices.ContainsFunc(direct, one.same) {
						possible = append(possible, one)
					}
				case report.Unknown, report.Skip:
					if line := id + ": " + f.Message; (f.Status == report.Unknown || f.Unasked) && !slices.Contains(con.Unseen, line) {
						con.Unseen = append(con.Unseen, line)
						con.leaveOpen(id, f)
					}
				}
			}
		}
	}
	con.Causes = append(con.Causes, slices.Concat(direct, sure.contradict, possible)...)
	switch {
	case len(direct) > 0:
		con.Verdict = "found"
		con.Summary = snapshot.Textf("This is it: %s %s", "原因はこれである: %s %s", direct[0].Code, direct[0].Message).In(lang)
		if len(direct) > 1 {
			con.Summary += snapshot.Textf(" (and %d more, below)", "（ほかに %d 件、下記）", len(direct)-1).In(lang)
		}
	case len(sure.contradict) > 0:
		con.Verdict = "found"
		con.Summary = snapshot.Textf("The text and the target contradict each other: %s", "テキストとターゲットが食い違っている: %s", sure.contradict[0].Message).In(lang)
	case len(possible) > 0:
		con.Verdict = "undecided"
		con.Summary = snapshot.Textf("Possible, not proved: %s %s", "可能性はあるが証明されていない: %s %s", possible[0].Code, possible[0].Message).In(lang)
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
	told := report.Told{}
	for _, one := range c.Causes {
		fmt.Fprintf(w, "\n  %s  %s  %s\n", one.Code, one.Check, one.Subject)
		if !strings.Contains(c.Summary, one.Message) {
			sayLine(w, snapshot.Text{}, one.Message, width, lang)
		}
		sayLine(w, snapshot.Text{En: "Evidence", Ja: "根拠"}, strings.Join(one.Refs, ", "), width, lang)
		sayLine(w, snapshot.Text{En: "Fix", Ja: "対処"}, one.Fix, width, lang)
		for _, b := range told.Blocks(one.AWSCLI, one.Credentials, one.Look, lang) {
			sayLine(w, snapshot.Text{}, b.Title+":", width, lang)
			for _, line := range b.Lines {
				fmt.Fprintf(w, "    %s\n", line)
			}
		}
	}
	if len(c.Causes) > 0 && len(c.open) > 0 {
		fmt.Fprintln(w)
	}
	for _, u := range c.open {
		text := report.OfAll(u.text, u.refs, len(u.refs))
		sayLine(w, snapshot.Text{En: "Not seen", Ja: "見えなかったもの"}, strings.Join(u.checks, ", ")+": "+text, width, lang)
	}
}

// unseen is what checks could not see for one reason.
type unseen struct {
	reason, text string
	checks, refs []string // refs: what was not dialled
}

// leaveOpen notes what a check could not see, with what one step settles together: one
// run of the probe dials all that it can.
func (c *conclusion) leaveOpen(check string, f report.Finding) {
	u := unseen{reason: f.Message, text: f.Message, checks: []string{check}}
	if len(f.Gaps) == 1 && f.Gaps[0].Code == string(snapshot.NotDialled) {
		u.refs, u.reason = []string{f.Gaps[0].Ref}, f.Gaps[0].Reason()
	}
	i := slices.IndexFunc(c.open, func(o unseen) bool { return o.reason == u.reason })
	if i < 0 {
		c.open = append(c.open, u)
		return
	}
	same := &c.open[i]
	if !slices.Contains(same.checks, check) {
		same.checks = append(same.checks, check)
	}
	for _, r := range u.refs {
		if !slices.Contains(same.refs, r) {
			same.refs = append(same.refs, r)
		}
	}
}
