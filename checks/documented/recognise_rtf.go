package documented

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// rtfToken is a group's bracket, a control word with its number, a control symbol, or text.
// Source: Rich Text Format (RTF) Specification 1.9.1, "Conventions of an RTF Reader"
var rtfToken = pattern.New(`[{}]|\\([a-zA-Z]+)(-?[0-9]+)? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|[\r\n]+|[^\\{}\r\n]+`)

// unRTF is the text of a document in RTF; what is none stays as it is.
func unRTF(s string) string {
	if !strings.HasPrefix(strings.TrimSpace(s), `{\rtf`) {
		return s
	}
	var out strings.Builder
	depth, hidden, skip := 0, 0, 0 // hidden is the depth of a group that is no text
	for _, t := range rtfToken.Re().FindAllStringSubmatch(s, -1) {
		whole, word, number, code, symbol := t[0], t[1], t[2], t[3], t[4]
		switch {
		case whole == "{":
			depth++
			continue
		case whole == "}":
			if depth--; depth < hidden {
				hidden = 0
			}
			continue
		case word == "fonttbl", word == "colortbl", word == "stylesheet", word == "info", word == "pict", symbol == "*":
			if hidden == 0 {
				hidden = depth
			}
		}
		if hidden > 0 {
			continue
		}
		switch {
		case word == "par", word == "line", word == "row", symbol == "\n", symbol == "\r":
			out.WriteByte('\n')
		case word == "tab", word == "cell":
			out.WriteByte('\t')
		case word == "u":
			n, _ := strconv.Atoi(number) // of 16 bits, with a sign
			out.WriteRune(rune(uint16(n)))
			skip = 1 // what stands for it where that is not known
		case code != "":
			if d, err := hex.DecodeString(code); err == nil && d[0] < 0x80 && skip == 0 {
				out.Write(d)
			}
			skip = 0
		case symbol != "":
			if strings.Contains(`\{}`, symbol) {
				out.WriteString(symbol)
			}
		case word == "" && whole[0] != '\r' && whole[0] != '\n':
			out.WriteString(whole[min(skip, len(whole)):])
			skip = 0
		}
	}
	return out.String()
}
