package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// unpacked are the files of an archive.
func unpacked(t *testing.T, file string) map[string]string {
	t.Helper()
	body := read(t, file)
	out := map[string]string{}
	if strings.HasSuffix(file, ".zip") {
		z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			out[f.Name] = string(b)
		}
		return out
	}
	g, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(b)
	}
}

// statuses are what a report says of each check of each target, with the codes.
func statuses(t *testing.T, body string) []string {
	t.Helper()
	var r report.Report
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	out := []string{string(r.Verdict)}
	for _, target := range r.Targets {
		for _, res := range target.Results {
			line := []string{res.Check, string(res.Status)}
			for _, f := range res.Findings {
				line = append(line, string(f.Status)+f.Code)
			}
			slices.Sort(line[2:])
			out = append(out, strings.Join(line, " "))
		}
	}
	return out
}

// ofEstate are the accounts, ids and addresses in a text.
var ofEstate = regexp.MustCompile(`\b[0-9]{12}\b|\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b|\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]+)?`)

// everybodys are blocks and addresses that stand for themselves, and those of the
// examples in fixes.
var everybodys = []string{"10.0.1.0/24", "10.99.0.0/16", "0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.1", "255.255.255.255"}

func namesIn(texts ...string) map[string]bool {
	out := map[string]bool{}
	for _, text := range texts {
		for _, word := range ofEstate.FindAllString(text, -1) {
			if !slices.Contains(everybodys, word) {
				out[word] = true
			}
		}
	}
	return out
}

// sureKey writes a key that lets none of the networks of the tests' estates stand for
// itself or for another of them: one in sixteen leaves 172.31.0.0/16 where it is.
func sureKey(t *testing.T, file string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Repeat("01", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBundle bundles every fixture, redacted and as it is, and judges what is in the
// bundle again, by the command in its README. Redacted it names nothing of the estate,
// in no file and no format.
func TestBundle(t *testing.T) {
	dir := t.TempDir()
	key := sureKey(t, filepath.Join(dir, "key"))
	for n, name := range fixtures.Names() {
		if !tier.Takes(n, 3) {
			continue
		}
		plain := invoke(t, "check", "--fixture", name, "-o", "json")
		want := statuses(t, plain.stdout)
		saved := filepath.Join(dir, "saved", name)
		if out := invoke(t, "fixtures", "--save", saved, name); out.code != 0 {
			t.Fatal(out.stderr)
		}
		was := namesIn(plain.stdout, folderText(t, saved))
		for i, flags := range [][]string{nil, {"--redact", "--redact-key", key}} {
			file := filepath.Join(dir, name+[]string{".zip", ".tar.gz"}[(n+i)%2])
			out := invoke(t, append([]string{"bundle", "--fixture", name, "-o", file}, flags...)...)
			if out.code != plain.code || out.stdout != "" {
				t.Fatalf("%s: exit code %d, want %d: %s%s", name, out.code, plain.code, out.stdout, out.stderr)
			}
			if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
			files := unpacked(t, file)
			at := filepath.Join(dir, "out", name, []string{"plain", "redacted"}[i])
			for file, body := range files {
				if err := os.MkdirAll(filepath.Join(at, path.Dir(file)), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(at, file), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
				for word := range namesIn(file, body) {
					if i == 1 && was[word] {
						t.Errorf("%s: %s is still in %s", name, word, file)
					}
				}
			}
			if got := statuses(t, files["report.json"]); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			_, command, _ := strings.Cut(files["README.md"], "```sh\ndspreflight ")
			command, _, _ = strings.Cut(command, "\n")
			t.Chdir(at)
			if again := invoke(t, append(strings.Fields(command), "-o", "json")...); !slices.Equal(statuses(t, again.stdout), want) {
				t.Errorf("%s, judged again: %v, want %v", name, statuses(t, again.stdout), want)
			}
			t.Chdir(dir)
		}
		for _, format := range formats {
			out := invoke(t, "check", "--fixture", name, "--explain", "--verbose", "--redact", "--redact-key", key, "-o", format, "--lang", []string{"en", "ja"}[n%2])
			if out.code != plain.code {
				t.Fatalf("%s as %s: exit code %d, want %d: %s", name, format, out.code, plain.code, out.stderr)
			}
			for word := range namesIn(out.stdout) {
				if was[word] {
					t.Errorf("%s: %s is still in %s", name, word, format)
				}
			}
		}
	}
}

func folderText(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all.WriteString(file + "\n" + read(t, file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestBundleOfMany bundles several targets with waivers, twice alike, and reads the
// redacted report back with what the names stand for.
func TestBundleOfMany(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, body := range map[string]string{
		"targets.yaml": "targets:\n  - {name: payroll, tasks: 2}\n  - {name: newsreel, tasks: 3, storage: [\"nfs://files.payroll.example/export\"]}\n",
		"waivers.yaml": "waivers:\n  - {id: DSP301, target: payroll, subject: subnet-0da1b2c3d4e5f6071, reason: CHG-4711, owner: payroll team, expires: 2099-03-31}\n",
	} {
		if err := os.WriteFile(at(name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"--fixture", "few-addresses", "--config", at("targets.yaml"), "--waivers", at("waivers.yaml"), "--accept", "DSP204"}
	plain := invoke(t, append([]string{"check", "-o", "json"}, flags...)...)
	want := statuses(t, plain.stdout)
	flags = append(flags, "--redact", "--redact-key", sureKey(t, at("key")))
	for _, file := range []string{"one.tar.gz", "two.tar.gz"} {
		if out := invoke(t, append([]string{"bundle", "-o", at(file)}, flags...)...); out.code != plain.code {
			t.Fatalf("exit code %d, want %d: %s", out.code, plain.code, out.stderr)
		}
	}
	if read(t, at("one.tar.gz")) != read(t, at("two.tar.gz")) {
		t.Error("two bundles of one estate differ")
	}
	files := unpacked(t, at("one.tar.gz"))
	for file, body := range files {
		for _, word := range []string{"payroll", "newsreel", "CHG-4711", "export", "subnet-0da1b2c3d4e5f6071"} {
			if strings.Contains(body, word) {
				t.Errorf("%s is still in %s", word, file)
			}
		}
	}
	if got := statuses(t, files["report.json"]); !slices.Equal(got, want) || !strings.Contains(strings.Join(got, "\n"), "DSP301") {
		t.Errorf("%v, want %v", got, want)
	}
	if strings.Count(files["report.json"], `"waived": {`) != strings.Count(plain.stdout, `"waived": {`) {
		t.Error("another finding is waived")
	}
	for file, body := range files {
		if err := os.MkdirAll(filepath.Dir(at("b/"+file)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at("b/"+file), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, command, _ := strings.Cut(files["README.md"], "```sh\ndspreflight ")
	command, _, _ = strings.Cut(command, "\n")
	t.Chdir(at("b"))
	if again := invoke(t, append(strings.Fields(command), "-o", "json")...); !slices.Equal(statuses(t, again.stdout), want) {
		t.Errorf("judged again: %v, want %v; %s", statuses(t, again.stdout), want, again.stderr)
	}
	var names map[string]string
	if err := json.Unmarshal([]byte(read(t, at("key.map.json"))), &names); err != nil {
		t.Fatal(err)
	}
	evidence := ""
	for file, body := range files {
		if strings.HasSuffix(file, ".json") && file != "report.json" {
			evidence += body
		}
	}
	back, proposed := files["report.json"], map[string]bool{}
	for word := range namesIn(back) {
		if names[word] == "" {
			if proposed[word] = !strings.Contains(evidence, word); !proposed[word] { // a free block, say
				t.Errorf("nothing says what %s stands for", word)
			}
			continue
		}
		back = strings.ReplaceAll(back, word, names[word])
	}
	for word := range namesIn(back) {
		if !proposed[word] && !strings.Contains(plain.stdout, word) {
			t.Errorf("%s, read back, is in no report", word)
		}
	}
}

// TestRedactRefuses holds that nothing is said of an estate that is not so of the real
// one, and that what is not redacted does not come in beside it.
func TestRedactRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:username": "pay*"}}}]}`
	if err := os.WriteFile(at("policy.json"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	identity := []string{"--fixture", "healthy", "--policy-file", at("policy.json"), "--policy-identity", "arn:aws:iam::111122223333:user/payroll"}
	if out := invoke(t, append([]string{"check", "-q"}, identity...)...); out.code != 0 {
		t.Fatal(out.stdout, out.stderr)
	}
	for _, args := range [][]string{append([]string{"check", "--redact"}, identity...), append([]string{"bundle", "--redact", "-o", at("x.zip")}, identity...)} {
		if out := invoke(t, args...); out.code != 2 || out.stdout != "" || !strings.Contains(out.stderr, "iam-activation is WARN") {
			t.Errorf("%v: exit code %d, %s", args[0], out.code, out.stderr)
		}
	}
	if _, err := os.Stat(at("x.zip")); err == nil {
		t.Error("a bundle that is not so was written")
	}
	if out := invoke(t, "check", "--fixture", "healthy", "-o", "json="+at("plain.json")); out.code != 0 {
		t.Fatal(out.stderr)
	}
	base := []string{"check", "--fixture", "healthy", "-q", "--redact", "--redact-key", at("key"), "--baseline"}
	if out := invoke(t, append(base, at("plain.json"))...); out.code != 2 {
		t.Errorf("exit code %d: a report that is not redacted beside one that is", out.code)
	}
	if out := invoke(t, "check", "--fixture", "healthy", "--redact", "--redact-key", at("key"), "-o", "json="+at("masked.json")); out.code != 0 {
		t.Fatal(out.stderr)
	}
	if out := invoke(t, append(base, at("masked.json"))...); out.code != 0 || strings.Contains(out.stdout, "new ") {
		t.Errorf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
}

// TestRedactedIsComparedWithItsOwn compares what is redacted, report or snapshot, with what
// the same key did, and with nothing else.
func TestRedactedIsComparedWithItsOwn(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if out := invoke(t, "fixtures", "--save", at("plain"), "four-faults"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	for name, flags := range map[string][]string{"plain2": nil, "masked": {"--redact", "--redact-key", at("key")}, "other": {"--redact"}} {
		if out := invoke(t, append([]string{"check", "--snapshot", at("plain"), "--save", at(name), "-o", "json=" + at(name+".json")}, flags...)...); out.code != 1 {
			t.Fatal(out.stderr)
		}
	}
	for _, before := range []string{"plain2", "plain2.json", "masked", "masked.json", "other", "other.json"} {
		for _, after := range []string{"plain", "masked", "masked.json", "other"} {
			same := strings.TrimSuffix(before, ".json") == strings.TrimSuffix(after, ".json") || after == "plain" && strings.HasPrefix(before, "plain")
			runs := [][]string{{"diff", "-q", at(before), at(after)}}
			if !strings.HasSuffix(after, ".json") {
				runs = append(runs, []string{"check", "--snapshot", at(after), "--baseline", at(before), "--fail-on", "new", "-q"})
			}
			for _, args := range runs {
				out := invoke(t, args...)
				if same && (out.code != 0 || out.stdout != "") || !same && (out.code != exitUsage || !strings.Contains(out.stderr, "--redact-key")) {
					t.Errorf("%s, %s to %s: exit code %d: %s%s", args[0], before, after, out.code, out.stdout, out.stderr)
				}
			}
		}
	}
}

// TestBundleSaysWhoKnowsTheNames makes one with a key that is kept, and one with a key
// that is not: its README promises nobody what nobody has.
func TestBundleSaysWhoKnowsTheNames(t *testing.T) {
	dir := t.TempDir()
	for flags, want := range map[string]string{"--redact": "No key was kept: nobody can tell", "--redact --redact-key " + filepath.Join(dir, "key"): "Whoever holds the key that it was made with can tell", "": "It names accounts"} {
		file := filepath.Join(dir, strconv.Itoa(len(flags))+".zip")
		invoke(t, append([]string{"bundle", "--fixture", "healthy", "-o", file}, strings.Fields(flags)...)...)
		if readme := unpacked(t, file)["README.md"]; !strings.Contains(readme, want) {
			t.Errorf("%q: %s", flags, readme)
		}
	}
}
