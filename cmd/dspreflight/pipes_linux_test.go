package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOutputToPipes writes reports to pipes: with a reader that comes late, and with
// none, which is waited for no longer than the run may take.
func TestOutputToPipes(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "--fixture", "healthy", "-o", "table", "-o", "json=" + pipe, "--timeout", "200ms"},
		{"check", "--fixture", "healthy", "-o", "table=" + pipe, "--timeout", "200ms"},
	} {
		start := time.Now()
		if out := invoke(t, args...); out.code != 2 || !strings.Contains(out.stderr, "nobody had read it to its end after 200ms") {
			t.Errorf("%v without a reader: exit code %d: %s", args, out.code, out.stderr)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%v without a reader took %s", args, took)
		}
	}
	read := make(chan []byte)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			close(read)
			return
		}
		defer f.Close()
		body, _ := io.ReadAll(f)
		read <- body
	}()
	out := invoke(t, "check", "--fixture", "healthy", "-o", "json="+pipe)
	if body := <-read; out.code != 0 || !strings.HasSuffix(string(body), "}\n") {
		t.Errorf("with a reader: exit code %d, read %d bytes: %s", out.code, len(body), out.stderr)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", pipe)
	if out := invoke(t, "check", "--fixture", "healthy", "-o", "github", "--timeout", "200ms"); out.code != 2 || !strings.Contains(out.stderr, "nobody had read it") {
		t.Errorf("a summary without a reader: exit code %d: %s", out.code, out.stderr)
	}
}
