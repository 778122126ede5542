package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// waiverFile is the file of --waivers.
type waiverFile struct {
	Waivers []waiverEntry `yaml:"waivers"`
}

type waiverEntry struct {
	ID      string `yaml:"id"`
	Target  string `yaml:"target,omitempty"`
	Subject string `yaml:"subject,omitempty"`
	Reason  string `yaml:"reason"`
	Owner   string `yaml:"owner"`
	Expires string `yaml:"expires"`

	Facts waiverFacts `yaml:",inline"`
}

// maxWaiverBytes is far above what people should put up with.
const maxWaiverBytes = 1 << 20

// reasonAccept is the reason of a waiver for one run.
const reasonAccept = "--accept"

// readWaivers reads --waivers and --accept. A waiver counts to the end of its
// last day, UTC.
func (r *Run) readWaivers(ctx context.Context) error {
	for _, code := range r.Accept {
		id := canonicalID(r.All, code)
		if id == "" {
			return snapshot.Errorf("--accept %q: it is neither a problem code, such as DSP204, nor a check (see dspreflight checks)", "--accept %q: 問題コード（DSP204 など）でもチェックでもない（dspreflight checks を参照）", code)
		}
		r.Waivers = append(r.Waivers, report.Waiver{Code: id, Reason: reasonAccept})
	}
	if r.WaiversFile == "" {
		return nil
	}
	body, err := r.read(ctx, r.WaiversFile, maxWaiverBytes)
	if err != nil {
		return fmt.Errorf("--waivers %s: %w", r.WaiversFile, err)
	}
	list, err := parseWaivers(r.WaiversFile, body, r.All)
	r.Waivers = append(r.Waivers, list...)
	return err
}

// parseWaivers reads the text of a file of waivers.
func parseWaivers(path string, body []byte, all checks.Catalogue) ([]report.Waiver, error) {
	var out []report.Waiver
	var file waiverFile
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("--waivers %s: %w", path, plainYAML(err))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, snapshot.Errorf("--waivers: %s holds more than one YAML document", "--waivers: %s に YAML 文書が 2 つ以上ある", path)
	}
	for i, w := range file.Waivers {
		id := canonicalID(all, w.ID)
		where := fmt.Sprintf("--waivers %s: waivers[%d]", path, i)
		switch {
		case w.ID == "" || w.Reason == "" || w.Owner == "" || w.Expires == "":
			return nil, snapshot.Errorf("%s: id, reason, owner and expires are all required", "%s: id、reason、owner、expires はすべて必須", where)
		case id == "":
			return nil, snapshot.Errorf("%s: id %q is neither a problem code nor a check", "%s: id %q は問題コードでもチェックでもない", where, w.ID)
		}
		day, err := time.Parse(time.DateOnly, w.Expires)
		if err != nil {
			return nil, snapshot.Errorf("%s: expires %q: expected a date, such as 2027-01-31", "%s: expires %q: 2027-01-31 のような日付を指定する", where, w.Expires)
		}
		out = append(out, report.Waiver{Code: id, Target: w.Target, Subject: w.Subject, Reason: strings.Join(strings.Fields(w.Reason), " "), Owner: strings.Join(strings.Fields(w.Owner), " "), Expires: day.AddDate(0, 0, 1).Add(-time.Second)})
		if out[len(out)-1].About, err = w.Facts.about(where); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FileOfWaivers is what readWaivers reads; nil if there are none. Those of --accept are
// of one run, and stand in its command.
func FileOfWaivers(list []report.Waiver) ([]byte, error) {
	var out waiverFile
	for _, w := range list {
		if w.Reason != reasonAccept {
			out.Waivers = append(out.Waivers, waiverEntry{w.Code, w.Target, w.Subject, w.Reason, w.Owner, w.Expires.UTC().Format(time.DateOnly), factsOf(w.About)})
		}
	}
	if out.Waivers == nil {
		return nil, nil
	}
	return yaml.Marshal(out)
}

// canonicalID is a problem code or the id of a check as the catalogue writes it,
// however it is written; "" if there is none.
func canonicalID(all checks.Catalogue, id string) string {
	if p, _ := all.ByCode(id); p != nil {
		return p.Code
	}
	if c := all.ByID(strings.ToLower(id)); c != nil {
		return c.ID
	}
	return ""
}

// NoteWaivers says on standard error which waivers have expired, are about a
// question that is open, or about nothing that was found: they only hide what
// comes later.
func (r *Run) NoteWaivers(rep report.Report) {
	now := time.Now()
	for i, w := range r.Waivers {
		_, c := r.All.ByCode(w.Code)
		if c == nil {
			c = r.All.ByID(w.Code)
		}
		var note snapshot.Text
		switch {
		case w.Expired(now):
			note = snapshot.Textf("note: the waiver of %s (%s) expired on %s and no longer counts", "注意: %s の免除（%s）は %s に失効しており、適用されない", w.Code, w.Owner, w.Expires.Format(time.DateOnly))
		case rep.WaiversOpen[i] && !rep.WaiversUsed[i]:
			note = snapshot.Textf("note: the waiver of %s lifts nothing: what is UNKNOWN is no finding; settle it, or leave the check out with --skip", "注意: %s の免除は何にも適用されない。UNKNOWN は検出事項ではないため、解消するか --skip でチェックを除外する", w.Code)
		case !rep.WaiversUsed[i] && slices.Contains(r.Selected, c):
			note = snapshot.Textf("note: the waiver of %s is about nothing that was found; if it is no longer needed, remove it", "注意: %s の免除に該当する検出事項がない。不要なら削除する", waived(w))
		default:
			continue
		}
		r.tell(note)
	}
}

// waived names a waiver with what it is limited to.
func waived(w report.Waiver) string {
	var limits []string
	if w.Subject != "" {
		limits = append(limits, "subject "+w.Subject)
	}
	if w.Target != "" {
		limits = append(limits, "target "+w.Target)
	}
	if limits == nil {
		return w.Code
	}
	return w.Code + " (" + strings.Join(limits, ", ") + ")"
}
