package report

import (
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
)

// explain prints, for everything that is neither PASS nor SKIP, why it matters,
// what was seen and how to mend it, with commands that can be pasted.
func (p *printer) explain(t Target) {
	first := true
	for _, r := range t.Results {
		for _, f := range r.Findings {
			if f.Status == Pass || f.Status == Skip || f.Waived != nil {
				continue
			}
			if first {
				fmt.Fprintf(p.out, "\n%s\n", p.say(wordFindings))
				first = false
			}
			p.finding(r, f)
		}
	}
}

func (p *printer) finding(r Result, f Finding) {
	head := strings.TrimSpace(f.Code + " " + r.Check)
	if f.Subject != "" {
		head += "  " + f.Subject
	}
	p.out.WriteString("\n")
	label := string(f.Status) + "  "
	p.hangPainted(p.status(f.Status)+"  ", Width(label), head)
	if f.Status == Unknown {
		p.section(p.say(wordSettle), f.Message)
		return
	}
	p.hang("  ", f.Message)
	p.section(p.say(wordCause), f.Cause)
	if len(f.Evidence) > 0 {
		fmt.Fprintf(p.out, "  %s:\n", p.say(wordEvidence))
		for _, e := range f.Evidence {
			p.hang("    - ", e.Source+" "+e.Ref+": "+e.Fact)
		}
	}
	for _, id := range f.Errors {
		p.section(p.say(wordErrors), id+": "+documented.ByID(id).Title.In(p.opt.Lang))
	}
	if len(f.Errors) == 0 && f.Requirement != nil {
		p.section(p.say(wordRule), f.Requirement.Title)
	}
	if f.Fix != nil {
		p.section(p.say(wordFixText), f.Fix.Text)
		p.section(p.say(wordSee), changeNumbers(f, p.opt.Lang))
		fix := *f.Fix
		if len(f.Changes) > 0 { // they are told there
			fix.AWSCLI, fix.Terraform = nil, ""
		}
		for _, b := range p.told.Blocks(fix.AWSCLI, fix.Credentials, fix.Look, p.opt.Lang) {
			p.block(b.Title, b.Lines)
		}
		p.block(p.say(wordTF), strings.Split(p.told.once(fix.Terraform), "\n"))
	}
	if f.Requirement != nil && len(f.Requirement.Sources) > 0 {
		p.block(p.say(wordSources), f.Requirement.Sources)
	}
	if f.URL != "" {
		p.block(p.say(wordPage), []string{f.URL})
	}
}

func (p *printer) section(label, text string) {
	if text != "" {
		p.hang("  "+label+": ", text)
	}
}

// block prints lines as they are, so that they can be pasted.
func (p *printer) block(label string, lines []string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return
	}
	fmt.Fprintf(p.out, "  %s:\n", label)
	for _, line := range lines {
		if line != "" {
			line = "    " + line
		}
		fmt.Fprintln(p.out, line)
	}
}

// foldCommands breaks each command before its options; a shell reads it as one.
// Between quotes nothing is an option.
func foldCommands(commands []string) []string {
	var out []string
	for _, c := range commands {
		var b strings.Builder
		quoted := false
		for i := range len(c) {
			if c[i] == '\'' {
				quoted = !quoted
			}
			if !quoted && strings.HasPrefix(c[i:], " --") {
				b.WriteString(" \\\n ")
			}
			b.WriteByte(c[i])
		}
		out = append(out, strings.Split(b.String(), "\n")...)
	}
	return out
}
