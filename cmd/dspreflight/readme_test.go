package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the sample output in README.md")

// TestReadmeShowsRealOutput runs the commands of the README's console blocks and
// compares what they print.
func TestReadmeShowsRealOutput(t *testing.T) {
	path := "../../README.md"
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "```console\n$ dspreflight ", "\n```"
	text := string(body)
	blocks := strings.Split(text, start)
	if len(blocks) < 2 {
		t.Fatal("the README shows no output")
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
		t.Error("the README's sample output is out of date: go test ./cmd/dspreflight -run Readme -update")
	}
}
