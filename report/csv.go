package report

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// csvColumns are the columns of the CSV, which scripts may rely on by name. A row is
// a finding, one that only the baseline has, or a line of the firewall request, and empty where a column is about the
// other.
var csvColumns = []string{
	"target", "row", "status", "check", "code", "subject", "message", "fix", "errors", "effect", "waived",
	"source", "destination", "protocol", "ports", "direction", "grade", "why", "documents", "change",
}

// CSV writes what is neither PASS nor SKIP, and the request for firewalls in between,
// as in RFC 4180, encoded as UTF-8. No cell is a formula to a spreadsheet.
func CSV(w io.Writer, r Report) error {
	out := csv.NewWriter(w)
	put := func(cells map[string]string) error {
		row := make([]string, len(csvColumns))
		for i, c := range csvColumns {
			row[i] = outside.Of(cells[c]).Cell()
		}
		return out.Write(row)
	}
	if err := out.Write(csvColumns); err != nil {
		return err
	}
	n := 0
	err := r.each(func(t Target) error {
		since := r.since(n)
		n++
		for _, res := range t.Results {
			for _, f := range res.Findings {
				if f.Status == Pass || f.Status == Skip && f.Waived == nil {
					continue
				}
				cells := map[string]string{
					"target": t.Name, "row": "finding", "status": string(f.Status), "check": res.Check, "code": f.Code, "subject": f.Subject,
					"message": f.Message, "errors": strings.Join(f.Errors, " "), "effect": string(f.Effect), "change": since.became(res, f),
				}
				if f.Fix != nil {
					cells["fix"] = f.Fix.Text
				}
				if f.Waived != nil {
					cells["waived"] = f.Waived.Note(r.lang)
				}
				if f.Requirement != nil {
					cells["grade"], cells["documents"] = f.Requirement.Grade, strings.Join(f.Requirement.Sources, " ")
				}
				if err := put(cells); err != nil {
					return err
				}
			}
		}
		if since != nil {
			for _, l := range since.lists() {
				for _, f := range l.findings {
					if l.name != "resolved" && l.name != "hidden" {
						continue
					}
					if err := put(map[string]string{"target": t.Name, "row": "baseline", "status": string(f.Status), "check": f.Check, "code": f.Code, "subject": f.Subject, "message": f.Message, "change": l.name}); err != nil {
						return err
					}
				}
			}
		}
		for _, f := range t.Firewall {
			if err := put(map[string]string{
				"target": t.Name, "row": "firewall", "source": strings.Join(f.Source, " "), "destination": strings.Join(f.Destination, " "), "protocol": f.Protocol,
				"ports": f.Ports, "direction": f.Direction, "grade": f.Grade, "why": f.Why, "documents": strings.Join(f.Documents, " "),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}
