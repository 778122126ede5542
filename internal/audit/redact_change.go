package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/redact"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// redactAhead is what planned changes do to a redacted estate. Both estates, before
// and after, are redacted alike and judged again; which changes are behind what is
// different was found in the real ones, and is said by the redacted names. The masked
// estate is the one before; nil where nothing was looked at.
func (r *Run) redactAhead(ctx context.Context, o *iac.Overlay, base *snapshot.Snapshot, before, after []report.Judged) ([]report.Judged, Masked, error) {
	x := r.Redaction
	estateBefore, estateAfter := before[0].Snapshot, after[0].Snapshot
	x.with = redact.New(x.key, estateBefore, estateAfter)
	x.with.Planned(o.Names())
	var shown Masked
	var err error
	if base != nil {
		if shown.Snap, err = x.with.Snapshot(base); err != nil {
			return nil, shown, err
		}
	}
	if shown.Waivers, err = x.waivers(r.Waivers); err != nil {
		return nil, shown, err
	}
	var targetsAfter []snapshot.Target
	for i := range before {
		shown.Targets, targetsAfter = append(shown.Targets, before[i].Target.Mapped(x.with)), append(targetsAfter, after[i].Target.Mapped(x.with))
	}
	both := [2][]report.Judged{}
	for i, side := range []struct {
		snap    *snapshot.Snapshot
		targets []snapshot.Target
		real    []report.Judged
	}{{estateBefore, shown.Targets, before}, {estateAfter, targetsAfter, after}} {
		snap, err := x.with.Snapshot(side.snap)
		if err != nil {
			return nil, shown, err
		}
		both[i] = JudgeAll(ctx, side.targets, snap, r.All, r.Selected)
		if err := sameAnswers(side.real, both[i]); err != nil {
			return nil, shown, err
		}
		for n := range side.real {
			follow(r.Waivers, shown.Waivers, side.real[n], both[i][n])
		}
	}
	for n := range after {
		if both[1][n].Earlier, err = x.earlier(o, base == nil, [2]report.Judged{before[n], after[n]}, [2]report.Judged{both[0][n], both[1][n]}); err != nil {
			return nil, shown, err
		}
	}
	return both[1], shown, nil
}

// earlier is what is known of a target before the changes, by the redacted names. Both
// estates are given before and after.
func (x *Redaction) earlier(o *iac.Overlay, alone bool, real, redacted [2]report.Judged) (*report.Earlier, error) {
	replaced, original := x.with.Value, x.with.Back
	known, before, after := real[1].Earlier, redacted[0], redacted[1]
	e := *known
	e.Results, e.Target, e.Snapshot = before.Results, before.Target, before.Snapshot
	e.Renewed = func(id string) string {
		if to := o.Renewed(original(id)); to != original(id) {
			return replaced(to)
		}
		return id
	}
	e.Concerns = func(id string, kinds []snapshot.Kind) bool { return o.Concerns(original(id), kinds) }
	e.Planned = func(id string) bool { return o.Planned(original(id)) }
	e.AddressOf = func(id string) string { return replaced(o.AddressOf(original(id))) }
	e.Gaps = nil
	for _, g := range known.Gaps {
		e.Gaps = append(e.Gaps, g.Mapped(x.with))
	}
	e.Notes = notes(o, alone, real[1], real[0], replaced)
	e.Secrets = each(e.Secrets, replaced)
	e.Blamed = map[string][][]report.Resource{}
	for n, r := range after.Results {
		_, wanted := known.Compare(known.Results[n], real[1].Results[n])
		_, effects := e.Compare(before.Results[n], r)
		if got := inOrder(effects); !slices.Equal(got, inOrder(wanted)) {
			return nil, unlike(r.Check, inOrder(wanted), got)
		}
		twins, err := x.twins(real[1].Results[n], r)
		if err != nil {
			return nil, err
		}
		for _, twin := range twins {
			var list []report.Resource
			if twin >= 0 {
				list = slices.Clone(known.Blamed[r.Check.ID][twin])
			}
			for i := range list {
				list[i].Address, list[i].File = replaced(list[i].Address), x.with.File(list[i].File)
			}
			e.Blamed[r.Check.ID] = append(e.Blamed[r.Check.ID], list)
		}
	}
	return &e, nil
}

// inOrder are effects as sorted words.
func inOrder(effects []report.Effect) []string {
	var out []string
	for _, e := range effects {
		if e != "" {
			out = append(out, string(e))
		}
	}
	slices.Sort(out)
	return out
}

// twins are, for each finding on the redacted estate, which finding on the real one
// says the same, and -1 where none is: they are told in the order of ids.
func (x *Redaction) twins(real, redacted checks.Result) ([]int, error) {
	keys := make([]string, len(real.Findings))
	for i, f := range real.Findings {
		about, err := x.about(f.About)
		if err != nil {
			return nil, err
		}
		f.About = about
		keys[i] = keyOf(f, x.with.Value)
	}
	taken := make([]bool, len(keys))
	out := make([]int, len(redacted.Findings))
	for i, f := range redacted.Findings {
		out[i] = -1
		own := keyOf(f, itself)
		for n := range keys {
			if !taken[n] && (keys[n] == own || keyOf(real.Findings[n], itself) == own) {
				out[i], taken[n] = n, true
				break
			}
		}
	}
	return out, nil
}

// keyOf is the same for findings that say the same of the same resource.
func keyOf(f checks.Finding, called func(string) string) string {
	words := append(answer(f), called(f.Subject), f.About.Key())
	for _, g := range f.Gaps {
		ref := g.Ref
		if checks.ByID(ref) == nil { // no check that it rests on
			ref = called(ref)
		}
		words = append(words, string(g.Code), ref)
	}
	return strings.Join(words, " ")
}
