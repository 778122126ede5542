package report

import (
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	wordMarkdownAll   = snapshot.Text{En: "All checks", Ja: "すべてのチェック"}
	wordMarkdownFix   = snapshot.Text{En: "How to mend it", Ja: "対処"}
	wordMarkdownIntro = snapshot.Text{
		En: "judges whether an AWS DataSync agent can be activated through its VPC endpoint.",
		Ja: "は、AWS DataSync エージェントを VPC エンドポイント経由でアクティブ化できるかを判定する。",
	}
	wordMarkdownAside = snapshot.Text{En: "Not by this change", Ja: "この変更によらないもの"}
	wordMarkdownOld   = snapshot.Text{En: "As it was at the time of the baseline", Ja: "ベースラインの時点から変わらないもの"}
	wordMarkdownFine  = snapshot.Text{En: "Nothing stands in the way.", Ja: "問題は見つからなかった。"}
)

// Mark begins a comment, so that the next run finds its own again, and no other's.
const Mark = "<!-- dspreflight -->"

// comment is a text in Markdown.
type comment = outside.Document[outside.Markdown]

// Markdown returns a renderer for a comment on a pull request: the verdict, what
// is wrong, and the rest behind a fold.
func Markdown(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		var b comment
		mark := map[Verdict]literal{Ready: "✅", NotReady: "❌", Inconclusive: "❔", Interrupted: "⏹"}[r.Verdict]
		b.Put(Mark+"\n\n## % DataSync: %\n\n% % %\n\n", mark, r.headline(lang), outside.Link("dspreflight", homePage), r.Tool.Version, wordMarkdownIntro.In(lang))
		for _, line := range r.changeLines(lang) {
			b.Put("**%**\n\n", line)
		}
		if d := r.Baseline; d != nil {
			b.Put("**% %**\n", wordSince.In(lang), d.summary(lang))
			d.markdown(&b, TableOptions{Lang: lang, Quiet: true})
			b.Put("\n")
		}
		list := issues(r)
		told := mending{Told{}, map[string]string{}}
		if r.Verdict == Ready && r.Summary.Waived == 0 && len(list) == 0 && r.Gate == "" {
			b.Put("%\n\n", wordMarkdownFine.In(lang))
		}
		aside, left := 0, 0
		for _, i := range list {
			switch {
			case !i.bears(r):
				aside++
			case b.Len() > mostOfFindings:
				left++
			default:
				markdownIssue(&b, i, told, len(r.Targets) > 1)
			}
		}
		if left > 0 {
			b.Put("- (+%)\n", left)
		}
		markdownPictures(&b, r, lang)
		if aside > 0 {
			word := wordMarkdownAside
			if r.Baseline != nil {
				word = wordMarkdownOld
			}
			b.Put("\n<details><summary>%: %</summary>\n\n", word.In(lang), aside)
			for _, i := range list {
				if !i.bears(r) && b.Len() < mostOfFindings {
					markdownIssue(&b, i, told, len(r.Targets) > 1)
				}
			}
			b.Put("\n</details>\n")
		}
		b.Put("\n") // a list after a fold
		for _, t := range r.Targets {
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Waived != nil {
						b.Put("- ~~%~~ % %: %\n", f.Status, outside.Code(f.Code+" "+res.Check), f.Message, f.Waived.Note(lang))
					}
				}
			}
		}
		b.Put("\n<details><summary>%: %</summary>\n\n| | | |\n|---|---|---|\n", wordMarkdownAll.In(lang), r.Summary)
		if len(r.Targets) == 1 {
			for _, res := range r.Targets[0].Results {
				b.Put("| % | % | % |\n", res.Status, outside.Code(res.Check), res.Title)
			}
		} else {
			markdownTargets(&b, r)
		}
		b.Put("\n</details>\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
}

// A comment of GitHub's takes 65,536 characters.
const (
	mostOfFindings = 30_000 // bytes after which no further finding is begun
	mostOfComment  = 50_000 // bytes after which no further target is named
	mostInComment  = 3      // paths that are drawn
)

// markdownTargets is a row for each target, as many as there is room for.
func markdownTargets(b *comment, r Report) {
	for n, t := range r.Targets {
		if b.Len() > mostOfComment {
			b.Put("| (+%) | | |\n", len(r.Targets)-n)
			return
		}
		b.Put("| % | % | % |\n", t.Verdict.Label(), t.Name, t.Summary)
	}
}

// markdownPictures draws the paths, which GitHub and GitLab show as pictures: those
// of targets that are not ready in sight, others behind a fold.
func markdownPictures(b *comment, r Report, lang string) {
	if len(r.Targets) > mostInMemory {
		return
	}
	drawn := 0
	for _, open := range []bool{true, false} {
		for _, t := range r.Targets {
			if (t.Verdict != Ready) != open || t.Path == nil || drawn == mostInComment {
				continue
			}
			drawn++
			name := wordPath.In(lang)
			if len(r.Targets) > 1 {
				name += ": " + t.Name
			}
			markdownPicture(b, t.pictures(lang), name, lang, open)
		}
	}
}

// markdownPicture draws the last of some pictures in sight, if it is to be, and the others
// behind folds.
func markdownPicture(b *comment, list []picture, name, lang string, open bool) {
	if open {
		last := list[len(list)-1] // after a change
		b.Put("\n**%**\n", name)
		for w := range last.ways {
			b.Put("\n% - **%**\n", last.wayTitle(w), last.outcome(w))
		}
		b.Put("\n%", flowchartBlock(last, lang))
		list = list[:len(list)-1]
	}
	for _, p := range list {
		b.Put("\n<details><summary>% %</summary>\n\n%\n</details>\n", name, p.name, flowchartBlock(p, lang))
	}
}

// mending is what a comment has told of fixes.
type mending struct {
	Told
	first map[string]string // by a command, or a block of Terraform: the problem that it was first told of
}

// markdownIssue writes an issue as an item of a list, with its fix behind a fold.
func markdownIssue(b *comment, i issue, told mending, named bool) {
	b.Put("- **%** ", i.finding.Status)
	if i.finding.Code != "" {
		b.Put("% ", outside.Link(i.finding.Code, i.finding.URL))
	}
	b.Put("%  \n  ", outside.Code(i.result.Check))
	if named {
		b.Put("%: ", i.target.Name)
	}
	b.Put("%  \n", i.finding.Message)
	if i.finding.Cause != "" {
		b.Put("  %  \n", i.finding.Cause)
	}
	if by := i.by(i.lang); by != "" {
		b.Put("  *%*  \n", by)
	}
	if f := i.finding.Fix; f != nil {
		b.Put("  <details><summary>%</summary>\n\n  %\n", wordMarkdownFix.In(i.lang), f.Text)
		if codes := told.before(f, i.finding.Code); len(codes) > 0 {
			b.Put("\n  %\n", snapshot.Textf("The commands are those of %s above.", "コマンドは上の %s と同じ。", strings.Join(codes, ", ")).In(i.lang))
		}
		for _, block := range told.Blocks(f.AWSCLI, f.Credentials, f.Look, i.lang) {
			b.Put("\n  %\n\n  %", block.Title, outside.Fence("sh", "  ", block.Lines))
		}
		if terraform := told.once(f.Terraform); terraform != "" {
			b.Put("\n  %", outside.Fence("hcl", "  ", strings.Split(terraform, "\n")))
		}
		b.Put("  </details>\n")
	}
}

// before names the problems whose commands, told above, mend this one too.
func (m mending) before(f *Fix, code string) []string {
	var out []string
	for _, command := range append(slices.Clone(f.AWSCLI), f.Terraform) {
		first, told := m.first[command]
		switch {
		case command == "":
		case !told:
			m.first[command] = code
		case first != "" && !slices.Contains(out, first):
			out = append(out, first)
		}
	}
	return out
}

// flowchartBlock is a picture as a block of code that GitHub and GitLab draw.
func flowchartBlock(p picture, lang string) literal {
	return outside.Fence("mermaid", "", strings.Split(strings.TrimSuffix(mermaidOf([]picture{p}, lang).String(), "\n"), "\n"))
}
