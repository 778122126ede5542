package report

import (
	"slices"
	"strings"
)

// masked stands for a value that is marked as sensitive.
const masked = "(sensitive)"

// hide takes the values that are marked as sensitive out of all that is said.
func (e *Earlier) hide(t *Target) {
	if len(e.Secrets) == 0 {
		return
	}
	var pairs []string
	for _, s := range e.Secrets {
		pairs = append(pairs, s, masked)
	}
	replace := strings.NewReplacer(pairs...).Replace
	list := func(l []string) {
		for i := range l {
			l[i] = replace(l[i])
		}
	}
	for i := range t.Gaps {
		t.Gaps[i].Message = replace(t.Gaps[i].Message)
	}
	for i := range t.Results {
		for j := range t.Results[i].Findings {
			f := &t.Results[i].Findings[j]
			f.Message, f.Cause = replace(f.Message), replace(f.Cause)
			for k, v := range f.Args {
				switch v := v.(type) {
				case string:
					f.Args[k] = replace(v)
				case []string:
					list(v)
				}
			}
			for k := range f.Evidence {
				f.Evidence[k].Fact = replace(f.Evidence[k].Fact)
			}
			for k := range f.Gaps {
				f.Gaps[k].Message = replace(f.Gaps[k].Message)
			}
			if f.Fix != nil {
				f.Fix.Text, f.Fix.Terraform = replace(f.Fix.Text), replace(f.Fix.Terraform)
				list(f.Fix.AWSCLI)
				list(f.Fix.Look)
			}
		}
	}
	for _, p := range []*Path{t.Path, t.PathBefore} {
		if p == nil {
			continue
		}
		for _, hops := range [][]Hop{p.There, p.Back} {
			for i := range hops {
				list(hops[i].Facts)
			}
		}
		for _, e := range []*Terminus{&p.Agent, &p.Endpoint, &p.Task} {
			list(e.Addresses)
		}
	}
	for i := range t.Firewall {
		t.Firewall[i].Source, t.Firewall[i].Destination = slices.Clone(t.Firewall[i].Source), slices.Clone(t.Firewall[i].Destination)
		list(t.Firewall[i].Source)
		list(t.Firewall[i].Destination)
	}
	for i := range t.Changes {
		t.Changes[i].AWSCLI, t.Changes[i].Terraform = replace(t.Changes[i].AWSCLI), replace(t.Changes[i].Terraform)
	}
}
