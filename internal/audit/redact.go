package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/redact"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// Redaction is what --redact and --redact-key ask for.
type Redaction struct {
	key  redact.Key
	file string // of the key; "": it is for this run alone
	with *redact.Redactor
}

// readRedaction reads the key of what is redacted, or makes one.
func (r *Run) readRedaction(ctx context.Context) error {
	if !r.Redact {
		return nil
	}
	if r.KeyFile == "" {
		r.Redaction = &Redaction{key: redact.NewKey()}
		return nil
	}
	key, err := r.readKey(ctx, r.KeyFile)
	if err != nil {
		return snapshot.Errorf("--redact-key %s: %w", "--redact-key %s: %w", r.KeyFile, err)
	}
	r.Redaction = &Redaction{key: key, file: r.KeyFile}
	return nil
}

func (r *Run) readKey(ctx context.Context, file string) (redact.Key, error) {
	body, err := r.read(ctx, file, maxKeyBytes)
	if errors.Is(err, fs.ErrNotExist) {
		key := redact.NewKey()
		err := files.WritePrivate(ctx, r.Patience(), file, func(w io.Writer) error {
			if _, err := os.Stat(file); err == nil {
				return fs.ErrExist
			}
			_, err := fmt.Fprintln(w, key)
			return err
		})
		if errors.Is(err, fs.ErrExist) { // another run has made one meanwhile
			return r.readKey(ctx, file)
		}
		return key, files.PlainPath(err)
	}
	if err != nil {
		return redact.Key{}, err
	}
	return redact.ParseKey(string(body))
}

// maxKeyBytes is far above the length of a key.
const maxKeyBytes = 4096

// mark tells what is redacted with one key from what is not; "": it is not.
func (x *Redaction) mark() string {
	if x == nil {
		return ""
	}
	return x.key.Mark()
}

// Masked is an estate as it is written: redacted, or as it is.
type Masked struct {
	Snap    *snapshot.Snapshot
	Targets []snapshot.Target
	Waivers []report.Waiver
}

// Apply redacts an estate.
func (x *Redaction) Apply(snap *snapshot.Snapshot, targets []snapshot.Target, waivers []report.Waiver) (Masked, error) {
	x.with = redact.New(x.key, snap)
	other, err := x.with.Snapshot(snap)
	if err != nil {
		return Masked{}, err
	}
	out := Masked{Snap: other}
	if out.Waivers, err = x.waivers(waivers); err != nil {
		return Masked{}, err
	}
	for _, t := range targets {
		out.Targets = append(out.Targets, t.Mapped(x.with))
	}
	return out, nil
}

// waivers are those for the findings on the redacted estate. Whom they are about is
// known with the findings: see follow.
func (x *Redaction) waivers(list []report.Waiver) ([]report.Waiver, error) {
	out := slices.Clone(list)
	for i, w := range out {
		out[i].Target, out[i].Subject, out[i].Owner = x.with.Value(w.Target), x.with.Value(w.Subject), x.with.Value(w.Owner)
		if w.Reason != reasonAccept {
			out[i].Reason = x.with.Value(w.Reason)
		}
		about, err := x.about(w.About)
		if err != nil {
			return nil, err
		}
		out[i].About = about
	}
	return out, nil
}

// about are the facts that the redacted estate shows in place of those of the real one.
func (x *Redaction) about(a *checks.About) (*checks.About, error) {
	if a == nil {
		return nil, nil
	}
	out := *a
	out.Holder = x.with.Value(a.Holder)
	if a.Addrs == nil {
		return &out, nil
	}
	addrs, err := x.with.Set(a.Addrs)
	out.Addrs = addrs
	return &out, err
}

// follow names the subjects of waivers as the redacted findings do: some are words of
// dspreflight, which stay.
func follow(waivers, shown []report.Waiver, was, is report.Judged) {
	for i, w := range waivers {
		for n, r := range was.Results {
			for k, f := range r.Findings {
				if w.Subject != "" && f.Subject == w.Subject && k < len(is.Results[n].Findings) && was.Results[n].Findings[k].Status == is.Results[n].Findings[k].Status {
					shown[i].Subject = is.Results[n].Findings[k].Subject
				}
			}
		}
	}
}

// sameAnswers refuses a redacted estate that is not judged as the real one is: no
// report says what is not so.
func sameAnswers(was, is []report.Judged) error {
	r, other := Differs(was, is)
	if r == nil {
		return nil
	}
	return unlike(r.Check, Answers(*r), Answers(*other))
}

// unlike refuses a report in which a check would say something else.
func unlike(check *checks.Check, was, is []string) error {
	return snapshot.Errorf(
		"--redact: %s is %s, and would be %s with other names in place: something hangs on a part of a name, as a pattern in a policy does. Nothing is written; leave that check out with --skip, or report without --redact",
		"--redact: %s は %s だが、名前を置き換えると %s になる。ポリシーのワイルドカードのように、名前の一部に依存するものがある。何も書き出さない。--skip でこのチェックを除外するか、--redact なしで実行する",
		check.ID, strings.Join(was, ", "), strings.Join(is, ", "))
}

// Differs is the first check that two judgements of the same targets answer
// differently; nil: none.
func Differs(was, is []report.Judged) (a, b *checks.Result) {
	for i := range was {
		for n := range was[i].Results {
			a, b := &was[i].Results[n], &is[i].Results[n]
			if !slices.Equal(Answers(*a), Answers(*b)) {
				return a, b
			}
		}
	}
	return nil, nil
}

// Answers are the statuses and codes of a result.
func Answers(r checks.Result) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, strings.Join(answer(f), " "))
	}
	slices.Sort(out) // findings are told in the order of ids
	return append([]string{r.Status.String()}, out...)
}

// answer is the status and code of a finding.
func answer(f checks.Finding) []string {
	if f.Problem == nil {
		return []string{f.Status.String()}
	}
	return []string{f.Status.String(), f.Problem.Code}
}

// KeepMap writes what the names stand for beside the key.
func (r *Run) KeepMap(ctx context.Context) error {
	x := r.Redaction
	if x == nil || x.file == "" || x.with == nil {
		return nil
	}
	file := x.file + ".map.json"
	err := files.WritePrivate(ctx, r.Patience(), file, func(w io.Writer) error {
		all := map[string]string{} // read now, when no other run adds to it
		if body, err := r.read(ctx, file, maxReportBytes); err == nil {
			if err := snapshot.DecodeJSON(body, &all); err != nil {
				return err
			}
		}
		for name, was := range x.with.Map() {
			all[name] = was
		}
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		return enc.Encode(all)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", file, files.PlainPath(err))
	}
	r.tell(snapshot.Textf("redacted with %s; %s says what the names stand for: keep both", "%s で置き換えた。名前の対応は %s にある。どちらも手元に置く", x.file, file))
	return nil
}
