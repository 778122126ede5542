package documented_test

import (
	"encoding/json"
	"fmt"
	"html"
	"mime/quotedprintable"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// wrapAt breaks a text into lines of at most so many letters, at spaces where
// there are any, as a mail or a log does.
func wrapAt(text string, width int) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		for r := []rune(line); ; {
			if len(r) <= width {
				out = append(out, string(r))
				break
			}
			cut := width
			if at := strings.LastIndex(string(r[:width]), " "); at > 0 {
				cut = len([]rune(string(r[:width])[:at])) + 1
			}
			out = append(out, strings.TrimRight(string(r[:cut]), " "))
			r = r[cut:]
		}
	}
	return out
}

func behind(prefix func(n int) string, width int) func(string) string {
	return func(text string) string {
		lines := wrapAt(text, width)
		for i := range lines {
			lines[i] = prefix(i) + lines[i]
		}
		return strings.Join(lines, "\n")
	}
}

func always(s string) func(int) string { return func(int) string { return s } }

// beside wraps a text into the middle column of a table, with others around it.
func beside(width int, left, between, right, rule string, others ...string) func(string) string {
	return func(text string) string {
		var out []string
		if rule != "" {
			out = append(out, rule)
		}
		for i, line := range wrapAt(text, width) {
			cell := line + strings.Repeat(" ", max(0, width-len([]rune(line))))
			a, b := others[i%len(others)], others[(i+1)%len(others)]
			out = append(out, left+a+strings.Repeat(" ", max(0, 24-len(a)))+between+cell+between+b+strings.Repeat(" ", max(0, 24-len(b)))+right)
		}
		if rule != "" {
			out = append(out, rule)
		}
		return strings.Join(out, "\n")
	}
}

// wraps are the ways in which a message reaches a ticket.
var wraps = map[string]func(string) string{
	"a mail's quote":        behind(always("> "), 72),
	"a quote of a quote":    behind(always(">> > "), 60),
	"a comment in a script": behind(always("# "), 70),
	"a comment in code":     behind(always("    // "), 66),
	"a docstring":           behind(always(" * "), 64),
	"a container's name":    behind(always("activate-1  | "), 60),
	"line numbers":          behind(func(n int) string { return fmt.Sprintf("%5d: ", n+98) }, 70),
	"a CI's time stamps":    behind(func(n int) string { return fmt.Sprintf("2026-11-22T01:00:%02d.%07dZ ", n%60, n*1231) }, 80),
	"a log's time stamps":   behind(func(n int) string { return fmt.Sprintf("2026-11-22 01:00:%02d,%03d ERROR [main] ", n%60, n*7%1000) }, 58),
	"syslog":                behind(func(n int) string { return fmt.Sprintf("Nov 22 01:%02d:11 bastion activate[812]: ", n%60) }, 60),
	"a build step":          behind(func(n int) string { return fmt.Sprintf("#12 %d.%03d ", n+3, n*77%1000) }, 76),
	"a log of Kubernetes' own": behind(func(n int) string {
		return fmt.Sprintf("E1122 01:00:%02d.%06d       1 main.go:4%d] ", n%60, n*1231, n%10)
	}, 70),
	"a URL in a URL": func(s string) string {
		return "https://x.example/?next=" + url.QueryEscape("https://y.example/?said="+strings.ReplaceAll(url.QueryEscape(s), "+", "%20"))
	},
	"a part of a line": behind(func(n int) string {
		return fmt.Sprintf("2026-11-22T01:00:%02d.123456789Z stderr %s ", n%60, []string{"P", "F"}[n%2])
	}, 60),
	"a job's streams": behind(func(n int) string {
		return fmt.Sprintf("2026-11-22T01:00:%02d.123456Z 01%s ", n%60, []string{"E", "O"}[n%2])
	}, 70),
	"levels of a log": behind(func(n int) string {
		return fmt.Sprintf("01:00:%02d %s activate - ", n%60, []string{"ERROR", "INFO "}[n%2])
	}, 70),
	"records of a container": func(s string) string {
		var out []string
		for _, line := range wrapAt(s, 60) {
			b, _ := json.Marshal(map[string]string{"log": line + "\n", "stream": "stderr", "time": "2026-11-22T01:00:00.12Z"})
			out = append(out, string(b))
		}
		return strings.Join(out, "\n")
	},
	"a record of the journal": func(s string) string {
		var codes []int
		for _, c := range []byte(s) {
			codes = append(codes, int(c))
		}
		b, _ := json.Marshal(map[string]any{"MESSAGE": codes, "_SYSTEMD_UNIT": "activate.service"})
		return string(b)
	},
	"a message said twice": func(s string) string {
		b, _ := json.Marshal(map[string]any{"stderr": s, "stderr_lines": []string{s}})
		return string(b)
	},
	"colours without escapes": behind(always("[31m[1m"), 60),
	"colours as cat -v shows": func(s string) string { return "^[[31m" + strings.ReplaceAll(s, " ", "^[[0m ^[[31m") + "^[[0m" },
	"colours in a string": func(s string) string {
		return `'\x1b[31m` + strings.ReplaceAll(s, " ", `\x1b[0m \033[31m`) + `\x1b[0m'`
	},
	"a page": func(s string) string {
		return "<p>" + strings.Join(wrapAt(strings.ReplaceAll(s, "&", "&amp;"), 60), "<br />\n") + "</p>"
	},
	"a page with coloured words": func(s string) string { return strings.Join(strings.Fields(s), ` <span style="color:red">`) },
	"a narrow terminal":          func(s string) string { return strings.Join(wrapAt(s, 38), "\n    ") },
	"a box":                      behind(always("│ "), 76),
	"a JSON string":              func(s string) string { b, _ := json.Marshal(map[string]string{"message": s}); return string(b) },
	"JSON in JSON": func(s string) string {
		b, _ := json.Marshal(s)
		c, _ := json.Marshal(map[string]string{"log": string(b)})
		return string(c)
	},
	"quoted-printable": func(s string) string {
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(s + " (a = b)"))
		_ = w.Close()
		return b.String()
	},
	"a table with a wrapped cell": beside(48, "| ", " | ", " |", "", "Failed", "", "2026-11-22", "01:00"),
	"a table that Markdown draws": beside(52, "| ", " | ", " |", "|---|---|---|", "step 1", "x", "done"),
	"a table of the AWS CLI":      beside(60, "|  ", "|  ", "|", "+----+-----+-----+", "Status", "FAILED", "Name", "value"),
	"a table with light bars":     beside(50, "│ ", " │ ", " │", "├───┼───┤", "agent", "", "one", "two"),
	"two mails side by side":      beside(56, "", "     ", "", "", "Dear all,", "this is what came of it", "yesterday", "", "Regards"),
	"Markdown":                    func(s string) string { return strings.NewReplacer("_", `\_`, "*", `\*`).Replace(s) },
	"a page in a page":            func(s string) string { return html.EscapeString(html.EscapeString(s)) },
	"spaces that don't break":     func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
	"places where lines may break": func(s string) string {
		var b strings.Builder
		for i, r := range []rune(s) {
			if b.WriteRune(r); i%9 == 8 {
				b.WriteRune('\u200b')
			}
		}
		return b.String()
	},
	"HTML": func(s string) string {
		return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;", "'", "&#39;").Replace(s)
	},
}

// TestWrapped wraps the attested texts of the corpus. A one-line message is wrapped
// in every way; each case is named after its text and its way.
func TestWrapped(t *testing.T) {
	n := 0
	for _, p := range tier.Share(pastes(t)) {
		lines := strings.Split(strings.TrimSpace(p.text), "\n")
		if len(p.want) != 1 || len(lines) > 6 || strings.Contains(p.text, "\x1b") {
			continue
		}
		if strings.Contains(p.name, "offline") || strings.Contains(p.name, "unavailable") { // a cell or a field, not a message
			continue
		}
		for way, wrap := range wraps {
			// A record of a log that was cut is none, and a box in a table has its own bars.
			if (strings.Contains(way, " table") || strings.Contains(way, " side")) && (strings.HasPrefix(p.text, "{") || strings.ContainsAny(p.text, `|│\`) || len(lines) > 3) {
				continue
			}
			n++
			text := wrap(strings.TrimSpace(p.text))
			if got := recognised(text); !slices.Contains(got, p.want[0]) {
				t.Errorf("%s, as %s: %v, want %v:\n%s", p.name, way, got, p.want, text)
			}
		}
	}
	if n < tier.Size(300) {
		t.Errorf("only %d texts", n)
	}
	t.Log(n, "texts")
}

// TestOneWordChanged changes each attested message in one word: its number, its
// case, its hyphens.
func TestOneWordChanged(t *testing.T) {
	n := 0
	for _, e := range documented.All() {
		message := strings.NewReplacer("vpce-ID", "vpce-0a1b2c3d4e5f60718", "REGION", "us-east-1", "subnet/SUBNET", "subnet/subnet-0a1b2c3d4e5f60718", "security-group/GROUP", "security-group/sg-0a1b2c3d4e5f60718", "ACCOUNT", "111122223333",
			"AGENT", "10.10.1.50", "sg-ID", "sg-0a1b2c3d4e5f60718", "subnet-ID", "subnet-0a1b2c3d4e5f60718").Replace(e.Message.En)
		if len(e.Codes) > 0 { // a code by itself is looked up, not recognised
			message = "DataSync: " + message
		}
		if len(e.Match()) == 0 || !slices.Contains(recognised(message), e.ID) { // a field, or a message that needs others around it
			continue
		}
		words := strings.Fields(message)
		for i, w := range words {
			if w == "DataSync:" {
				continue
			}
			for _, other := range changed(w) {
				n++
				text := strings.Join(slices.Replace(slices.Clone(words), i, i+1, other), " ")
				if got := recognised(text); !slices.Contains(got, e.ID) {
					t.Errorf("%s: with one word changed it must still be recognised; got %v for %q", e.ID, got, text)
				}
			}
			if i > 0 {
				n++
				text := strings.Join(words[:i], " ") + "-" + strings.Join(words[i:], " ")
				if got := recognised(text); !slices.Contains(got, e.ID) {
					t.Errorf("%s: with one word changed it must still be recognised; got %v for %q", e.ID, got, text)
				}
				n++
				text = strings.Join(words[:i], " ") + " the " + strings.Join(words[i:], " ")
				if got := recognised(text); !slices.Contains(got, e.ID) {
					t.Errorf("%s: with one word changed it must still be recognised; got %v for %q", e.ID, got, text)
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d changes", n)
	}
	t.Log(n, "changes")
}

// changed is a word in another number, case and hyphenation.
func changed(w string) []string {
	out := []string{strings.ToUpper(w), strings.ToLower(w), strings.ReplaceAll(w, "-", " "), strings.ReplaceAll(w, "-", ""), strings.ReplaceAll(w, "-", "‑")}
	core := strings.TrimRight(w, ".,:;()\"")
	if strings.Trim(strings.ToLower(core), "abcdefghijklmnopqrstuvwxyz") == "" && core != "" {
		tail := w[len(core):]
		if strings.HasSuffix(core, "s") {
			out = append(out, strings.TrimSuffix(core, "s")+tail)
		} else {
			out = append(out, core+"s"+tail)
		}
	}
	return out
}
