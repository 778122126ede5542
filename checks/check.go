package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Status is how a check, or one of its findings, came out.
type Status uint8

// The statuses. The zero value is UNKNOWN, so that a status nobody set can't
// read as success.
const (
	Unknown Status = iota
	Skip
	Pass
	Warn
	Fail
)

var statusNames = [...]string{"UNKNOWN", "SKIP", "PASS", "WARN", "FAIL"}

// String returns the status as users see it.
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return statusNames[Unknown]
	}
	return statusNames[s]
}

// Weight orders statuses by how much they matter to a result.
func (s Status) Weight() int {
	switch s {
	case Fail:
		return 4
	case Warn:
		return 2
	case Pass:
		return 1
	case Skip:
		return 0
	}
	return 3
}

// Text is a message in every language.
type Text = snapshot.Text

// say is a message in English and Japanese.
func say(en, ja string) Text { return Text{En: en, Ja: ja} }

// Area groups checks and is the first digit of their problem codes.
type Area uint8

// The areas, in the order of the report.
const (
	AreaOwn Area = iota // checks that are not ours
	AreaEndpoint
	AreaGroups
	AreaSubnet
	AreaPath
	AreaACL
	AreaProbe
	AreaIdentity
	AreaInput
)

// Title names the area.
func (a Area) Title() Text {
	switch a {
	case AreaEndpoint:
		return say("VPC endpoint", "VPC エンドポイント")
	case AreaGroups:
		return say("Security groups", "セキュリティグループ")
	case AreaSubnet:
		return say("Task subnet", "タスクのサブネット")
	case AreaPath:
		return say("Connection and routes", "接続と経路")
	case AreaACL:
		return say("Network ACLs and firewalls", "ネットワーク ACL とファイアウォール")
	case AreaProbe:
		return say("Probes", "プローブ")
	case AreaIdentity:
		return say("Identity and APIs", "アイデンティティと API")
	case AreaInput:
		return say("Activation", "アクティブ化")
	case AreaOwn:
		return say("Checks of your own", "独自のチェック")
	}
	return Text{}
}

// Check is one question.
type Check struct {
	ID       string
	Area     Area
	Title    Text            // a claim that PASS proves
	Requires *Requirement    // the documented need behind the claim
	Needs    []snapshot.Kind // without these tables the answer is UNKNOWN
	Uses     []snapshot.Kind // tables that may decide; the check copes without them
	After    []*Check        // without these the question is moot
	Problems []*Problem
	Run      func(*Exam)
	// Ahead is the check of the same area ahead of which it stands in the report; nil for
	// the place that its lowest code gives.
	Ahead *Check
	// On are the layers of the path on which it finds what stops a packet; nil for one
	// that finds nothing there.
	On []netpath.Layer
	// Place is how the story of the path calls the security groups that it judges.
	Place Text
	// Vital says that while the claim is false the endpoint does not answer, whatever
	// the path.
	Vital bool
	// Dials is what is dialled for it and for no other check; "" for nothing, and for
	// the ports of the endpoint, which several share.
	Dials snapshot.Purpose
	// Page is the address of the documentation of a check that is not one of ours; ""
	// if it has none.
	Page string
}

// Egress reports whether the check judges what the agent's own groups let out.
func (c *Check) Egress() bool { return slices.Contains(c.On, netpath.GroupOut) }

// filters reports whether the check judges what drops packets by rules: groups and
// network ACLs.
func (c *Check) filters() bool {
	return slices.ContainsFunc(c.On, func(l netpath.Layer) bool {
		return l == netpath.GroupOut || l == netpath.ACLOut || l == netpath.ACLIn || l == netpath.GroupIn
	})
}

// Problem is one way in which a claim is false.
type Problem struct {
	Code     string          // DSP and three digits, the first of which is the area, or a prefix of one's own; permanent
	Severity Status          // Fail or Warn, unless Requires grades it by mode
	Title    Text            // what is wrong in this case; {name} stands for an argument
	Cause    Text            // what that leads to, and why
	Fix      Text            // what to do
	Look     []Command       // commands that only look
	Do       []Command       // commands that change something other than AWS
	Example  []repair.Change // changes of the kind that mends it; each finding has its own
	Requires *Requirement    // when it differs from the check's
	// Hides says that the rest of what the check asks of the resource can't be
	// judged beside the problem: to let it stand leaves that open.
	Hides bool
	// Given says that it may be mended by giving CreateAgent something else, which is too
	// late for an agent that exists: see Finding.Fix.
	Given   bool
	Errors  []*documented.Error
	Sources []string
}

// Args fill the texts of a problem: a string, a []string or a Text a name.
type Args map[string]any

// In returns the arguments in one language: no Text is left among them.
func (a Args) In(lang string) Args {
	out := make(Args, len(a))
	for k, v := range a {
		if t, ok := v.(Text); ok {
			v = t.In(lang)
		}
		out[k] = v
	}
	return out
}

// Finding is one thing that a check found.
type Finding struct {
	Status  Status
	Problem *Problem // nil unless the claim was found false
	Subject string   // the resource it is about
	Args    Args
	Note    Text   // for SKIP: why
	Unasked bool   // for SKIP: it was not looked at, rather than being moot
	MootBy  string // for SKIP: the check whose answer makes this one moot
	Hides   bool   // as of its problem, for this finding alone
	// See are, for SKIP, the checks that speak instead, one at least of which must
	// have found something: see Exam.See.
	See      []string
	Evidence []snapshot.Evidence
	Gaps     []snapshot.Gap
	About    *About          // the facts, where there are any to compare
	Whose    repair.Whose    // the credentials that it takes to look closer, or to mend it
	Look     [][]string      // commands that look closer, beside those of the problem
	Repairs  []repair.Repair // what mends it; none: no command can
	Changes  []int           // their places in the smallest set: see Changes
	exists   bool            // the agent is there already
	errors   []*documented.Error
}

// Errors are what a problem leads to: fewer than its kind does, where the finding tells.
func (f Finding) Errors() []*documented.Error {
	if f.errors != nil {
		return f.errors
	}
	return f.Problem.Errors
}

// Fix is what to do about a problem.
func (f Finding) Fix() Text {
	fix := f.Problem.Fix
	if f.exists && f.Problem.Given {
		fix = say(fix.En+" "+givenOnce.En, fix.Ja+givenOnce.Ja)
	}
	return fix
}

// Of an agent only the name can be changed.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_UpdateAgent.html
var givenOnce = say("An agent that exists can't be given another endpoint, address, subnet or group: activate a new one, and give that to the locations in its place.", "既存のエージェントのエンドポイント・アドレス・サブネット・グループは変更できないので、変える場合は新しいエージェントをアクティブ化し、ロケーションのエージェントを置き換える。")

// Result is the answer of one check.
type Result struct {
	Check    *Check
	Status   Status
	Findings []Finding
	shared   *journeys // the walk of the run that gave it; nil: of none
}

// Fill puts arguments into a text: {name} becomes the value, a list is joined
// and shortened.
func (a Args) Fill(text string) string {
	return placeholder.Re().ReplaceAllStringFunc(text, func(m string) string {
		switch v := a[m[1:len(m)-1]].(type) {
		case string:
			return v
		case []string:
			return shorten(v)
		}
		return m
	})
}

var placeholder = pattern.New(`\{[a-z_]+\}`)

// Placeholders lists the argument names that a text asks for.
func Placeholders(text string) []string {
	var out []string
	for _, m := range placeholder.Re().FindAllString(text, -1) {
		out = append(out, m[1:len(m)-1])
	}
	return out
}

// mostShown is how many entries of a list a sentence shows; JSON has them all.
const mostShown = 6

func shorten(list []string) string {
	if len(list) <= mostShown {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:mostShown], ", ") + fmt.Sprintf(" (+%d)", len(list)-mostShown)
}
