package report

import "slices"

// newsFormats are the formats of a report that CI reads findings from: of a comparison
// they hold what is new.
var newsFormats = []string{"junit", "sarif", "gitlab"}

// NewsFormatNamed finds a format that what is new is written in.
func NewsFormatNamed(name string) (Format, bool) {
	if !slices.Contains(newsFormats, name) {
		return Format{}, false
	}
	return FormatNamed(name)
}

// News is the later of two compared reports with nothing in it but what is new: the
// findings that were not there before, and what can no longer be told and may hide one.
func (d Diff) News(after Report) (Report, error) {
	out := after
	out.spool, out.Targets, out.Summary = nil, []Target{}, Summary{}
	n := 0
	err := after.each(func(t Target) error {
		of := d.Targets[n] // those of the later report come first, in its order
		n++
		t.Summary = Summary{}
		t.Results = slices.DeleteFunc(slices.Clone(t.Results), func(r Result) bool { return len(of.news(r)) == 0 })
		for i := range t.Results {
			r := &t.Results[i]
			r.Findings = of.news(*r)
			r.Status = r.Findings[0].Status
			for _, worse := range []string{"WARN", "UNKNOWN", "FAIL"} {
				if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Status == worse }) {
					r.Status = worse
				}
			}
			t.Summary.countWord(r.Status)
			out.Summary.countWord(r.Status)
		}
		out.Targets = append(out.Targets, t)
		return nil
	})
	out.count = len(out.Targets)
	return out, err
}

// news are the findings of a result that are new.
func (t TargetDiff) news(r Result) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool {
		switch {
		case f.Waived != nil:
			return true
		case f.Status == "UNKNOWN":
			return !slices.ContainsFunc(t.GapsOpened, func(g DiffGap) bool {
				return g.Check == r.Check && (g.Message == f.Message || slices.ContainsFunc(f.Gaps, func(of Gap) bool { return of == g.Gap }))
			})
		}
		return !slices.ContainsFunc(slices.Concat(t.New, t.Revealed), func(one DiffFinding) bool {
			return one.Check == r.Check && one.Status == f.Status && one.Code == f.Code && one.Subject == f.Subject && one.Message == f.Message
		})
	})
}

func (s *Summary) countWord(status string) {
	switch status {
	case "FAIL":
		s.Fail++
	case "UNKNOWN":
		s.Unknown++
	case "WARN":
		s.Warn++
	}
}
