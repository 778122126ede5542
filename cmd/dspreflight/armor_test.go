package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// hostileWords stand in for ids, names and descriptions.
var hostileWords = []string{
	"x' --profile evil '", "--debug", "a\n::error::owned", "a ::stop-commands::owned", "##[add-mask]a", "\x1b[2Jowned", "a\u202eb", "${file(\"/etc/passwd\")}",
	"\"\n}\nresource \"aws_iam_user\" \"owned\" {\n", "%{ for a in b }", "<script>owned</script>", "[a](https://evil.example)", "@everyone", "`$(touch owned)`", "../../owned", "a\x00b", "]]>", "\\",
}

// ids of an embedded estate that a hostile word takes the place of.
var anyID = regexp.MustCompile(`"((?:sg|acl|rtb|pcx|tgw|tgw-attach|eni|vpce|sgr|i)-[0-9a-f]{8,17}|10\.[0-9.]+ hosts|healthy|[A-Z][a-z]+ [a-z ]+)"`)

// hostileEstate is a fixture in which every nth id is a hostile word.
func hostileEstate(t testing.TB, fixture, word string, nth int) string {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(word)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ids := map[string]bool{}
	err = fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, p)
		if err != nil {
			return err
		}
		body = anyID.ReplaceAllFunc(body, func(id []byte) []byte {
			if _, known := ids[string(id)]; !known {
				ids[string(id)] = len(ids)%len(hostileWords) == nth
			}
			if ids[string(id)] {
				return quoted
			}
			return id
		})
		path := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, body, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestArmorHostileTexts reads estates whose ids and names mean harm, in every
// format: nothing that a terminal, a runner, a browser or a shell would obey comes
// out, and nothing is READY or crashes by it.
func TestArmorHostileTexts(t *testing.T) {
	held, step := 0, 0
	for n, word := range hostileWords {
		for _, fixture := range []string{"unreachable-443", "no-return-route"} {
			dir := hostileEstate(t, fixture, word, n)
			for _, format := range formats {
				if step++; !tier.Takes(step, 3) {
					continue
				}
				var out, errs bytes.Buffer
				args := []string{"dspreflight", "check", "--snapshot", dir, "--explain", "--color", "never", "-o", format}
				code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
				name := fmt.Sprintf("%s with %q as %s", fixture, word, format)
				if code == 0 {
					t.Errorf("%s: READY", name)
				}
				judgeOutput(t, name, format, out.String())
				judgeStderr(t, name, errs.String())
				held++
			}
		}
	}
	t.Logf("hostile texts: %d reports held", held)
}

// TestArmorHostileDiffs compares an estate with one whose ids and names mean harm, both
// ways and in every format, and packs it: the same holds of what changed, and of the
// files for people in a bundle, whose names are ours alone.
func TestArmorHostileDiffs(t *testing.T) {
	dir := t.TempDir()
	healthy := filepath.Join(dir, "healthy")
	if out := invoke(t, "fixtures", "--save", healthy, "healthy"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	held := 0
	for n, word := range append(slices.Clone(hostileWords), `=cmd|'/c calc'!A1`, "@SUM(A1)") {
		estate := hostileEstate(t, "unreachable-443", word, n%len(hostileWords))
		for i, format := range strings.Split(report.FormatNames(), ", ") {
			if !tier.Takes(n+i, 1) {
				continue
			}
			pair := [2]string{healthy, estate}
			if n%2 == 1 {
				pair = [2]string{estate, healthy}
			}
			out := invoke(t, "diff", "-o", format, pair[0], pair[1])
			if out.code == exitUsage && out.stdout == "" {
				continue // the estate is refused: nothing is said of it
			}
			name := fmt.Sprintf("diff with %q as %s", word, format)
			judgeOutput(t, name, format, out.stdout)
			judgeStderr(t, name, out.stderr)
			if format == "html" && strings.Contains(out.stdout, "<script") {
				t.Errorf("%s: a script comes out", name)
			}
			if format == "csv" {
				rows, err := csv.NewReader(strings.NewReader(out.stdout)).ReadAll()
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, cell := range slices.Concat(rows...) {
					if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
						t.Errorf("%s: a spreadsheet computes %q", name, cell)
					}
				}
			}
			held++
		}
		archive := filepath.Join(dir, fmt.Sprint(n)+".zip")
		if out := invoke(t, "bundle", "--snapshot", estate, "-o", archive); out.code == exitUsage {
			continue
		}
		for file, body := range unpacked(t, archive) {
			name := fmt.Sprintf("bundle with %q: %s", word, file)
			if !filepath.IsLocal(file) || strings.Contains(file, "owned") {
				t.Errorf("%s: a name of somebody else's", name)
			}
			switch {
			case file == "README.md":
				judgeOutput(t, name, "markdown", body)
			case file == "report.html" && strings.Contains(body, "<script"):
				t.Errorf("%s: a script comes out", name)
			case file == "report.json":
				judgeOutput(t, name, "json", body)
			}
		}
		held++
	}
	if held < 20 {
		t.Fatalf("only %d were held: the test proves little", held)
	}
	t.Logf("hostile texts: %d diffs and bundles held", held)
}

var fenced = regexp.MustCompile("(?ms)^ *```[a-z]*$.*?^ *```$")

func judgeOutput(t *testing.T, name, format, out string) {
	t.Helper()
	for _, r := range out {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) {
			t.Errorf("%s: %U comes out", name, r)
			return
		}
	}
	switch format {
	case "json", "sarif", "gitlab":
		if out != "" && !json.Valid([]byte(out)) {
			t.Errorf("%s: not JSON", name)
		}
	case "junit":
		dec := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
		}
	case "markdown":
		prose := fenced.ReplaceAllString(out, "") // nothing in a block of code is obeyed
		if strings.Contains(out, "<script") || strings.Contains(prose, "](https://evil") || strings.Contains(prose, "@everyone") {
			t.Errorf("%s: it is obeyed: %s", name, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		text := strings.TrimSpace(line)
		if format == "github" {
			if text != "" && !ownCommand.MatchString(text) {
				t.Errorf("%s: a line that is no annotation of ours: %q", name, text)
			}
		} else if strings.HasPrefix(text, "::") && strings.Contains(text[2:], "::") || strings.Contains(text, "##[") {
			t.Errorf("%s: a runner obeys %q", name, text)
		}
		if strings.HasPrefix(text, "aws ") && strings.Count(strings.ReplaceAll(text, `'\''`, ""), "'")%2 != 0 {
			t.Errorf("%s: a quote is left open: %q", name, text)
		}
		if strings.HasPrefix(text, `resource "aws_iam_user"`) {
			t.Errorf("%s: a resource of somebody else's: %q", name, text)
		}
	}
}

var ownCommand = regexp.MustCompile(`^::(error|warning|notice) (file=[^:]*,)?title=[^:]*::`)

func judgeStderr(t *testing.T, name, errs string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(errs, "\n"), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.ContainsAny(line, "\x1b\r\x00") {
			t.Errorf("%s: standard error: %q", name, line)
		}
	}
	if strings.Count(errs, "\n") > 1 && strings.Contains(errs, "owned") && strings.HasPrefix(errs, "dspreflight:") {
		t.Errorf("%s: an error takes several lines: %q", name, errs)
	}
}

// TestArmorErrors puts harm into the names of files and keys.
func TestArmorErrors(t *testing.T) {
	dir, step := t.TempDir(), 0
	for n, word := range hostileWords {
		key, err := json.Marshal(word)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%d\n::stop-commands::owned", n))
		for _, body := range []string{"{" + string(key) + ": 1}", "targets: [{" + string(key) + ": [}", ""} {
			if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, flag := range []string{"--config", "--waivers", "--plan", "--template", "--probes", "--snapshot", "--policy-file"} {
				if step++; !tier.Takes(step, 1) {
					continue
				}
				for _, lang := range []string{"en", "ja"} {
					var out, errs bytes.Buffer
					args := []string{"dspreflight", "check", "--lang", lang, flag, file}
					if flag != "--snapshot" {
						args = append(args, "--fixture", "healthy")
					}
					run(context.Background(), args, strings.NewReader(""), &out, &errs)
					judgeStderr(t, flag+" "+lang, errs.String())
				}
			}
		}
	}
}

// TestArmorSaveStaysInside saves an estate whose ids lead out of the folder.
func TestArmorSaveStaysInside(t *testing.T) {
	snap := &snapshot.Snapshot{Scopes: []*snapshot.Scope{{Name: "../../owned"}, {Name: ".."}, {Name: "a/b"}, {Name: "a-b"}, {Name: "a-b-2"}}}
	for _, id := range []string{"../../../owned", "..", "a/../../owned", `..\owned`, "x\x00y", "pl-0a1"} {
		snap.Scopes[0].Keep(snapshot.Document{Kind: snapshot.PrefixListEntries, ID: id, Body: []byte(`{"Entries":[]}`)})
	}
	snap.Scopes[1].Keep(snapshot.Document{Kind: snapshot.VPCs, Body: []byte(`{"Vpcs":[{"VpcId":"vpc-1","Tags":[{"Key":"k","Value":"ABCDE-12345-FGHIJ-67890-KLMNO"}]}]}`)})
	outer := t.TempDir()
	dir := filepath.Join(outer, "in", "side")
	if err := audit.SaveTo(dir, snap, version()); err != nil {
		t.Fatal(err)
	}
	var found []string
	err := filepath.WalkDir(outer, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if p != outer && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: others may read it: %v", p, info.Mode())
		}
		if !d.IsDir() {
			found = append(found, p)
			body, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			if bytes.Contains(body, []byte("12345-FGHIJ")) {
				t.Errorf("%s: an activation key is saved", p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !strings.HasPrefix(f, dir+string(filepath.Separator)) {
			t.Errorf("%s is outside of %s", f, dir)
		}
	}
	if _, err := snapshot.Read(os.DirFS(dir), snapshot.ReadOptions{}); err == nil || !strings.Contains(err.Error(), "get-managed-prefix-list-entries.") {
		t.Errorf("ids that are none are read: %v", err)
	}
	for _, f := range found {
		if strings.Contains(f, "prefix-list") && !strings.HasSuffix(f, ".pl-0a1.json") {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	back, err := snapshot.Read(os.DirFS(dir), snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Scopes) != len(snap.Scopes) {
		t.Errorf("%d scopes are read back of %d", len(back.Scopes), len(snap.Scopes))
	}
}

// TestArmorBusyFolder refuses a folder that another run is writing.
func TestArmorBusyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "estate")
	if err := os.Mkdir(dir+".partial", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := files.WriteFolder(map[string][]byte{"a": nil}, dir); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("beside: %v", err)
	}
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".partial"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := files.WriteFolder(map[string][]byte{"a": nil}, dir); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("inside: %v", err)
	}
}

// TestArmorManyTargets: a report whose targets lie in a file says what one in
// memory says.
func TestArmorManyTargets(t *testing.T) {
	estate, _, err := fixtures.Open("unreachable-443")
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(estate, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	results := audit.JudgeAll(context.Background(), []snapshot.Target{*snap.Target}, snap, checks.All(), nil)
	opt := report.Options{FailOn: report.OnFail, GeneratedAt: snap.TakenAt}
	both := func(n int) (small, large report.Report) {
		var judged []report.Judged
		for i := range n {
			j := results[0]
			j.Target.Name = fmt.Sprint("t", i)
			judged = append(judged, j)
		}
		b, err := report.NewBuilder(1000, opt) // so many are announced that it keeps none in memory
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range judged {
			if err := b.Add(j); err != nil {
				t.Fatal(err)
			}
		}
		large, err = b.Report()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(large.Close)
		return report.Build(judged, opt), large
	}
	few, fewInFile := both(12)
	many, manyInFile := both(300)
	for _, format := range report.Formats() {
		small, large := few, fewInFile
		if format.Name == "markdown" { // it draws paths, but not of hundreds
			small, large = many, manyInFile
		}
		render := format.Render(report.TableOptions{Lang: "en"})
		var one, other bytes.Buffer
		if err := errors.Join(render(&one, small), render(&other, large)); err != nil {
			t.Fatal(err)
		}
		a, z := one.String(), other.String()
		if format.Name == "json" { // one is indented, the other a line a target
			a, z = compact(t, a), compact(t, z)
		}
		if a != z {
			t.Errorf("%s differs", format.Name)
		}
	}
}

func compact(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
