package main

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var everyPlan = flag.Bool("every-plan", false, "hide the attributes of every plan, not of a few")

// moduleKeys are the keys of count and for_each in a module's address.
var moduleKeys = regexp.MustCompile(`\[[^\]]*\]`)

// TestHiddenAttributes takes the knowledge of one attribute after the other from
// plans: it becomes known only after apply, from a local value, which plans do not
// hold. Since it may still be what it was, no check may say the opposite.
func TestHiddenAttributes(t *testing.T) {
	few := []string{"i00-create", "m01-create-full-activation-key", "o00-create", "t00-create", "m72-endpoint-sg-new-complete", "t12-tgw-association-moved", "m60-peering-destroyed", "o14-route-propagation-added-static-removed"}
	for _, file := range sharedFolders(t, "plans/*/plan.json") {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		if !*everyPlan && !slices.Contains(few, name) || strings.Contains(name, "errored") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			args := append([]string{"check", "--requirements", "article", "-o", "json"}, agentFlags(name)...)
			if made.MatchString(name) {
				args = append(args, "--plan-only")
			} else {
				args = append(args, "--complete", "--snapshot", filepath.Join(dir, "describe_before"))
			}
			body := read(t, file)
			want := parse(t, invoke(t, append(args, "--plan", file)...))
			for _, a := range changing(t, body) {
				hidden := filepath.Join(t.TempDir(), "plan.json")
				if err := os.WriteFile(hidden, hide(t, body, a), 0o600); err != nil {
					t.Fatal(err)
				}
				out := invoke(t, append(args, "--plan", hidden)...)
				if out.code == exitUsage {
					t.Errorf("%v: %s", a, out.stderr)
					continue
				}
				rep := parse(t, out)
				for i, r := range rep.Targets[0].Results {
					if was := want.Targets[0].Results[i].Status; r.Status != was && r.Status != "UNKNOWN" && r.Status != "SKIP" {
						t.Errorf("without %s %s is %s, with it %s: %s", strings.Join(a[:], "."), r.Check, r.Status, was, messages(rep, r.Check))
					}
				}
			}
		})
	}
}

// changing are the attributes, by module, type, name, and own name, that
// configurations state and that a change of the plan sets.
func changing(t *testing.T, body string) [][4]string {
	seen := map[[4]string]bool{}
	doc := decode(t, body)
	for _, c := range doc["resource_changes"].([]any) {
		c := c.(map[string]any)
		change := c["change"].(map[string]any)
		if actions, _ := json.Marshal(change["actions"]); c["mode"] != "managed" || string(actions) == `["no-op"]` || string(actions) == `["delete"]` || string(actions) == `["forget"]` {
			continue
		}
		module, _ := c["module_address"].(string)
		r := configured(doc, module, c["type"].(string), c["name"].(string))
		if r == nil {
			continue
		}
		for attr := range r["expressions"].(map[string]any) {
			seen[[4]string{moduleKeys.ReplaceAllString(module, ""), c["type"].(string), c["name"].(string), attr}] = true
		}
	}
	out := slices.Collect(maps.Keys(seen))
	slices.SortFunc(out, func(a, b [4]string) int { return strings.Compare(strings.Join(a[:], "."), strings.Join(b[:], ".")) })
	return out
}

// configured is the configuration of a resource.
func configured(doc map[string]any, module, kind, name string) map[string]any {
	m, _ := doc["configuration"].(map[string]any)["root_module"].(map[string]any)
	for _, step := range strings.Split(moduleKeys.ReplaceAllString(module, ""), ".") {
		if step == "" || step == "module" {
			continue
		}
		calls, _ := m["module_calls"].(map[string]any)
		call, _ := calls[step].(map[string]any)
		m, _ = call["module"].(map[string]any)
	}
	list, _ := m["resources"].([]any)
	for _, r := range list {
		if r := r.(map[string]any); r["mode"] == "managed" && r["type"] == kind && r["name"] == name && r["expressions"] != nil {
			return r
		}
	}
	return nil
}

// hide writes a plan in which an attribute is known only after apply.
func hide(t *testing.T, body string, a [4]string) []byte {
	doc := decode(t, body)
	for _, c := range doc["resource_changes"].([]any) {
		c := c.(map[string]any)
		change := c["change"].(map[string]any)
		module, _ := c["module_address"].(string)
		after, _ := change["after"].(map[string]any)
		if after == nil || c["mode"] != "managed" || moduleKeys.ReplaceAllString(module, "") != a[0] || c["type"] != a[1] || c["name"] != a[2] {
			continue
		}
		delete(after, a[3])
		unknown, _ := change["after_unknown"].(map[string]any)
		if unknown == nil {
			unknown = map[string]any{}
		}
		unknown[a[3]] = true
		change["after_unknown"] = unknown
	}
	configured(doc, a[0], a[1], a[2])["expressions"].(map[string]any)[a[3]] = map[string]any{"references": []string{"local.hidden"}}
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
