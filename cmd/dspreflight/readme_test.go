package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the sample output in README.md and docs/gate.md")

// TestReadmeShowsRealOutput runs the commands of the console blocks of the README
// and of the guide, and compares what they print.
func TestReadmeShowsRealOutput(t *testing.T) {
	t.Chdir("../..") // where a reader stands
	for _, path := range []string{"README.md", "docs/gate.md"} {
		t.Run(path, func(t *testing.T) { showsRealOutput(t, path) })
	}
}

func showsRealOutput(t *testing.T, path string) {
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "```console\n$ dspreflight ", "\n```"
	text := string(body)
	blocks := strings.Split(text, start)
	if len(blocks) < 2 {
		t.Fatal("it shows no output")
	}
	out := blocks[0]
	for _, block := range blocks[1:] {
		at := strings.Index(block, end)
		command, _, _ := strings.Cut(block[:at], "\n")
		printed := invoke(t, strings.Fields(command)...)
		out += start + command + "\n" + strings.TrimRight(printed.stdout, "\n") + block[at:]
	}
	if *update {
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if out != text {
		t.Error("the sample output is out of date: go test ./cmd/dspreflight -run Readme -update")
	}
}
