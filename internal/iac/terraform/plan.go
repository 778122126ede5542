// Package terraform reads plans of Terraform and OpenTofu, as "terraform show -json"
// prints them, into objects. What a plan knows only after apply is followed through
// the configuration, and through its files where these are there.
package terraform

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// document is the JSON of a plan, but for what nothing is read from: the planned
// values, which say less than the changes, and the outputs.
// Source: https://developer.hashicorp.com/terraform/internals/json-format
type document struct {
	FormatVersion string                           `json:"format_version"`
	Variables     map[string]*tfjson.PlanVariable  `json:"variables"`
	Changes       []*tfjson.ResourceChange         `json:"resource_changes"`
	Deferred      []*tfjson.DeferredResourceChange `json:"deferred_changes"`
	Invocations   []*tfjson.ActionInvocation       `json:"action_invocations"`
	Later         []struct {
		Invocation *tfjson.ActionInvocation `json:"action_invocation"`
	} `json:"deferred_action_invocations"`
	Prior     *priorState     `json:"prior_state"`
	Config    *tfjson.Config  `json:"configuration"`
	Complete  *bool           `json:"complete"`
	Errored   bool            `json:"errored"`
	Timestamp string          `json:"timestamp"`
	Values    json.RawMessage `json:"values"`
	Level     string          `json:"@level"`
}

// priorState is that of tfjson without what nothing is read from, and decoded with the
// document: what decodes itself is read over four times.
type priorState struct {
	FormatVersion string `json:"format_version"`
	Values        *struct {
		RootModule *tfjson.StateModule `json:"root_module"`
	} `json:"values"`
}

// Read reads what "terraform show -json PLAN" or "tofu show -json PLAN"
// prints. Files that people pass by mistake are told apart. files are those of the
// configuration, to say where resources are declared and to read expressions; nil
// for none. stacks reads the templates of the stacks that resources are.
func Read(body []byte, files Sources, stacks StackReader) (*resource.Plan, error) {
	if bytes.HasPrefix(body, []byte("PK\x03\x04")) {
		return nil, snapshot.Errorf("this is a plan file; dspreflight reads its JSON: terraform show -json FILE > plan.json", "これはプランファイル。dspreflight はその JSON を読む: terraform show -json FILE > plan.json")
	}
	if err := notJSON(body); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, snapshot.Errorf("the file is empty; terraform show -json prints a plan's JSON", "ファイルが空。terraform show -json がプランの JSON を出力する")
	}
	if line, _, _ := bytes.Cut(body, []byte("\n")); bytes.HasPrefix(bytes.TrimSpace(line), []byte(`{"@level"`)) {
		return nil, snapshot.Errorf("this is the log that terraform plan -json prints, which holds no values; pass the JSON of the plan file: terraform plan -out FILE, then terraform show -json FILE", "これは terraform plan -json のログで、値を含まない。プランファイルの JSON を渡す: terraform plan -out FILE の後に terraform show -json FILE")
	}
	var d document
	if err := snapshot.DecodeJSON(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Level != "":
		return nil, snapshot.Errorf("this is a line of a log, not a plan", "これはプランではなくログの行")
	case d.FormatVersion == "":
		return nil, snapshot.Errorf("there is no format_version in it: it is not what terraform show -json prints of a plan", "format_version がない。terraform show -json がプランについて出力するものではない")
	case d.Values != nil && d.Changes == nil && d.Config == nil:
		return nil, snapshot.Errorf("this is the JSON of a state, not of a plan: terraform show -json PLANFILE, with a file that terraform plan -out wrote", "これはプランではなく状態の JSON。terraform plan -out で書いたファイルについて terraform show -json PLANFILE を実行する")
	}
	if err := (&tfjson.Plan{FormatVersion: d.FormatVersion}).Validate(); err != nil {
		return nil, snapshot.Errorf("format_version %q: this version reads %s", "format_version %q: この版が読むのは %s", resource.Shortened(d.FormatVersion), tfjson.PlanFormatVersionConstraints)
	}
	if d.Prior != nil {
		if err := (&tfjson.State{FormatVersion: d.Prior.FormatVersion}).Validate(); err != nil {
			return nil, snapshot.Errorf("the state in it is of a format that this version does not read: %w", "含まれる状態の形式をこの版は読めない: %w", err)
		}
	}
	if d.Errored {
		return nil, snapshot.Errorf("the plan ended with an error (errored is true), so it is not whole and can't be applied: mend that first", "プランがエラーで終わっている（errored が true）。完全ではなく適用もできないため、先にそれを直す")
	}
	if d.Config == nil && len(d.Changes) == 0 && d.Prior == nil {
		return nil, snapshot.Errorf("there is neither a configuration nor a change nor a state in it: it is not what terraform show -json prints of a plan", "構成も変更も状態もない。terraform show -json がプランについて出力するものではない")
	}
	return d.plan(files, stacks)
}

// isAWS reports whether a resource is of the AWS provider. Terraform, OpenTofu, mirrors
// and forks keep it under registries and names of their own; its types are the same in
// all.
func isAWS(provider, kind string) bool {
	return provider == "" || provider == "aws" || strings.HasSuffix(provider, "/aws") || strings.HasPrefix(kind, "aws_")
}

func (d *document) plan(files Sources, stacks StackReader) (*resource.Plan, error) {
	p := &resource.Plan{}
	p.MadeAt, _ = time.Parse(time.RFC3339, d.Timestamp) // what is not a time tells nothing
	g := newGraph(d, files)
	if d.Complete != nil && !*d.Complete {
		p.Partial = snapshot.Text{
			En: "the plan says that it is not complete (-target, or deferred changes): what it leaves out is not judged",
			Ja: "プランが不完全とされている（-target か延期された変更）。含まれない変更は判定していない",
		}
	}
	for _, r := range g.state {
		if _, ok := resource.Types().Models[r.Type]; ok {
			p.State = append(p.State, r)
		}
	}
	p.DataSources, p.RefersToExisting = g.dataSources, g.untold
	p.Places = g.places()
	sort.SliceStable(p.State, func(i, j int) bool { return p.State[i].Address < p.State[j].Address })
	for _, rc := range d.Changes {
		if rc == nil {
			continue
		}
		if rc.Change == nil || rc.Mode == "" {
			return nil, snapshot.Errorf("%s: what changes is left out: it is not what terraform show -json prints of a plan", "%s: 変更の内容がない。terraform show -json がプランについて出力するものではない", resource.Shortened(rc.Address))
		}
		p.RefersToExisting = p.RefersToExisting || handsOver(rc)
		if rc.Mode != tfjson.ManagedResourceMode {
			if slices.Contains(rc.Change.Actions, tfjson.ActionRead) && isRun(g.after[rc]) {
				g.runs(p, rc, resource.Create)
			}
			continue
		}
		action, ok := actionOf(rc)
		if i := slices.IndexFunc(rc.Change.Actions, func(a tfjson.Action) bool { return !slices.Contains(knownActions, string(a)) }); i >= 0 {
			return nil, snapshot.Errorf("%s: this version does not know what the action %q does", "%s: アクション %q が何をするかをこの版は知らない", rc.Address, resource.Shortened(string(rc.Change.Actions[i])))
		}
		if ok {
			p.Changed = append(p.Changed, rc.Address)
			g.runs(p, rc, action)
			g.takes(p, rc, action)
		}
		if ok && g.cloudFormationChange(p, rc, action) || !isAWS(rc.ProviderName, rc.Type) {
			continue
		}
		before, after := g.before[rc], g.after[rc]
		if after != nil {
			p.Current = append(p.Current, after)
		}
		if _, modelled := resource.Types().Models[rc.Type]; !ok && modelled && before != nil && before.Exists && d.Prior == nil {
			p.State = append(p.State, before) // people take the prior state out of a plan that they pass on
		}
		if !ok || rc.Type == "aws_cloudformation_stack" && stacked(p, stacks, before, after, rc.Change.AfterUnknown, action) {
			continue
		}
		if resource.Types().Of(rc.Type).Shares {
			shares(p, before, action)
			continue
		}
		if kinds, touches := resource.Types().Unmodelled[rc.Type]; touches {
			u := after
			if u == nil {
				u = before
			}
			if u == nil { // neither before nor after: only its name is known
				u = &resource.Object{Address: rc.Address, Type: rc.Type}
			}
			if action != resource.Update || !sameButTags(before, after) {
				p.Doubt(u, kinds, snapshot.NotModelled, u.Address, rc.Type)
			}
			continue
		}
		m, ok := resource.Types().Models[rc.Type]
		if !ok {
			continue
		}
		if after != nil {
			g.settle(rc, after)
		}
		for _, o := range []*resource.Object{before, after} {
			if err := resource.Validate(o); err != nil {
				return nil, err
			}
		}
		switch {
		case action == resource.Create:
			before = nil
		case before == nil: // of what it was, somebody took it out
			p.Doubt(cmp.Or(after, &resource.Object{Address: rc.Address, Type: rc.Type}), m.Kinds, snapshot.NotModelled, rc.Address, string(action))
			continue
		}
		p.Changes = append(p.Changes, resource.Change{Address: rc.Address, Type: rc.Type, Action: action, Kinds: m.Kinds, Place: g.source.place(rc.ModuleAddress, rc.Type, rc.Name), Before: before, After: after})
	}
	for _, rc := range d.Deferred {
		if rc != nil && rc.ResourceChange != nil {
			g.deferred(p, rc.ResourceChange)
		}
	}
	for _, later := range d.Later {
		d.Invocations = append(d.Invocations, later.Invocation)
	}
	invokes(p, g, d.Invocations)
	p.Agents = resource.Agents(p.Current)
	slices.Sort(g.untoldBlocks)
	p.RefersToExisting = p.RefersToExisting || g.untold
	p.Secrets, p.UntoldBlocks = g.secrets(), g.untoldBlocks
	return p, nil
}

// sameButTags reports whether an update changes nothing but tags.
func sameButTags(before, after *resource.Object) bool {
	if before == nil || after == nil {
		return false
	}
	// A group of instances has its tags in blocks, which may start a refresh of it.
	refresh, listed := after.Attributes["instance_refresh"].([]any)
	tagged := resource.AnyNumber(after.Type) && listed && len(refresh) == 0
	for name := range after.Attributes {
		if name != "tags" && name != "tags_all" && (name != "tag" || !tagged) && !resource.Same(before, after, name) {
			return false
		}
	}
	return true
}

// handsOver reports whether a change may yield, as a value that is known only
// after apply, the id of something that exists already. Data sources that are read
// during apply do, and resources whose attributes may be anything.
func handsOver(rc *tfjson.ResourceChange) bool {
	if rc.Mode == tfjson.DataResourceMode {
		return slices.Contains(rc.Change.Actions, tfjson.ActionRead) && !strings.HasPrefix(rc.Type, "aws_iam_") && !resource.Types().Of(rc.Type).Idless
	}
	_, acts := actionOf(rc)
	return acts && (resource.Types().Of(rc.Type).Yields || isForeign(rc.ProviderName, rc.Type))
}

// knownActions are those of a plan.
// Source: https://developer.hashicorp.com/terraform/internals/json-format#change-representation
var knownActions = []string{"no-op", "create", "read", "update", "delete", "forget"}

// actionOf is what a change does, and whether it does anything. Resources that
// leave the state without being destroyed stay as they are; one that is made
// again beside a forgotten one is new.
func actionOf(rc *tfjson.ResourceChange) (resource.Action, bool) {
	has := func(a string) bool { return slices.Contains(rc.Change.Actions, tfjson.Action(a)) }
	switch {
	case has("create") && has("delete"):
		return resource.Replace, true
	case has("create"):
		return resource.Create, true
	case has("delete"):
		return resource.Delete, true
	case has("update"):
		return resource.Update, true
	}
	return "", false
}

// object makes an object of a resource's values.
func newObject(address, kind string, values any, sensitive any) (*resource.Object, error) {
	attrs, ok := values.(map[string]any)
	if !ok {
		return nil, errors.New("no attributes") // of what is not there before, or after
	}
	o := &resource.Object{Address: address, Type: kind, Attributes: attrs, Sensitive: map[string]bool{}}
	if id, _ := attrs["id"].(string); id != "" {
		o.ID, o.Exists = id, true
	}
	switch s := sensitive.(type) {
	case map[string]any:
		for name, v := range s {
			if marked(v) {
				o.Sensitive[name] = true
			}
		}
	case bool:
		if s {
			for name := range attrs {
				o.Sensitive[name] = true
			}
		}
	}
	o.Location = o.Location.OfARN(o.Known("arn"))
	if region := o.Known("region"); region != "" && kind != resource.AgentType {
		o.Location.Region = region
	}
	if owner := o.Known("owner_id"); len(owner) == 12 && o.Location.Account == "" {
		o.Location.Account = owner
	}
	return o, nil
}

// marked reports whether anything in a mask of sensitive values is set.
func marked(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case map[string]any:
		for _, e := range v {
			if marked(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, marked)
	}
	return false
}

// leaves lists the strings among the marked values.
func leaves(values, mask any, out []string) []string {
	switch m := mask.(type) {
	case bool:
		if !m {
			return out
		}
		switch v := values.(type) {
		case string:
			return append(out, v)
		case map[string]any:
			for _, e := range v {
				out = leaves(e, true, out)
			}
		case []any:
			for _, e := range v {
				out = leaves(e, true, out)
			}
		}
	case map[string]any:
		v, _ := values.(map[string]any)
		for k, e := range m {
			out = leaves(v[k], e, out)
		}
	case []any:
		v, _ := values.([]any)
		for i, e := range m {
			if i < len(v) {
				out = leaves(v[i], e, out)
			}
		}
	}
	return out
}
