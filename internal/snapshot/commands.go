package snapshot

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// ProbeTrouble is why a managed node that was sent the probe script told nothing.
type ProbeTrouble struct {
	Code   GapCode `json:"code"`
	Detail string  `json:"detail"`
}

// Gap is the trouble as something that could not be seen.
func (r *ProbeRun) Gap() Gap {
	return Gap{Code: r.Trouble.Code, Source: CommandOutputs.Action(), Scope: r.Command, Ref: r.Instance, Detail: r.Trouble.Detail}
}

// AddCommandRuns adds to the probes what Systems Manager says of a command that ran the
// script: a run for each node that it was sent to, those that told nothing too.
func (s *Snapshot) AddCommandRuns() {
	for _, sc := range s.Scopes {
		rows := sc.Invocations.All()
		for _, o := range sc.CommandOutputs.All() { // files by hand may lack the list
			if _, p := sc.Invocations.Get(o.Instance); p != Present {
				rows = append(rows, Invocation{Instance: o.Instance, Command: o.Command, Status: o.Status, Details: o.Details})
			}
		}
		for _, i := range rows {
			if !slices.ContainsFunc(s.Probes, func(r ProbeRun) bool { return r.Instance == i.Instance && r.Command == i.Command }) { // saved with the rest
				s.Probes = append(s.Probes, sc.commandRun(i, s.TakenAt))
			}
		}
	}
}

// CommandGap says why it is not known to which nodes a command was sent; nil if it is
// known, or nobody asked.
func (s *Snapshot) CommandGap() *Gap {
	if slices.ContainsFunc(s.Probes, func(r ProbeRun) bool { return r.Command != "" }) {
		return nil
	}
	for _, sc := range s.Scopes {
		if slices.ContainsFunc(sc.Calls, func(c Call) bool { return c.Command == Invocations.Command() && c.Error != nil }) {
			g := sc.GapFor(Invocations, "")
			return &g
		}
	}
	return nil
}

// The states in which a command may yet end, and the one in which it did as meant.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
var commandOpen = []string{"Pending", "InProgress", "Delayed", "Cancelling"}

const commandDone = "Success"

// commandRun is what one node told. Where it stands is not what its script says.
func (s *Scope) commandRun(i Invocation, now time.Time) ProbeRun {
	run := ProbeRun{Schema: ProbeSchema, TakenAt: now, Vantage: Vantage{Place: Elsewhere, Guessed: true, Addresses: []netip.Addr{}}, Instance: i.Instance, Command: i.Command, Probes: []Probe{}}
	trouble := func(code GapCode, format string, args ...any) ProbeRun {
		run.Trouble = &ProbeTrouble{code, fmt.Sprintf(format, args...)}
		return run
	}
	out, seen := s.CommandOutputs.Get(i.Instance)
	said := i.Status
	if i.Details != "" && i.Details != i.Status {
		said += ", " + i.Details
	}
	switch {
	case slices.Contains(commandOpen, i.Status):
		return trouble(CommandOpen, "%s", said)
	case i.Status != commandDone:
		if first := firstOf(out.Problem); seen == Present && first != "" {
			said += ": " + first
		}
		return trouble(CommandFailed, "%s", said)
	case seen != Present:
		return trouble(CommandUnread, "%s", s.GapFor(CommandOutputs, i.Instance).Detail)
	case out.Command != i.Command || out.Status != i.Status:
		return trouble(CommandUnread, "%s %s", out.Command, out.Status)
	}
	body, packed, err := unpacked([]byte(out.Output))
	var runs []ProbeRun
	if err == nil && packed {
		runs, err = ReadProbes(body, now)
	}
	switch {
	case errors.Is(err, errCut) && inS3(out.URL) != "":
		return trouble(CommandInS3, "aws s3 cp %s %s.stdout", inS3(out.URL), i.Instance)
	case errors.Is(err, errCut):
		return trouble(CommandCut, "%d", len([]rune(out.Output)))
	case !packed || err != nil || len(runs) != 1:
		begins := firstOf(out.Output)
		if first := firstOf(out.Problem); first != "" {
			begins = strings.TrimSpace(begins + " / " + first)
		}
		return trouble(CommandGarbage, "%q", begins)
	}
	// Of all that the script printed only what it saw is believed.
	run.ToolVersion, run.TakenAt, run.TimeoutMS, run.Probes = runs[0].ToolVersion, runs[0].TakenAt, runs[0].TimeoutMS, runs[0].Probes
	if a := runs[0].Vantage.Addresses; a != nil {
		run.Vantage.Addresses = a
	}
	return run
}

// s3Address is where Systems Manager says that a whole output is. What else its answer may
// hold there is not put into a command.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
var s3Address = pattern.New(`^https://s3[.-][a-z0-9-]+\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9.-]+/[A-Za-z0-9/._-]+)$`)

// inS3 is the address of an output as the AWS CLI writes it, or "".
func inS3(url string) string {
	if m := s3Address.Re().FindStringSubmatch(url); m != nil {
		return "s3://" + m[1]
	}
	return ""
}

// enough is how many characters of an output that was cut off tell whose it is; a reply
// holds 24,000, the last of which may say that more is missing.
const enough = 20_000

// Completed puts a whole output, which somebody fetched from S3, in the place of the one
// that was cut off: that of the one machine whose reply begins in the same way. It is
// false where there is none.
func (s *Snapshot) Completed(whole []byte) bool {
	text := strings.ReplaceAll(string(whole), "\r\n", "\n")
	var done func()
	found := 0
	for n := range s.Probes {
		r := &s.Probes[n]
		if r.Trouble == nil || r.Trouble.Code != CommandInS3 && r.Trouble.Code != CommandCut {
			continue
		}
		for _, sc := range s.Scopes {
			o, p := sc.CommandOutputs.Get(r.Instance)
			begins := strings.ReplaceAll(o.Output, "\r\n", "\n")
			if p != Present || o.Command != r.Command || len(begins) < enough || !strings.HasPrefix(text, begins[:enough]) {
				continue
			}
			found++
			done = func() {
				o.Output = string(whole)
				sc.CommandOutputs.Put(o)
				*r = sc.commandRun(Invocation{Instance: o.Instance, Command: o.Command, Status: o.Status, Details: o.Details}, s.TakenAt)
			}
		}
	}
	if found == 1 {
		done()
	}
	return found == 1
}

// firstOf is the beginning of the first line of what a machine said.
func firstOf(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	const most = 120
	if r := []rune(line); len(r) > most {
		return string(r[:most]) + "…"
	}
	return line
}
