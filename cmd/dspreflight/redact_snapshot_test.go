package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// ofPeople are the names and descriptions in files of the AWS CLI.
var ofPeople = regexp.MustCompile(`"(?:Value|GroupName|Description|Name|Arn|UserId|PrefixListName)": *"([^"]+)"`)

// peoplesWords are the names in a text that are nobody else's: not AWS's, and none of
// the words that any estate may have.
func peoplesWords(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range ofPeople.FindAllStringSubmatch(text, -1) {
		if strings.ContainsAny(m[1], "-_ :/") && !strings.HasPrefix(m[1], "com.amazonaws.") {
			out[m[1]] = true
		}
	}
	return out
}

// TestSnapshotRedacted collects estates from AWS, as they are and redacted. Redacted
// they name nothing of what was seen, in no file, and are judged alike by the names
// that the file beside the key gives.
func TestSnapshotRedacted(t *testing.T) {
	for _, fixture := range []string{"healthy", "unreachable-443", "healthy-tgw"} {
		t.Run(fixture, func(t *testing.T) {
			files, _, err := fixtures.Open(fixture)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range fakeaws.New(t, files).Env() {
				t.Setenv(k, v)
			}
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			live := []string{"snapshot", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "--source-role-arn", "arn:aws:iam::444455556666:role/Audit"}
			if out := invoke(t, append(live, "--save", at("plain"))...); out.code != 0 {
				t.Fatalf("exit code %d: %s", out.code, out.stderr)
			}
			sureKey(t, at("key"))
			out := invoke(t, append(live, "--save", at("redacted"), "--redact", "--redact-key", at("key"))...)
			if out.code != 0 || out.stdout != "" || !strings.Contains(out.stderr, at("key")+";") || !strings.Contains(out.stderr, at("key.map.json")) {
				t.Fatalf("exit code %d: %s", out.code, out.stderr)
			}
			for _, file := range []string{"key", "key.map.json"} {
				if info, err := os.Stat(at(file)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", file, info, err)
				}
			}

			plain := folderText(t, at("plain"))
			was, words := namesIn(plain), peoplesWords(plain)
			if len(was) < 20 || len(words) < 5 {
				t.Fatalf("only %d ids and addresses and %d names are in what was seen: %v", len(was), len(words), words)
			}
			redacted := strings.ReplaceAll(folderText(t, at("redacted")), dir, "")
			for name := range namesIn(redacted) {
				if was[name] {
					t.Errorf("%s is still there", name)
				}
			}
			for name := range words {
				if strings.Contains(redacted, name) {
					t.Errorf("%q is still there", name)
				}
			}

			var names map[string]string
			if err := json.Unmarshal([]byte(read(t, at("key.map.json"))), &names); err != nil {
				t.Fatal(err)
			}
			standsFor := func(name string) string {
				for masked, real := range names {
					if real == name {
						return masked
					}
				}
				t.Fatalf("nothing stands for %s in %v", name, slices.Sorted(maps.Values(names)))
				return ""
			}
			judged := func(snapshot, vpc, instance string) []string {
				out := invoke(t, "check", "--snapshot", snapshot, "--source-vpc-id", vpc, "--agent-instance-id", instance, "-o", "json")
				if out.code == exitUsage {
					t.Fatal(out.stderr)
				}
				return statuses(t, out.stdout)
			}
			want := judged(at("plain"), "vpc-05a1b2c3d4e5f6071", "i-0a1b2c3d4e5f60719")
			if got := judged(at("redacted"), standsFor("vpc-05a1b2c3d4e5f6071"), standsFor("i-0a1b2c3d4e5f60719")); !slices.Equal(got, want) {
				t.Errorf("judged alike it would be\n%v, it is\n%v", want, got)
			}
			if broken := strings.Contains(strings.Join(want, " "), "DSP201"); broken != (fixture == "unreachable-443") {
				t.Errorf("port 443 is closed: %t", broken)
			}
		})
	}
}
