package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Schema names the JSON layout.
const Schema = "dspreflight.report/v1"

// Report is everything that a run found, in one language.
type Report struct {
	Schema      string    `json:"schema"`
	Tool        Tool      `json:"tool"`
	GeneratedAt time.Time `json:"generated_at,omitzero"` // when the evidence was collected
	Verdict     Verdict   `json:"verdict"`
	ExitCode    int       `json:"exit_code"`
	Summary     Summary   `json:"summary"`
	Targets     []Target  `json:"targets"`
	// Redacted is set where names, ids and addresses are replaced, and tells reports
	// that one key did so from others.
	Redacted string `json:"redacted,omitempty"`

	Gate     Gate  `json:"gate,omitempty"`     // with a planned change: what of it counts
	Baseline *Diff `json:"baseline,omitempty"` // what changed since another report

	FailOn      FailOn `json:"-"`
	WaiversUsed []bool `json:"-"` // which of Options.Waivers lift a finding
	WaiversOpen []bool `json:"-"` // which of them are about an open question, which they can't lift

	Revision Revision `json:"-"` // of the files that a run in CI is about

	lang  string
	count int    // of the targets
	spool *spool // where the targets are, whole, if there are many
}

// Tool is the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Target is the outcome for one target.
type Target struct {
	Name    string          `json:"name"`
	Target  snapshot.Target `json:"target"`
	Verdict Verdict         `json:"verdict"`
	Summary Summary         `json:"summary"`
	Scopes  []Scope         `json:"scopes"`
	Gaps    []Gap           `json:"gaps"`
	Results []Result        `json:"results"`

	Change *ChangeSummary `json:"change,omitempty"` // what a planned change does
	Path   *Path          `json:"path,omitempty"`
	// PathBefore is the path before the planned changes.
	PathBefore *Path `json:"path_before,omitempty"`

	Changes  []Change       `json:"changes"`
	Firewall []FirewallRule `json:"firewall"`

	endpointAt, agentAt []string // the addresses of both ends, as far as they are known
}

// Scope is an account and Region that the evidence covers.
type Scope struct {
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
	Account string   `json:"account"`
	Region  string   `json:"region"`
}

// Gap is something that could not be seen.
type Gap struct {
	Code    string `json:"code"`
	Source  string `json:"source,omitempty"`
	Scope   string `json:"scope,omitempty"`
	Ref     string `json:"ref,omitempty"`
	Message string `json:"message"`
}

// Reason is the message without what one step settles together with others: one run of
// the probe dials all that it can.
func (g Gap) Reason() string {
	if g.Code == string(snapshot.NotDialled) {
		return strings.Replace(g.Message, g.Ref, "", 1)
	}
	return g.Message
}

// OfAll is the message of the first of several gaps of one reason, with what each is of:
// the first so many of them.
func OfAll(message string, refs []string, most int) string {
	if len(refs) < 2 {
		return message
	}
	return strings.Replace(message, refs[0], firstOf(refs, most), 1)
}

// Result is the answer of one check.
type Result struct {
	Check     string    `json:"check"`
	Area      string    `json:"area"`
	Title     string    `json:"title"`
	Status    Status    `json:"status"`
	Before    Status    `json:"before,omitempty"` // the status before the planned changes
	Effect    Effect    `json:"effect,omitempty"`
	ElapsedMS float64   `json:"elapsed_ms"` // the slowest AWS call behind it, as recorded when it was made
	Findings  []Finding `json:"findings"`

	lifted bool // UNKNOWN because a waiver lets what it rests on stand
}

// Finding is one thing that a check found.
type Finding struct {
	Status      Status         `json:"status"`
	Code        string         `json:"code,omitempty"`
	Subject     string         `json:"subject"`
	Message     string         `json:"message"`
	Cause       string         `json:"cause,omitempty"`
	Args        map[string]any `json:"args,omitempty"`
	Evidence    []Evidence     `json:"evidence"`
	Gaps        []Gap          `json:"gaps,omitempty"`
	Errors      []string       `json:"errors,omitempty"`
	Requirement *Requirement   `json:"requirement,omitempty"`
	Fix         *Fix           `json:"fix,omitempty"`
	URL         string         `json:"url,omitempty"`
	Effect      Effect         `json:"effect,omitempty"`
	Resources   []Resource     `json:"resources,omitempty"` // of the plan, that are behind it
	Waived      *Waived        `json:"waived,omitempty"`

	About   *checks.About `json:"about,omitempty"`   // the facts, to compare
	Changes []int         `json:"changes,omitempty"` // which of the target's changes mend it, from 1
	restsOn []string      // the checks that make a SKIP moot: while one of them stands, it is
	hides   bool          // the rest of what the check asks of the subject is not judged beside it
	Unasked bool          `json:"-"` // SKIP because nobody looked, not because it is moot
}

// Evidence is one observed fact.
type Evidence struct {
	Source string `json:"source"`
	Ref    string `json:"ref"`
	Fact   string `json:"fact"`
}

// Requirement is the documented need that a finding is about.
type Requirement struct {
	ID      string   `json:"id"`
	Grade   string   `json:"grade"`
	Title   string   `json:"title"`
	Sources []string `json:"sources"`
}

// Fix is how to mend a problem.
type Fix struct {
	Text        string   `json:"text"`
	Look        []string `json:"look,omitempty"`        // commands that only look
	AWSCLI      []string `json:"aws_cli"`               // commands that change something
	Credentials []string `json:"credentials,omitempty"` // whose each of them takes; "": none of AWS
	Terraform   string   `json:"terraform,omitempty"`
}

// Renderer writes a report in one format.
type Renderer func(io.Writer, Report) error

// Judged is a target with its results, before it is worded.
type Judged struct {
	Target   snapshot.Target
	Snapshot *snapshot.Snapshot
	Results  []checks.Result
	Earlier  *Earlier // nil unless changes are planned
}

// Revision is one of a repository. Empty fields are not known.
type Revision struct {
	Repository string // its address
	Commit     string
	Branch     string
}

// Options of Build.
type Options struct {
	Revision    Revision
	Version     string
	Lang        string // "en" or "ja"
	FailOn      FailOn
	Interrupted bool
	GeneratedAt time.Time
	Waivers     []Waiver
	Now         time.Time // against which waivers expire
	Gate        Gate
	Redacted    string // see Report.Redacted
}

// Build words the results of targets that fit into memory.
func Build(judged []Judged, opt Options) Report {
	b, _ := NewBuilder(0, opt) // neither of them can fail without a file
	for _, j := range judged {
		_ = b.Add(j)
	}
	b.report.count = len(judged)
	r, _ := b.Report()
	return r
}

func buildTarget(j Judged, numbers *repair.Numbers, opt Options) Target {
	changes := checks.Changes(j.Results, numbers)
	t := Target{Name: j.Target.Name, Target: harmlessTarget(j.Target), Scopes: []Scope{}, Gaps: []Gap{}, Results: []Result{}}
	if t.Name == "" {
		t.Name = j.Target.EndpointID
	}
	t.Name = Harmless(t.Name)
	for _, s := range j.Snapshot.Scopes {
		sc := Scope{Name: Harmless(s.Name), Roles: []string{}, Account: Harmless(s.Account), Region: Harmless(s.Region)}
		for _, role := range s.Roles {
			sc.Roles = append(sc.Roles, string(role))
		}
		t.Scopes = append(t.Scopes, sc)
		for _, c := range s.Calls {
			if c.Error != nil || c.Truncated {
				t.Gaps = append(t.Gaps, gapOf(s.GapFor(snapshot.KindOf(c.Command), c.ID), opt.Lang))
			}
		}
	}
	for i := range j.Snapshot.Probes {
		if r := &j.Snapshot.Probes[i]; r.Trouble != nil {
			t.Gaps = append(t.Gaps, gapOf(r.Gap(), opt.Lang))
		}
	}
	for n, res := range j.Results {
		out := Result{
			Check: res.Check.ID, Area: res.Check.Area.Title().In(opt.Lang), Title: res.Check.Title.In(opt.Lang),
			Status: statusOf(res.Status), ElapsedMS: elapsed(j.Snapshot, res.Check), Findings: []Finding{},
		}
		for _, f := range res.Findings {
			out.Findings = append(out.Findings, findingOf(f, res.Check, j.Earlier, opt.Lang))
		}
		if e := j.Earlier; e != nil {
			e.mark(&out, e.Results[n], res, opt.Lang)
		}
		t.Results = append(t.Results, out)
		t.Summary.count(statusOf(res.Status))
	}
	t.addChanges(changes, j.Earlier, opt.Lang)
	t.addPath(j, opt.Lang)
	for _, a := range checks.EndpointAddresses(j.Target, j.Snapshot) {
		t.endpointAt = append(t.endpointAt, a.String())
	}
	if a := checks.AgentAddress(j.Target, j.Snapshot); a.IsValid() {
		t.agentAt = []string{a.String()}
	}
	if e := j.Earlier; e != nil {
		for _, g := range e.Gaps {
			t.Gaps = append(t.Gaps, gapOf(g, opt.Lang))
		}
		e.hide(&t)
	}
	return t
}

// harmlessTarget cleans the strings of a target, which a manifest may hold.
func harmlessTarget(t snapshot.Target) snapshot.Target {
	for _, s := range []*string{
		&t.Name, &t.Region, &t.EndpointID, &t.SubnetID, &t.GroupID, &t.DestinationType, &t.Mode, &t.SourceRegion,
		&t.SourceVPCID, &t.SourceSubnetID, &t.AgentInstanceID, &t.AgentARN, &t.KeyRequest, &t.Requirements, &t.KeyShape,
	} {
		*s = Harmless(*s)
	}
	for _, list := range []*[]string{&t.Storage, &t.SubnetARNs, &t.GroupARNs} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i] = Harmless((*list)[i])
		}
	}
	return t
}

// elapsed is how long the slowest call took whose reply a check read.
func elapsed(snap *snapshot.Snapshot, c *checks.Check) float64 {
	most := 0.0
	for _, s := range snap.Scopes {
		for i := range s.Calls {
			call := &s.Calls[i]
			if call.ElapsedMS <= most {
				continue
			}
			if k := snapshot.KindOf(call.Command); slices.Contains(c.Needs, k) || slices.Contains(c.Uses, k) {
				most = call.ElapsedMS
			}
		}
	}
	return most
}

func gapOf(g snapshot.Gap, lang string) Gap {
	return Gap{string(g.Code), Harmless(g.Source), Harmless(g.Scope), Harmless(g.Ref), Harmless(checks.GapText(g).In(lang))}
}

func findingOf(f checks.Finding, c *checks.Check, e *Earlier, lang string) Finding {
	out := Finding{Status: statusOf(f.Status), Subject: Harmless(f.Subject), Evidence: []Evidence{}, Unasked: f.Unasked, restsOn: f.See, About: f.About}
	if f.MootBy != "" {
		out.restsOn = append([]string{f.MootBy}, f.See...)
	}
	for _, e := range f.Evidence {
		ev := Evidence{e.Source, Harmless(e.Ref), Harmless(e.Fact.In(lang))}
		if !slices.Contains(out.Evidence, ev) {
			out.Evidence = append(out.Evidence, ev)
		}
	}
	for _, g := range f.Gaps {
		out.Gaps = append(out.Gaps, gapOf(g, lang))
	}
	req := c.Requires
	switch {
	case f.Problem != nil:
		p := f.Problem
		if p.Requires != nil {
			req = p.Requires
		}
		args := harmlessArgs(f.Args.In(lang))
		out.Code, out.Args, out.hides = p.Code, args, p.Hides || f.Hides
		out.Message = checks.Args(args).Fill(p.Title.In(lang))
		out.Cause = checks.Args(args).Fill(p.Cause.In(lang))
		out.Fix = fixOf(f, checks.Args(args).Fill(f.Fix().In(lang)), e, lang)
		for _, n := range f.Changes {
			out.Changes = append(out.Changes, n+1)
		}
		for _, e := range f.Errors() {
			out.Errors = append(out.Errors, e.ID)
		}
		out.URL = PageOf(c, p.Code)
	case len(out.Gaps) > 0:
		var lines []string
		for _, g := range out.Gaps {
			if !slices.Contains(lines, g.Message) {
				lines = append(lines, g.Message)
			}
		}
		out.Message = strings.Join(lines, "; ")
	case !f.Note.Empty():
		out.Message = Harmless(f.Note.In(lang))
	default:
		out.Message = c.Title.In(lang)
	}
	if f.Status != checks.Pass { // what is met is the title of the result
		out.Requirement = &Requirement{req.ID, req.Grade, req.Title.In(lang), Sources(req.Sources, lang)}
	}
	return out
}

func harmlessArgs(args checks.Args) map[string]any {
	out := make(map[string]any, len(args))
	for k, v := range args {
		switch v := v.(type) {
		case string:
			out[k] = Harmless(v)
		case []string:
			list := make([]string, len(v))
			for i := range v {
				list[i] = Harmless(v[i])
			}
			out[k] = list
		}
	}
	return out
}

// PageOf is the address of the page of a check: of ours the generated one, at one of
// its codes.
func PageOf(c *checks.Check, code string) string {
	if checks.ByID(c.ID) != c {
		return c.Page
	}
	url := "https://github.com/dspreflight/dspreflight/blob/main/docs/checks/" + c.ID + ".md"
	if code != "" {
		url += "#" + strings.ToLower(code)
	}
	return url
}
