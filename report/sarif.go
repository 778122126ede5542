package report

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// The parts of SARIF 2.1.0 that are written. Source:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Provenance  []sarifRevision   `json:"versionControlProvenance,omitempty"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifRevision struct {
		Repository string `json:"repositoryUri"`
		Revision   string `json:"revisionId,omitempty"`
		Branch     string `json:"branch,omitempty"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Name    string       `json:"name"`
		Short   sarifText    `json:"shortDescription"`
		Full    sarifText    `json:"fullDescription"`
		Help    sarifText    `json:"help"`
		HelpURI string       `json:"helpUri,omitempty"`
		Default sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifInvocation struct {
		OK       bool `json:"executionSuccessful"`
		ExitCode int  `json:"exitCode"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Kind         string             `json:"kind"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Baseline     string             `json:"baselineState,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// sarifLink is a link in a message, which none of ours holds. Source: SARIF 2.1.0,
// 3.11.6: a bracket behind a backslash is one.
var sarifLink = pattern.New(`\[([^\[\]\n]*)\]\(`)

const homePage = "https://github.com/dspreflight/dspreflight"

// SARIF writes the report for code scanning: a result for each finding that is
// neither PASS nor SKIP. An UNKNOWN is of kind "open", which has no level.
func SARIF(w io.Writer, r Report) error {
	var run sarifRun
	run.Tool.Driver = sarifDriver{Name: r.Tool.Name, Version: r.Tool.Version, InformationURI: homePage, Rules: []sarifRule{}}
	run.Invocations = []sarifInvocation{{OK: r.Verdict != Interrupted, ExitCode: r.ExitCode}}
	if v := r.Revision; v.Repository != "" {
		run.Provenance = []sarifRevision{{v.Repository, v.Commit, v.Branch}}
	}
	run.Results = []sarifResult{}
	run.Properties = map[string]any{"verdict": r.Verdict, "summary": r.Summary}
	index := map[string]int{}
	for _, i := range append(issues(r), listed(r, true)...) {
		id := i.rule()
		n, ok := index[id]
		if !ok {
			n = len(run.Tool.Driver.Rules)
			index[id] = n
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(i))
		}
		res := sarifResult{
			RuleID: id, RuleIndex: n, Kind: "fail", Level: levelOf(i.finding.Status), Message: sarifText{Text: sarifLink.Re().ReplaceAllString(i.text(), `\[$1](`)},
			Fingerprints: map[string]string{"dspreflight/1": i.fingerprint()},
			Properties:   map[string]any{"status": i.finding.Status, "check": i.result.Check, "target": i.target.Name},
		}
		if i.finding.Status == Unknown {
			res.Kind = "open"
		}
		if r.Gate != "" {
			res.Baseline = "unchanged"
			if e := i.finding.Effect; e == Broken || e == UnknownNow || e == Weakened {
				res.Baseline = "new"
			}
			if i.finding.Effect != "" {
				res.Properties["effect"] = i.finding.Effect
			}
		}
		if i.became != "" {
			res.Baseline = "unchanged"
			if isNews(i.became) {
				res.Baseline = "new"
			}
		}
		if !i.bears(r) && res.Kind == "fail" {
			res.Level = "note"
		}
		if w := i.finding.Waived; w != nil {
			res.Suppressions = []sarifSuppression{{"external", w.Note("en")}}
		}
		var at sarifLocation
		at.Physical.Artifact.URI = i.place()
		at.Physical.Region.StartLine = i.line()
		name := i.finding.Subject
		if name == "" {
			name = i.target.Name
		}
		at.Logical = []sarifLogical{{name, "resource"}}
		for _, by := range i.finding.Resources {
			at.Logical = append(at.Logical, sarifLogical{by.Address, "resource"})
		}
		res.Locations = []sarifLocation{at}
		run.Results = append(run.Results, res)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// levelOf is the level of a status. Only results of kind "fail" may have one.
func levelOf(status Status) string {
	switch status {
	case Fail:
		return "error"
	case Warn:
		return "warning"
	}
	return "none"
}

// ruleName is the name of a rule for people, in the letters that validators expect
// (SARIF2012), and never its id again (SARIF1001).
// Source: https://github.com/microsoft/sarif-sdk/blob/main/docs/Rules.md
func ruleName(i issue) string {
	var b strings.Builder
	for _, part := range strings.Split(i.result.Check, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	if i.finding.Code == "" {
		b.WriteString("Undetermined")
	}
	return b.String()
}

// ruleOf describes the rule behind an issue, from the catalogue.
func ruleOf(i issue) sarifRule {
	rule := sarifRule{ID: i.rule(), Name: ruleName(i), Short: sarifText{Text: i.result.Title}, Full: sarifText{Text: i.result.Title}, Default: sarifDefault{"warning"}}
	if c := checks.ByID(i.result.Check); c != nil {
		rule.HelpURI = PageOf(c, "")
	}
	if i.finding.Code == "" {
		rule.Help = sarifText{Text: i.result.Title}
		return rule
	}
	severity, references := i.finding.Status, i.finding.sources()
	if p, _ := checks.ByCode(i.finding.Code); p != nil {
		severity, references = statusOf(p.Severity), p.Sources
	}
	rule.Default.Level = levelOf(severity)
	rule.HelpURI = i.finding.URL
	rule.Full.Text = i.finding.Cause
	var fix string
	if i.finding.Fix != nil {
		fix = i.finding.Fix.Text
	}
	var help comment
	for _, text := range []string{i.finding.Cause, fix} {
		if text != "" {
			help.Put("%\n\n", text)
		}
	}
	told := map[string]bool{}
	for _, s := range Sources(references, i.lang) {
		if !told[s] {
			told[s] = true
			help.Put("- %\n", outside.Link(s, s))
		}
	}
	rule.Help = sarifText{Text: strings.TrimSpace(i.finding.Cause + "\n\n" + fix), Markdown: strings.TrimSpace(help.String())}
	return rule
}

// sources are those of the requirement that a finding is about.
func (f Finding) sources() []string {
	if f.Requirement == nil {
		return nil
	}
	return f.Requirement.Sources
}
