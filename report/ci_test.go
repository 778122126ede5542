package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/report"
)

func rendered(t *testing.T, render report.Renderer, rep report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSARIFFollowsTheSchema validates every fixture against the schema of OASIS,
// and holds each result against the finding that it stands for.
func TestSARIFFollowsTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range fixtures.Names() {
		body := rendered(t, report.SARIF, built(t, fixture, "en"))
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", fixture, err)
		}
	}
}

// TestFingerprints are the same in every language and run, and differ between
// things that are wrong.
func TestFingerprints(t *testing.T) {
	prints := func(lang string) []string {
		var log struct {
			Runs []struct {
				Results []struct {
					Fingerprints map[string]string `json:"partialFingerprints"`
				} `json:"results"`
			} `json:"runs"`
		}
		if err := json.Unmarshal(rendered(t, report.SARIF, built(t, "four-faults", lang)), &log); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range log.Runs[0].Results {
			out = append(out, r.Fingerprints["dspreflight/1"])
		}
		return out
	}
	en, ja := prints("en"), prints("ja")
	seen := map[string]bool{}
	for i := range en {
		if en[i] != ja[i] || seen[en[i]] || en[i] == "" {
			t.Errorf("fingerprint %d: %q and %q", i, en[i], ja[i])
		}
		seen[en[i]] = true
	}
	if len(en) < 4 {
		t.Errorf("%d results of an estate with four faults", len(en))
	}
}

// TestFormatsAgree counts the statuses in each format for CI: they are those of
// the report.
func TestFormatsAgree(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		rep := built(t, fixture, "en")
		want := map[report.Status]int{}
		for _, r := range rep.Targets[0].Results {
			for _, f := range r.Findings {
				want[f.Status]++
			}
		}
		var suites struct {
			Suites []struct {
				Tests    int `xml:"tests,attr"`
				Failures int `xml:"failures,attr"`
				Errors   int `xml:"errors,attr"`
				Skipped  int `xml:"skipped,attr"`
				Cases    []struct {
					Failure *struct{} `xml:"failure"`
					Error   *struct{} `xml:"error"`
					Skipped *struct{} `xml:"skipped"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(rendered(t, report.JUnit, rep), &suites); err != nil {
			t.Fatalf("%s: %v", fixture, err)
		}
		s := suites.Suites[0]
		failures, broken, skipped := 0, 0, 0
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				broken++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if failures != rep.Summary.Fail || broken != rep.Summary.Unknown || skipped != rep.Summary.Skip || s.Failures != failures || s.Errors != broken || s.Tests != len(rep.Targets[0].Results) {
			t.Errorf("%s: junit counts %+v, the report %+v", fixture, s, rep.Summary)
		}
		var quality []struct {
			Severity, Fingerprint string
			Location              struct{ Path string }
		}
		if err := json.Unmarshal(rendered(t, report.GitLab, rep), &quality); err != nil {
			t.Fatal(err)
		}
		if len(quality) != want["FAIL"]+want["WARN"]+want["UNKNOWN"] {
			t.Errorf("%s: %d entries for GitLab, want %v", fixture, len(quality), want)
		}
		annotations := string(rendered(t, report.GitHub, rep))
		if n := strings.Count(annotations, "::error title=FAIL"); n != min(want["FAIL"], 9) {
			t.Errorf("%s: %d error annotations, want %v", fixture, n, want)
		}
		if !strings.HasSuffix(strings.TrimSpace(annotations), escape(rep.Verdict.Label()+"  "+rep.Summary.String())) {
			t.Errorf("%s: the last annotation is not the verdict: %s", fixture, annotations)
		}
		if md := string(rendered(t, report.Markdown("en"), rep)); !strings.Contains(md, rep.Verdict.Label()) || strings.Count(md, "- **FAIL**") != want["FAIL"] {
			t.Errorf("%s: markdown lacks the verdict or a failure", fixture)
		}
	}
}

func escape(s string) string { return strings.ReplaceAll(s, "%", "%25") }

// TestCapsOfGitHub gives more failures than GitHub shows: the worst stay, and the
// last line says that there are more.
func TestCapsOfGitHub(t *testing.T) {
	rep := built(t, "unreachable-443", "en")
	for i := range rep.Targets[0].Results {
		r := &rep.Targets[0].Results[i]
		r.Findings = append(r.Findings, report.Finding{Status: "FAIL", Code: "DSP201", Message: "100% broken\n::error::injected, really: yes"})
	}
	out := string(rendered(t, report.GitHub, rep))
	if n := strings.Count(out, "\n::error") + 1; n > 10 {
		t.Errorf("%d errors, GitHub shows 10", n)
	}
	if !strings.Contains(out, "more not shown here)") || strings.Contains(out, "\n::error::injected") || !strings.Contains(out, "100%25 broken%0A") {
		t.Errorf("got %s", out)
	}
}

// TestMarkdownIsInert puts markup of every kind into an estate's strings.
func TestMarkdownIsInert(t *testing.T) {
	rep := built(t, "unreachable-443", "en")
	evil := "<img src=x onerror=alert(1)> **bold** [link](http://x) @everyone #1 ```\n# head | cell"
	rep.Targets[0].Results[0].Findings = []report.Finding{{Status: "FAIL", Code: "DSP101", Message: evil, Fix: &report.Fix{Text: evil, AWSCLI: []string{evil}}}}
	out := string(rendered(t, report.Markdown("en"), rep))
	inCode := false
	for _, line := range strings.Split(out, "\n") {
		if fence := strings.HasPrefix(strings.TrimSpace(line), "```"); fence || inCode {
			inCode = inCode != fence
			continue
		}
		for _, bad := range []string{"<img", "**bold**", "[link]", "@everyone", "# head"} {
			if strings.Contains(line, bad) {
				t.Errorf("%q came through: %s", bad, line)
			}
		}
	}
	if inCode {
		t.Error("a code block was not closed")
	}
}
