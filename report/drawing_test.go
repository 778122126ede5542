package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// words are the texts of an SVG, which must be XML.
func words(t *testing.T, body []byte) []string {
	t.Helper()
	var out []string
	dec := xml.NewDecoder(bytes.NewReader(body))
	in := false
	for {
		switch tok, err := dec.Token(); v := tok.(type) {
		case xml.StartElement:
			in = v.Name.Local == "text"
		case xml.CharData:
			if in {
				out = append(out, string(v))
			}
		case xml.EndElement:
			in = false
		case nil:
			if err != io.EOF {
				t.Fatal(err)
			}
			return out
		}
	}
}

// TestDrawings hold the picture of every fixture against its path: every hop is a
// numbered step, the first that fails on each way is where the packet stops, and
// whoever sees only the picture of an estate that is not ready sees why.
func TestDrawings(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		rep := built(t, fixture, "en")
		texts := words(t, rendered(t, report.SVG("en"), rep))
		count := func(what string) int {
			n := 0
			for _, s := range texts {
				if s == what {
					n++
				}
			}
			return n
		}
		tg := rep.Targets[0]
		if tg.Path == nil {
			if count("The path can't be drawn") != 1 {
				t.Errorf("%s: no picture, and no word of why", fixture)
			}
			continue
		}
		hops := append(append([]report.Hop{}, tg.Path.There...), tg.Path.Back...)
		for n := range hops {
			if count(fmt.Sprint(n+1)) != 1 {
				t.Errorf("%s: step %d of %d is drawn %d times", fixture, n+1, len(hops), count(fmt.Sprint(n+1)))
			}
		}
		stops := 0
		for _, way := range [][]report.Hop{tg.Path.There, tg.Path.Back} {
			for _, h := range way {
				if h.Status == "FAIL" {
					stops++
					break
				}
			}
		}
		faulty := strings.Contains(strings.Join(texts, "\n"), "stops at the endpoint itself")
		if got := count("STOPS HERE"); got < stops || got > stops && !faulty {
			t.Errorf("%s: %d stops are drawn, there are %d", fixture, got, stops)
		}
		if tg.Verdict == report.NotReady && stops == 0 && !faulty && count("Not on the path") == 0 {
			t.Errorf("%s is not ready, and the picture does not say why", fixture)
		}
		if chart := string(rendered(t, report.Mermaid("en"), rep)); strings.Count(chart, "<br>(")+strings.Count(chart, `["(`) < len(hops) {
			t.Errorf("%s: the flowchart lacks steps:\n%s", fixture, chart)
		}
	}
}

// TestJapaneseHeadsFit measures wide characters as wide as they are drawn: a head that
// fits beside its status is one line.
func TestJapaneseHeadsFit(t *testing.T) {
	texts := words(t, rendered(t, report.SVG("ja"), built(t, "four-faults", "ja")))
	for _, head := range []string{"ネットワーク ACL（インバウンド）", "エージェントのセキュリティグループ", "1 で止まる: エージェントのセキュリティグループ"} {
		if !slices.Contains(texts, head) {
			t.Errorf("%s is not drawn on one line: %q", head, texts)
		}
	}
}

// many is a report of so many targets, every other one with faults.
func many(t testing.TB, n int) report.Report {
	good, bad := built(t, "healthy", "en"), built(t, "four-faults", "en")
	out := bad
	out.Targets = nil
	for i := range n {
		one := good.Targets[0]
		if i%2 == 1 {
			one = bad.Targets[0]
		}
		one.Name = fmt.Sprintf("target-%d", i)
		out.Targets = append(out.Targets, one)
	}
	return out
}

// The figures that pages keep.
const (
	mostPage  = 200 << 10
	mostPages = 8 << 20 // of 1,000 targets
)

// TestPagesAreSmall holds every page to its size, and to ask for nothing.
func TestPagesAreSmall(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		for _, lang := range []string{"en", "ja"} {
			body := rendered(t, report.HTML(lang), built(t, fixture, lang))
			if len(body) > mostPage {
				t.Errorf("%s, %s: %d bytes", fixture, lang, len(body))
			}
			for _, asks := range []string{"<script", "src=", "url(", "@import", "<link rel=\"style", " style="} {
				if bytes.Contains(body, []byte(asks)) {
					t.Errorf("%s, %s: the page holds %s", fixture, lang, asks)
				}
			}
		}
	}
	if body := rendered(t, report.HTML("en"), many(t, 1000)); len(body) > mostPages || bytes.Count(body, []byte("<tr class=")) != 1000 {
		t.Errorf("1,000 targets: %d bytes, %d rows", len(body), bytes.Count(body, []byte("<tr class=")))
	}
}

// TestComparisonsAreSmall holds the pages of what changed to the same sizes, of which each
// target changed, and a comment to what GitHub takes.
func TestComparisonsAreSmall(t *testing.T) {
	for _, n := range []int{1, 1000} {
		before, after, two := many(t, n), many(t, n), many(t, 2)
		for i := range after.Targets {
			after.Targets[i] = two.Targets[(i+1)%2]
			after.Targets[i].Name = before.Targets[i].Name
		}
		d, err := report.Compare(before, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Formats() {
			most := map[string]int{"html": mostPages, "markdown": 65_536, "mermaid": 50_000}[f.Name]
			if f.Name == "html" && n == 1 {
				most = mostPage
			}
			if n > 1 && f.Name == "wide" {
				continue // a table of 40,000 rows, which is to be as long as it is
			}
			var b bytes.Buffer
			if err := f.Diff(&b, d, report.TableOptions{Lang: "en"}); err != nil {
				t.Fatal(err)
			}
			if b.Len() == 0 || most > 0 && b.Len() > most {
				t.Errorf("%d targets as %s: %d bytes", n, f.Name, b.Len())
			}
		}
	}
}

func BenchmarkPage(b *testing.B) {
	for _, n := range []int{1, 1000} {
		rep := many(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			size := 0
			for b.Loop() {
				var body bytes.Buffer
				if err := report.HTML("en")(&body, rep); err != nil {
					b.Fatal(err)
				}
				size = body.Len()
			}
			b.ReportMetric(float64(size)/1024, "KB")
		})
	}
}

// node runs a script of testdata/browser over files, and returns what it found.
func node(t *testing.T, script string, files ...string) []string {
	t.Helper()
	modules, err := filepath.Abs("../.browser/node_modules")
	if m := os.Getenv("BROWSER_MODULES"); m != "" {
		modules, err = m, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err != nil {
		t.Skip("SKIPPED: no packages of npm; make browser installs them")
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: no Node")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil && script == "look.mjs" {
		t.Skip("SKIPPED: no Chromium")
	}
	cmd := exec.Command(path, append([]string{filepath.Join("testdata", "browser", script)}, files...)...)
	cmd.Env = append(os.Environ(), "BROWSER_MODULES="+modules, "CHROMIUM="+chromium)
	cmd.Stderr = os.Stderr
	body, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var wrong []string
	if err := json.Unmarshal(body, &wrong); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return wrong
}

// hostileReport has texts in it that mean harm to pages and drawings.
func hostileReport(t *testing.T) report.Report {
	rep := built(t, "four-faults", "en")
	for i, evil := range []string{
		`"]; click s1 "javascript:alert(1)"; x["`, "%%{init: {'theme':'dark'}}%%", "<img src=https://evil.example/x onerror=alert(1)>", "</style></svg><script>alert(1)</script>",
		"`**a**`", "1. a", "- a", "end", "fa:fa-car $$x^2$$ https://evil.example", "--> s2 subgraph", "#quot;] ::: fail", `\"`,
	} {
		p := rep.Targets[0].Path
		p.There[i%len(p.There)].Ref, p.There[i%len(p.There)].Facts = evil, []string{evil, evil}
		p.Agent.ID, p.Agent.Addresses, p.Endpoint.VPC = evil, []string{evil}, evil
		rep.Targets[0].Name = evil
		rep.Targets[0].Results[i].Findings[0].Message = evil
	}
	return rep
}

// longNames has ids in it that are as long as they get, in every place of a page.
func longNames(t *testing.T) report.Report {
	rep := built(t, "four-faults", "en")
	for i := range rep.Targets[0].Results {
		for j := range rep.Targets[0].Results[i].Findings {
			f := &rep.Targets[0].Results[i].Findings[j]
			f.Message = "sg-ingress-control of 11112222-3333-4444-5555-666677778888, by subnet-cidr-assoc-0a1b2c3d4e5f60718, route-to-endpoint, tgw-connect-peer-0a1b2c3d4e5f60718."
			f.Evidence = []report.Evidence{{Source: "directconnect:DescribeDirectConnectGatewayAssociations", Ref: "11112222-3333-4444-5555-666677778888/" + strings.Repeat("tgw-attach-0a1b2c3d4e5f60718/", 3), Fact: f.Message}}
		}
	}
	return rep
}

// comparisons are files of a format with what changed between fixtures, in hostile words
// too, and with a report since another.
func comparisons(t *testing.T, dir, format string) []string {
	t.Helper()
	f, _ := report.FormatNamed(format)
	lang := report.TableOptions{Lang: "en"}
	var files []string
	put := func(name string, before, after report.Report) {
		d, err := report.Compare(before, after)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := f.Diff(&b, d, lang); err != nil {
			t.Fatal(err)
		}
		if err := after.Since(before); err != nil {
			t.Fatal(err)
		}
		files = append(files, writeInto(t, dir, name+".diff."+f.Ending, b.Bytes()), writeInto(t, dir, name+".since."+f.Ending, rendered(t, f.Render(lang), after)))
	}
	healthy := built(t, "healthy", "en")
	for _, name := range []string{"healthy", "four-faults", "healthy-tgw", "invalid-endpoint", "no-permission", "invalid-subnet"} {
		put(name, healthy, built(t, name, "en"))
	}
	put("hostile", healthy, hostileReport(t))
	put("ten", many(t, 10), named(many(t, 10), 1))
	put("gone", many(t, 3), built(t, "four-faults", "en"))
	return files
}

// named gives the targets of a report the names of others.
func named(r report.Report, by int) report.Report {
	names := make([]string, len(r.Targets))
	for i := range names {
		names[i] = r.Targets[(i+by)%len(names)].Name
	}
	for i := range names {
		r.Targets[i].Name = names[i]
	}
	return r
}

func writeInto(t *testing.T, dir, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRealMermaid lets Mermaid itself read every flowchart.
func TestRealMermaid(t *testing.T) {
	tier.Real(t, "Node and Mermaid")
	dir := t.TempDir()
	files := []string{writeInto(t, dir, "hostile.mmd", rendered(t, report.Mermaid("en"), hostileReport(t))), writeInto(t, dir, "many.mmd", rendered(t, report.Mermaid("en"), many(t, 100)))}
	for _, fixture := range fixtures.Names() {
		for _, lang := range []string{"en", "ja"} {
			files = append(files, writeInto(t, dir, fixture+"."+lang+".mmd", rendered(t, report.Mermaid(lang), built(t, fixture, lang))))
		}
	}
	files = append(files, comparisons(t, dir, "mermaid")...)
	for _, w := range node(t, "parse.mjs", files...) {
		t.Error(w)
	}
}

// TestRealBrowser opens every page and drawing in Chromium: no message, no request,
// nothing too wide, nothing that axe-core finds.
func TestRealBrowser(t *testing.T) {
	tier.Real(t, "Chromium, Node and axe-core")
	dir := t.TempDir()
	files := []string{
		writeInto(t, dir, "hostile.html", rendered(t, report.HTML("en"), hostileReport(t))), writeInto(t, dir, "hostile.svg", rendered(t, report.SVG("en"), hostileReport(t))),
		writeInto(t, dir, "names.html", rendered(t, report.HTML("en"), longNames(t))),
		writeInto(t, dir, "ten.html", rendered(t, report.HTML("en"), many(t, 10))), writeInto(t, dir, "thirty.html", rendered(t, report.HTML("en"), many(t, 30))),
		writeInto(t, dir, "thousand.html", rendered(t, report.HTML("en"), many(t, 1000))),
	}
	for i, fixture := range fixtures.Names() {
		lang := []string{"en", "ja"}[i%2]
		rep := built(t, fixture, lang)
		files = append(files, writeInto(t, dir, fixture+".html", rendered(t, report.HTML(lang), rep)), writeInto(t, dir, fixture+".svg", rendered(t, report.SVG(lang), rep)))
	}
	files = append(append(files, comparisons(t, dir, "html")...), comparisons(t, dir, "svg")...)
	for _, w := range node(t, "look.mjs", files...) {
		t.Error(w)
	}
}

// TestBranchesStayInTheirNetworks draws a path of two parts, which pass the same
// networks: each is drawn once.
func TestBranchesStayInTheirNetworks(t *testing.T) {
	rep := built(t, "healthy", "en")
	p := rep.Targets[0].Path
	first := len(report.Bands(rep.Targets[0]))
	for _, hops := range []*[]report.Hop{&p.There, &p.Back} {
		part := slices.Clone(*hops)
		part[0].Branch = true
		*hops = append(*hops, part...)
	}
	if bands := report.Bands(rep.Targets[0]); len(bands) != first || first != 3 {
		t.Errorf("%d networks are drawn, and with the second part %d: %v", first, len(bands), bands)
	}
}

// TestWayAlone draws a way that stands alone without the height of the other.
func TestWayAlone(t *testing.T) {
	body := string(rendered(t, report.HTML("en"), built(t, "four-faults", "en")))
	heights := map[string][]int{}
	for _, m := range regexp.MustCompile(`<svg class="(\w*)" viewBox="0 0 336 (\d+)"`).FindAllStringSubmatch(body, -1) {
		high, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		heights[m[1]] = append(heights[m[1]], high)
	}
	if len(heights[""]) != 1 || len(heights["beside"]) != 1 || len(heights["alone"]) != 1 {
		t.Fatalf("ways are drawn with these heights: %v", heights)
	}
	if heights[""][0] != heights["beside"][0] || heights["alone"][0] > heights["beside"][0]-100 {
		t.Errorf("ways are drawn with these heights: %v", heights)
	}
}

// TestNothingSetsOutFromAFaultyEndpoint draws no part of the way back as travelled where
// the endpoint itself is at fault.
func TestNothingSetsOutFromAFaultyEndpoint(t *testing.T) {
	body := string(rendered(t, report.SVG("en"), built(t, "invalid-endpoint", "en")))
	_, back, _ := strings.Cut(body, "Back: endpoint to agent")
	if n := strings.Count(back, `<path class="line cut"`); n < 4 || strings.Contains(back, `<path class="line"`) {
		t.Errorf("%d parts of the way back are cut, and others are not", n)
	}
}
