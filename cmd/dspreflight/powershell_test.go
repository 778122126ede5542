package main

import (
	"os"
	"testing"
)

// TestPowerShellCompletion pins the script for PowerShell, which no test runs: unlike those
// for bash, zsh and fish it is only known to be the one that was read.
func TestPowerShellCompletion(t *testing.T) {
	const path = "testdata/completion.ps1"
	got := invoke(t, "completion", "powershell").stdout
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cmd/dspreflight -run PowerShellCompletion -update rewrites it):\n%s", path, got)
	}
}
