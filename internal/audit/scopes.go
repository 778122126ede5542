package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// configTarget is a target in --config, with credentials of its own if it likes.
type configTarget struct {
	snapshot.Target `yaml:",inline"`
	Access          `yaml:",inline"`
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
func (r *Run) settleScopes(ctx context.Context, file config, targets []snapshot.Target) ([]collect.Scope, []snapshot.Target, error) {
	list := scopeList{at: map[collect.Account]int{}, names: map[string]bool{}}
	sources := make([]*collect.Account, len(targets))
	for i := range targets {
		destination, source, err := r.accountsOf(file, i, targets[i])
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
	others, err := r.otherScopes(file)
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(others, func(a, b collect.Scope) int { return strings.Compare(a.Name, b.Name) }) // as saved folders are read
	var listed []int                                                                                       // by the file: where to look for agents too
	for _, o := range others {
		if n := list.add(o.Name, over(o.Account, list.scopes[0].Account)); o.Name != "network" || r.Network == (collect.Account{}) {
			listed = append(listed, n)
		}
	}
	targets, err = r.auditScopes(ctx, file, &list, targets, listed)
	return list.scopes, targets, err
}

// ForgetSides leaves it to the evidence which scopes are the targets' sides: the
// scopes are others than those that would be looked at live.
func (r *Run) ForgetSides() { forgetSides(r.Request.Targets) }

func forgetSides(targets []snapshot.Target) {
	for i := range targets {
		targets[i].Sides = nil
	}
}

// accountsOf are the two accounts of a target; the second is nil where the agent
// is looked for beside the endpoint.
func (r *Run) accountsOf(file config, n int, t snapshot.Target) (destination collect.Account, source *collect.Account, err error) {
	var own Access
	where := "--config: "
	if n < len(file.Targets) {
		own, where = file.Targets[n].Access, fmt.Sprintf("--config: targets[%d]: ", n)
	}
	side := func(prefix, region string, flags, own, below collect.Account) (collect.Account, error) {
		a := over(own, below)
		a.Region = region
		if flags.Profile != "" {
			a.Profile = flags.Profile
		}
		at := where
		if flags.RoleARN != "" {
			a.RoleARN, at = flags.RoleARN, "--"
		}
		return a, saneRole(at+prefix+"role-arn", a.RoleARN)
	}
	if destination, err = side("", t.Region, r.Access.destination(), own.destination(), file.Access.destination()); err != nil {
		return destination, nil, err
	}
	a, err := side("source-", t.SourceRegion, r.Access.source(), own.source(), file.Access.source())
	if err != nil || a == (collect.Account{}) {
		return destination, nil, err
	}
	a = over(a, destination)
	return destination, &a, nil
}

// otherScopes are those of --network-... and of the list in --config.
func (r *Run) otherScopes(file config) ([]collect.Scope, error) {
	var out []collect.Scope
	if r.Network != (collect.Account{}) {
		if err := saneScope("--network-", r.Network); err != nil {
			return nil, err
		}
		out = append(out, collect.Scope{Name: "network", Account: r.Network})
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
	if a.Region != "" && !regionShape.Re().MatchString(a.Region) {
		return snapshot.Errorf("%sregion %q: expected a Region, such as us-east-1", "%sregion %q: us-east-1 のようなリージョンを指定する", where, a.Region)
	}
	return saneRole(where+"role-arn", a.RoleARN)
}

func saneRole(where, arn string) error {
	if arn != "" && !roleARN.Re().MatchString(arn) {
		return snapshot.Errorf("%s %q: expected the ARN of a role, such as arn:aws:iam::111122223333:role/NAME", "%s %q: arn:aws:iam::111122223333:role/NAME のようなロールの ARN を指定する", where, arn)
	}
	return nil
}
