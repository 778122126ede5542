package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// judgeOne runs one check over an estate of files.
func judgeOne(t *testing.T, files fs.FS, id string, now time.Time) checks.Result {
	t.Helper()
	target, snap := open(t, files)
	return checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID(id)}, checks.Options{Now: now})[0]
}

// healthyFiles is the healthy estate as a map of files, to be changed.
func healthyFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		out[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const simulationAny, simulationAccount = "destination/simulate-principal-policy.any.json", "destination/simulate-principal-policy.account.json"

// simulated is a simulation's file.
type simulatedFile struct {
	EvaluationResults []map[string]any
}

func readSimulation(t *testing.T, f *fstest.MapFile) simulatedFile {
	t.Helper()
	var s simulatedFile
	if err := json.Unmarshal(f.Data, &s); err != nil || len(s.EvaluationResults) == 0 {
		t.Fatalf("the simulation can't be read: %v", err)
	}
	return s
}

func encoded(t *testing.T, v any) *fstest.MapFile {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: body}
}

// TestMutatedSimulations flips each field of each result. A simulation that no
// longer hangs together never lets an action pass that it does not cleanly allow.
func TestMutatedSimulations(t *testing.T) {
	base := healthyFiles(t)
	if r := judgeOne(t, base, "iam-activation", time.Time{}); r.Status != checks.Pass {
		t.Fatalf("the healthy estate is %v", r.Status)
	}
	mutations := []struct {
		name string
		do   func(map[string]any)
		want checks.Status // of an action that rests on the simulation alone
	}{
		{"implicit denial", func(r map[string]any) { r["EvalDecision"] = "implicitDeny" }, checks.Fail},
		{"explicit denial", func(r map[string]any) { r["EvalDecision"] = "explicitDeny" }, checks.Fail},
		{"no decision", func(r map[string]any) { delete(r, "EvalDecision") }, checks.Unknown},
		{"unknown decision", func(r map[string]any) { r["EvalDecision"] = "ALLOWED" }, checks.Unknown},
		{"organization", func(r map[string]any) {
			r["OrganizationsDecisionDetail"] = map[string]any{"AllowedByOrganizations": false}
		}, checks.Unknown},
		{"boundary", func(r map[string]any) {
			r["PermissionsBoundaryDecisionDetail"] = map[string]any{"AllowedByPermissionsBoundary": false}
		}, checks.Unknown},
		{"organization's silence", func(r map[string]any) {
			r["EvalDecision"], r["OrganizationsDecisionDetail"] = "implicitDeny", map[string]any{"AllowedByOrganizations": false}
		}, checks.Unknown},
		{"missing value", func(r map[string]any) { r["MissingContextValues"] = []string{"aws:MultiFactorAuthPresent"} }, checks.Unknown},
		{"missing value of the resource", func(r map[string]any) {
			r["ResourceSpecificResults"] = []any{map[string]any{"EvalResourceDecision": r["EvalDecision"], "MissingContextValues": []string{"aws:ResourceTag/x"}}}
		}, checks.Unknown},
		{"denial of the resource", func(r map[string]any) {
			r["ResourceSpecificResults"] = []any{map[string]any{"EvalResourceDecision": "explicitDeny"}}
		}, checks.Unknown},
		{"the same of the resource", func(r map[string]any) {
			r["ResourceSpecificResults"] = []any{map[string]any{"EvalResourceDecision": "allowed", "MissingContextValues": []string{}}}
		}, checks.Pass},
		{"another resource", func(r map[string]any) { r["EvalResourceName"] = "arn:aws:s3:::bucket" }, checks.Unknown},
		{"another action", func(r map[string]any) { r["EvalActionName"] = "datasync:Other" }, checks.Unknown},
	}
	for _, m := range mutations {
		for n, r := range readSimulation(t, base[simulationAny]).EvaluationResults {
			action := r["EvalActionName"].(string)
			if !strings.HasPrefix(action, "datasync:") {
				continue
			}
			files := fstest.MapFS{}
			for name, f := range base {
				files[name] = f
			}
			for _, name := range []string{simulationAny, simulationAccount} {
				s := readSimulation(t, base[name])
				for _, r := range s.EvaluationResults {
					if r["EvalActionName"] == action {
						m.do(r)
					}
				}
				files[name] = encoded(t, s)
			}
			if got := judgeOne(t, files, "iam-activation", time.Time{}); got.Status != m.want {
				t.Errorf("%s of result %d (%s): %v, want %v", m.name, n, action, got.Status, m.want)
			}
		}
	}
}

// TestSimulationAgainstCalls: whatever the simulation says, an action that AWS
// refused in the run never passes, and what a call refutes lets nothing else pass.
func TestSimulationAgainstCalls(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	refuse := func(k snapshot.Kind) *snapshot.Snapshot {
		s := *snap.Role(snapshot.Destination)
		s.Calls = nil
		for _, c := range snap.Role(snapshot.Destination).Calls {
			if c.Command == k.Command() {
				c.Error = &snapshot.CallError{Action: k.Action(), Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation."}
			}
			s.Calls = append(s.Calls, c)
		}
		out := *snap
		out.Scopes = []*snapshot.Scope{&s}
		for _, other := range snap.Scopes {
			if other != snap.Role(snapshot.Destination) {
				out.Scopes = append(out.Scopes, other)
			}
		}
		return &out
	}
	for _, k := range []snapshot.Kind{snapshot.Interfaces, snapshot.SecurityGroups, snapshot.Subnets, snapshot.Endpoints} {
		for _, r := range checks.Run(context.Background(), target, refuse(k), []*checks.Check{checks.ByID("iam-activation")}, checks.Options{}) {
			if r.Status != checks.Fail {
				t.Errorf("%s refused: %v", k.Action(), r.Status)
			}
			for _, f := range r.Findings {
				if f.Status == checks.Pass && len(f.Evidence) > 0 && f.Evidence[0].Source == snapshot.PolicySimulation.Action() {
					t.Errorf("%s refused, and the simulation that allowed it still proves %v", k.Action(), f.Evidence)
				}
			}
		}
	}
	// A refusal of the direct call, where the policies judge the forwarded one by
	// what only that one has: nobody knows.
	s := refuse(snapshot.Subnets)
	for _, set := range s.Role(snapshot.Destination).Simulations.All() {
		for i, r := range set.Results {
			if r.Action == "ec2:DescribeSubnets" {
				set.Results[i].Decision, set.Results[i].Missing = "explicitDeny", []string{"aws:CalledVia"}
				defer func() { set.Results[i] = r }()
			}
		}
	}
	if r := checks.Run(context.Background(), target, s, []*checks.Check{checks.ByID("iam-activation")}, checks.Options{}); r[0].Status != checks.Unknown {
		t.Errorf("refused directly, open when forwarded: %v", r[0].Status)
	}
	// A call that worked though the simulation denies it, and one that the
	// simulation judges by what a forwarded call has otherwise.
	for detail, change := range map[string]func(map[string]any){
		"refuted": func(r map[string]any) { r["EvalDecision"] = "implicitDeny" },
		"forwarded": func(r map[string]any) {
			r["EvalDecision"], r["MissingContextValues"] = "explicitDeny", []string{"aws:SourceIp", "aws:ViaAWSService"}
		},
		"by address": func(r map[string]any) { r["MissingContextValues"] = []string{"aws:sourceip"} },
	} {
		files := healthyFiles(t)
		s := readSimulation(t, files[simulationAny])
		for _, r := range s.EvaluationResults {
			if r["EvalActionName"] == "ec2:DescribeSubnets" {
				change(r)
			}
		}
		files[simulationAny] = encoded(t, s)
		if r := judgeOne(t, files, "iam-activation", time.Time{}); r.Status != checks.Unknown {
			t.Errorf("%s: %v", detail, r.Status)
		}
	}
}

// withPolicy is the healthy estate with one policy under a condition.
func withPolicy(t *testing.T, identity, condition string) fstest.MapFS {
	t.Helper()
	files := healthyFiles(t)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(checks.ActivationActions(), `","`) + `"],"Resource":"*","Condition":{` + condition + `}}]}`
	files["policies.json"] = &fstest.MapFile{Data: []byte(fmt.Sprintf(`[{"name":"p.json","identity":%q,"document":%s}]`, identity, document))}
	return files
}

// TestWhoseThePoliciesAre: what hangs on the identity's name, path, id or kind is
// judged for the identity that is named, and for nobody else; the caller of the
// audit is not it.
func TestWhoseThePoliciesAre(t *testing.T) {
	const account = "111122223333"
	role, user := "arn:aws:iam::"+account+":role/ops/Activator", "arn:aws:iam::"+account+":user/activator"
	session := "arn:aws:sts::" + account + ":assumed-role/Activator/me"
	_, snap := openFixture(t, "healthy")
	caller := snap.Role(snapshot.Destination).Identity.All()[0]
	for _, tt := range []struct {
		condition string
		want      map[string]checks.Status // by identity
	}{
		{`"ArnEquals":{"aws:PrincipalArn":"` + role + `"}`, map[string]checks.Status{"": checks.Unknown, role: checks.Pass, user: checks.Fail, session: checks.Unknown}},
		{`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::` + account + `:user/*"}`, map[string]checks.Status{"": checks.Unknown, role: checks.Fail, user: checks.Pass, session: checks.Fail}},
		{`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:*"}`, map[string]checks.Status{"": checks.Fail, role: checks.Fail, user: checks.Fail, session: checks.Fail}},
		{`"StringEquals":{"aws:PrincipalType":"User"}`, map[string]checks.Status{"": checks.Unknown, role: checks.Fail, user: checks.Pass, session: checks.Fail}},
		{`"StringEquals":{"aws:username":"activator"}`, map[string]checks.Status{"": checks.Unknown, role: checks.Fail, user: checks.Pass, session: checks.Fail}},
		{`"StringEquals":{"aws:userid":"` + caller.UserID + `"}`, map[string]checks.Status{"": checks.Unknown, role: checks.Unknown, user: checks.Unknown, session: checks.Unknown, caller.ARN: checks.Pass}},
		{`"StringEquals":{"aws:PrincipalAccount":"` + account + `"}`, map[string]checks.Status{"": checks.Pass, role: checks.Pass, user: checks.Pass, session: checks.Pass}},
		{`"StringEquals":{"aws:PrincipalAccount":"444455556666"}`, map[string]checks.Status{"": checks.Fail, role: checks.Fail}},
	} {
		for identity, want := range tt.want {
			got := judgeOne(t, withPolicy(t, identity, tt.condition), "iam-activation", time.Time{})
			if got.Status != want {
				t.Errorf("%s for %q: %v, want %v", tt.condition, identity, got.Status, want)
			}
			open := 0
			for _, f := range got.Findings {
				if f.Status == checks.Unknown {
					open++
				}
			}
			if want == checks.Unknown && open != 1 {
				t.Errorf("%s for %q: one cause is told %d times", tt.condition, identity, open)
			}
		}
	}
}

// TestResourcesOfTheRegionThatIsCalled: a variable in an ARN is no other Region, and
// what is written beside it still is.
func TestResourcesOfTheRegionThatIsCalled(t *testing.T) {
	for resource, want := range map[string]bool{
		"arn:aws:datasync:${aws:RequestedRegion}:${aws:PrincipalAccount}:agent/*": false,
		"arn:aws:datasync:${aws:RequestedRegion}:111122223333:agent/*":            false,
		"arn:aws:datasync:${aws:RequestedRegion}:444455556666:agent/*":            true,
		"arn:aws:datasync:eu-west-1:${aws:PrincipalAccount}:agent/*":              true,
	} {
		files := healthyFiles(t)
		files["policies.json"] = &fstest.MapFile{Data: []byte(`[{"name":"p.json","document":{"Version":"2012-10-17","Statement":[` +
			`{"Effect":"Allow","Action":["` + strings.Join(checks.ActivationActions(), `","`) + `"],"Resource":"*"},{"Effect":"Allow","Action":"datasync:DescribeAgent","Resource":"` + resource + `"}]}}]`)}
		r := judgeOne(t, files, "iam-activation", time.Time{})
		if got := slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return f.Problem != nil && f.Problem.Code == "DSP732" }); got != want {
			t.Errorf("%s: %v, want %v: %v", resource, got, want, r.Status)
		}
	}
}

// TestTimesAreTheRuns: a permission must hold now and for the day to come, by the
// run's clock and not by the estate's age; the report says which time it was.
func TestTimesAreTheRuns(t *testing.T) {
	now := time.Date(2031, 5, 1, 8, 0, 0, 0, time.UTC)
	for condition, want := range map[string]checks.Status{
		`"DateLessThan":{"aws:CurrentTime":"2031-04-30T00:00:00Z"}`:    checks.Fail,
		`"DateLessThan":{"aws:CurrentTime":"2031-05-01T20:00:00Z"}`:    checks.Unknown,
		`"DateLessThan":{"aws:CurrentTime":"2031-06-01T00:00:00Z"}`:    checks.Pass,
		`"DateGreaterThan":{"aws:CurrentTime":"2031-05-02T00:00:00Z"}`: checks.Unknown,
		`"DateGreaterThan":{"aws:EpochTime":"1900000000"}`:             checks.Pass,
	} {
		r := judgeOne(t, withPolicy(t, "", condition), "iam-activation", now)
		if r.Status != want {
			t.Errorf("%s: %v, want %v", condition, r.Status, want)
		}
		said := false
		for _, f := range r.Findings {
			text := fmt.Sprint(f.Args, f.Gaps, f.Evidence)
			said = said || strings.Contains(text, "2031-05-01T08:00:00Z .. 2031-05-02T08:00:00Z")
		}
		if !said {
			t.Errorf("%s: nothing says for which time", condition)
		}
	}
	if r := judgeOne(t, withPolicy(t, "", `"DateLessThan":{"aws:CurrentTime":"2031-06-01T00:00:00Z"}`), "iam-activation", time.Time{}); r.Status != checks.Unknown {
		t.Errorf("without a clock: %v", r.Status)
	}
}

// TestFixesHelp: no grant is proposed against what a grant can't overcome, and
// the command is that of the kind of principal.
func TestFixesHelp(t *testing.T) {
	const account = "111122223333"
	for arn, want := range map[string]string{
		"arn:aws:iam::" + account + ":user/path/ann":                                       "aws iam put-user-policy --user-name ann ",
		"arn:aws:sts::" + account + ":assumed-role/Deploy/x":                               "aws iam put-role-policy --role-name Deploy ",
		"arn:aws:iam::" + account + ":role/a/b/Deploy":                                     "aws iam put-role-policy --role-name Deploy ",
		"arn:aws:sts::" + account + ":assumed-role/AWSReservedSSO_Net_Ops_0123456789ab/me": "",
		"arn:aws:sts::" + account + ":federated-user/bob":                                  "",
		"": "",
	} {
		files := healthyFiles(t)
		files["policies.json"] = &fstest.MapFile{Data: []byte(fmt.Sprintf(`[{"name":"p.json","identity":%q,"document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}}]`, arn))}
		for _, f := range judgeOne(t, files, "iam-activation", time.Time{}).Findings {
			if f.Problem == nil {
				continue
			}
			all := strings.Join(shown(f), "\n")
			if want != "" && !strings.Contains(all, want) || want == "" && strings.Contains(all, "aws ") {
				t.Errorf("%s: %q", arn, all)
			}
		}
	}
	for name, change := range map[string]func(map[string]any){
		"denial": func(r map[string]any) { r["EvalDecision"] = "explicitDeny" },
		"boundary": func(r map[string]any) {
			r["EvalDecision"], r["PermissionsBoundaryDecisionDetail"] = "implicitDeny", map[string]any{"AllowedByPermissionsBoundary": false}
		},
		"organization": func(r map[string]any) {
			r["EvalDecision"], r["OrganizationsDecisionDetail"] = "explicitDeny", map[string]any{"AllowedByOrganizations": false}
		},
	} {
		files := healthyFiles(t)
		for _, file := range []string{simulationAny, simulationAccount} {
			s := readSimulation(t, files[file])
			for _, r := range s.EvaluationResults {
				change(r)
			}
			for _, r := range s.EvaluationResults { // the run's calls must not refute it
				if strings.HasPrefix(r["EvalActionName"].(string), "ec2:") {
					r["EvalDecision"] = "allowed"
					delete(r, "OrganizationsDecisionDetail")
					delete(r, "PermissionsBoundaryDecisionDetail")
				}
			}
			files[file] = encoded(t, s)
		}
		r := judgeOne(t, files, "iam-activation", time.Time{})
		if r.Status != checks.Fail {
			t.Errorf("%s: %v", name, r.Status)
		}
		for _, f := range r.Findings {
			if f.Problem == nil {
				continue
			}
			for _, text := range append([]string{f.Args.Fill(f.Problem.Fix.En)}, shown(f)...) {
				if strings.Contains(text, "Grant ") || strings.Contains(text, "put-") {
					t.Errorf("%s: a grant is proposed: %s", name, text)
				}
			}
		}
	}
}

// TestRefusalsNameTheirPolicy: AWS says which kind of policy refuses a call. Only
// the silence of the identity's own is mended by a grant, and where AWS does not
// say, the fix says what else it may be.
func TestRefusalsNameTheirPolicy(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	const who = "User: arn:aws:sts::111122223333:assumed-role/Ops/me is not authorized to perform: ec2:DescribeSubnets "
	for message, want := range map[string]string{
		who + "because no identity-based policy allows the ec2:DescribeSubnets action":  "DSP730 no policy allows it",
		who + "with an explicit deny in an identity-based policy":                       "DSP734 a policy denies it explicitly",
		who + "with an explicit deny in a service control policy":                       "DSP734 a policy of the organization",
		who + "because no service control policy allows the ec2:DescribeSubnets action": "DSP734 a policy of the organization",
		who + "with an explicit deny in a resource control policy":                      "DSP734 a policy of the organization",
		who + "because no permissions boundary allows the ec2:DescribeSubnets action":   "DSP734 its permissions boundary",
		who + "with an explicit deny in a permissions boundary":                         "DSP734 its permissions boundary",
		who + "because no session policy allows the ec2:DescribeSubnets action":         "DSP734 the session policy",
		who + "because no VPC endpoint policy allows the ec2:DescribeSubnets action":    "DSP734 the policy of the VPC endpoint",
		"You are not authorized to perform this operation.":                             "DSP730 AWS refused the very call, and does not say",
	} {
		s := *snap.Role(snapshot.Destination)
		s.Calls = nil
		for _, c := range snap.Role(snapshot.Destination).Calls {
			if c.Command == snapshot.Subnets.Command() {
				c.Error = &snapshot.CallError{Action: snapshot.Subnets.Action(), Code: "UnauthorizedOperation", Message: message}
			}
			s.Calls = append(s.Calls, c)
		}
		refused := *snap
		refused.Scopes = []*snapshot.Scope{&s}
		for _, f := range checks.Run(context.Background(), target, &refused, []*checks.Check{checks.ByID("iam-activation")}, checks.Options{})[0].Findings {
			if f.Problem == nil {
				continue
			}
			if got := f.Problem.Code + " " + f.Args["why"].(checks.Text).En; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s, want %s", message, got, want)
			}
			fix := f.Args.In("en").Fill(f.Problem.Fix.En)
			if grants, hedged := strings.Contains(fix, "Grant "), strings.Contains(fix, "does not help"); grants != strings.HasPrefix(want, "DSP730") || hedged == strings.Contains(want, "no policy allows") {
				t.Errorf("%s: %s", message, fix)
			}
		}
	}
}

// TestWhoLooksDoesNotActivate: a caller whom no policy lets create or describe an
// agent is not judged as the one that activates, and is granted nothing. One that a
// policy forbids it, or that may do one of the two, is.
func TestWhoLooksDoesNotActivate(t *testing.T) {
	for _, row := range []struct {
		create, describe string
		want             checks.Status
	}{
		{"implicitDeny", "implicitDeny", checks.Skip},
		{"implicitDeny", "allowed", checks.Fail},
		{"allowed", "implicitDeny", checks.Fail},
		{"explicitDeny", "implicitDeny", checks.Fail},
		{"implicitDeny", "explicitDeny", checks.Fail},
		{"allowed", "allowed", checks.Pass},
	} {
		files := healthyFiles(t)
		for _, name := range []string{simulationAny, simulationAccount} {
			s := readSimulation(t, files[name])
			for _, r := range s.EvaluationResults {
				switch r["EvalActionName"] {
				case "datasync:CreateAgent":
					r["EvalDecision"] = row.create
				case "datasync:DescribeAgent":
					r["EvalDecision"] = row.describe
				}
			}
			body, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: body}
		}
		got := judgeOne(t, files, "iam-activation", time.Time{})
		if got.Status != row.want {
			t.Errorf("CreateAgent %s, DescribeAgent %s: %s, want %s", row.create, row.describe, got.Status, row.want)
		}
		for _, f := range got.Findings {
			if row.want == checks.Skip && len(f.Repairs) > 0 {
				t.Errorf("an auditor is offered %v", f.Repairs)
			}
		}
	}
}
