package collect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// falseAnswer is a way in which something in between answers in AWS's name.
type falseAnswer struct {
	name  string
	write func(w http.ResponseWriter, action string, genuine []byte)
	// whole says that the estate's rows are all in it: it may be believed.
	whole bool
}

// altered is an answer that was changed on its way.
func altered(name string, whole bool, change func(action string, genuine []byte) string) falseAnswer {
	return falseAnswer{name, func(w http.ResponseWriter, action string, genuine []byte) {
		_, _ = io.WriteString(w, change(action, genuine))
	}, whole}
}

// isJSON reports whether an answer is of DataSync's protocol, not of the query protocol.
func isJSON(genuine []byte) bool { return bytes.HasPrefix(genuine, []byte("{")) }

var (
	anyList   = regexp.MustCompile(`(?s)\[.*\]`)
	firstName = regexp.MustCompile(`^\{"(\w+)":`)
	firstKey  = regexp.MustCompile(`"(\w)(\w*)":`)
)

// alteredAnswers are genuine ones that something has cut, doubled, recoded or decorated.
func alteredAnswers() []falseAnswer {
	inJSON := func(genuine []byte, change func(string) string, inXML string) string {
		if isJSON(genuine) {
			return change(string(genuine))
		}
		return inXML
	}
	return []falseAnswer{
		altered("cut-before-the-end", false, func(action string, genuine []byte) string {
			return strings.TrimRight(strings.TrimSuffix(string(genuine), "</"+action+"Response>"), "}\n")
		}),
		altered("cut-after-a-row", false, func(_ string, genuine []byte) string {
			if before, _, ok := strings.Cut(string(genuine), "</item>"); ok {
				return before + "</item>"
			}
			return string(genuine[:len(genuine)-3])
		}),
		altered("two-documents", false, func(_ string, genuine []byte) string { return string(genuine) + string(genuine) }),
		altered("an-empty-document-first", false, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return anyList.ReplaceAllString(s, "[]") + s }, firstItem.ReplaceAllString(string(genuine), "")+string(genuine))
		}),
		altered("text-behind", false, func(_ string, genuine []byte) string { return string(genuine) + "<!-- served by a proxy -->Bye" }),
		altered("utf-16", false, func(_ string, genuine []byte) string {
			out := []byte{0xff, 0xfe}
			for _, c := range utf16.Encode([]rune(string(genuine))) {
				out = append(out, byte(c), byte(c>>8))
			}
			return string(out)
		}),
		altered("byte-order-mark", false, func(_ string, genuine []byte) string { return "\ufeff" + string(genuine) }),
		altered("declared", true, func(_ string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return " \n" + s + "\n" }, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n"+string(genuine)+"\n")
		}),
		altered("entity", true, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return s[1:] }, "<!DOCTYPE x [<!ENTITY a \"b\">]>"+strings.Replace(string(genuine), "</"+action+"Response>", "<x>&a;</x></"+action+"Response>", 1))
		}),
		altered("list-null", false, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return `{"` + firstName.FindStringSubmatch(s)[1] + `":null}` }, replyOf(action, "null"))
		}),
		altered("list-is-none", false, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return `{"` + firstName.FindStringSubmatch(s)[1] + `":7}` }, replyOf(action, "7"))
		}),
		altered("keys-in-lower-case", false, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string {
				return firstKey.ReplaceAllStringFunc(s, strings.ToLower)
			}, strings.ToUpper(string(genuine)))
		}),
		altered("said-twice", false, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string {
				return strings.TrimRight(s, "}\n") + `,"` + firstName.FindStringSubmatch(s)[1] + `":[]}`
			}, replyOf("DescribeNothing", "")+string(genuine))
		}),
		altered("json-error-under-200", false, func(string, []byte) string { return `{"__type":"AccessDeniedException","message":"no"}` }),
		altered("no-further-page", true, func(action string, genuine []byte) string {
			return inJSON(genuine, func(s string) string { return s }, strings.Replace(string(genuine), "</"+action+"Response>", "<nextToken></nextToken></"+action+"Response>", 1))
		}),
		{"another-content-type", func(w http.ResponseWriter, _ string, genuine []byte) {
			w.Header().Set("Content-Type", "text/html; charset=shift_jis")
			_, _ = w.Write(genuine)
		}, true},
		{"chunks-that-end-early", func(w http.ResponseWriter, _ string, genuine []byte) {
			_, _ = w.Write(genuine[:len(genuine)-1])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, false},
		{"http-1.0-closed-early", func(w http.ResponseWriter, action string, genuine []byte) {
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = buf.WriteString("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + strings.TrimRight(strings.TrimSuffix(string(genuine), "</"+action+"Response>"), "}\n"))
			_ = buf.Flush()
		}, false},
	}
}

func with(status int, body string) func(http.ResponseWriter, string, []byte) {
	return func(w http.ResponseWriter, _ string, _ []byte) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

var firstItem = regexp.MustCompile(`(?s)<(item|member)>.*</(?:item|member)>`)

func replyOf(action, inside string) string {
	return "<" + action + "Response><requestId>x</requestId>" + inside + "</" + action + "Response>"
}

// falseAnswers are the rows of the matrix. elsewhere is where redirects lead.
func falseAnswers(elsewhere string) []falseAnswer {
	var out []falseAnswer
	for _, status := range []int{201, 202, 203, 204, 205, 206, 226} {
		out = append(out, falseAnswer{fmt.Sprintf("status-%d", status), func(w http.ResponseWriter, _ string, genuine []byte) {
			w.WriteHeader(status)
			_, _ = w.Write(genuine)
		}, false})
	}
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		out = append(out, falseAnswer{fmt.Sprintf("redirect-%d", status), func(w http.ResponseWriter, _ string, _ []byte) {
			w.Header().Set("Location", elsewhere+"/login?<script>")
			w.WriteHeader(status)
		}, false})
	}
	for _, status := range []int{401, 403, 404, 407, 411, 451} {
		out = append(out, falseAnswer{fmt.Sprintf("portal-%d", status), with(status, "<html><body>please log in</body></html>"), false})
	}
	out = append(out, alteredAnswers()...)
	return append(out,
		falseAnswer{"error-under-200", with(200, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"), false},
		falseAnswer{"ec2-error-under-200", with(200, "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>"), false},
		falseAnswer{"other-action", func(w http.ResponseWriter, action string, _ []byte) {
			other := "DescribeKeyPairs"
			if action == other {
				other = "DescribeVpcs"
			}
			_, _ = w.Write([]byte(replyOf(other, "<keySet/><vpcSet/>")))
		}, false},
		falseAnswer{"empty", with(200, ""), false},
		falseAnswer{"spaces", with(200, "   \n"), false},
		falseAnswer{"text", with(200, "OK"), false},
		falseAnswer{"html", with(200, "<!DOCTYPE html><html><head><title>x</title></head><body>please log in</body></html>"), false},
		falseAnswer{"json", with(200, "{}"), false},
		falseAnswer{"text-then-root", func(w http.ResponseWriter, _ string, genuine []byte) {
			_, _ = w.Write(append([]byte("Welcome! "), genuine...))
		}, false},
		falseAnswer{"no-list", func(w http.ResponseWriter, action string, _ []byte) { _, _ = w.Write([]byte(replyOf(action, ""))) }, false},
		falseAnswer{"other-list", func(w http.ResponseWriter, action string, _ []byte) {
			_, _ = w.Write([]byte(replyOf(action, "<widgetSet><item><id>x</id></item></widgetSet>")))
		}, false},
		falseAnswer{"blank-entries", func(w http.ResponseWriter, _ string, genuine []byte) {
			_, _ = w.Write(firstItem.ReplaceAll(genuine, []byte("<$1/><$1/>")))
		}, false},
		falseAnswer{"one-blank-entry", func(w http.ResponseWriter, _ string, genuine []byte) {
			_, _ = w.Write(bytes.Replace(genuine, []byte("<item>"), []byte("<item/><item>"), 1))
		}, false},
		falseAnswer{"blank-token", func(w http.ResponseWriter, action string, genuine []byte) {
			if isJSON(genuine) {
				genuine = append([]byte(`{"NextToken":" ",`), genuine[1:]...)
			}
			_, _ = w.Write(bytes.Replace(genuine, []byte("</"+action+"Response>"), []byte("<nextToken> </nextToken></"+action+"Response>"), 1))
		}, false},
		falseAnswer{"same-token", func(w http.ResponseWriter, action string, genuine []byte) {
			if isJSON(genuine) {
				genuine = append([]byte(`{"NextToken":"again",`), genuine[1:]...)
			}
			_, _ = w.Write(bytes.Replace(genuine, []byte("</"+action+"Response>"), []byte("<nextToken>again</nextToken></"+action+"Response>"), 1))
		}, false},
		falseAnswer{"gzip-unasked", func(w http.ResponseWriter, _ string, genuine []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			_, _ = zip.Write(genuine)
			_ = zip.Close()
		}, false},
		falseAnswer{"cut-in-the-middle", func(w http.ResponseWriter, _ string, genuine []byte) { _, _ = w.Write(genuine[:len(genuine)/2]) }, false},
	)
}

var regions = []string{"us-east-1", "ap-northeast-1"}

// TestAnswersThatAreNotAWS lets something in between answer each call of each
// scope, in each way. The estate is ready: no false answer makes it NOT READY, and
// none that hides a table which a check needs leaves it READY.
func TestAnswersThatAreNotAWS(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	tg := target(t, "healthy-tgw")
	needed := neededActions()
	var held, fell atomic.Int32
	row := 0
	t.Run("matrix", func(t *testing.T) {
		for _, f := range falseAnswers(elsewhere.URL) {
			for _, action := range actions() {
				for _, region := range regions {
					if row++; !tier.Takes(row, 31) {
						continue
					}
					t.Run(f.name+"/"+action+"/"+region, func(t *testing.T) {
						t.Parallel()
						if tryAnswer(t, tg, f, action, region, needed) {
							held.Add(1)
						} else {
							fell.Add(1)
						}
					})
				}
			}
		}
	})
	if n := followed.Load(); n > 0 {
		t.Errorf("%d signed requests followed a redirect", n)
	}
	t.Logf("false answers: %d held, %d fell", held.Load(), fell.Load())
}

func neededActions() map[string]bool {
	needed := map[string]bool{}
	for _, c := range checks.All() {
		for _, k := range c.Needs {
			needed[k.Action()] = true
		}
	}
	return needed
}

func tryAnswer(t *testing.T, tg snapshot.Target, f falseAnswer, action, region string, needed map[string]bool) bool {
	s := serve(t, estateFor(action))
	if estateFor(action) != "healthy-tgw" {
		tg = target(t, estateFor(action))
	}
	var tampered atomic.Int32
	s.Tamper = func(w http.ResponseWriter, r, a string, genuine []byte) bool {
		if a != action || r != region {
			return false
		}
		if f.name == "one-blank-entry" && !bytes.Contains(genuine, []byte("<item>")) || f.name == "blank-entries" && !firstItem.Match(genuine) {
			return false // nothing is listed
		}
		if strings.HasSuffix(f.name, "-token") && !paged(a) {
			return false
		}
		tampered.Add(1)
		f.write(w, a, genuine)
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	snap, err := collect.Live(ctx, request(s, tg))
	if err != nil {
		t.Error(err)
		return false
	}
	rep := judged(t, tg, snap)
	if tampered.Load() == 0 {
		return true // this scope is not asked
	}
	full := ""
	for _, k := range snapshot.Kinds() {
		if strings.HasSuffix(k.Action(), ":"+action) {
			full = k.Action()
		}
	}
	gap := slices.ContainsFunc(rep.Targets[0].Gaps, func(g report.Gap) bool { return g.Source == full })
	switch {
	case rep.Verdict == report.NotReady:
		t.Errorf("NOT READY by an answer that AWS did not give: %s", statuses(rep))
	case f.whole:
		return true
	case !gap:
		t.Errorf("no gap names %s: %+v", full, rep.Targets[0].Gaps)
	case needed[full] && region == regions[0] && rep.Verdict == report.Ready && f.name != "one-blank-entry" && !strings.HasSuffix(f.name, "-token"): // their rows were seen
		t.Error("READY without a table that a check needs")
	case strings.HasSuffix(f.name, "-token") && tampered.Load() > 3:
		t.Errorf("%d pages were asked for", tampered.Load())
	default:
		return true
	}
	return false
}

// paged reports whether replies of an action are followed by others, by NextToken.
func paged(action string) bool {
	return !slices.Contains([]string{"GetCallerIdentity", "DescribeVpnGateways", "DescribeVpnConnections", "SimulatePrincipalPolicy", "DescribeAgent", "DescribeTask", "DescribeLocationNfs"}, action)
}

var leaf = regexp.MustCompile(`<(\w+)>[^<]*</\w+>`)

// TestEntriesWithoutTheirFields drops one member from every entry of an answer,
// for each member that the estate's answers hold. What is not said proves nothing:
// an estate that is ready never becomes NOT READY by it.
func TestEntriesWithoutTheirFields(t *testing.T) {
	row := 0
	for _, fixture := range []string{"healthy", "healthy-tgw"} {
		tg := target(t, fixture)
		members := map[string]map[string]bool{}
		var mu sync.Mutex
		s := serve(t, fixture)
		s.Tamper = func(_ http.ResponseWriter, _, action string, genuine []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			if members[action] == nil {
				members[action] = map[string]bool{}
			}
			for _, m := range leaf.FindAllSubmatch(genuine, -1) {
				members[action][string(m[1])] = true
			}
			return false
		}
		r := request(s, tg)
		r.Concurrency = 1
		if _, err := collect.Live(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		for action, names := range members {
			for _, name := range slices.Sorted(maps.Keys(names)) {
				if row++; !tier.Takes(row, 7) {
					continue
				}
				t.Run(fixture+"/"+action+"/"+name, func(t *testing.T) {
					t.Parallel()
					dropMember(t, fixture, tg, action, name)
				})
			}
		}
	}
}

func dropMember(t *testing.T, fixture string, tg snapshot.Target, action, name string) {
	member := regexp.MustCompile(`<` + name + `>[^<]*</` + name + `>`)
	s := serve(t, fixture)
	s.Tamper = func(w http.ResponseWriter, _, a string, genuine []byte) bool {
		if a != action {
			return false
		}
		_, _ = w.Write(member.ReplaceAll(genuine, nil))
		return true
	}
	snap, err := collect.Live(context.Background(), request(s, tg))
	if err != nil {
		t.Fatal(err)
	}
	if rep := judged(t, tg, snap); rep.Verdict == report.NotReady {
		t.Errorf("NOT READY because nobody said what %s is: %s", name, statuses(rep))
	}
}

// otherContent are ways in which a second copy of a row may differ from the first.
var otherContent = map[string][][2]string{
	"state":       {{">available<", ">deleted<"}, {">active<", ">blackhole<"}, {">in-use<", ">available<"}, {">associated<", ">disassociated<"}, {">enabled<", ">disabled<"}, {">allow<", ">deny<"}, {">running<", ">terminated<"}, {">allowed<", ">implicitDeny<"}, {`"ONLINE"`, `"OFFLINE"`}},
	"number":      {{">443<", ">444<"}, {">1024<", ">1030<"}, {"<availableIpAddressCount>", "<availableIpAddressCount>9"}},
	"owner":       {{">111122223333<", ">999900001111<"}, {">444455556666<", ">999900001111<"}},
	"reservation": {{"<reservationId>", "<reservationId>9"}, {">running<", ">stopped<"}},
	"agent":       {{`"Name":"`, `"Name":"x`}, {`"Status":"`, `"Status":"X`}},
}

// list finds the entries of an answer, and what stands around them.
var list = regexp.MustCompile(`(?s)^(<\w+Response>(?:<requestId>fake</requestId>|<\w+><IsTruncated>false</IsTruncated>)<\w+>)(.+?)(</\w+>(?:</\w+Result>)?</\w+Response>)$|^(\{"\w+":\[)(.+)(\].*)$`)

// TestTwoContents shows every row of every call twice, with two contents, in both
// orders. Which of them holds nobody can tell: nothing is READY or NOT READY by it,
// and a gap says so.
func TestTwoContents(t *testing.T) {
	row := 0
	for _, action := range actions() {
		for _, name := range slices.Sorted(maps.Keys(otherContent)) {
			for _, first := range []bool{false, true} {
				if row++; !tier.Takes(row, 13) && !(action == "DescribeSecurityGroups" && name == "number") {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%v", action, name, first), func(t *testing.T) {
					t.Parallel()
					twoContents(t, action, otherContent[name], first)
				})
			}
		}
	}
}

func twoContents(t *testing.T, action string, differ [][2]string, first bool) {
	tg := target(t, estateFor(action))
	s := serve(t, estateFor(action))
	var shown atomic.Int32
	s.Tamper = func(w http.ResponseWriter, _, a string, genuine []byte) bool {
		m := list.FindSubmatch(genuine)
		if a != action || m == nil {
			return false
		}
		before, rows, after, sep := m[1], m[2], m[3], ""
		if before == nil {
			before, rows, after, sep = m[4], m[5], m[6], ","
		}
		other := string(rows)
		for _, d := range differ {
			other = strings.ReplaceAll(other, d[0], d[1])
		}
		if other == string(rows) {
			return false
		}
		shown.Add(1)
		one, two := string(rows), other
		if first {
			one, two = two, one
		}
		_, _ = w.Write([]byte(string(before) + one + sep + two + string(after)))
		return true
	}
	snap, err := collect.Live(context.Background(), request(s, tg))
	if err != nil {
		t.Fatal(err)
	}
	if shown.Load() == 0 {
		return
	}
	rep := judged(t, tg, snap)
	if rep.Verdict == report.NotReady {
		t.Errorf("%s: %s", rep.Verdict, statuses(rep))
	}
	if !slices.ContainsFunc(rep.Targets[0].Gaps, func(g report.Gap) bool { return strings.Contains(g.Message, "two contents") }) {
		t.Errorf("%s, gaps %+v", rep.Verdict, rep.Targets[0].Gaps)
	}
}

// TestTwoContentsOfDataSync shows something of DataSync twice, with two contents, or
// answers about something else than was asked: nothing is READY by it.
func TestTwoContentsOfDataSync(t *testing.T) {
	const other = "0b1b2c3d4e5f60799"
	for action, change := range map[string]func(string) string{
		"ListLocations": func(s string) string { return twice(s, "nfs://10.10.5.20/export/", "s3://export/") },
		"DescribeAgent": func(s string) string {
			return strings.Replace(s, "agent/agent-0a1b2c3d4e5f60718", "agent/agent-"+other, 1)
		},
		"DescribeTask": func(s string) string { return strings.Replace(s, "task/task-0a1b2c3d4e5f60718", "task/task-"+other, 1) },
		"DescribeLocationNfs": func(s string) string {
			return strings.Replace(s, "location/loc-0a1b2c3d4e5f60718", "location/loc-"+other, 1)
		},
	} {
		t.Run(action, func(t *testing.T) {
			tg := target(t, "healthy-agent")
			s := serve(t, "healthy-agent")
			changed := false
			s.Tamper = func(w http.ResponseWriter, _, a string, genuine []byte) bool {
				if a != action {
					return false
				}
				body := change(string(genuine))
				changed = changed || body != string(genuine)
				_, _ = w.Write([]byte(body))
				return true
			}
			snap, err := collect.Live(context.Background(), request(s, tg))
			if err != nil {
				t.Fatal(err)
			}
			if rep := judged(t, tg, snap); !changed || rep.Verdict != report.Inconclusive {
				t.Errorf("changed: %v; %s, gaps %+v", changed, rep.Verdict, rep.Targets[0].Gaps)
			}
		})
	}
}

// twice writes the rows of a list a second time, with something else in them.
func twice(body, is, other string) string {
	first, last := strings.Index(body, "[")+1, strings.LastIndex(body, "]")
	return body[:last] + "," + strings.ReplaceAll(body[first:last], is, other) + body[last:]
}

// TestLargeAnswers bounds what an answer costs, whatever is sent.
func TestLargeAnswers(t *testing.T) {
	tg := target(t, "healthy")
	large := map[string]func(http.ResponseWriter, string){
		"endless-items": func(w http.ResponseWriter, action string) {
			fmt.Fprintf(w, "<%sResponse><vpcEndpointSet>", action)
			items := bytes.Repeat([]byte("<item/>"), 200_000)
			for range 64 {
				_, _ = w.Write(items)
			}
		},
		"gzip-bomb": func(w http.ResponseWriter, action string) {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			fmt.Fprintf(zip, "<%sResponse><vpcEndpointSet>", action)
			items := bytes.Repeat([]byte("<item/>"), 1_000_000)
			for range 40 {
				_, _ = zip.Write(items)
			}
			_ = zip.Close()
		},
		"endless-error": func(w http.ResponseWriter, _ string) {
			w.WriteHeader(http.StatusBadRequest)
			junk := bytes.Repeat([]byte("x"), 1<<20)
			for range 400 {
				if _, err := w.Write(junk); err != nil {
					return
				}
			}
		},
	}
	for _, name := range tier.Share(slices.Sorted(maps.Keys(large))) {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "healthy")
			s.Tamper = func(w http.ResponseWriter, _, action string, _ []byte) bool {
				if action != "DescribeVpcEndpoints" {
					return false
				}
				large[name](w, action)
				return true
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			snap, err := collect.Live(context.Background(), request(s, tg))
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			// Each of two scopes may read an answer to its limit; the buffer doubles.
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 1000 {
				t.Errorf("%d MB were allocated", took)
			}
			if rep := judged(t, tg, snap); rep.Verdict != report.Inconclusive {
				t.Errorf("%s: %s", rep.Verdict, statuses(rep))
			}
		})
	}
}
