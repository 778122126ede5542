package audit

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoCommandLine: an audit is told what to do in plain values.
func TestNoCommandLine(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(string(out)) {
		if strings.Contains(line, "urfave/cli") || strings.Contains(line, "dspreflight/cmd/") {
			t.Errorf("audit imports %s", line)
		}
	}
}
