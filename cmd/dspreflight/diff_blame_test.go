package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// TestDiffBlamesWhatThePlanBlames compares the estate from before each recorded plan
// with the one from after it was applied. The rows to blame are of resources that
// the blame of the plan names, and of each of them there is a row.
func TestDiffBlamesWhatThePlanBlames(t *testing.T) {
	// Of these there is no row, as rows are tried one by one: a plan lays a subnet or
	// a group over the estate together with what stands in it or is of it.
	rowless := []string{
		"m82-destination-vpc-recidred aws_subnet.dst_a",
		`d10-foreach-key-removed module.endpoint[0].module.sg["data"].aws_security_group.this`,
		`d10-foreach-key-removed module.endpoint[0].module.sg["data"].aws_vpc_security_group_ingress_rule.this[0]`,
	}
	compared := 0
	for n, file := range recorded.Glob(t, "plans", "*/plan.json") {
		if !tier.Takes(n, 3) {
			continue
		}
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		before, after := filepath.Join(dir, "describe_before"), filepath.Join(dir, "describe_after")
		if _, err := os.Stat(after); err != nil || strings.Contains(read(t, filepath.Join(dir, "expected.txt")), "errored") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			flags := append([]string{"--complete", "--requirements", "article", "-o", "json"}, agentFlags(name)...)
			byPlan := parse(t, planned(t, dir))
			var d report.Diff
			if out := invoke(t, slices.Concat([]string{"diff"}, flags, []string{before, after})...); json.Unmarshal([]byte(out.stdout), &d) != nil {
				t.Fatalf("exit code %d: %s", out.code, out.stderr)
			}
			plan, pair := plannedIDs(t, file), pairOf(t, before, after)
			rows, revealed := map[string][]string{}, map[string]bool{}
			for _, f := range d.Targets[0].Revealed {
				revealed[f.Check] = true
			}
			for _, f := range d.Targets[0].New {
				if len(f.Rows) == 0 {
					t.Errorf("no row is to blame for %s %s of %s", f.Check, f.Code, f.Subject)
				}
				if f.Status != "FAIL" {
					continue
				}
				for _, r := range f.Rows {
					rows[f.Check] = append(rows[f.Check], pair.holder(r.ID))
				}
			}
			var all []string // ids that the plan blames for anything
			for _, r := range byPlan.Targets[0].Results {
				for _, f := range r.Findings {
					for _, by := range f.Resources {
						all = append(all, plan[by.Address]...)
					}
				}
			}
			for _, r := range byPlan.Targets[0].Results {
				var named []string
				if r.Status == "SKIP" { // by the plan, what it comes after fails already
					named = all
				}
				for _, f := range r.Findings {
					for _, by := range f.Resources {
						ids := plan[by.Address]
						if len(ids) == 0 {
							t.Fatalf("the plan has no id for %s", by.Address)
						}
						named = append(named, ids...)
						if rows[r.Check] != nil && !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(rows[r.Check], id) }) && !slices.Contains(rowless, name+" "+by.Address) {
							t.Errorf("%s: %s is to blame by the plan, and there is no row of %v", r.Check, by.Address, ids)
						}
					}
				}
				for _, id := range rows[r.Check] {
					if compared++; !slices.Contains(named, id) {
						t.Errorf("%s: a row of %s is to blame, and by the plan %v", r.Check, id, named)
					}
				}
				if r.Status == "FAIL" && len(named) > 0 && rows[r.Check] == nil && !revealed[r.Check] {
					t.Errorf("%s: %v is to blame by the plan, and nothing is new", r.Check, named)
				}
			}
		})
	}
	if compared < tier.Size(30) {
		t.Errorf("only %d rows were compared", compared)
	}
}

// holding are the attributes of the types of Terraform that say which resource of AWS
// a row shows them with, and how the ids of those begin.
var holding = map[string][2]string{
	"aws_vpc_endpoint":                                {"id", "vpce"},
	"aws_instance":                                    {"id", "i"},
	"aws_security_group":                              {"id", "sg"},
	"aws_security_group_rule":                         {"security_group_id", "sg"},
	"aws_vpc_security_group_ingress_rule":             {"security_group_id", "sg"},
	"aws_vpc_security_group_egress_rule":              {"security_group_id", "sg"},
	"aws_route_table":                                 {"id", "rtb"},
	"aws_default_route_table":                         {"default_route_table_id", "rtb"},
	"aws_route":                                       {"route_table_id", "rtb"},
	"aws_network_acl":                                 {"id", "acl"},
	"aws_default_network_acl":                         {"default_network_acl_id", "acl"},
	"aws_network_acl_rule":                            {"network_acl_id", "acl"},
	"aws_vpc_peering_connection":                      {"id", "pcx"},
	"aws_ec2_managed_prefix_list":                     {"id", "pl"},
	"aws_ec2_managed_prefix_list_entry":               {"prefix_list_id", "pl"},
	"aws_subnet":                                      {"id", "subnet"},
	"aws_network_interface":                           {"subnet_id", "subnet"}, // whose free addresses it takes
	"aws_vpn_gateway":                                 {"id", "vgw"},
	"aws_ec2_transit_gateway":                         {"id", "tgw"},
	"aws_ec2_transit_gateway_vpc_attachment":          {"id", "tgw-attach"},
	"aws_ec2_transit_gateway_route":                   {"transit_gateway_route_table_id", "tgw-rtb"},
	"aws_ec2_transit_gateway_route_table_association": {"transit_gateway_route_table_id", "tgw-rtb"},
}

// shownToo are attributes that name a second resource whose row shows the same: an
// attachment tells which table it is associated with, as the table does.
var shownToo = map[string]string{"aws_ec2_transit_gateway_route_table_association": "transit_gateway_attachment_id"}

// anew stands for the id of a resource that there was not before.
func anew(prefix string) string { return prefix + " (new)" }

// plannedIDs are the ids of the resources that rows show the changes of a plan with,
// before and after, by address.
func plannedIDs(t *testing.T, file string) map[string][]string {
	t.Helper()
	var plan struct {
		Changes []struct {
			Address, Type string
			Change        struct{ Before, After map[string]any }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(read(t, file)), &plan); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, c := range plan.Changes {
		by, ok := holding[c.Type]
		if !ok {
			continue
		}
		for _, values := range []map[string]any{c.Change.Before, c.Change.After} {
			if id, ok := values[shownToo[c.Type]].(string); ok {
				out[c.Address] = append(out[c.Address], id)
			}
			if id, ok := values[by[0]].(string); ok {
				out[c.Address] = append(out[c.Address], id)
			} else if values != nil {
				out[c.Address] = append(out[c.Address], anew(by[1]))
			}
			if id, ok := values["transit_gateway_attachment_id"].(string); ok && c.Type == "aws_ec2_transit_gateway_route_table_association" {
				out[c.Address] = append(out[c.Address], id) // AWS tells of it in the row of the attachment too
			}
		}
	}
	return out
}

// pair is an estate before and after.
type pair struct {
	scopes []*snapshot.Scope
	before string // all the files
}

func pairOf(t *testing.T, before, after string) pair {
	t.Helper()
	out := pair{before: folderText(t, before)}
	for _, dir := range []string{before, after} {
		snap, err := audit.ReadFolder(dir, snapshot.ReadOptions{Complete: true})
		if err != nil {
			t.Fatal(err)
		}
		out.scopes = append(out.scopes, snap.Scopes...)
	}
	return out
}

var idShape = regexp.MustCompile(`-[0-9a-f]+$`)

// holder is the resource that a row belongs to.
func (p pair) holder(id string) string {
	for _, s := range p.scopes {
		if r, is := s.SecurityGroupRules.Get(id); is == snapshot.Present {
			id = r.Group
		}
		if t, is := s.TransitGatewayRouteTables.Get(id); is == snapshot.Present && !strings.Contains(p.before, id) {
			id = t.Gateway // made with it
		}
		if i, is := s.Interfaces.Get(id); is == snapshot.Present {
			if i.Attachment != nil && i.Attachment.InstanceID != "" {
				id = i.Attachment.InstanceID
			}
			for _, e := range s.Endpoints.All() {
				if slices.Contains(e.InterfaceIDs, i.ID) {
					id = e.ID
				}
			}
		}
	}
	if !strings.Contains(p.before, id) {
		return anew(idShape.ReplaceAllString(id, ""))
	}
	return id
}
