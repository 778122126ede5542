package healthy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// account is one account in one Region: what each call answers there.
type account struct {
	name, number, region string
	roles                []string
	rows                 map[string][]row // by the name of the file, without .json
	vpcs                 []*vpc
	zones                []int // the account's order of the zones of the Region
}

func (e *estate) account(number, region, role string) *account {
	a := &account{name: cmp.Or(role, "network"), number: number, region: region, rows: map[string][]row{}, zones: e.rng.Perm(3)}
	if role != "" {
		a.roles = []string{role}
	}
	for _, k := range snapshot.Kinds() {
		if !k.PerID() && k != snapshot.CallerIdentity {
			a.rows[k.Command()] = []row{}
		}
	}
	e.accounts = append(e.accounts, a)
	return a
}

// zone names the nth zone of the Region: by its id, which all accounts share, and
// by the account's own name for it.
func (a *account) zone(n int) (id, name string) {
	short := map[string]string{"us-east-1": "use1", "ap-northeast-1": "apne1"}[a.region]
	return fmt.Sprintf("%s-az%d", short, []int{1, 2, 4}[n]), a.region + string(rune('a'+a.zones[n]))
}

func (a *account) add(command string, r row) { a.rows[command] = append(a.rows[command], r) }

// addSet adds to the answer of a call that is about one resource.
func (a *account) addSet(command, id string, rows ...row) {
	file := command + "." + id
	a.rows[file] = append(a.rows[file], rows...)
}

func (a *account) find(command, key, id string) row {
	return a.rows[command][slices.IndexFunc(a.rows[command], func(r row) bool { return r[key] == id })]
}

// mayActivate lets the caller do all that activation takes.
func (a *account) mayActivate() {
	for _, resource := range []string{snapshot.AnyResource, snapshot.AccountResource} {
		name := map[string]string{snapshot.AnyResource: "*", snapshot.AccountResource: snapshot.SampleAgentARN(a.region, a.number)}[resource]
		for _, action := range []string{
			"datasync:CreateAgent", "datasync:ListAgents", "datasync:DescribeAgent",
			"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints",
		} {
			a.addSet("simulate-principal-policy", resource, row{"EvalActionName": action, "EvalResourceName": name, "EvalDecision": "allowed", "MissingContextValues": []string{}})
		}
	}
}

// folder writes the accounts as a run saves them.
func (e *estate) folder() fstest.MapFS {
	out := fstest.MapFS{}
	write := func(name string, v any) {
		body, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			panic(err) // rows of texts, numbers and lists
		}
		out[name] = &fstest.MapFile{Data: body}
	}
	write("manifest.json", row{"schema": snapshot.ManifestSchema, "taken_at": "2026-11-01T00:00:00Z", "target": e.target})
	for _, a := range e.accounts {
		for _, v := range a.vpcs {
			v.write(e)
		}
		calls := []row{{"command": snapshot.CallerIdentity.Command(), "elapsed_ms": 1}}
		for _, file := range slices.Sorted(maps.Keys(a.rows)) {
			command, id := command(file)
			call := row{"command": command.Command(), "elapsed_ms": 1}
			if id != "" {
				call["id"] = id
			}
			calls = append(calls, call)
			rows := a.rows[file]
			if rows == nil {
				rows = []row{}
			}
			write(path.Join(a.name, file+".json"), row{command.ListKey(): rows})
		}
		write(path.Join(a.name, snapshot.CallerIdentity.Command()+".json"), row{"UserId": "AROAEXAMPLE:audit", "Account": a.number, "Arn": "arn:aws:sts::" + a.number + ":assumed-role/NetworkAudit/audit"})
		write(path.Join(a.name, "manifest.json"), row{"schema": snapshot.ManifestSchema, "name": a.name, "account": a.number, "region": a.region, "roles": a.roles, "calls": calls})
	}
	return out
}

// command splits the name of a file into the call and what it is about.
func command(file string) (snapshot.Kind, string) {
	for _, k := range snapshot.Kinds() {
		if file == k.Command() {
			return k, ""
		}
		if rest, ok := strings.CutPrefix(file, k.Command()+"."); ok && k.PerID() {
			return k, rest
		}
	}
	panic("healthy: no call writes " + file)
}
