package report

import (
	"fmt"
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
		En: "[dspreflight](" + homePage + ") %s judges whether an AWS DataSync agent can be activated through its VPC endpoint.",
		Ja: "[dspreflight](" + homePage + ") %s は、AWS DataSync エージェントを VPC エンドポイント経由でアクティブ化できるかを判定する。",
	}
	wordMarkdownAside = snapshot.Text{En: "Not by this change", Ja: "この変更によらないもの"}
	wordMarkdownOld   = snapshot.Text{En: "As it was at the time of the baseline", Ja: "ベースラインの時点から変わらないもの"}
	wordMarkdownFine  = snapshot.Text{En: "Nothing stands in the way.", Ja: "問題は見つからなかった。"}
)

// Mark begins a comment, so that the next run finds its own again, and no other's.
const Mark = "<!-- dspreflight -->"

// Markdown returns a renderer for a comment on a pull request: the verdict, what
// is wrong, and the rest behind a fold.
func Markdown(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		var b strings.Builder
		mark := map[Verdict]string{Ready: "✅", NotReady: "❌", Inconclusive: "❔", Interrupted: "⏹"}[r.Verdict]
		fmt.Fprintf(&b, Mark+"\n\n## %s DataSync: %s\n\n"+wordMarkdownIntro.In(lang)+"\n\n", mark, r.headline(lang), escapeMarkdown(r.Tool.Version))
		for _, line := range r.changeLines(lang) {
			fmt.Fprintf(&b, "**%s**\n\n", escapeMarkdown(line))
		}
		if d := r.Baseline; d != nil {
			fmt.Fprintf(&b, "**%s %s**\n", wordSince.In(lang), d.summary(lang))
			d.markdown(&b, TableOptions{Lang: lang, Quiet: true})
			b.WriteString("\n")
		}
		list := issues(r)
		told := mending{Told{}, map[string]string{}}
		if r.Verdict == Ready && r.Summary.Waived == 0 && len(list) == 0 && r.Gate == "" {
			fmt.Fprintf(&b, "%s\n\n", wordMarkdownFine.In(lang))
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
			fmt.Fprintf(&b, "- (+%d)\n", left)
		}
		markdownPictures(&b, r, lang)
		if aside > 0 {
			word := wordMarkdownAside
			if r.Baseline != nil {
				word = wordMarkdownOld
			}
			fmt.Fprintf(&b, "\n<details><summary>%s: %d</summary>\n\n", word.In(lang), aside)
			for _, i := range list {
				if !i.bears(r) && b.Len() < mostOfFindings {
					markdownIssue(&b, i, told, len(r.Targets) > 1)
				}
			}
			b.WriteString("\n</details>\n")
		}
		b.WriteString("\n") // a list after a fold
		for _, t := range r.Targets {
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Waived != nil {
						fmt.Fprintf(&b, "- ~~%s~~ `%s` %s: %s\n", f.Status, strings.TrimSpace(f.Code+" "+res.Check), escapeMarkdown(f.Message), escapeMarkdown(f.Waived.Note(lang)))
					}
				}
			}
		}
		fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n| | | |\n|---|---|---|\n", wordMarkdownAll.In(lang), r.Summary)
		if len(r.Targets) == 1 {
			for _, res := range r.Targets[0].Results {
				fmt.Fprintf(&b, "| %s | `%s` | %s |\n", res.Status, res.Check, escapeMarkdown(res.Title))
			}
		} else {
			markdownTargets(&b, r)
		}
		b.WriteString("\n</details>\n")
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
func markdownTargets(b *strings.Builder, r Report) {
	for n, t := range r.Targets {
		if b.Len() > mostOfComment {
			fmt.Fprintf(b, "| (+%d) | | |\n", len(r.Targets)-n)
			return
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", t.Verdict.Label(), escapeMarkdown(t.Name), t.Summary)
	}
}

// markdownPictures draws the paths, which GitHub and GitLab show as pictures: those
// of targets that are not ready in sight, others behind a fold.
func markdownPictures(b *strings.Builder, r Report, lang string) {
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
func markdownPicture(b *strings.Builder, list []picture, name, lang string, open bool) {
	if open {
		last := list[len(list)-1] // after a change
		fmt.Fprintf(b, "\n**%s**\n", escapeMarkdown(name))
		for w := range last.ways {
			fmt.Fprintf(b, "\n%s - **%s**\n", escapeMarkdown(last.wayTitle(w)), escapeMarkdown(last.outcome(w)))
		}
		fmt.Fprintf(b, "\n```mermaid\n%s```\n", mermaidOf([]picture{last}, lang))
		list = list[:len(list)-1]
	}
	for _, p := range list {
		fmt.Fprintf(b, "\n<details><summary>%s %s</summary>\n\n```mermaid\n%s```\n\n</details>\n", escapeMarkdown(name), escapeMarkdown(p.name), mermaidOf([]picture{p}, lang))
	}
}

// mending is what a comment has told of fixes.
type mending struct {
	Told
	first map[string]string // by a command, or a block of Terraform: the problem that it was first told of
}

// markdownIssue writes an issue as an item of a list, with its fix behind a fold.
func markdownIssue(b *strings.Builder, i issue, told mending, named bool) {
	name := ""
	if named {
		name = escapeMarkdown(i.target.Name) + ": "
	}
	head := "`" + i.result.Check + "`"
	if i.finding.Code != "" {
		head = "[" + i.finding.Code + "](" + i.finding.URL + ") " + head
	}
	fmt.Fprintf(b, "- **%s** %s  \n  %s%s  \n", i.finding.Status, head, name, escapeMarkdown(i.finding.Message))
	if i.finding.Cause != "" {
		fmt.Fprintf(b, "  %s  \n", escapeMarkdown(i.finding.Cause))
	}
	if by := i.by(i.lang); by != "" {
		fmt.Fprintf(b, "  *%s*  \n", escapeMarkdown(by))
	}
	if f := i.finding.Fix; f != nil {
		fmt.Fprintf(b, "  <details><summary>%s</summary>\n\n  %s\n", wordMarkdownFix.In(i.lang), escapeMarkdown(f.Text))
		if codes := told.before(f, i.finding.Code); len(codes) > 0 {
			fmt.Fprintf(b, "\n  %s\n", escapeMarkdown(snapshot.Textf("The commands are those of %s above.", "コマンドは上の %s と同じ。", strings.Join(codes, ", ")).In(i.lang)))
		}
		for _, block := range told.Blocks(f.AWSCLI, f.Credentials, f.Look, i.lang) {
			fmt.Fprintf(b, "\n  %s\n\n  ```sh\n  %s\n  ```\n", escapeMarkdown(block.Title), strings.Join(fenced(block.Lines), "\n  "))
		}
		if terraform := told.once(f.Terraform); terraform != "" {
			fmt.Fprintf(b, "\n  ```hcl\n  %s\n  ```\n", strings.Join(fenced(strings.Split(terraform, "\n")), "\n  "))
		}
		b.WriteString("  </details>\n")
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

// fenced keeps a line from ending a code block.
func fenced(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.NewReplacer("```", "'''", "\n", " ").Replace(l)
	}
	return out
}

func escapeMarkdown(s string) string { return outside.Of(s).Markdown() }
