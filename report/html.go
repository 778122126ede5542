package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

//go:embed page.css
var pageStyle literal

var (
	wordPath      = snapshot.Text{En: "The path", Ja: "経路"}
	wordPathWords = snapshot.Text{En: "The path in words", Ja: "経路（文章）"}
	wordWrong     = snapshot.Text{En: "What is wrong, and what is open", Ja: "問題と未確定の点"}
	wordNotSeen   = snapshot.Text{En: "What could not be seen", Ja: "確認できなかったもの"}
	wordChecks    = snapshot.Text{En: "All checks", Ja: "すべてのチェック"}
	wordStatus    = snapshot.Text{En: "Status", Ja: "状態"}
	wordCheck     = snapshot.Text{En: "Check", Ja: "チェック"}
	wordFound     = snapshot.Text{En: "Found", Ja: "結果"}
	wordTarget    = snapshot.Text{En: "Target", Ja: "ターゲット"}
	wordVerdict   = snapshot.Text{En: "Verdict", Ja: "判定"}
	wordShow      = snapshot.Text{En: "Show", Ja: "表示"}
	wordAll       = snapshot.Text{En: "all", Ja: "すべて"}
	wordTelling   = snapshot.Text{En: "only checks that are not PASS or SKIP everywhere", Ja: "すべてが PASS か SKIP のチェックを隠す"}
	wordLegend    = snapshot.Text{En: "✓ PASS, ✕ FAIL, ? UNKNOWN, ! WARN, · SKIP", Ja: "✓ PASS、✕ FAIL、? UNKNOWN、! WARN、· SKIP"}
	wordTaken     = snapshot.Text{En: "evidence of", Ja: "証拠の日時"}
	wordMatrix    = snapshot.Text{En: "Targets and checks", Ja: "ターゲットとチェック"}
	wordConcerns  = snapshot.Text{En: "Targets", Ja: "ターゲット"}
)

// mostWhole is up to how many targets each gets a section of its own. Beyond it,
// what they have in common is said once.
const mostWhole = 12

// mostPictures is how many paths are drawn beside so many targets.
const mostPictures = 24

// page is an HTML page in the making.
type page struct {
	markup
	lang string
	ids  int
	told Told // commands that are on the page
}

func (p *page) say(t snapshot.Text) string { return t.In(p.lang) }

// id is a name that no other element of the page has.
func (p *page) id() string {
	p.ids++
	return fmt.Sprintf("n%d", p.ids)
}

// HTML returns a renderer for a page that stands alone: it asks for nothing, runs
// no script, and lets a browser do neither.
func HTML(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		p := &page{lang: lang, told: Told{}}
		p.head(r)
		if err := p.body(r); err != nil {
			return err
		}
		p.put("</main></body></html>\n")
		_, err := w.Write(p.Bytes())
		return err
	}
}

// open begins a page: what it is, and that it may do nothing.
func (p *page) open(title, version string, taken time.Time) {
	style := pageStyle + drawingStyle
	sum := sha256.Sum256([]byte(style))
	p.put(`<!DOCTYPE html>
<html lang="%"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">
<title>%</title><style>`, p.lang, base64.StdEncoding.EncodeToString(sum[:]), title)
	p.put(style)
	p.put(`</style></head><body><header><p class="faint">dspreflight %`, version)
	if !taken.IsZero() {
		p.put(`, % <time>%</time>`, p.say(wordTaken), taken.Format("2006-01-02 15:04:05 UTC"))
	}
	p.put("</p>")
}

func (p *page) head(r Report) {
	p.open("DataSync: "+r.headline(p.lang), r.Tool.Version, r.GeneratedAt)
	p.put(`<h1 class="%">%</h1><p>%</p>`, statusClass(r.Verdict), sentence(r.headline(p.lang), p.lang), r.Summary.String())
	for _, line := range r.changeLines(p.lang) {
		p.put(`<p>%</p>`, prose(line))
	}
	p.put("</header><main>\n")
}

func (p *page) body(r Report) error {
	if len(r.Targets) == 1 {
		p.since(r.Baseline)
		return r.each(func(t Target) error { return p.target(r, t, 0) })
	}
	if err := p.matrix(r); err != nil {
		return err
	}
	p.since(r.Baseline)
	if len(r.Targets) <= mostWhole {
		n := 0
		return r.each(func(t Target) error {
			n++
			return p.target(r, t, n-1)
		})
	}
	return p.common(r)
}

// link leads to a document on the web, and to nothing else.
func (p *page) link(to, name string) {
	if !strings.HasPrefix(to, "https://") {
		p.put(`% `, to)
		return
	}
	p.put(`<a href="%" rel="noreferrer">%</a> `, to, name)
}

// block is text to copy; a click selects all of it.
func (p *page) block(title, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	p.put(`<p class="faint">%:</p><pre tabindex="0" role="group" aria-label="%">`, title, title)
	for i, l := range strings.Split(text, "\n") { // a line break is markup, what is between is text
		if i > 0 {
			p.put("\n")
		}
		p.put(`%`, l)
	}
	p.put("</pre>")
}
