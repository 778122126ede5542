package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// moduleKeys are the keys of count and for_each in a module's address.
var moduleKeys = regexp.MustCompile(`\[[^\]]*\]`)

// attribute is one of a configured resource, by the addresses of its module and
// itself, without keys. field is one of a nested block's; name is "" for all.
type attribute struct{ module, kind, resource, name, field string }

func (a attribute) String() string {
	return strings.Trim(strings.Join([]string{a.module, a.kind, a.resource, a.name, a.field}, "."), ".")
}

// TestHiddenAttributes takes the knowledge of one attribute after the other from
// plans: it becomes known only after apply, from a data source that is read then.
// Since it may still be what it was, no check may say the opposite.
func TestHiddenAttributes(t *testing.T) {
	step := 0
	for _, file := range tier.Share(recorded.Glob(t, "plans", "*/plan.json")) {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		if strings.Contains(name, "errored") {
			continue
		}
		body := read(t, file)
		var taken []attribute
		for _, a := range changing(t, body) {
			if step++; tier.Takes(step, 23) {
				taken = append(taken, a)
			}
		}
		if len(taken) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"check", "--requirements", "article", "-o", "json"}, agentFlags(name)...)
			var out outcome
			if made.MatchString(name) {
				args = append(args, "--plan-only")
				out = invoke(t, append(args, "--plan", file)...)
			} else {
				out = planned(t, dir)
				args = append(args, "--complete", "--snapshot", filepath.Join(dir, "describe_before"))
			}
			want := parse(t, out)
			for _, a := range taken {
				hidden := filepath.Join(t.TempDir(), "plan.json")
				if err := os.WriteFile(hidden, hide(t, body, a), 0o600); err != nil {
					t.Fatal(err)
				}
				out = invoke(t, append(args, "--plan", hidden)...)
				if out.code == exitUsage {
					t.Errorf("%s: %s", a, out.stderr)
					continue
				}
				rep := parse(t, out)
				for i, r := range rep.Targets[0].Results {
					was := want.Targets[0].Results[i].Status
					if r.Status == was || r.Status == "UNKNOWN" || r.Status == "SKIP" {
						continue
					}
					// One subnet of several has room: neither says that the task fails.
					if r.Check == "subnet-free-ips" && r.Status == "WARN" && was == "PASS" {
						continue
					}
					// Known whole, the two networks are apart, and connection-active speaks for the routes.
					if strings.HasPrefix(r.Check, "route-") && r.Status == "FAIL" && was == "SKIP" && statusOf(want, "connection-active") == "FAIL" {
						continue
					}
					t.Errorf("without %s %s is %s, with it %s: %s", a, r.Check, r.Status, was, messages(rep, r.Check))
				}
			}
		})
	}
}

func statusOf(rep report.Report, check string) report.Status {
	for _, r := range rep.Targets[0].Results {
		if r.Check == check {
			return r.Status
		}
	}
	return ""
}

// changing are the attributes that configurations state and that a change of the
// plan sets, and for each resource all of them.
func changing(t *testing.T, body string) []attribute {
	seen := map[attribute]bool{}
	doc := decode(t, body)
	changes, _ := doc["resource_changes"].([]any)
	for _, c := range changes {
		c := c.(map[string]any)
		after, _ := c["change"].(map[string]any)["after"].(map[string]any)
		if actions, _ := json.Marshal(c["change"].(map[string]any)["actions"]); after == nil || c["mode"] != "managed" || string(actions) == `["no-op"]` || string(actions) == `["forget"]` {
			continue
		}
		module, _ := c["module_address"].(string)
		a := attribute{module: moduleKeys.ReplaceAllString(module, ""), kind: c["type"].(string), resource: c["name"].(string)}
		r := configured(doc, a)
		if r == nil {
			continue
		}
		seen[a] = true
		for a.name = range r["expressions"].(map[string]any) {
			seen[a] = true
			blocks, _ := after[a.name].([]any)
			for _, b := range blocks {
				b, _ := b.(map[string]any)
				inner := a
				for inner.field = range b {
					seen[inner] = true
				}
			}
		}
	}
	out := slices.Collect(maps.Keys(seen))
	slices.SortFunc(out, func(a, b attribute) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// configured is the configuration of a resource.
func configured(doc map[string]any, a attribute) map[string]any {
	m, _ := doc["configuration"].(map[string]any)["root_module"].(map[string]any)
	for _, step := range strings.Split(a.module, ".") {
		if step == "" || step == "module" {
			continue
		}
		calls, _ := m["module_calls"].(map[string]any)
		call, _ := calls[step].(map[string]any)
		m, _ = call["module"].(map[string]any)
	}
	list, _ := m["resources"].([]any)
	for _, r := range list {
		if r := r.(map[string]any); r["mode"] == "managed" && r["type"] == a.kind && r["name"] == a.resource && r["expressions"] != nil {
			return r
		}
	}
	return nil
}

// hide writes a plan in which an attribute is known only after apply.
func hide(t *testing.T, body string, a attribute) []byte {
	doc := decode(t, body)
	source := map[string]any{"references": []string{"data.external.hidden.result.id", "data.external.hidden.result", "data.external.hidden"}}
	expressions := configured(doc, a)["expressions"].(map[string]any)
	var names []string
	for name := range expressions {
		if a.name == "" || a.name == name {
			names = append(names, name)
		}
	}
	for _, c := range doc["resource_changes"].([]any) {
		c := c.(map[string]any)
		change := c["change"].(map[string]any)
		module, _ := c["module_address"].(string)
		after, _ := change["after"].(map[string]any)
		if after == nil || c["mode"] != "managed" || moduleKeys.ReplaceAllString(module, "") != a.module || c["type"] != a.kind || c["name"] != a.resource {
			continue
		}
		unknown, _ := change["after_unknown"].(map[string]any)
		if unknown == nil {
			unknown = map[string]any{}
		}
		change["after_unknown"] = unknown
		for _, name := range names {
			if a.field == "" {
				delete(after, name)
				unknown[name] = true
				continue
			}
			blocks, _ := after[name].([]any)
			masks, _ := unknown[name].([]any)
			for len(masks) < len(blocks) {
				masks = append(masks, map[string]any{})
			}
			for i := range blocks {
				delete(blocks[i].(map[string]any), a.field)
				masks[i].(map[string]any)[a.field] = true
			}
			unknown[name] = masks
		}
	}
	for _, name := range names {
		expressions[name] = source
	}
	doc["resource_changes"] = append(doc["resource_changes"].([]any), map[string]any{
		"address": "data.external.hidden", "mode": "data", "type": "external", "name": "hidden", "provider_name": "registry.terraform.io/hashicorp/external",
		"change": map[string]any{"actions": []string{"read"}, "before": nil, "after": map[string]any{}, "after_unknown": map[string]any{"result": true, "id": true}},
	})
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decode(t *testing.T, body string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
