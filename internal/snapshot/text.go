package snapshot

import (
	"fmt"
	"slices"
)

// Text is a message in the languages that dspreflight speaks.
type Text struct{ En, Ja string }

// In returns the text in a language, "ja" or anything else for English.
func (t Text) In(lang string) string {
	if lang == "ja" && t.Ja != "" {
		return t.Ja
	}
	return t.En
}

// Textf formats both languages from the same arguments, a Text among them in each
// language; a format may pick them by index, as in "%[2]s".
func Textf(en, ja string, args ...any) Text {
	return Text{fmt.Sprintf(en, spoken(args, "en")...), fmt.Sprintf(ja, spoken(args, "ja")...)}
}

func spoken(args []any, lang string) []any {
	out := args
	for i, a := range args {
		if t, is := a.(Text); is {
			if &out[0] == &args[0] {
				out = slices.Clone(args)
			}
			out[i] = t.In(lang)
		}
	}
	return out
}

// Same is a text that needs no translation, such as an id.
func Same(s string) Text { return Text{s, s} }

// Empty reports whether there is nothing to say.
func (t Text) Empty() bool { return t.En == "" && t.Ja == "" }
