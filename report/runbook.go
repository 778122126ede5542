package report

import (
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/activation"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Runbook is an activation as a page for people: what was judged, and the steps that
// the script of dspreflight activate takes.
type Runbook struct {
	Plan   activation.Plan
	Guide  activation.Guide
	Judged Report // of one target
}

var (
	wordRunbook  = snapshot.Text{En: "Activate a DataSync agent", Ja: "DataSync エージェントのアクティブ化"}
	wordJudged   = snapshot.Text{En: "Judged", Ja: "判定"}
	wordAccount  = snapshot.Text{En: "Account, Region", Ja: "アカウント、リージョン"}
	wordIdentity = snapshot.Text{En: "Identity", Ja: "アイデンティティ"}
	wordSubnet   = snapshot.Text{En: "Subnet", Ja: "サブネット"}
	wordGroup    = snapshot.Text{En: "Security group", Ja: "セキュリティグループ"}
	wordName     = snapshot.Text{En: "Name", Ja: "名前"}
	wordSave     = snapshot.Text{En: "Save as", Ja: "保存するファイル"}
	wordAnswer   = snapshot.Text{En: "It should answer", Ja: "期待される応答"}
	wordElse     = snapshot.Text{En: "If it does not", Ja: "そうならない場合"}
	wordCause2   = snapshot.Text{En: "To find the cause, paste the error into this, where dspreflight is, and end with Ctrl-D", Ja: "原因を調べるには、dspreflight のある環境で次を実行し、エラーを貼り付けて Ctrl-D で終える"}
	wordArticle  = snapshot.Text{En: "Unlike AWS's article", Ja: "AWS の記事との違い"}
	wordScripted = snapshot.Text{En: "dspreflight activate prints a script that takes these steps, with the same values.", Ja: "同じ値で同じ手順を行うスクリプトは dspreflight activate で出力できる。"}
)

// label says what was judged, and whether it holds.
func (b Runbook) label() []string {
	lang := b.Guide.Lang
	var out []string
	switch {
	case b.Judged.Verdict != Ready:
		out = append(out, snapshot.Textf("%s: it is not known whether these steps succeed. This page was made all the same, by --anyway.", "%s: この手順が成功するかは分からない。--anyway の指定により出力した。", b.Judged.Verdict.Label()).In(lang))
	case b.Judged.Summary.Waived > 0:
		out = append(out, snapshot.Textf("%s, as %d findings are let stand.", "%s（%d 件の検出事項を許容した上での判定）。", b.Judged.Verdict.Label(), b.Judged.Summary.Waived).In(lang))
	default:
		out = append(out, b.Judged.Verdict.Label())
	}
	for _, t := range b.Judged.Targets {
		for _, res := range t.Results {
			for _, f := range res.Findings {
				if f.Waived != nil {
					out = append(out, strings.TrimSpace(f.Code+" "+res.Check)+": "+f.Message+" ("+f.Waived.Note(lang)+")")
				} else if f.Status == Unknown {
					out = append(out, string(f.Status)+" "+res.Check+": "+f.Message)
				}
			}
		}
	}
	return out
}

// facts are the values that the steps have.
func (b Runbook) facts() []fact {
	p := b.Plan
	list := []fact{
		{wordAccount, p.Account + ", " + p.Region},
		{snapshot.Text{En: "Endpoint", Ja: wordEndpoint.Ja}, p.Endpoint + " " + p.Address.String() + " (" + p.KeyType + ")"},
		{wordSubnet, p.SubnetARN},
		{wordGroup, p.GroupARN},
		{wordName, p.Name},
	}
	if p.Agent.IsValid() {
		list = append(list, fact{snapshot.Text{En: "Agent", Ja: wordAgent.Ja}, p.Agent.String()})
	}
	if p.Identity != "" {
		list = append(list, fact{wordIdentity, p.Identity})
	}
	return list
}

// errorPage is where a documented error has its page.
func errorPage(e *documented.Error) string {
	return homePage + "/blob/main/docs/errors/" + e.ID + ".md"
}

// RunbookHTML writes the page for a browser. As any page of dspreflight it asks for
// nothing and runs nothing.
func RunbookHTML(w io.Writer, b Runbook) error {
	p := &page{lang: b.Guide.Lang}
	p.open(p.say(wordRunbook), b.Guide.Version, b.Judged.GeneratedAt)
	p.put(`<h1>%</h1>`, p.say(wordRunbook))
	p.put("</header><main>\n")
	p.put(`<section class="finding is-%"><h2>%</h2>`, statusClass(b.Judged.Verdict), p.say(wordJudged))
	for _, line := range b.label() {
		p.put(`<p>%</p>`, prose(line))
	}
	p.put("<dl>")
	for _, f := range b.facts() {
		p.put(`<dt>%</dt><dd class="id">%</dd>`, p.say(f.word), prose(f.text))
	}
	p.put("</dl><p>%</p></section>\n", p.say(wordScripted))
	for n, s := range b.Plan.Steps(b.Guide) {
		p.step(n+1, s, b.Guide.Explain)
	}
	p.put("</main></body></html>\n")
	_, err := w.Write(p.Bytes())
	return err
}

// folded is a command with an option a line.
func folded(command string) string { return strings.Join(foldCommands([]string{command}), "\n") }

func (p *page) step(n int, s activation.Step, explain []string) {
	p.put(`<section><h2>%. %</h2>`, n, p.say(s.Title))
	if len(s.Do) == 1 {
		p.put(`<p>%</p>`, prose(p.say(s.Do[0])))
	} else {
		p.put("<ol>")
		for _, t := range s.Do {
			p.put(`<li>%</li>`, prose(p.say(t)))
		}
		p.put("</ol>")
	}
	if s.File != "" {
		p.block(p.say(wordSave)+" "+s.FileName, s.File)
	}
	for _, c := range s.Commands { // each to be copied by itself
		p.block(p.say(wordCommands), folded(c))
	}
	p.put(`<p><strong>%:</strong> %</p>`, p.say(wordAnswer), prose(p.say(s.Answer)))
	for _, t := range s.Article {
		p.put(`<p><strong>%:</strong> %</p>`, p.say(wordArticle), prose(p.say(t)))
	}
	p.put(`<details><summary>%</summary><ul>`, p.say(wordElse))
	for _, e := range s.Errors {
		p.put("<li>")
		p.link(errorPage(e), e.ID)
		p.put(`% <span class="faint">(dspreflight explain %)</span></li>`, p.say(e.Title), e.ID)
	}
	p.put("</ul>")
	p.block(p.say(wordCause2), activation.FindCause(explain))
	p.put("</details></section>\n")
}

// RunbookMarkdown writes the page as Markdown.
func RunbookMarkdown(w io.Writer, b Runbook) error {
	lang := b.Guide.Lang
	var m comment
	block := func(language literal, text string) {
		m.Put("%\n", outside.Fence(language, "", strings.Split(strings.TrimSuffix(text, "\n"), "\n")))
	}
	m.Put("# %\n\n## %\n\n", wordRunbook.In(lang), wordJudged.In(lang))
	for _, line := range b.label() {
		m.Put("%\n\n", line)
	}
	m.Put("| | |\n|---|---|\n")
	for _, f := range b.facts() {
		m.Put("| % | % |\n", f.word.In(lang), f.text)
	}
	m.Put("\n%\n\n", wordScripted.In(lang))
	for n, s := range b.Plan.Steps(b.Guide) {
		m.Put("## %. %\n\n", n+1, s.Title.In(lang))
		for i, t := range s.Do {
			if len(s.Do) > 1 {
				m.Put("%. %\n", i+1, t.In(lang))
			} else {
				m.Put("%\n", t.In(lang))
			}
		}
		m.Put("\n")
		if s.File != "" {
			m.Put("% %:\n\n", wordSave.In(lang), s.FileName)
			block("", s.File)
		}
		for _, c := range s.Commands {
			block("sh", folded(c))
		}
		m.Put("**%:** %\n\n", wordAnswer.In(lang), s.Answer.In(lang))
		for _, t := range s.Article {
			m.Put("> **%:** %\n\n", wordArticle.In(lang), t.In(lang))
		}
		m.Put("**%:**\n\n", wordElse.In(lang))
		for _, e := range s.Errors {
			m.Put("- % %\n", outside.Link(e.ID, errorPage(e)), e.Title.In(lang))
		}
		m.Put("\n%:\n\n", wordCause2.In(lang))
		block("sh", activation.FindCause(b.Guide.Explain))
	}
	_, err := io.WriteString(w, m.String())
	return err
}
