package checks_test

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// existing judges the agent of healthy-agent after the files were changed.
func existing(t *testing.T, changes ...[3]string) []checks.Result {
	t.Helper()
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	changed := copyOf(t, files)
	for _, c := range changes {
		n := 0
		if changed, n = replaced(changed, c[0], c[1], c[2]); n == 0 {
			t.Fatalf("%s has no %s", c[0], c[1])
		}
	}
	target, snap := open(t, changed)
	return checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
}

func resultOf(t *testing.T, results []checks.Result, id string) checks.Result {
	t.Helper()
	i := slices.IndexFunc(results, func(r checks.Result) bool { return r.Check.ID == id })
	if i < 0 {
		t.Fatalf("no result of %s", id)
	}
	return results[i]
}

// TestFixOfAnExistingAgent says that another subnet takes another agent, where one exists
// already; an agent that is still to be activated is given the subnet.
func TestFixOfAnExistingAgent(t *testing.T) {
	const anew = "activate a new one"
	failed := [3]string{"describe-subnets", `"State": "available"`, `"State": "failed"`}
	there := resultOf(t, existing(t, failed), "subnet-usable").Findings[0]
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	changed, _ := replaced(copyOf(t, files), failed[0], failed[1], failed[2])
	target, snap := open(t, changed)
	new := resultOf(t, checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}), "subnet-usable").Findings[0]
	if there.Problem == nil || there.Problem != new.Problem {
		t.Fatalf("%+v and %+v", there, new)
	}
	if !strings.Contains(there.Fix().En, anew) || strings.Contains(new.Fix().En, anew) || !strings.HasPrefix(there.Fix().Ja, new.Fix().Ja) || there.Fix().Ja == new.Fix().Ja {
		t.Errorf("existing: %s\nnew: %s", there.Fix().En, new.Fix().En)
	}
}

// TestAgentInAnotherVPC tells once that the agent's subnet and group are of another VPC
// than its endpoint.
func TestAgentInAnotherVPC(t *testing.T) {
	results := existing(t,
		[3]string{"describe-subnets", `"SubnetId": "subnet-0da1b2c3d4e5f6071",
      "SubnetArn": "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071",
      "VpcId": "vpc-0d5c1a2b3e4f50617"`, `"SubnetId": "subnet-0da1b2c3d4e5f6071",
      "SubnetArn": "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071",
      "VpcId": "vpc-0f5c1a2b3e4f50617"`},
		[3]string{"describe-security-groups", `"VpcId": "vpc-0d5c1a2b3e4f50617"`, `"VpcId": "vpc-0f5c1a2b3e4f50617"`},
		[3]string{"describe-security-groups", `"GroupName": "datasync-endpoint"`, `"GroupName": "default"`}) // which no other VPC can use
	for id, want := range map[string]checks.Status{"subnet-usable": checks.Fail, "task-sg": checks.Skip, "agent-endpoint": checks.Pass} {
		if r := resultOf(t, results, id); r.Status != want {
			t.Errorf("%s is %s: %+v", id, r.Status, r.Findings)
		}
	}
}

// TestAddressThatIsLeaving proves no address that the endpoint is about to lose.
func TestAddressThatIsLeaving(t *testing.T) {
	results := existing(t, [3]string{"describe-network-interfaces", `"Status": "in-use"`, `"Status": "detaching"`})
	if r := resultOf(t, results, "agent-endpoint"); r.Status != checks.Unknown {
		t.Errorf("%s: %+v", r.Status, r.Findings)
	}
}

// TestPort80OfAnExistingAgent is closed, as it is for every agent that was activated.
func TestPort80OfAnExistingAgent(t *testing.T) {
	target, snap := openFixture(t, "healthy-agent")
	body, err := os.ReadFile("testdata/probe-agent-http/refused/probes.json")
	if err != nil {
		t.Fatal(err)
	}
	if snap.Probes, err = snapshot.ReadProbes(body, snap.TakenAt); err != nil {
		t.Fatal(err)
	}
	target.AgentIP, target.AgentInstanceID = netip.MustParseAddr("10.10.1.50"), ""
	arn := target.AgentARN
	for want, is := range map[checks.Status]string{checks.Skip: arn, checks.Fail: ""} {
		target.AgentARN = is
		if r := resultOf(t, checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}), "probe-agent-http"); r.Status != want {
			t.Errorf("with the agent %q: %s %+v", is, r.Status, r.Findings)
		}
	}
}

// TestPathToTheTasksInterfaces judges the way to the interfaces that the agent's tasks have
// already, which no new task can get: a rule for one of their addresses is enough to stop it.
func TestPathToTheTasksInterfaces(t *testing.T) {
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	target, snap := open(t, files)
	task := snap.For(target).Role(snapshot.Destination).Interfaces
	i, p := task.Get("eni-0f31b2c3d4e5f6071")
	if p != snapshot.Present || len(i.Addrs()) == 0 {
		t.Fatal("the task has no such interface")
	}
	const first = `"Entries": [`
	results := existing(t, [3]string{"describe-network-acls", first, first + `{"RuleNumber": 1, "Protocol": "6", "PortRange": {"From": 443, "To": 443}, "RuleAction": "deny", "Egress": true, "CidrBlock": "` + i.Addrs()[0].String() + `/32"},`})
	if r := resultOf(t, results, "nacl-to-endpoint"); r.Status != checks.Fail {
		t.Errorf("%s: %+v", r.Status, r.Findings)
	}
	free := existing(t, [3]string{"describe-network-acls", first, first + `{"RuleNumber": 1, "Protocol": "6", "PortRange": {"From": 443, "To": 443}, "RuleAction": "deny", "Egress": true, "CidrBlock": "10.20.1.2/32"},`})
	if r := resultOf(t, free, "nacl-to-endpoint"); r.Status != checks.Pass { // one of AWS's own five: nothing of the task's is there
		t.Errorf("%s: %+v", r.Status, r.Findings)
	}
}

// TestFIPSAgent believes an agent of a FIPS endpoint that says so, and none whose type and
// endpoint don't go together.
func TestFIPSAgent(t *testing.T) {
	service := [3]string{"describe-vpc-endpoints", `"com.amazonaws.us-east-1.datasync"`, `"com.amazonaws.us-east-1.datasync-fips"`}
	kind := func(is string) [3]string {
		return [3]string{"datasync-describe-agent", `"EndpointType": "PRIVATE_LINK"`, `"EndpointType": "` + is + `"`}
	}
	for _, tt := range []struct {
		changes [][3]string
		want    checks.Status
	}{
		{[][3]string{service, kind("FIPS_PRIVATE_LINK")}, checks.Pass},
		{[][3]string{kind("FIPS_PRIVATE_LINK")}, checks.Unknown},
		{[][3]string{kind("FIPS")}, checks.Unknown},
		{[][3]string{service, kind("FIPS")}, checks.Unknown},
		{[][3]string{service, kind("PUBLIC")}, checks.Unknown},
	} {
		results := existing(t, tt.changes...)
		if r := resultOf(t, results, "agent-endpoint"); r.Status != tt.want {
			t.Errorf("%v: %s %+v", tt.changes, r.Status, r.Findings)
		}
		if tt.want == checks.Pass {
			for _, r := range results {
				if r.Status == checks.Fail || r.Status == checks.Unknown {
					t.Errorf("%s is %s: %+v", r.Check.ID, r.Status, r.Findings)
				}
			}
		}
	}
}
