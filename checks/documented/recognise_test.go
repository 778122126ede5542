package documented_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks/documented"
)

// paste is a file of the corpus: what should be recognised, and the text.
type paste struct {
	name string
	want []string
	text string
}

// pastes reads the corpus. Each file says in its head what should be found and
// where the text comes from.
func pastes(t testing.TB) []paste {
	t.Helper()
	files, err := filepath.Glob("../../fixtures/pastes/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d pastes: %v", len(files), err)
	}
	var out []paste
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		head, text, ok := bytes.Cut(body, []byte("\n---\n"))
		if !ok {
			t.Fatalf("%s: no --- after the head", f)
		}
		p := paste{name: filepath.Base(f), text: string(text)}
		for _, line := range strings.Split(string(head), "\n") {
			if ids, ok := strings.CutPrefix(line, "# want: "); ok {
				for _, id := range strings.Split(ids, ",") {
					p.want = append(p.want, strings.TrimSpace(id))
				}
			}
		}
		if !strings.Contains("\n"+string(head), "\n# source: ") {
			t.Errorf("%s: say in the head where the text comes from: \"# source: ...\"", f)
		}
		slices.Sort(p.want)
		out = append(out, p)
	}
	return out
}

func recognised(text string) []string {
	var ids []string
	for _, r := range documented.Recognise(text) {
		ids = append(ids, r.Error.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestCorpus pastes real error texts, in the shapes in which people paste them.
func TestCorpus(t *testing.T) {
	covered := map[string]bool{}
	for _, p := range pastes(t) {
		if got := recognised(p.text); !slices.Equal(got, p.want) {
			t.Errorf("%s: got %v, want %v", p.name, got, p.want)
		}
		for _, id := range p.want {
			covered[id] = true
		}
	}
	for _, e := range documented.All() {
		if len(e.Match()) > 0 && !covered[e.ID] {
			t.Errorf("%s: no paste has it: add fixtures/pastes/<number>-<words>.txt with \"# want: %[1]s\" and \"# source: ...\" in its head", e.ID)
		}
	}
}

// TestUnrelated reads logs that share words with the errors and are about
// something else: as a whole, line by line, and a few lines at a time.
func TestUnrelated(t *testing.T) {
	body, err := os.ReadFile("../../fixtures/pastes/unrelated.log")
	if err != nil {
		t.Fatal(err)
	}
	if got := recognised(string(body)); got != nil {
		t.Errorf("in the whole: %v", got)
	}
	lines := strings.Split(string(body), "\n")
	if len(lines) < 200 {
		t.Fatalf("only %d lines", len(lines))
	}
	for n := range lines {
		for _, size := range []int{1, 5} {
			part := strings.Join(lines[n:min(n+size, len(lines))], "\n")
			if got := recognised(part); got != nil {
				t.Errorf("line %d, %d lines: %v in %q", n+1, size, got, part)
			}
		}
	}
}

// TestWrappedAnywhere breaks each of the article's messages after every letter.
func TestWrappedAnywhere(t *testing.T) {
	for _, id := range []string{"PRIVATE_LINK_ENDPOINT_UNREACHABLE", "PUBLIC_KEY_WITH_VPC_ENDPOINT", "INVALID_EC2_SUBNET", "INVALID_EC2_SECURITY_GROUP", "INVALID_VPC_ENDPOINT"} {
		e := documented.ByID(id)
		for _, message := range []string{e.Message.En, e.Message.Ja} {
			message = strings.ReplaceAll(message, "vpce-ID", "vpce-0a1b2c3d4e5f60718")
			runes := []rune(message)
			for i := range runes {
				broken := string(runes[:i]) + "\n    \x1b[31m│\x1b[0m " + string(runes[i:])
				if !slices.Contains(recognised(broken), id) {
					t.Errorf("%s is not found in %q", id, broken)
				}
			}
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for _, p := range pastes(f) {
		f.Add(p.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range documented.Recognise(text) {
			if r.Error == nil || r.Excerpt == "" {
				t.Errorf("an empty recognition: %+v", r)
			}
		}
	})
}

// BenchmarkRecognise looks through 1 MB of log that holds every trigger word, of every
// paste of the tests whole, and of tables with a message wrapped in a column.
func BenchmarkRecognise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	all := pastes(b)
	for name, write := range map[string]func(*strings.Builder){
		"log": func(out *strings.Builder) {
			p := all[rng.IntN(len(all))].text
			out.WriteString(p[:rng.IntN(len(p))])
		},
		"pastes": func(out *strings.Builder) {
			out.WriteString(all[rng.IntN(len(all))].text)
		},
		"tables": func(out *strings.Builder) {
			line := strings.ReplaceAll(all[rng.IntN(len(all))].text, "\n", " ")
			for len(line) > 0 {
				n := min(len(line), 30)
				fmt.Fprintf(out, "| %-20d | %-40s | %-10s |\n", rng.IntN(1e9), strings.ToValidUTF8(line[:n], " "), "FAILED")
				line = line[n:]
			}
			out.WriteString("+----------------------+------------------------------------------+------------+\n")
		},
	} {
		b.Run(name, func(b *testing.B) {
			var text strings.Builder
			for text.Len() < 1<<20 {
				write(&text)
			}
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				documented.Mentioned(text.String(), documented.Recognise(text.String()))
			}
		})
	}
}
