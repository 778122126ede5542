package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unsafe"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// harms are words, one or several in which each medium would obey something.
var harms = []string{
	"<b onload=owned>\"owned' & ]]> <!-- owned", "[owned](https://owned.example) ![owned](x) @owned #1 **owned** `owned` ~~owned~~ | owned", "owned\n```\n# owned", "=owned()|'owned'!A1",
	"owned\"];\n  click a \"javascript:owned\"", "owned\n::error file=owned::owned", "owned,line=7,file=owned::%0Aowned", "\x1b[2Jowned\a\r\u202eowned\u2028", "##[add-mask]owned",
}

// ownWords are fields that only this program writes: a format may rely on what they are.
var ownWords = map[string]string{
	".Schema": "one", ".Redacted": "a hash", ".Tool.Name": "one", ".Tool.Version": "given when it is built",
	".Targets.agentAt": "addresses that were parsed", ".Targets.endpointAt": "the same", ".Targets.Results.Findings.Args": "taken from harmlessArgs",
	".Targets.Path.There.Status": "one of five", ".Targets.Path.Back.Status": "one of five", ".Targets.Results.Status": "one of five", ".Targets.Results.Findings.Status": "one of five", ".Targets.Results.Before": "one of five",
	".Targets.Results.Findings.Code": "of a problem, or of a file of --checks, which takes no other", ".Targets.Results.Check": "the same", ".Targets.Results.Findings.URL": "the same",
	".Targets.Results.Findings.Requirement.Sources": "of the documentation", ".Targets.Results.Findings.Errors": "of the catalogue",
	".Targets.Changes.AWSCLI": "written by outside.Text.Shell", ".Targets.Results.Findings.Fix.AWSCLI": "the same", ".Targets.Results.Findings.Fix.Look": "the same",
	".Targets.Results.Findings.Fix.Terraform": "written by repair.Terraform, which quotes as HCL does", ".Targets.Changes.Terraform": "the same",
}

// TestEveryFieldInItsMedium puts into each field of a report, one after the other, what
// each medium would obey, and writes every format: where a field is added to a text
// but by the function of the medium, the medium obeys it.
func TestEveryFieldInItsMedium(t *testing.T) {
	held, step := 0, 0
	for _, fixture := range []string{"unreachable-443", "no-permission"} {
		for _, path := range slices.Sorted(maps.Keys(whole(t, fixture))) {
			if ownWords[path] != "" {
				continue
			}
			for n, word := range harms {
				if step++; !tier.Takes(step, 37) {
					continue
				}
				r := reportOf(t, fixture)
				for _, set := range fieldsOf(reflect.ValueOf(&r).Elem(), "")[path] {
					set(word)
				}
				new(cleaner).clean(reflect.ValueOf(&r.Revision)) // as NewBuilder does
				for i := range r.Targets {
					new(cleaner).clean(reflect.ValueOf(&r.Targets[i])) // as Builder.Add does
				}
				for _, f := range formats {
					var b bytes.Buffer
					if err := f.Render(TableOptions{Lang: []string{"en", "ja"}[n%2], Explain: true})(&b, r); err != nil {
						t.Fatal(err)
					}
					if why := obeyed(f.Name, b.String()); why != "" {
						t.Errorf("%s: %s, word %d: %s", f.Name, path, n, why)
					}
					held++
				}
			}
		}
	}
	t.Logf("fields in their media: %d reports held", held)
}

func reportOf(t *testing.T, fixture string) Report {
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return Build([]Judged{{Target: *snap.Target, Snapshot: snap, Results: checks.Run(t.Context(), *snap.Target, snap, checks.All(), checks.Options{})}}, Options{FailOn: OnFail, Version: "1", Lang: "en"})
}

// whole are the fields of a report of a fixture.
func whole(t *testing.T, fixture string) map[string][]func(string) {
	r := reportOf(t, fixture)
	return fieldsOf(reflect.ValueOf(&r).Elem(), "")
}

// fieldsOf are the strings in a value, by their path, and how each is set. Named types
// of strings are words of this program. What the value shares with the catalogue becomes
// its own.
func fieldsOf(v reflect.Value, path string) map[string][]func(string) {
	out := map[string][]func(string){}
	add := func(more map[string][]func(string)) {
		for p, list := range more {
			out[p] = append(out[p], list...)
		}
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			out[path] = append(out[path], v.SetString)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			v.Set(own)
			add(fieldsOf(own.Elem(), path))
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			v.Set(own)
		}
		for i := range v.Len() {
			add(fieldsOf(v.Index(i), path))
		}
	case reflect.Map:
		if !v.IsNil() {
			own := reflect.MakeMapWithSize(v.Type(), v.Len())
			for _, k := range v.MapKeys() {
				own.SetMapIndex(k, v.MapIndex(k))
			}
			v.Set(own)
		}
		for _, k := range v.MapKeys() {
			if s, ok := v.MapIndex(k).Interface().(string); ok && s != "" {
				out[path] = append(out[path], func(s string) { v.SetMapIndex(k, reflect.ValueOf(s)) })
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if f.CanAddr() {
				f = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
			}
			if name := v.Type().Field(i).Name; name != "spool" && name != "About" && f.Type().PkgPath() != "time" && f.Type().PkgPath() != "net/netip" {
				add(fieldsOf(f, path+"."+name))
			}
		}
	}
	return out
}

var (
	fence     = regexp.MustCompile("(?ms)^ *```[a-z]*$.*?^ *```$")
	ownLine   = regexp.MustCompile(`^::(error|warning|notice) (file=[^:,]*,line=\d+,)?title=[^:,]*::`)
	noDrawing = regexp.MustCompile(`^\s*click |javascript:`)
	code      = regexp.MustCompile("`[^`\n]*`")
)

// obeyed says what the medium of a format would obey.
func obeyed(format, out string) string {
	for _, r := range out {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) || r == '\u2028' {
			return fmt.Sprintf("%U comes out", r)
		}
	}
	switch format {
	case "html", "svg", "junit":
		if strings.Contains(out, "<b onload") || strings.Contains(out, "<!-- owned") {
			return "an element of somebody else's"
		}
		if format != "html" { // which HTML's parser reads, not that of XML
			dec := xml.NewDecoder(strings.NewReader(out))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					return err.Error()
				}
			}
		}
	case "markdown":
		prose := code.ReplaceAllString(fence.ReplaceAllString(out, ""), "")
		for _, bad := range []string{"<b onload", "<!-- owned", "](https://owned", "![owned]", " @owned", " #1 ", "**owned", "~~owned", "\n# owned", "\n```\n# owned"} {
			if strings.Contains(prose, bad) {
				return "it holds " + bad
			}
		}
	case "mermaid":
		for _, line := range strings.Split(out, "\n") {
			if noDrawing.MatchString(line) {
				return line
			}
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			return err.Error()
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(strings.TrimSpace(cell), "=") {
					return "a spreadsheet computes " + cell
				}
			}
		}
	case "github":
		for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			if !ownLine.MatchString(line) {
				return line
			}
		}
	}
	if format != "github" {
		for _, line := range strings.Split(out, "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "::error") || strings.Contains(line, "##[") {
				return line
			}
		}
	}
	return ""
}
