package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dspreflight/dspreflight/report"
)

// openTerminal makes a terminal of so many columns: what is written to the one
// file can be read from the other.
func openTerminal(t *testing.T, columns uint16) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("no terminals here:", err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return screen, program
}

// onTerminal runs the program on a terminal and returns what it shows.
func onTerminal(t *testing.T, columns uint16, args ...string) string {
	t.Helper()
	screen, program := openTerminal(t, columns)
	shown := make(chan string)
	go func() {
		body, _ := io.ReadAll(screen) // ends with an error when the other side is closed
		shown <- string(body)
	}()
	var stderr strings.Builder
	run(t.Context(), append([]string{"dspreflight"}, args...), strings.NewReader(""), program, &stderr)
	if err := program.Close(); err != nil {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("%v: %s", args, stderr.String())
	}
	return strings.ReplaceAll(<-shown, "\r\n", "\n")
}

// TestOnATerminal shows the report in the width of a terminal, in colour, with the
// same words as in a pipe of that width, in both languages.
func TestOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	colours := strings.NewReplacer("\x1b[32m", "", "\x1b[31;1m", "", "\x1b[32;1m", "", "\x1b[33m", "", "\x1b[35m", "", "\x1b[35;1m", "", "\x1b[2m", "", "\x1b[0m", "")
	for _, columns := range []int{60, 80, 120, 200} {
		for _, lang := range []string{"en", "ja"} {
			args := []string{"check", "--fixture", "four-faults", "--lang", lang}
			t.Setenv("COLUMNS", "")
			shown := onTerminal(t, uint16(columns), args...)
			if !strings.Contains(shown, "\x1b[31;1mFAIL\x1b[0m") || !strings.Contains(shown, "\x1b[31;1mNOT READY\x1b[0m") {
				t.Errorf("%d columns, %s: without colour:\n%s", columns, lang, shown)
			}
			plain := colours.Replace(shown)
			for _, line := range strings.Split(plain, "\n") {
				if w := report.Width(line); w > columns {
					t.Errorf("%d columns, %s: %d in %q", columns, lang, w, line)
				}
			}
			t.Setenv("COLUMNS", fmt.Sprint(columns))
			if piped := invoke(t, args...).stdout; piped != plain {
				t.Errorf("%d columns, %s: a pipe has other words:\n%s\n%s", columns, lang, piped, plain)
			}
		}
	}
}
