package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// plain rewords the errors of encoding/json that speak of Go.
func plain(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		field := t.Field
		if field == "" {
			field = "it"
		}
		article := "a"
		if strings.HasPrefix(t.Value, "a") || strings.HasPrefix(t.Value, "o") {
			article = "an"
		}
		return Errorf("%[1]s holds %[3]s %[2]s where something else is due", "%[1]s の値が %[2]s で、想定と異なる", field, t.Value, article)
	}
	var when *time.ParseError
	if errors.As(err, &when) {
		return Errorf("%q is not a time, such as 2026-11-01T00:00:00Z", "%q は 2026-11-01T00:00:00Z のような時刻ではない", when.Value)
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "ParseAddr("); ok { // of net/netip, which has no type for it
		value, _, _ := strings.Cut(quoted, ")")
		return Errorf("%s is not an IP address", "%s は IP アドレスではない", value)
	}
	return err
}

func offsetOf(err error) int64 {
	var s *json.SyntaxError
	if errors.As(err, &s) {
		return max(s.Offset-1, 0) // it counts the character that is wrong
	}
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return t.Offset
	}
	return 0
}

// place says where in the text an error is, as line and column.
func place(body []byte, offset int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected end of JSON") {
		err, offset = Errorf("the JSON ends too early; the file is cut short", "JSON が途中で終わっている。ファイルが切れている"), int64(len(body))
	}
	if offset <= 0 && len(body) > 0 && body[0] == '{' {
		return err // a value inside was refused; the decoder does not say where
	}
	offset = min(max(offset, 0), int64(len(body)))
	before := body[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return Errorf("line %d, column %d: %w", "%d 行 %d 桁: %w", line, column, err)
}

// UTF8 takes off a byte order mark, and turns UTF-16, which PowerShell's redirection
// writes, into UTF-8, with a mark or without one. It fails for UTF-16 that ends within a
// character.
func UTF8(b []byte) ([]byte, error) {
	if rest, ok := bytes.CutPrefix(b, []byte("\xef\xbb\xbf")); ok {
		return rest, nil
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		if len(b)%2 != 0 {
			return nil, Errorf("the file is UTF-16 cut in the middle of a character", "UTF-16 のファイルが文字の途中で切れている")
		}
		if b[0] == 0xff {
			return []byte(string(fromUTF16(b[2:], binary.LittleEndian))), nil
		}
		return []byte(string(fromUTF16(b[2:], binary.BigEndian))), nil
	case len(b)%2 == 0 && !utf8.Valid(b):
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if text := fromUTF16(b, order); isProse(text) {
				return []byte(string(text)), nil
			}
		}
	}
	return b, nil
}

func fromUTF16(b []byte, order binary.ByteOrder) []rune {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	return utf16.Decode(units)
}

// isProse reports whether nearly all of a text is English or Japanese: what is in
// another encoding hardly ever is.
func isProse(text []rune) bool {
	known := 0
	for _, r := range text {
		if r >= ' ' && r <= '~' || r == '\n' || r == '\r' || r == '\t' || r >= 0x3000 && r <= 0x30ff || r >= 0x4e00 && r <= 0x9fff || r >= 0xff00 && r <= 0xffef {
			known++
		}
	}
	return 20*known >= 19*len(text)
}

// DecodeJSON reads a JSON value of any encoding that UTF8 knows. Errors name
// the line and column and speak of JSON, not of Go.
func DecodeJSON(raw []byte, into any) error {
	body, err := UTF8(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return place(body, offsetOf(err), plain(err))
	}
	return nil
}
