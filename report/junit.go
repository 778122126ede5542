package report

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// JUnit writes the report as JUnit XML: a suite for each target, a case for each
// check. A FAIL is a failure, an UNKNOWN an error, a SKIP is skipped; a WARN
// passes, and says so in its output, unless --fail-on warn makes it a failure. The
// time of a case is that of the slowest AWS call behind it.
func JUnit(w io.Writer, r Report) error {
	type note struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	type testCase struct {
		Class   string `xml:"classname,attr"`
		Name    string `xml:"name,attr"`
		Time    string `xml:"time,attr"`
		Failure *note  `xml:"failure,omitempty"`
		Error   *note  `xml:"error,omitempty"`
		Skipped *note  `xml:"skipped,omitempty"`
		Out     string `xml:"system-out,omitempty"`
	}
	type property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	type suite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Timestamp  string     `xml:"timestamp,attr,omitempty"`
		Properties []property `xml:"properties>property"`
		Cases      []testCase `xml:"testcase"`
	}
	root := struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		Suites  []suite  `xml:"testsuite"`
	}{Name: "dspreflight"}
	n := 0
	err := r.each(func(t Target) error {
		since := r.since(n)
		n++
		s := suite{
			Name: "dspreflight." + t.Name, Tests: len(t.Results), Errors: t.Summary.Unknown, Skipped: t.Summary.Skip, Properties: []property{{"verdict", string(t.Verdict)}, {"version", r.Tool.Version}},
		}
		if !r.GeneratedAt.IsZero() {
			s.Timestamp = r.GeneratedAt.Format("2006-01-02T15:04:05")
		}
		slowest := 0.0
		for _, res := range t.Results {
			c := testCase{Class: "dspreflight." + t.Name, Name: res.Check, Time: seconds(res.ElapsedMS)}
			slowest = max(slowest, res.ElapsedMS)
			var lines []string
			first, news := "", false
			for _, f := range res.Findings {
				if f.Status == Pass {
					continue
				}
				if f.Waived != nil && res.Status == Skip {
					first = strings.TrimSpace(string(f.Status)+" "+f.Code+" "+f.Message) + " (" + f.Waived.Note("en") + ")"
				}
				line := strings.TrimSpace(string(f.Status) + " " + f.Code + " " + f.Message)
				if f.Waived != nil {
					lines = append(lines, line+" ("+f.Waived.Note("en")+")")
					continue
				}
				if f.Status == res.Status && first == "" {
					first = strings.TrimSpace(f.Code + " " + f.Message)
				}
				lines = append(lines, line)
				if by := behind(res, f, r.lang); by != "" {
					lines = append(lines, "  "+by)
				}
				became := since.became(res, f)
				if was := sinceWords[became].In(r.lang); was != "" {
					lines = append(lines, "  "+was)
				}
				news = news || isNews(became)
				if f.Fix != nil {
					lines = append(lines, "  "+f.Fix.Text)
				}
			}
			text := strings.Join(lines, "\n")
			still := snapshot.Text{}
			switch {
			case r.Gate == GateChange && (res.Status == Fail && res.Effect != Broken || res.Status == Unknown && res.Effect != UnknownNow && !res.lifted):
				still = wordStill
			case r.FailOn == OnNew && since != nil && !news && (res.Status == Fail || res.Status == Unknown):
				still = sinceWords["unchanged"]
			}
			if !still.Empty() {
				c.Skipped = &note{Message: string(res.Status) + " " + first + " (" + still.In(r.lang) + ")"}
				s.Skipped++
				if res.Status == Unknown {
					s.Errors--
				}
				s.Cases = append(s.Cases, c)
				continue
			}
			switch {
			case res.Status == Fail, res.Status == Warn && r.FailOn == OnWarn:
				c.Failure = &note{first, string(res.Status), text}
				s.Failures++
			case res.Status == Unknown:
				c.Error = &note{first, string(res.Status), text}
			case res.Status == Skip:
				c.Skipped = &note{Message: first}
			default:
				c.Out = text
			}
			s.Cases = append(s.Cases, c)
		}
		s.Time = seconds(slowest) // calls run beside each other
		root.Suites = append(root.Suites, s)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(root); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// seconds is a time as JUnit has it.
func seconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 3, 64) }
