package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func printMatch(w io.Writer, m match, width int, lang string) {
	head := strings.TrimSpace(strings.Join([]string{m.Error, m.Code, m.Check}, "  "))
	fmt.Fprintf(w, "%s\n", strings.Join(strings.Fields(head), "  "))
	say := func(en, ja, text string) { sayLine(w, snapshot.Text{En: en, Ja: ja}, text, width, lang) }
	block := func(en, ja string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(w, "  %s:\n", snapshot.Text{En: en, Ja: ja}.In(lang))
		for _, line := range lines {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	say("", "", m.Title)
	if m.Error != "" {
		say("Found in the text", "テキスト内の該当箇所", m.Excerpt)
		if m.Captured != nil {
			var parts []string
			for k, v := range *m.Captured {
				parts = append(parts, k+" "+v)
			}
			slices.Sort(parts)
			say("It names", "テキスト内の値", strings.Join(parts, ", "))
		}
		say("Appears during", "発生する段階", documented.Stage(m.Stage).Title().In(lang))
		if m.Excerpt == "" {
			say("Message", "メッセージ", m.Message)
		}
		if e := documented.ByID(m.Error); !e.Literal && len(e.Match()) > 0 {
			say("Note", "注記", snapshot.Text{En: "the exact English wording is not attested in public sources; it is matched loosely", Ja: "英語の正確な文面は公開資料で確認できないため、緩やかに照合する"}.In(lang))
		}
	} else if m.Code == "" {
		say("Requirement", "要件", m.Message)
	}
	say("Cause", "原因", m.Cause)
	say("Fix", "対処", m.Fix)
	block("With the AWS CLI (an example, with made-up values)", "AWS CLI での対処（値は例）", folded(m.AWSCLI, lang))
	block("Look (changes nothing)", "確認（何も変更しない）", folded(m.Look, lang))
	if m.TF != "" {
		block("In Terraform (an example)", "Terraform での対処（例）", strings.Split(m.TF, "\n"))
	}
	say("Leads to", "起こるエラー", strings.Join(m.Errors, ", "))
	say("Found by", "見つけるチェック", strings.Join(m.Checks, ", "))
	say("Problem codes", "問題コード", strings.Join(m.Problems, ", "))
	block("Sources", "出典", m.Sources)
}

// folded are commands with an option a line.
func folded(commands []string, lang string) []string {
	var out []string
	for _, b := range (report.Told{}).Blocks(commands, nil, nil, lang) {
		out = append(out, b.Lines...)
	}
	return out
}

// sayLine prints text behind a label, if there is any.
func sayLine(w io.Writer, label snapshot.Text, text string, width int, lang string) {
	if text == "" {
		return
	}
	if l := label.In(lang); l != "" {
		text = l + ": " + text
	}
	for _, line := range report.Wrap(text, width-2) {
		fmt.Fprintf(w, "  %s\n", line)
	}
}
