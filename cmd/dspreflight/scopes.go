package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const groupScopes = "Other scopes: whose else the way leads through"

func networkFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag(groupScopes, "network-profile", "`NAME` in the shared AWS configuration, for the account that owns transit gateways and firewalls (more of them: scopes in --config)"),
		stringFlag(groupScopes, "network-role-arn", "`ARN` of a role to assume in that account"),
		stringFlag(groupScopes, "network-region", "its `REGION` (default: that of the endpoint)"),
	}
}

// scopeFlags are the flags that say which accounts and Regions to look at.
func scopeFlags() []cli.Flag {
	names := []string{"region", "profile", "role-arn", "source-region", "source-profile", "source-role-arn", "network-profile", "network-role-arn", "network-region", "config"}
	return slices.DeleteFunc(targetFlags(), func(f cli.Flag) bool { return !slices.Contains(names, f.Names()[0]) })
}

// access says in --config with which credentials both sides are looked at.
type access struct {
	Profile       string `yaml:"profile"`
	RoleARN       string `yaml:"role-arn"`
	SourceProfile string `yaml:"source-profile"`
	SourceRoleARN string `yaml:"source-role-arn"`
}

// configTarget is a target in --config, with credentials of its own if it likes.
type configTarget struct {
	snapshot.Target `yaml:",inline"`
	access          `yaml:",inline"`
}

// configScope is another account or Region to look at.
type configScope struct {
	Name    string `yaml:"name"`
	Region  string `yaml:"region"`
	Profile string `yaml:"profile"`
	RoleARN string `yaml:"role-arn"`
}

// over completes an account from the one that it stands beside. Who names a
// profile means it without the other's role; a role alone is assumed with the
// other's profile.
func over(own, other collect.Account) collect.Account {
	if own.Region == "" {
		own.Region = other.Region
	}
	if own.Profile == "" {
		own.Profile = other.Profile
		if own.RoleARN == "" {
			own.RoleARN = other.RoleARN
		}
	}
	return own
}

// scopeList gathers the accounts and Regions to look at, each once.
type scopeList struct {
	scopes []collect.Scope
	at     map[collect.Account]int
	names  map[string]bool
}

// add returns the place of an account in the list. A name that is taken gets a
// number.
func (l *scopeList) add(name string, a collect.Account) int {
	if i, ok := l.at[a]; ok {
		return i
	}
	free := name
	for n := 2; l.names[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	l.names[free], l.at[a] = true, len(l.scopes)
	l.scopes = append(l.scopes, collect.Scope{Name: free, Account: a})
	return l.at[a]
}

// settleScopes lists the scopes to look at, and tells each target which of them
// are its sides.
func settleScopes(c *cli.Context, env *environment, file config, targets []snapshot.Target) ([]collect.Scope, []snapshot.Target, error) {
	list := scopeList{at: map[collect.Account]int{}, names: map[string]bool{}}
	sources := make([]*collect.Account, len(targets))
	for i := range targets {
		destination, source, err := accountsOf(c, file, i, targets[i])
		if err != nil {
			return nil, nil, err
		}
		targets[i].Sides = &snapshot.Sides{Destination: list.add("destination", destination)}
		targets[i].Sides.Source, sources[i] = targets[i].Sides.Destination, source
	}
	for i, a := range sources {
		if a != nil {
			targets[i].Sides.Source = list.add("source", *a)
		}
	}
	others, err := otherScopes(c, file)
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(others, func(a, b collect.Scope) int { return strings.Compare(a.Name, b.Name) }) // as saved folders are read
	var listed []int                                                                                       // by the file: where to look for agents too
	for _, o := range others {
		if n := list.add(o.Name, over(o.Account, list.scopes[0].Account)); o.Name != "network" || c.String("network-region")+c.String("network-profile")+c.String("network-role-arn") == "" {
			listed = append(listed, n)
		}
	}
	targets, err = auditScopes(c, env, file, &list, targets, listed)
	return list.scopes, targets, err
}

// asksAWS reports whether the evidence comes from AWS, and not from files.
func asksAWS(c *cli.Context) bool {
	return c.String("snapshot") == "" && c.String("fixture") == "" && !c.Bool("plan-only")
}

// forgetSides leaves it to the evidence which scopes are the targets' sides: the
// scopes are others than those that would be looked at live.
func forgetSides(targets []snapshot.Target) {
	for i := range targets {
		targets[i].Sides = nil
	}
}

// accountsOf are the two accounts of a target; the second is nil where the agent
// is looked for beside the endpoint.
func accountsOf(c *cli.Context, file config, n int, t snapshot.Target) (destination collect.Account, source *collect.Account, err error) {
	var own access
	where := "--config: "
	if n < len(file.Targets) {
		own, where = file.Targets[n].access, fmt.Sprintf("--config: targets[%d]: ", n)
	}
	side := func(prefix, region, profile, role, profileBelow, roleBelow string) (collect.Account, error) {
		a := over(collect.Account{Profile: profile, RoleARN: role}, collect.Account{Profile: profileBelow, RoleARN: roleBelow})
		a.Region = region
		if p := c.String(prefix + "profile"); p != "" {
			a.Profile = p
		}
		at := where
		if r := c.String(prefix + "role-arn"); r != "" {
			a.RoleARN, at = r, "--"
		}
		return a, saneRole(at+prefix+"role-arn", a.RoleARN)
	}
	if destination, err = side("", t.Region, own.Profile, own.RoleARN, file.Profile, file.RoleARN); err != nil {
		return destination, nil, err
	}
	a, err := side("source-", t.SourceRegion, own.SourceProfile, own.SourceRoleARN, file.SourceProfile, file.SourceRoleARN)
	if err != nil || a == (collect.Account{}) {
		return destination, nil, err
	}
	a = over(a, destination)
	return destination, &a, nil
}

// otherScopes are those of --network-... and of the list in --config.
func otherScopes(c *cli.Context, file config) ([]collect.Scope, error) {
	var out []collect.Scope
	network := collect.Account{Region: c.String("network-region"), Profile: c.String("network-profile"), RoleARN: c.String("network-role-arn")}
	if network != (collect.Account{}) {
		if err := saneScope("--network-", network); err != nil {
			return nil, err
		}
		out = append(out, collect.Scope{Name: "network", Account: network})
	}
	names := map[string]bool{"destination": true, "source": true, "network": len(out) > 0}
	for i, s := range file.Scopes {
		where := fmt.Sprintf("--config: scopes[%d]", i)
		a := collect.Account{Region: s.Region, Profile: s.Profile, RoleARN: s.RoleARN}
		name := s.Name
		switch {
		case a == (collect.Account{}):
			return nil, snapshot.Errorf("%s: say which account or Region: a profile, a role-arn, a region, or several of them", "%s: profile、role-arn、region のいずれかでアカウントかリージョンを指定する", where)
		case names[name]:
			return nil, snapshot.Errorf("%s: the name %q is taken", "%s: 名前 %q は既に使われている", where, name)
		case name == "":
			name = "scope"
		default:
			names[name] = true
		}
		if err := saneScope(where+": ", a); err != nil {
			return nil, err
		}
		out = append(out, collect.Scope{Name: name, Account: a})
	}
	return out, nil
}

func saneScope(where string, a collect.Account) error {
	if a.Region != "" && !regionShape().MatchString(a.Region) {
		return snapshot.Errorf("%sregion %q: expected a Region, such as us-east-1", "%sregion %q: us-east-1 のようなリージョンを指定する", where, a.Region)
	}
	return saneRole(where+"role-arn", a.RoleARN)
}

func saneRole(where, arn string) error {
	if arn != "" && !roleARN().MatchString(arn) {
		return snapshot.Errorf("%s %q: expected the ARN of a role, such as arn:aws:iam::111122223333:role/NAME", "%s %q: arn:aws:iam::111122223333:role/NAME のようなロールの ARN を指定する", where, arn)
	}
	return nil
}
