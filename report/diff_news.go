package report

import (
	"io"
	"slices"
)

// newsIn writes what is new in a format of a report that CI reads findings from.
func newsIn(r Renderer) DiffRenderer {
	return func(w io.Writer, d Diff, _ TableOptions) error {
		news, err := d.news()
		if err != nil {
			return err
		}
		return r(w, news)
	}
}

// news is the later of the two reports with nothing in it but what is new: the findings
// that were not there before, and what can no longer be told and may hide one.
func (d Diff) news() (Report, error) {
	out := d.is
	out.spool, out.Baseline, out.Targets, out.Summary = nil, nil, []Target{}, Summary{}
	n := 0
	err := d.is.each(func(t Target) error {
		of := d.Targets[n] // those of the later report come first, in its order
		n++
		t.Summary = Summary{}
		t.Results = slices.DeleteFunc(slices.Clone(t.Results), func(r Result) bool { return len(of.news(r)) == 0 })
		for i := range t.Results {
			r := &t.Results[i]
			r.Findings = of.news(*r)
			r.Status = r.Findings[0].Status
			for _, f := range r.Findings {
				if f.Status.worse(r.Status) {
					r.Status = f.Status
				}
			}
			t.Summary.count(r.Status)
			out.Summary.count(r.Status)
		}
		out.Targets = append(out.Targets, t)
		return nil
	})
	out.count = len(out.Targets)
	return out, err
}

// news are the findings of a result that are new.
func (t TargetDiff) news(r Result) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !isNews(t.became(r, f)) })
}
