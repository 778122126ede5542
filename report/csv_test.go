package report_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/report"
)

// TestCSV reads the CSV of every fixture back: a row for each finding and for each
// line of the firewall request, and no cell that a spreadsheet computes.
func TestCSV(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		rep := built(t, fixture, "ja")
		rows, err := csv.NewReader(strings.NewReader(string(rendered(t, report.CSV, rep)))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", fixture, err)
		}
		want := 1 + len(rep.Targets[0].Firewall)
		for _, r := range rep.Targets[0].Results {
			for _, f := range r.Findings {
				if f.Status != "PASS" && f.Status != "SKIP" {
					want++
				}
			}
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", fixture, len(rows), want)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("%s: a spreadsheet computes %q", fixture, cell)
				}
			}
		}
	}
}

// TestSARIFNamesItsRules as validators want them, and says which commit it is of.
func TestSARIFNamesItsRules(t *testing.T) {
	rep := builtWith(t, "no-permission", report.Options{Lang: "en", Revision: report.Revision{Repository: "https://git.example/a/b", Commit: "0a1b", Branch: "main"}})
	log := string(rendered(t, report.SARIF, rep))
	for _, want := range []string{`"name": "SgIngress443Undetermined"`, `"name": "IamActivation"`, `"repositoryUri": "https://git.example/a/b"`, `"revisionId": "0a1b"`} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(string(rendered(t, report.SARIF, built(t, "no-permission", "en"))), "versionControlProvenance") {
		t.Error("a commit is named where none is known")
	}
}
