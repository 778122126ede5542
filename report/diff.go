package report

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DiffSchema names the JSON layout of a Diff.
const DiffSchema = "dspreflight.diff/v1"

// Diff is what changed from one report to another. That of the same two the other
// way round has New and Resolved, Revealed and Hidden, GapsOpened and GapsClosed
// changed over.
type Diff struct {
	Schema  string       `json:"schema"`
	Tool    Tool         `json:"tool"`
	Before  DiffSide     `json:"before"`
	After   DiffSide     `json:"after"`
	Equal   bool         `json:"equal"` // nothing changed: only Unchanged has anything in it
	Targets []TargetDiff `json:"targets"`
	// Rows are those that changed between two snapshots, as far as both can tell.
	Rows []DiffRow `json:"rows,omitempty"`

	was, is Report // whose targets are drawn; they must not be closed before
}

// DiffRow is a row of a snapshot.
type DiffRow struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Table   string `json:"table"` // the AWS CLI command that shows it
	ID      string `json:"id"`
	Action  string `json:"action"` // "create", "update" or "delete"
}

// DiffSide is one of the two reports.
type DiffSide struct {
	GeneratedAt time.Time `json:"generated_at,omitzero"`
	Verdict     Verdict   `json:"verdict"`
}

// TargetDiff is what changed of a target.
type TargetDiff struct {
	Name string `json:"name"`
	// Before and After are empty where the report is not about the target.
	Before Verdict `json:"before,omitempty"`
	After  Verdict `json:"after,omitempty"`

	New      []DiffFinding `json:"new"`      // proved not to have been there
	Revealed []DiffFinding `json:"revealed"` // there now; before, it could not be told or was not asked
	Resolved []DiffFinding `json:"resolved"` // proved to be there no longer
	// Hidden were there before, and now it can't be told, is not asked, or is waived.
	Hidden     []DiffFinding `json:"hidden"`
	Unchanged  []DiffFinding `json:"unchanged"`
	GapsOpened []DiffGap     `json:"gaps_opened"`
	GapsClosed []DiffGap     `json:"gaps_closed"`
	Checks     []CheckDiff   `json:"checks"` // whose status is another

	was, is int // which it is of the targets of each report, from 1; 0: none
}

// DiffFinding is a FAIL or WARN of one of the reports.
type DiffFinding struct {
	Check   string        `json:"check"`
	Status  Status        `json:"status"`
	Code    string        `json:"code"`
	Subject string        `json:"subject"`
	Message string        `json:"message"`
	About   *checks.About `json:"about,omitempty"`
	// Rows are those whose change brings a new finding about, or a resolved one to an
	// end, found by trying.
	Rows []DiffRow `json:"rows,omitempty"`

	telling []string            // see Finding.telling
	lists   map[string][]string // the arguments that are lists: facts, in every language
}

// Lists are the arguments of the finding that are lists.
func (f DiffFinding) Lists() map[string][]string { return f.lists }

// DiffGap is something that could be seen in one of the reports only.
type DiffGap struct {
	Check string `json:"check,omitempty"` // that can't tell for it; "": it was noted of the evidence
	Gap
}

// CheckDiff is a check whose status changed. "" is that it was not in the report.
type CheckDiff struct {
	Check  string `json:"check"`
	Before Status `json:"before"`
	After  Status `json:"after"`
}

// Compare says what changed between two reports. The error is that of reading the
// targets of one of them back.
func Compare(before, after Report) (Diff, error) {
	d := Diff{
		Schema: DiffSchema, Tool: after.Tool, Targets: []TargetDiff{}, Equal: before.Verdict == after.Verdict,
		Before: DiffSide{before.GeneratedAt, before.Verdict}, After: DiffSide{after.GeneratedAt, after.Verdict},
		was: before, is: after,
	}
	was, err := factsOf(before)
	if err != nil {
		return d, err
	}
	is, err := factsOf(after)
	if err != nil {
		return d, err
	}
	for _, p := range pairs(was, is) {
		t := p.compare()
		d.Equal = d.Equal && t.equal()
		d.Targets = append(d.Targets, t)
	}
	return d, nil
}

// Since adds what changed since a baseline. With OnNew, that decides the exit code:
// what was there before stands, though the verdict stays what it is.
func (r *Report) Since(baseline Report) error {
	d, err := Compare(baseline, *r)
	if err != nil {
		return err
	}
	r.Baseline = &d
	if r.FailOn == OnNew && r.Verdict != Interrupted {
		r.ExitCode = d.ExitCodeOnNew()
	}
	return nil
}

// New counts the findings that were not in the report before, Open what is in the
// way of telling that there are no others.
func (d Diff) New() (n int) {
	for _, t := range d.Targets {
		n += len(t.New) + len(t.Revealed)
	}
	return n
}

// Open counts what can no longer be told.
func (d Diff) Open() (n int) {
	for _, t := range d.Targets {
		n += len(t.GapsOpened) + len(t.Hidden)
		if t.After == "" {
			n++
		}
	}
	return n
}

// ExitCodeOnNew is 1 if there are new findings, 3 if there may be.
func (d Diff) ExitCodeOnNew() int {
	switch {
	case d.New() > 0:
		return NotReady.ExitCode()
	case d.Open() > 0:
		return Inconclusive.ExitCode()
	}
	return Ready.ExitCode()
}

func (t TargetDiff) equal() bool {
	return t.Before == t.After && len(t.New)+len(t.Revealed)+len(t.Resolved)+len(t.Hidden)+len(t.GapsOpened)+len(t.GapsClosed)+len(t.Checks) == 0
}

// ReadJSON reads a report that JSON wrote.
func ReadJSON(body []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(body, &r); err != nil {
		return r, snapshot.Errorf("it is no JSON of a report: %w", "レポートの JSON ではない: %w", err)
	}
	if r.Schema != Schema {
		return r, snapshot.Errorf("its schema is %q; expected %s, as check -o json writes it", "schema が %q である。check -o json が出力する %s を指定する", r.Schema, Schema)
	}
	r.count = len(r.Targets)
	new(cleaner).clean(reflect.ValueOf(&r))
	return r, nil
}
