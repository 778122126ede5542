package report

import (
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	wordCLI  = snapshot.Text{En: "Fix with the AWS CLI", Ja: "AWS CLI での対処"}
	wordLook = snapshot.Text{En: "Look (changes nothing)", Ja: "確認（何も変更しない）"}
	wordSee  = snapshot.Text{En: "Mended by", Ja: "直す変更"}
)

// fixOf words what mends a finding.
func fixOf(f checks.Finding, text string, e *Earlier, lang string) *Fix {
	fix := &Fix{Text: text, AWSCLI: []string{}}
	for _, words := range f.Looks() {
		if !e.planned(words) {
			fix.Look = append(fix.Look, repair.Shell(words))
		}
	}
	for _, c := range f.Problem.Do {
		credentials := ""
		if c.IsAWS() {
			credentials = credentialsOf(f.Whose, lang)
		}
		for _, words := range f.Commands([]checks.Command{c}) {
			fix.AWSCLI, fix.Credentials = append(fix.AWSCLI, repair.Shell(words)), append(fix.Credentials, credentials)
		}
	}
	for _, r := range f.Repairs {
		if command := e.command(r); command != "" {
			fix.AWSCLI, fix.Credentials = append(fix.AWSCLI, command), append(fix.Credentials, credentialsOf(r.Whose, lang))
		}
	}
	fix.Terraform = e.terraform(f.Repairs)
	return fix
}

// addChanges words the smallest set of changes.
func (t *Target) addChanges(changes []checks.Change, e *Earlier, lang string) {
	t.Changes = []Change{}
	for _, c := range changes {
		t.Changes = append(t.Changes, Change{Harmless(c.Resource()), c.Codes, e.command(c.Repair), credentialsOf(c.Whose, lang), e.terraform([]repair.Repair{c.Repair})})
	}
}

// credentialsOf says whose credentials a command takes.
func credentialsOf(w repair.Whose, lang string) string {
	var parts []string
	if w.Account != "" {
		parts = append(parts, snapshot.Textf("account %s", "アカウント %s", Harmless(w.Account)).In(lang))
	}
	if w.Profile != "" {
		parts = append(parts, snapshot.Textf("profile %s", "プロファイル %s", Harmless(w.Profile)).In(lang))
	}
	if w.Role != "" {
		parts = append(parts, snapshot.Textf("looked at as %s", "参照時のロールは %s", Harmless(w.Role)).In(lang))
	}
	return strings.Join(parts, ", ")
}

// command is the command of a repair, "" where there is none: no command changes a
// resource that is yet to be made, and the next plan would undo what is done to one
// that it manages.
func (e *Earlier) command(r repair.Repair) string {
	words := r.Words()
	if words == nil || e.planned(words) || e.manages(words) {
		return ""
	}
	return repair.Shell(words)
}

// arguments are the values in an argument list: those that are lists in one word are
// taken apart.
func arguments(words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, strings.FieldsFunc(w, func(r rune) bool { return r == '=' || r == ',' })...)
	}
	return out
}

// planned reports whether a command is about a resource that is yet to be made.
func (e *Earlier) planned(words []string) bool {
	for _, id := range arguments(words) {
		if e != nil && e.Planned(id) {
			return true
		}
	}
	return false
}

func (e *Earlier) manages(words []string) bool {
	for _, id := range arguments(words) {
		if e != nil && e.AddressOf(id) != "" {
			return true
		}
	}
	return false
}

// terraform is a repair in Terraform, in which a resource that the plan manages is a
// reference. A template is not Terraform.
func (e *Earlier) terraform(repairs []repair.Repair) string {
	if e == nil {
		return repair.Terraform(repairs, nil)
	}
	if e.Template {
		return ""
	}
	return repair.Terraform(repairs, e.AddressOf)
}

// CommandBlock is commands that the same credentials can run.
type CommandBlock struct {
	Title string
	Lines []string
}

// Blocks are the commands that are not among those told, by whose credentials
// they take. Those that only look come last.
func (t Told) Blocks(commands, credentials, looks []string, lang string) []CommandBlock {
	var out []CommandBlock
	add := func(title, command string) {
		if command == "" || t[command] {
			return
		}
		t[command] = true
		if len(out) == 0 || out[len(out)-1].Title != title {
			out = append(out, CommandBlock{Title: title})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, foldCommands([]string{command})...)
	}
	for i, c := range commands {
		title := wordCLI.In(lang)
		if i < len(credentials) && credentials[i] != "" {
			title += ", " + credentials[i]
			if lang == "ja" {
				title = wordCLI.In(lang) + "（" + credentials[i] + "）"
			}
		}
		add(title, c)
	}
	for _, c := range looks {
		add(wordLook.In(lang), c)
	}
	return out
}

// Told are the commands, and the blocks of Terraform, that a report has printed.
type Told map[string]bool

// once is a text, or "" if it was told before.
func (t Told) once(text string) string {
	if t[text] {
		return ""
	}
	t[text] = true
	return text
}

// changeNumbers names the changes that mend a finding.
func changeNumbers(f Finding, lang string) string {
	if len(f.Changes) == 0 {
		return ""
	}
	var list []string
	for _, n := range f.Changes {
		list = append(list, fmt.Sprint(n))
	}
	return snapshot.Textf("change %s of the list below", "下の一覧の変更 %s", strings.Join(list, ", ")).In(lang)
}
