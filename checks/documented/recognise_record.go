package documented

import (
	"encoding/json"
	"slices"
	"strings"
)

// messageFields are where records of logs hold what a program said: Docker,
// systemd's journal, and loggers that write JSON.
var messageFields = []string{"log", "MESSAGE", "message", "msg", "@message"}

// messagesOf puts the message of each record in the place of the record, where
// lines of a text are records in JSON, and reports whether any was.
func messagesOf(text string) (messages string, records bool) {
	if !strings.Contains(text, "{") {
		return text, false
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "{") && mayHoldMessage(trimmed) {
			if said, ok := messageOf(trimmed); ok {
				lines[i], records = strings.TrimRight(said, "\r\n"), true
			}
		}
	}
	return strings.Join(lines, "\n"), records
}

// mayHoldMessage reports whether a line holds one of the fields, which is quicker to
// tell than what the line is.
func mayHoldMessage(line string) bool {
	return slices.ContainsFunc(messageFields, func(name string) bool { return strings.Contains(line, name) })
}

// messageOf is the message of one record. systemd's journal writes one that is not
// plain text as the list of its bytes.
func messageOf(record string) (string, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(record), &fields) != nil {
		return "", false
	}
	for _, name := range messageFields {
		var said string
		if json.Unmarshal(fields[name], &said) == nil && said != "" {
			return said, true
		}
		var codes []uint16
		if json.Unmarshal(fields[name], &codes) == nil && len(codes) > 0 {
			bytes := make([]byte, len(codes))
			for i, c := range codes {
				bytes[i] = byte(c)
			}
			return string(bytes), true
		}
	}
	return "", false
}
