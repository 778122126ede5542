package audit

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/gate"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// maxPlanBytes is ten times a plan of 10,000 resources.
const maxPlanBytes = 512 << 20

// readPlans reads what --plan and --template name; nil if they name nothing.
func (r *Run) readPlans(ctx context.Context) ([]iac.Source, error) {
	if r.Configuration != "" && len(r.declarations(ctx, r.Configuration)) == 0 {
		return nil, snapshot.Errorf("--configuration %s: there are no *.tf files", "--configuration %s: *.tf ファイルがない", r.Configuration)
	}
	var out []iac.Source
	for _, path := range r.Plans {
		var body []byte
		var err error
		if path == "-" {
			body, err = r.Console.Read(ctx, maxPlanBytes)
		} else {
			body, err = r.read(ctx, path, maxPlanBytes)
		}
		if err != nil {
			return nil, fmt.Errorf("--plan %s: %w", path, err)
		}
		p, err := iac.ReadPlan(body, r.sources(ctx, path))
		if err != nil {
			return nil, fmt.Errorf("--plan %s: %w", path, err)
		}
		out = append(out, p)
	}
	templates, err := r.readTemplates(ctx)
	return append(out, templates...), err
}

// sources are the files that a plan was made from, as far as they are here: in
// --configuration, else beside the plan, else in the working directory.
func (r *Run) sources(ctx context.Context, plan string) iac.Sources {
	roots := []string{filepath.Dir(plan), "."}
	if plan == "-" {
		roots = []string{"."}
	}
	if dir := r.Configuration; dir != "" {
		roots = []string{dir}
	}
	for _, root := range roots {
		if len(r.declarations(ctx, root)) > 0 {
			return func(dir string) map[string][]byte {
				return r.declarations(ctx, filepath.Join(root, filepath.FromSlash(dir)))
			}
		}
	}
	return nil
}

// maxDeclarationBytes is far above what a person writes into a file.
const maxDeclarationBytes = 1 << 20

// declarations are the *.tf files of a directory, by their paths. What can't be
// read is left out: it only tells where things are, and how they are written.
func (r *Run) declarations(ctx context.Context, dir string) map[string][]byte {
	out := map[string][]byte{}
	patterns := []string{"*.tf", "*.tf.json", "*.tofu", "*.tofu.json"}
	if strings.HasSuffix(filepath.ToSlash(dir), iac.ModulesFolder) {
		patterns = []string{"modules.json"}
	}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil
		}
		for _, path := range paths {
			body, err := r.read(ctx, path, maxDeclarationBytes)
			if err != nil && pattern == "*.tf" {
				continue // an empty file, or none of ours
			}
			out[filepath.ToSlash(path)] = body
		}
	}
	return out
}

// lookAhead judges the estate before and after the planned changes.
func (r *Run) lookAhead(ctx, run context.Context, base *snapshot.Snapshot) (report.Report, error) {
	if base != nil {
		base.Probes = nil // what was dialled says nothing of what will be
		if err := r.addPolicies(ctx, base); err != nil {
			return report.Report{}, err
		}
	}
	o, err := iac.New(base, r.Request.Plans)
	if err != nil {
		return report.Report{}, fmt.Errorf("--template: %w", err)
	}
	if err := rightEstate(o, base, r.Request.Targets); err != nil {
		return report.Report{}, err
	}
	before, after := o.Before(), o.After(nil)
	earlierTargets, laterTargets, err := r.targetsOfBoth(o, before, after)
	if err != nil {
		return report.Report{}, err
	}
	for i := range earlierTargets {
		if base != nil && r.Gate == report.GateChange && nowhere(before, earlierTargets[i].EndpointID) && nowhere(after, laterTargets[i].EndpointID) {
			return report.Report{}, snapshot.Errorf("%s is not in the estate, before or after the changes: is it the right account, Region and snapshot?", "%s は変更の前にも後にも環境にない。アカウント、リージョン、スナップショットは正しいか", earlierTargets[i].EndpointID)
		}
	}
	judged := JudgeAll(ctx, laterTargets, after, r.All, r.Selected)
	earlier := JudgeAll(ctx, earlierTargets, before, r.All, r.Selected)
	for i := range judged {
		judged[i].Earlier = compare(ctx, o, base == nil, judged[i], earlier[i])
	}
	opt := r.options(run, r.Waivers)
	opt.Gate = r.Gate
	shown := Masked{Snap: base, Targets: earlierTargets}
	if r.Redaction != nil {
		if judged, shown, err = r.redactAhead(ctx, o, base, earlier, judged); err != nil {
			return report.Report{}, err
		}
		opt.Waivers = shown.Waivers
	}
	if r.Shown != nil {
		r.Shown(shown)
	}
	if base != nil {
		if err := r.save(shown); err != nil {
			return report.Report{}, err
		}
	}
	for _, p := range o.Plans {
		if !p.Partial.Empty() {
			r.tell(snapshot.Textf("warning: %s", "警告: %s", p.Partial.In(r.Lang)))
		}
	}
	at := before.TakenAt
	for _, p := range o.Plans {
		if base == nil && p.MadeAt.After(at) {
			at = p.MadeAt
		}
	}
	opt.GeneratedAt = at
	if base != nil && opt.Redacted == "" {
		opt.Redacted = report.Harmless(base.Redacted)
	}
	return report.Build(judged, opt), nil
}

// namedBy are the ids that plans name for what is yet to be made.
func namedBy(plans []iac.Source) collect.Named {
	var out collect.Named
	for _, p := range plans {
		vpcs, groups, subnets := p.Named()
		out.VPCs, out.Groups, out.Subnets = append(out.VPCs, vpcs...), append(out.Groups, groups...), append(out.Subnets, subnets...)
	}
	return out
}

// rightEstate refuses an estate that is not the one that the plans are about: what
// is found there says nothing of them.
func rightEstate(o *iac.Overlay, base *snapshot.Snapshot, targets []snapshot.Target) error {
	if base == nil {
		return nil
	}
	for _, t := range targets {
		if base.Target != nil {
			t = t.Merge(*base.Target)
		}
		if err := o.Elsewhere(t.EndpointID); err != nil {
			return err
		}
	}
	return nil
}

// compare says what is known of a target before the changes, and which of them
// are behind what is different after.
func compare(ctx context.Context, o *iac.Overlay, alone bool, after, before report.Judged) *report.Earlier {
	e := &report.Earlier{Results: before.Results, Target: before.Target, Snapshot: before.Snapshot, Replaced: before.Target.EndpointID != after.Target.EndpointID, Renewed: o.Renewed, Touched: o.Touches, Concerns: o.Concerns, Planned: o.Planned, AddressOf: o.AddressOf, Blamed: map[string][][]report.Resource{}}
	for _, p := range o.Plans {
		e.Gaps, e.Secrets, e.Template = append(e.Gaps, p.Gaps...), append(e.Secrets, p.Secrets...), e.Template || p.Template
	}
	e.Notes = notes(o, alone, after, before, itself)
	for i, r := range after.Results {
		_, effects := e.Compare(before.Results[i], r)
		tried := map[string][]checks.Finding{}
		for n, effect := range effects {
			var list []report.Resource
			if effect == report.Broken || effect == report.UnknownNow || effect == report.Weakened {
				c := gate.Case{Overlay: o, After: after.Snapshot, TargetBefore: before.Target, TargetAfter: after.Target, Before: before.Results[i], Later: r, Finding: r.Findings[n], Tried: tried}
				for _, ch := range c.Blame(ctx) {
					list = append(list, report.Resource{Address: report.Harmless(ch.Address), Action: string(ch.Action), File: report.Harmless(ch.Place.File), Line: ch.Place.Line})
				}
			}
			e.Blamed[r.Check.ID] = append(e.Blamed[r.Check.ID], list)
		}
	}
	return e
}

// itself is what a name is called where nothing is redacted.
func itself(s string) string { return s }

// notes say what else there is to know of a change. Called says how a name is written.
func notes(o *iac.Overlay, alone bool, after, before report.Judged, called func(string) string) []snapshot.Text {
	out := append(touchingNotes(o, after, before, called), agentNotes(after, before, called)...)
	if alone {
		out = append(out, snapshot.Text{En: "Judged by the plan or template alone: neither AWS nor a snapshot was looked at.", Ja: "プランまたはテンプレートだけによる判定。AWS もスナップショットも見ていない。"})
	}
	var unread, blocks []string
	for _, p := range o.Plans {
		blocks = append(blocks, each(p.UntoldBlocks, called)...)
		for _, name := range p.Unread {
			unread = append(unread, called(name))
		}
	}
	if len(unread) > 0 {
		out = append(out, snapshot.Textf(
			"%d custom resources, provisioners or resources of other providers were not read; they name nothing of the path: %s.",
			"カスタムリソース・プロビジョナー・他のプロバイダーのリソース %d 件は読んでいない。経路上のものは指定されていない: %s。", len(unread), checks.Args{"list": unread}.Fill("{list}")))
	}
	if len(blocks) > 0 {
		out = append(out, snapshot.Textf(
			"%d attributes may be made of dynamic blocks, which a plan does not tell, and are taken to be empty: pass the *.tf files with --configuration: %s.",
			"属性 %d 件は dynamic ブロックで作られる場合があるが、プランからは分からないため空とみなした。*.tf ファイルを --configuration で渡す: %s。", len(blocks), checks.Args{"list": blocks}.Fill("{list}")))
	}
	for _, p := range o.Plans {
		if p.Template && p.Stack != "" && p.Updates {
			out = append(out, snapshot.Textf("The template is taken to update the stack %s.", "テンプレートはスタック %s の更新とみなした。", called(p.Stack)))
		}
	}
	return out
}

// agentNotes say what a change means to agents that are activated already.
func agentNotes(after, before report.Judged, called func(string) string) []snapshot.Text {
	replaced, endpoint := before.Target.EndpointID, after.Target.EndpointID
	if replaced == "" || endpoint == "" {
		return nil
	}
	if replaced != endpoint {
		return []snapshot.Text{snapshot.Textf(
			"%s is replaced by %s: its addresses change, and an agent that was activated through it must be activated again.",
			"%s は %s に置き換わり、アドレスが変わる。これを経由してアクティブ化したエージェントは再度アクティブ化が必要になる。", called(replaced), called(endpoint))}
	}
	var lost []string
	left := checks.EndpointAddresses(after.Target, after.Snapshot)
	for _, a := range checks.EndpointAddresses(before.Target, before.Snapshot) {
		if !slices.Contains(left, a) && checks.Stands(after.Snapshot, endpoint) {
			lost = append(lost, called(a.String()))
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return []snapshot.Text{snapshot.Textf(
		"%s loses the address %s: an agent that was activated with it must be activated again.",
		"%s はアドレス %s を失う。これを使ってアクティブ化したエージェントは再度アクティブ化が必要になる。", called(endpoint), strings.Join(lost, ", "))}
}

// targetsOfBoth completes the targets for the estate before and after the changes. A
// resource that a change replaces is its replacement afterwards.
func (r *Run) targetsOfBoth(o *iac.Overlay, before, after *snapshot.Snapshot) (earlier, later []snapshot.Target, err error) {
	manifest := before.Target
	before.Target, after.Target = nil, nil
	named := make([]iac.Source, len(o.Plans))
	for i, p := range o.Plans {
		named[i] = p
	}
	for _, t := range r.Request.Targets {
		t = checks.Together(before, manifest, r.Said, t)
		if manifest != nil {
			if err := Validate(t, "manifest.json: target", named); err != nil {
				return nil, nil, err
			}
		}
		t = agentOf(o, t)
		then, now := t, t
		for _, id := range []func(*snapshot.Target) *string{
			func(t *snapshot.Target) *string { return &t.EndpointID }, func(t *snapshot.Target) *string { return &t.SubnetID },
			func(t *snapshot.Target) *string { return &t.GroupID }, func(t *snapshot.Target) *string { return &t.SourceVPCID },
			func(t *snapshot.Target) *string { return &t.SourceSubnetID }, func(t *snapshot.Target) *string { return &t.AgentInstanceID },
		} {
			*id(&then), *id(&now) = o.IDs(*id(&t))
		}
		sides := after.For(now).Sides() // before, there may be no endpoint yet
		then.Sides, now.Sides = sides, sides
		first, err := complete(before, snapshot.Target{}, []snapshot.Target{then})
		if err != nil {
			return nil, nil, err
		}
		if now.EndpointID == "" && first[0].EndpointID != "" {
			// The one endpoint that there was, unless only another is left.
			_, now.EndpointID = o.IDs(first[0].EndpointID)
			if only, err := checks.Resolve(t, after.For(now)); err == nil && only.EndpointID != "" && !checks.Stands(after, now.EndpointID) {
				now.EndpointID = only.EndpointID
			}
		}
		second, err := complete(after, snapshot.Target{}, []snapshot.Target{now})
		if err != nil {
			return nil, nil, err
		}
		earlier, later = append(earlier, first[0]), append(later, second[0])
	}
	return earlier, later, nil
}

// agentOf takes what a target leaves out from the one agent that the plans
// declare, if nothing says where the agent is.
func agentOf(o *iac.Overlay, t snapshot.Target) snapshot.Target {
	var found []iac.Agent
	for _, p := range o.Plans {
		found = append(found, p.Agents...)
	}
	if len(found) != 1 {
		return t
	}
	var from snapshot.Target
	if a, err := netip.ParseAddr(found[0].IP); err == nil {
		from.AgentIP = a
	}
	return t.Merge(from)
}
