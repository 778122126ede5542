// Package audit looks at an estate as a run asks for, and judges it: it reads the files
// that the options name, settles the targets and where they are looked for, gathers the
// evidence, from AWS or from files, and hands it to the checks. It knows no command line.
package audit

import (
	"context"
	"slices"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/console"
	ownchecks "github.com/dspreflight/dspreflight/internal/own"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// Run is one run: what was asked for, and what the files say that were named.
type Run struct {
	Options
	Console *console.Console

	All       checks.Catalogue // ours, with those of ChecksFile
	Selected  []*checks.Check
	OwnChecks []byte // what ChecksFile says; nil: there is none
	Request   Request
	Waivers   []report.Waiver
	Redaction *Redaction // what is written instead of what was seen; nil: what was seen

	// Named are ids that a pasted error names: they fill in what neither the flags nor
	// the estate say.
	Named map[string]string
	// Seen is told what was gathered, before it is judged.
	Seen func(context.Context, *snapshot.Snapshot, []snapshot.Target)
	// Shown is told what is written of it.
	Shown func(Masked)

	aws collect.Connector
}

// New begins a run. Nothing is read yet.
func New(o Options, c *console.Console) *Run {
	r := &Run{Options: o, Console: c, All: checks.All()}
	r.aws = r.connector()
	return r
}

// Prepare reads all that the options name.
func (r *Run) Prepare(ctx context.Context) error {
	for _, read := range []func(context.Context) error{r.ReadChecks, r.ReadRequest, r.readWaivers, r.readRedaction} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// maxChecksBytes is far above what a person writes.
const maxChecksBytes = 1 << 20

// ReadChecks reads which checks there are, and which of them are to be run.
func (r *Run) ReadChecks(ctx context.Context) error {
	if path := r.ChecksFile; path != "" {
		body, err := r.read(ctx, path, maxChecksBytes)
		if err != nil {
			return snapshot.Errorf("--checks %s: %w", "--checks %s: %w", path, err)
		}
		if r.All, err = ownchecks.Read(path, body, checks.All()); err != nil {
			return snapshot.Errorf("--checks: %w", "--checks: %w", err)
		}
		r.OwnChecks = body
	}
	var err error
	if r.Selected, err = r.All.Select(r.Checks, r.Skip); err != nil {
		return snapshot.Errorf("--check or --skip: %w", "--check または --skip: %w", err)
	}
	return nil
}

// tell says something on standard error.
func (r *Run) tell(text snapshot.Text) { r.Console.Tell(text.In(r.Lang)) }

// dials reports whether something is to be dialled: no check is there for it alone, or
// that one is to be run.
func (r *Run) dials(p snapshot.Purpose) bool {
	alone := func(c *checks.Check) bool { return c.Dials == p }
	return !slices.ContainsFunc(r.All, alone) || slices.ContainsFunc(r.Selected, alone)
}
