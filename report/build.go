package report

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks/repair"
)

// Builder words the results of targets, one after the other.
type Builder struct {
	opt      Options
	report   Report
	verdicts []Verdict
	spool    *spool
	cleaner  cleaner
	numbers  repair.Numbers // of new rules of network ACLs
}

// mostInMemory is up to how many targets a report holds itself. Beyond it they lie
// in a file, and the report holds of each what the lists of findings need.
const mostInMemory = 256

// NewBuilder begins a report of so many targets. The error is that of a temporary
// file.
func NewBuilder(targets int, opt Options) (*Builder, error) {
	b := &Builder{opt: opt, report: Report{
		Schema:      Schema,
		Tool:        Tool{"dspreflight", opt.Version},
		GeneratedAt: opt.GeneratedAt.UTC().Truncate(time.Second),
		Targets:     []Target{},
		Revision:    opt.Revision,
		Redacted:    opt.Redacted,
		FailOn:      opt.FailOn, lang: opt.Lang, count: targets,
		WaiversUsed: make([]bool, len(opt.Waivers)), WaiversOpen: make([]bool, len(opt.Waivers)),
	}}
	b.cleaner.clean(reflect.ValueOf(&b.report.Revision)) // a branch may have any name
	if targets > mostInMemory {
		var err error
		if b.spool, err = newSpool(); err != nil {
			return nil, err
		}
		b.report.spool = b.spool
	}
	return b, nil
}

// Add words the results of a target.
func (b *Builder) Add(j Judged) error {
	r, opt := &b.report, b.opt
	t := buildTarget(j, &b.numbers, opt)
	used, open := t.waive(opt.Waivers, opt.Now, opt.Lang)
	for _, n := range used {
		r.WaiversUsed[n] = true
	}
	for _, n := range open {
		r.WaiversOpen[n] = true
	}
	if j.Earlier != nil {
		t.summarize(j.Earlier.verdict(t.Name, opt), opt.FailOn, opt.Interrupted)
		for _, n := range j.Earlier.Notes {
			t.Change.Notes = append(t.Change.Notes, Harmless(n.In(opt.Lang)))
		}
		r.Gate = opt.Gate
	}
	t.Verdict = Judge(t.counted(opt.Gate), opt.FailOn, opt.Interrupted)
	b.cleaner.clean(reflect.ValueOf(&t))
	r.Summary.add(t.Summary)
	b.verdicts = append(b.verdicts, t.Verdict)
	if b.spool != nil {
		if err := b.spool.put(t); err != nil {
			return err
		}
		t = t.brief()
	}
	r.Targets = append(r.Targets, t)
	return nil
}

// Report is what was added. It is done with Close.
func (b *Builder) Report() (Report, error) {
	r := b.report
	r.Verdict = worst(b.verdicts)
	r.ExitCode = r.Verdict.ExitCode()
	if b.spool != nil {
		return r, b.spool.out.Flush()
	}
	return r, nil
}

// brief is a target without what only its own page shows.
func (t Target) brief() Target {
	t.Path, t.PathBefore, t.Firewall, t.Changes, t.Gaps, t.Scopes = nil, nil, nil, nil, nil, nil
	var left []Result
	for _, r := range t.Results {
		if r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
			return f.Status == Pass || f.Status == Skip && f.Waived == nil
		}); len(r.Findings) > 0 {
			left = append(left, r)
		}
	}
	t.Results = left
	return t
}

// spool holds targets in a file, a line of JSON each.
type spool struct {
	file *os.File
	out  *bufio.Writer
	enc  *json.Encoder
	size int64
	at   []int64     // where each begins
	ends [][2]string // the addresses of both ends of each, which its JSON leaves out
}

// Write counts what is written.
func (s *spool) Write(b []byte) (int, error) {
	n, err := s.out.Write(b)
	s.size += int64(n)
	return n, err
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "dspreflight-*.json")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // where the system allows it, nothing is left even of a killed run
	s := &spool{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	s.enc = json.NewEncoder(s)
	s.enc.SetEscapeHTML(false)
	return s, nil
}

func (s *spool) put(t Target) error {
	s.at = append(s.at, s.size)
	s.ends = append(s.ends, [2]string{strings.Join(t.endpointAt, " "), strings.Join(t.agentAt, " ")})
	return s.enc.Encode(t)
}

// read reads the file from its beginning.
func (s *spool) read() *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), 1<<20)
}

// each hands on every target in order, whole.
func (r Report) each(use func(Target) error) error {
	if r.spool == nil {
		for _, t := range r.Targets {
			if err := use(t); err != nil {
				return err
			}
		}
		return nil
	}
	dec := json.NewDecoder(r.spool.read())
	for n := 0; ; n++ {
		var t Target
		switch err := dec.Decode(&t); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		r.complete(&t, n)
		if err := use(t); err != nil {
			return err
		}
	}
}

// nth is one target, whole.
func (r Report) nth(n int) (Target, error) {
	if r.spool == nil {
		return r.Targets[n], nil
	}
	var t Target
	err := json.NewDecoder(io.NewSectionReader(r.spool.file, r.spool.at[n], r.spool.size)).Decode(&t)
	r.complete(&t, n)
	return t, err
}

// complete adds to the nth target of the file what its JSON leaves out.
func (r Report) complete(t *Target, n int) {
	t.endpointAt, t.agentAt = strings.Fields(r.spool.ends[n][0]), strings.Fields(r.spool.ends[n][1])
	if r.Verdict == Interrupted {
		t.Verdict = Interrupted
	}
}

// Close lets go of the file behind a report of many targets.
func (r Report) Close() {
	if r.spool != nil {
		_ = r.spool.file.Close()
		_ = os.Remove(r.spool.file.Name())
	}
}
