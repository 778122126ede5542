package checks_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// sentences are the sentences of a finding: what was found, why, and what to do.
func sentences(f checks.Finding) string {
	if f.Problem == nil {
		return f.Note.En
	}
	args := f.Args.In("en")
	return args.Fill(f.Problem.Title.En) + "\n" + args.Fill(f.Problem.Cause.En) + "\n" + args.Fill(f.Fix().En)
}

// of is what a result says with a status.
func of(r checks.Result, s checks.Status) string {
	var out []string
	for _, f := range r.Findings {
		if f.Status == s {
			out = append(out, sentences(f))
		}
		for _, g := range f.Gaps {
			if f.Status == s {
				out = append(out, checks.GapText(g).En)
			}
		}
	}
	return strings.Join(out, "\n")
}

// policyFile is the healthy estate with a policy beside it.
func policyFile(t *testing.T, statements string) fstest.MapFS {
	t.Helper()
	files := healthyFiles(t)
	files["policies.json"] = &fstest.MapFile{Data: []byte(`[{"name":"p.json","identity":"","document":{"Version":"2012-10-17","Statement":[` + statements + `]}}]`)}
	return files
}

const allowed = `{"Effect":"Allow","Action":["datasync:CreateAgent","datasync:DescribeAgent","datasync:ListAgents","ec2:DescribeNetworkInterfaces","ec2:DescribeSecurityGroups","ec2:DescribeVpcEndpoints"],"Resource":"*"}`

// TestWhatDeniedActionsLeadTo: a permission that CreateAgent does not use is no cause of
// what CreateAgent calls invalid.
func TestWhatDeniedActionsLeadTo(t *testing.T) {
	told := 0
	for action, want := range map[string]string{
		"datasync:DescribeAgent": "ACCESS_DENIED", "datasync:CreateAgent": "ACCESS_DENIED",
		"ec2:DescribeSubnets": "ACCESS_DENIED INVALID_EC2_SUBNET", "ec2:DescribeSecurityGroups": "ACCESS_DENIED INVALID_EC2_SECURITY_GROUP", "ec2:DescribeVpcEndpoints": "ACCESS_DENIED INVALID_VPC_ENDPOINT",
	} {
		files := policyFile(t, `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"`+action+`","Resource":"*"}`)
		for _, f := range judgeOne(t, files, "iam-activation", time.Time{}).Findings {
			if f.Status != checks.Fail {
				continue
			}
			told++
			var got []string
			for _, e := range f.Errors() {
				got = append(got, e.ID)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", action, got, want)
			}
		}
	}
	if told != 5 {
		t.Errorf("%d denials were found", told)
	}
}

// TestPoliciesAreSpokenOfAsTheyAre: a pattern that matches nothing is no hyphen's fault,
// and no Describe action of EC2 can be limited to ARNs.
func TestPoliciesAreSpokenOfAsTheyAre(t *testing.T) {
	got := of(judgeOne(t, policyFile(t, allowed+`,{"Effect":"Allow","Action":["ec2:DescribeSubnet","datasync:Zzz"],"Resource":"*"}`), "iam-activation", time.Time{}), checks.Warn)
	for _, want := range []string{"ec2:DescribeSubnet in p.json, statement 2 matches no action that AWS listed on 20", "; perhaps ec2:DescribeSubnet* was meant", "Replace ec2:DescribeSubnet by ec2:DescribeSubnets."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said: %s", want, got)
		}
	}
	if strings.Contains(got, "this very pattern") || strings.Contains(got, "?") {
		t.Errorf("what is not known is told: %s", got)
	}
	got = of(judgeOne(t, policyFile(t, allowed+`,{"Effect":"Allow","Action":"ec2:DescribeSubnets","Resource":"arn:aws:ec2:eu-west-1:111122223333:subnet/*"}`), "iam-activation", time.Time{}), checks.Warn)
	if !strings.Contains(got, "Use * as the resource; only datasync:DescribeAgent may be limited") {
		t.Errorf("an ARN is proposed for a Describe: %s", got)
	}
}

// TestConditionsAreSpokenOf: who is named may call what a condition lets, and a condition on
// the time is told with the time that it was judged for.
func TestConditionsAreSpokenOf(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for statements, want := range map[string]string{
		allowed + `,{"Effect":"Allow","Action":"ec2:DescribeSubnets","Resource":"*","Condition":{"StringEquals":{"ec2:Region":"eu-west-1"}}}`:                                                       "p.json may call ec2:DescribeSubnets only under a condition that does not hold: p.json, statement 2: StringEquals ec2:Region (eu-west-1)",
		`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:DescribeSubnets","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}`: "p.json, statement 2 denies it, judged for DateGreaterThan aws:CurrentTime (2020-01-01T00:00:00Z) [2026-11-01T12:00:00Z",
	} {
		if got := of(judgeOne(t, policyFile(t, statements), "iam-activation", now), checks.Fail); !strings.Contains(got, want) {
			t.Errorf("%s: %s", statements, got)
		}
	}
}

// TestOrganizationsSilence: what hangs on one thing is one question, in one language.
func TestOrganizationsSilence(t *testing.T) {
	files := healthyFiles(t)
	for _, name := range []string{simulationAny, simulationAccount} {
		s := readSimulation(t, files[name])
		for _, r := range s.EvaluationResults {
			if strings.HasPrefix(r["EvalActionName"].(string), "datasync:") {
				r["EvalDecision"], r["OrganizationsDecisionDetail"] = "implicitDeny", map[string]any{"AllowedByOrganizations": false}
			}
		}
		files[name] = encoded(t, s)
	}
	open := 0
	for _, f := range judgeOne(t, files, "iam-activation", time.Time{}).Findings {
		for _, g := range f.Gaps {
			open++
			if text := checks.GapText(g); !strings.Contains(text.Ja, "datasync:CreateAgent, datasync:ListAgents, datasync:DescribeAgent") || strings.Contains(text.Ja, "does not") {
				t.Error(text.Ja)
			}
		}
	}
	if open != 1 {
		t.Errorf("%d questions are open", open)
	}
}

// TestEveryObstacleIsNamed: where a boundary and the organization both stand in the way,
// to change one does not help, and what a boundary denies is proved.
func TestEveryObstacleIsNamed(t *testing.T) {
	files := healthyFiles(t)
	for _, name := range []string{simulationAny, simulationAccount} {
		s := readSimulation(t, files[name])
		for _, r := range s.EvaluationResults {
			if r["EvalActionName"] == "datasync:CreateAgent" {
				r["EvalDecision"] = "implicitDeny"
				r["OrganizationsDecisionDetail"] = map[string]any{"AllowedByOrganizations": false}
				r["PermissionsBoundaryDecisionDetail"] = map[string]any{"AllowedByPermissionsBoundary": false}
			}
		}
		files[name] = encoded(t, s)
	}
	got := of(judgeOne(t, files, "iam-activation", time.Time{}), checks.Fail)
	for _, want := range []string{"a policy of the organization (SCP) does not allow it, and its permissions boundary does not", "whoever manages the organization's policies", "whoever set the permissions boundary"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said: %s", want, got)
		}
	}
}

// TestRootUser: no policy is attached to a root user, and IAM simulates none.
func TestRootUser(t *testing.T) {
	files := healthyFiles(t)
	const identity = "destination/get-caller-identity.json"
	files[identity] = &fstest.MapFile{Data: []byte(`{"UserId":"111122223333","Account":"111122223333","Arn":"arn:aws:iam::111122223333:root"}`)}
	delete(files, simulationAny)
	delete(files, simulationAccount)
	target, snap := open(t, files)
	s := snap.Role(snapshot.Destination)
	s.Calls = slices.DeleteFunc(s.Calls, func(c snapshot.Call) bool { return c.Command == snapshot.PolicySimulation.Command() })
	judged := func(status checks.Status) string {
		return of(checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("iam-activation")}, checks.Options{})[0], status)
	}
	got := judged(checks.Unknown)
	if !strings.Contains(got, "datasync:CreateAgent, datasync:ListAgents, datasync:DescribeAgent can't be asked of IAM") || strings.Contains(got, "--policy-file") {
		t.Error(got)
	}
	for i, c := range s.Calls {
		if c.Command == snapshot.Subnets.Command() {
			s.Calls[i].Error = &snapshot.CallError{Action: snapshot.Subnets.Action(), Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation."}
		}
	}
	got = judged(checks.Fail)
	if !strings.Contains(got, "activate with a role or a user") || strings.Contains(got, "Grant ") {
		t.Error(got)
	}
}

// TestWhoseCredentials: an account belongs to one partition, an identity to one account,
// and what an identity of elsewhere may do is not what an activation may.
func TestWhoseCredentials(t *testing.T) {
	const file, arn = "get-caller-identity.json", "arn:aws:sts::111122223333:"
	for _, row := range []struct {
		old, with   string
		credentials checks.Status
		says        string
		iam         checks.Status
	}{
		{arn, "arn:aws-cn:sts::111122223333:", checks.Fail, "belongs to account aws-cn / 111122223333, the endpoint vpce-0a1b2c3d4e5f60718 to aws / 111122223333", checks.Pass},
		{arn, "arn:aws:sts::222222222222:", checks.Unknown, "Account 111122223333 contradict each other", checks.Pass},
		{"111122223333", "222222222222", checks.Fail, "belongs to account 222222222222", checks.Unknown},
	} {
		files, found := replaced(healthyFiles(t), file, row.old, row.with)
		if found == 0 {
			t.Fatalf("the identity does not hold %s", row.old)
		}
		got := judgeOne(t, files, "credentials", time.Time{})
		if got.Status != row.credentials || !strings.Contains(of(got, row.credentials), row.says) {
			t.Errorf("%s: %v: %s", row.with, got.Status, of(got, row.credentials))
		}
		target, snap := open(t, files)
		alone := checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("iam-activation")}, checks.Options{})[0]
		if alone.Status != row.iam {
			t.Errorf("%s: iam-activation alone is %v, want %v", row.with, alone.Status, row.iam)
		}
	}
	for minutes, want := range map[int]string{5: "2026-11-01 00:05:00 UTC, 5m0s after they were looked at", -5: "2026-10-31 23:55:00 UTC, 5m0s before they were looked at"} {
		target, snap := open(t, healthyFiles(t))
		snap.Role(snapshot.Destination).Credentials = &snapshot.Credentials{Expires: snap.TakenAt.Add(time.Duration(minutes) * time.Minute)}
		got := of(checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("credentials")}, checks.Options{})[0], checks.Warn)
		if !strings.Contains(got, want) {
			t.Errorf("%d: %s", minutes, got)
		}
	}
}

// TestKeyRequestIsShownAsItIs: what is said of a key request is what stands in it.
func TestKeyRequestIsShownAsItIs(t *testing.T) {
	for query, want := range map[string]string{
		"gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK;privateLinkEndpoint=10.20.1.10":     "has endpointType PRIVATE_LINK;privateLinkEndpoint=10.20.1.10, which is not that of",
		"gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK%zz&privateLinkEndpoint=10.20.1.10":  "has endpointType PRIVATE_LINK%zz, which",
		"gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK&privateLinkEndpoint=10.20.1.10%20":  `names privateLinkEndpoint "10.20.1.10 ", which`,
		"gatewayType=SYNC&activationRegion=us-east-1&endpointType=private_link&privateLinkEndpoint=10.20.1.10":     "has endpointType private_link, which is not that of",
		"gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK&privateLinkEndpoint=10.20.1.10&ip=": "that is due (it has 10.20.1.10, 10.20.2.10, and --endpoint-ip says 10.10.1.50)",
	} {
		target, snap := openFixture(t, "healthy")
		target.KeyRequest = "http://10.10.1.50/?" + query
		if strings.HasSuffix(query, "&ip=") {
			target.EndpointIP = netip.MustParseAddr("10.10.1.50")
		}
		got := of(checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("activation-input")}, checks.Options{})[0], checks.Fail)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", query, got)
		}
	}
}

// TestTwoNamesOfASubnet: what the ARN names is judged, and that is said.
func TestTwoNamesOfASubnet(t *testing.T) {
	files := healthyFiles(t)
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	target := *snap.Target
	target.SubnetARNs, target.SubnetID = []string{"arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071"}, "subnet-0db1b2c3d4e5f6072"
	target = target.Settled()
	snap.AssignRoles(target)
	if target, err = checks.Resolve(target, snap); err != nil {
		t.Fatal(err)
	}
	rs := checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("subnet-usable"), checks.ByID("activation-input")}, checks.Options{})
	if got := of(rs[1], checks.Fail); !strings.Contains(got, "What the ARN names is judged") || !strings.HasPrefix(rs[0].Findings[0].Subject, "subnet-0da1") {
		t.Errorf("%s, and judged was %s", got, rs[0].Findings[0].Subject)
	}
}

// TestSubnetWithoutIPv4: the evidence names what is there.
func TestSubnetWithoutIPv4(t *testing.T) {
	files := healthyFiles(t)
	const file = "destination/describe-subnets.json"
	var in struct{ Subnets []map[string]any }
	if err := json.Unmarshal(files[file].Data, &in); err != nil {
		t.Fatal(err)
	}
	for _, n := range in.Subnets {
		delete(n, "CidrBlock")
		n["Ipv6Native"] = true
	}
	files[file] = encoded(t, in)
	f := judgeOne(t, files, "subnet-usable", time.Time{}).Findings[0]
	if f.Status != checks.Fail || !strings.HasPrefix(f.Evidence[0].Fact.En, "IPv6 in vpc-") {
		t.Errorf("%v: %v", f.Status, f.Evidence)
	}
}
