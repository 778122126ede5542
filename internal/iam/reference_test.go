package iam_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/datasync"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestActionsHoldTheSDK: a real action must never be called unknown, so the list
// holds every operation that the SDK in go.mod can call.
func TestActionsHoldTheSDK(t *testing.T) {
	listed := map[string]bool{}
	for _, a := range iam.Actions() {
		if listed[a.Name] {
			t.Errorf("%s is listed twice", a.Name)
		}
		listed[a.Name] = true
	}
	for service, client := range map[string]any{"datasync": &datasync.Client{}, "ec2": &ec2.Client{}, "iam": &awsiam.Client{}, "sts": &sts.Client{}} {
		methods := reflect.TypeOf(client)
		n := 0
		for i := range methods.NumMethod() {
			name := methods.Method(i).Name
			if name == "Options" {
				continue
			}
			n++
			if action := service + ":" + name; !listed[action] || len(iam.Matching(action)) == 0 {
				t.Errorf("%s is an operation of the SDK, and not in the list: run make iam-data", action)
			}
		}
		if n < 10 {
			t.Errorf("only %d operations of %s were found", n, service)
		}
	}
	day, err := time.Parse(time.DateOnly, iam.ReferenceDate())
	if err != nil || day.After(time.Now()) {
		t.Errorf("the list is of %q", iam.ReferenceDate())
	}
}

// TestKeysDecide: a key of an action's own is open unless it is known; one that
// its requests never carry matches nothing; what holds for mere absence is open.
func TestKeysDecide(t *testing.T) {
	agent := "arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718"
	known := iam.Context{"ec2:region": {Is: "us-east-1"}}
	for _, tt := range []struct {
		condition, action, resource string
		allow, deny                 iam.Decision // what an Allow and, beside an Allow of all, a Deny under it come to
	}{
		{`"StringEquals":{"ec2:Region":"us-east-1"}`, "ec2:DescribeSubnets", "*", iam.Allowed, iam.ExplicitDeny},
		{`"StringEquals":{"EC2:region":"eu-west-1"}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny, iam.Allowed},
		{`"StringEquals":{"aws:ResourceTag/env":"prod"}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny, iam.Allowed},
		{`"StringLike":{"ec2:ResourceTag/env":"*"}`, "ec2:DescribeVpcEndpoints", "*", iam.ImplicitDeny, iam.Allowed},
		{`"ArnLike":{"ec2:Vpc":"*"}`, "ec2:DescribeSecurityGroups", "*", iam.ImplicitDeny, iam.Allowed},
		{`"StringEquals":{"s3:prefix":"x"}`, "datasync:ListAgents", "*", iam.ImplicitDeny, iam.Allowed},
		{`"ForAnyValue:StringEquals":{"aws:TagKeys":["x"]}`, "datasync:ListAgents", "*", iam.ImplicitDeny, iam.Allowed},
		{`"ForAllValues:StringEquals":{"aws:TagKeys":["x"]}`, "datasync:ListAgents", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"aws:RequestTag/env":"prod"}`, "datasync:CreateAgent", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"aws:ResourceTag/env":"prod"}`, "datasync:CreateAgent", "*", iam.ImplicitDeny, iam.Allowed},
		{`"StringEquals":{"aws:ResourceTag/env":"prod"}`, "datasync:DescribeAgent", agent, iam.Undecided, iam.Undecided},
		{`"StringNotEquals":{"aws:ResourceTag/env":"prod"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"StringEqualsIfExists":{"aws:ResourceTag/env":"prod"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"Null":{"aws:ResourceTag/env":"true"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"NumericLessThan":{"ec2:RoleDelivery":"2"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"ArnLike":{"lambda:SourceFunctionArn":"*"}`, "datasync:CreateAgent", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"saml:aud":"x"}`, "datasync:CreateAgent", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"aws:PrincipalTag/team":"x"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"aws:ResourceAccount":"111122223333"}`, "ec2:DescribeSubnets", "*", iam.Undecided, iam.Undecided},
		{`"StringEquals":{"ec2:Vpc":"x"}`, "ec2:DescribeInstances", "*", iam.Undecided, iam.Undecided}, // its keys are not in the list
	} {
		allow := statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{` + tt.condition + `}}`)
		deny := statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{` + tt.condition + `}}`)
		if got := decide(t, allow, tt.action, tt.resource, known); got != tt.allow {
			t.Errorf("%s allowed if %s: %v, want %v", tt.action, tt.condition, got, tt.allow)
		}
		if got := decide(t, deny, tt.action, tt.resource, known); got != tt.deny {
			t.Errorf("%s denied if %s: %v, want %v", tt.action, tt.condition, got, tt.deny)
		}
	}
}

// TestPartlyKnown: of a principal whose account is known and whose name is not, a
// condition decides only what no name could change.
func TestPartlyKnown(t *testing.T) {
	context := iam.Context{"aws:principalarn": {Like: "arn:aws:iam::111122223333:*"}}
	for condition, want := range map[string]iam.Decision{
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}`:            iam.ImplicitDeny,
		`"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}`:               iam.Allowed,
		`"ArnLike":{"aws:PrincipalArn":"arn:*:iam::111122223333:*"}`:                   iam.Allowed,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ops-*"}`:        iam.Undecided,
		`"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/a"}`:       iam.Undecided,
		`"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:user/a"}`:       iam.ImplicitDeny,
		`"StringLike":{"aws:PrincipalArn":"arn:aws:iam::4*"}`:                          iam.ImplicitDeny,
		`"StringLike":{"aws:PrincipalArn":"arn:aws:iam::1*"}`:                          iam.Allowed,
		`"StringLike":{"aws:PrincipalArn":"*role/x"}`:                                  iam.Undecided,
		`"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::4*"}`:                       iam.Allowed,
		`"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/r"}`:       iam.Allowed,
		`"StringEqualsIgnoreCase":{"aws:PrincipalArn":"ARN:AWS:IAM::111122223333:u"}`:  iam.Undecided,
		`"StringEqualsIgnoreCase":{"aws:PrincipalArn":"ARN:AWS:IAM::444455556666:u"}`:  iam.ImplicitDeny,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam"}`:                                 iam.Undecided, // whether IAM completes it here is not documented
		`"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*"}`:                           iam.Undecided,
		`"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::4:*","arn:aws:iam::*:role/r"]}`:  iam.Undecided,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:user/*"}`: iam.Undecided,
	} {
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+condition+`}}`), "ec2:DescribeSubnets", "*", context); got != want {
			t.Errorf("%s: %v, want %v", condition, got, want)
		}
	}
}

// TestTimeSpans: a condition on the time decides only what every moment of the
// span agrees on.
func TestTimeSpans(t *testing.T) {
	from := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	context := iam.Context{"aws:currenttime": {From: from, To: from.Add(24 * time.Hour)}, "aws:epochtime": {From: from, To: from.Add(24 * time.Hour)}}
	for condition, want := range map[string]iam.Decision{
		`"DateLessThan":{"aws:CurrentTime":"2026-11-15T00:00:00Z"}`:                     iam.ImplicitDeny,
		`"DateLessThan":{"aws:CurrentTime":"1794700800"}`:                               iam.ImplicitDeny,
		`"DateLessThan":{"aws:CurrentTime":"2026-11-29T00:00:00Z"}`:                     iam.Undecided, // it ends within the day
		`"DateLessThan":{"aws:CurrentTime":"2026-11-29T12:00:00Z"}`:                     iam.Undecided,
		`"DateLessThanEquals":{"aws:CurrentTime":"2026-11-29T12:00:00Z"}`:               iam.Allowed,
		`"DateLessThan":{"aws:CurrentTime":["2026-11-01","2027-01-01"]}`:                iam.Allowed,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-11-28T12:00:00Z"}`:                  iam.Undecided,
		`"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-28T12:00:00Z"}`:            iam.Allowed,
		`"DateEquals":{"aws:CurrentTime":"2026-11-28T18:00:00Z"}`:                       iam.Undecided,
		`"DateEquals":{"aws:CurrentTime":"2026-11-28"}`:                                 iam.Undecided,
		`"DateEquals":{"aws:CurrentTime":"2026-12-28"}`:                                 iam.ImplicitDeny,
		`"DateNotEquals":{"aws:CurrentTime":"2026-11-28"}`:                              iam.Undecided,
		`"DateEquals":{"aws:CurrentTime":"2026-12-28T18:00:00Z"}`:                       iam.ImplicitDeny,
		`"DateNotEquals":{"aws:CurrentTime":"2026-12-28T18:00:00Z"}`:                    iam.Allowed,
		`"NumericLessThan":{"aws:EpochTime":"1794700800"}`:                              iam.ImplicitDeny,
		`"NumericGreaterThan":{"aws:EpochTime":1794700800}`:                             iam.Allowed,
		`"StringLike":{"aws:CurrentTime":"2026-*"}`:                                     iam.Undecided,
		`"DateLessThan":{"aws:CurrentTime":"2028"}`:                                     iam.Undecided, // a year, or seconds
		`"DateLessThan":{"aws:CurrentTime":"1859000000000"}`:                            iam.Undecided, // milliseconds
		`"DateLessThan":{"aws:CurrentTime":"2027-12"}`:                                  iam.Undecided,
		`"DateGreaterThan":{"aws:CurrentTime":"soon"}`:                                  iam.Undecided,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-11-01"},"Bool":{"aws:X":"true"}`:    iam.Undecided,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-12-01"},"Bool":{"aws:X":"true"}`:    iam.ImplicitDeny,
		`"DateLessThanIfExists":{"aws:CurrentTime":"2027-12-01T00:00:00Z"}`:             iam.Allowed,
		`"ForAnyValue:DateLessThan":{"aws:CurrentTime":"2027-12-01T00:00:00Z"}`:         iam.Undecided,
		`"DateLessThan":{"aws:TokenIssueTime":"2027-12-01T00:00:00Z"}`:                  iam.Undecided,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-11-01"},"Null":{"aws:X":"true"}`:    iam.Undecided,
		`"DateLessThan":{"aws:EpochTime":"2026-11-15T00:00:00Z"}`:                       iam.ImplicitDeny,
		`"DateNotEquals":{"aws:CurrentTime":["2026-11-28T18:00:00Z","2030-01-01"]}`:     iam.Undecided,
		`"NumericLessThanEquals":{"aws:EpochTime":"1"},"DateEquals":{"aws:X":"2030-1"}`: iam.ImplicitDeny,
	} {
		p, err := iam.Parse("p", []byte(statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+condition+`}}`)))
		if err != nil {
			t.Fatal(err)
		}
		got := iam.Evaluate([]iam.Policy{p}, iam.Request{Action: "ec2:DescribeSubnets", Resource: "*", Context: context})
		if got.Decision != want {
			t.Errorf("%s: %v, want %v", condition, got.Decision, want)
		}
		if timed := strings.Contains(condition, "CurrentTime") || strings.Contains(condition, "EpochTime"); timed != (len(got.Timed) > 0) {
			t.Errorf("%s: judged for %q", condition, got.Timed)
		}
	}
}

// TestIncompleteARNs: IAM completes them with wildcards.
func TestIncompleteARNs(t *testing.T) {
	full := "arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718"
	parts := strings.SplitN(full, ":", 6)
	for n := 1; n <= 6; n++ {
		pattern := strings.Join(parts[:n], ":")
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"`+pattern+`"}`), "datasync:DescribeAgent", full, nil); got != iam.Allowed {
			t.Errorf("allowed on %s: %v", pattern, got)
		}
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"`+pattern+`"}`), "datasync:DescribeAgent", full, nil); got != iam.Allowed {
			t.Errorf("denied but on %s: %v", pattern, got)
		}
		other := strings.Join(append([]string{"arn", "aws", "s3"}, parts[3:]...)[:max(n, 3)], ":")
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"`+other+`"}`), "datasync:DescribeAgent", full, nil); got != iam.ImplicitDeny {
			t.Errorf("allowed on %s: %v", other, got)
		}
	}
}

// TestUnfinished: what IAM would refuse to store, or what is not in effect, is
// refused and not read as something else.
func TestUnfinished(t *testing.T) {
	for body, want := range map[string]string{
		statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":null}`):                                                                   "null",
		statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":null}}`):                                                  "null",
		statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":null}}}`):                                  "null",
		statement(`{"Effect":"Allow","Action":["ec2:*",null],"Resource":"*"}`):                                                                         "null",
		statement(`{"Effect":"Allow","Action":null,"Resource":"*"}`):                                                                                   "null",
		statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":{"a":"b"}}}}`):                    "a value of a condition",
		statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":["1",["2"]]}}}`):                  "a value of a condition",
		`{"PolicyVersion":{"VersionId":"v3","IsDefaultVersion":false,"Document":` + statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + `}}`: `version "v3"`,
	} {
		if _, err := iam.Parse("p", []byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	good := `{"PolicyVersion":{"VersionId":"v3","IsDefaultVersion":true,"CreateDate":null,"Document":` + statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + `}}`
	if _, err := iam.Parse("p", []byte(good)); err != nil {
		t.Error(err)
	}
}

// TestNewAgent: of an agent that is yet to be made the id is not known, so that a
// pattern on part of it decides nothing, and the name of another agent does.
func TestNewAgent(t *testing.T) {
	agents := "arn:aws:datasync:us-east-1:111122223333:agent/"
	for pattern, want := range map[string][2]iam.Decision{ // allowed on it, and denied on it
		agents + "*":                                         {iam.Allowed, iam.ExplicitDeny},
		agents + "agent-*":                                   {iam.Allowed, iam.ExplicitDeny},
		agents + "agent-?????????????????":                   {iam.Allowed, iam.ExplicitDeny},
		"arn:aws:datasync:*:*:*/*":                           {iam.Allowed, iam.ExplicitDeny},
		"arn:aws:datasync":                                   {iam.Allowed, iam.ExplicitDeny},
		agents + "agent-0*":                                  {iam.Undecided, iam.Undecided},
		agents + "*f":                                        {iam.Undecided, iam.Undecided},
		agents + "agent-0????????????????":                   {iam.Undecided, iam.Undecided},
		agents + "agent-????":                                {iam.ImplicitDeny, iam.Allowed},
		agents + "agent-0a1b2c3d4e5f60718":                   {iam.ImplicitDeny, iam.Allowed},
		"arn:aws:datasync:us-east-1:111122223333:location/*": {iam.ImplicitDeny, iam.Allowed},
		"arn:aws:datasync:eu-*:*:agent/*":                    {iam.ImplicitDeny, iam.Allowed},
	} {
		resource := snapshot.NewAgentARN("us-east-1", "111122223333")
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"`+pattern+`"}`), "datasync:DescribeAgent", resource, nil); got != want[0] {
			t.Errorf("allowed on %s: %v, want %v", pattern, got, want[0])
		}
		if got := decide(t, statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"`+pattern+`"}`), "datasync:DescribeAgent", resource, nil); got != want[1] {
			t.Errorf("denied on %s: %v, want %v", pattern, got, want[1])
		}
	}
}

// TestTwice: wherever a key is repeated, the document is refused.
func TestTwice(t *testing.T) {
	one := `"Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1"]},"Bool":{"aws:SecureTransport":"true"}}`
	good := `{"Version":"2012-10-17","Id":"a","Statement":[{"Sid":"s","Effect":"Allow","Action":"*","Resource":"*",` + one + `},{"Sid":"t","Effect":"Allow","Action":"*","Resource":"*"}]}`
	if _, err := iam.Parse("p", []byte(good)); err != nil {
		t.Fatal(err)
	}
	repeated := 0
	for _, field := range []string{
		`"Version":"2012-10-17"`, `"Id":"a"`, `"Statement":[{"Sid":"s","Effect":"Allow","Action":"*","Resource":"*",` + one + `},{"Sid":"t","Effect":"Allow","Action":"*","Resource":"*"}]`,
		`"Effect":"Allow"`, `"Action":"*"`, `"Resource":"*"`, one, `"StringEquals":{"aws:RequestedRegion":["us-east-1"]}`, `"aws:RequestedRegion":["us-east-1"]`,
	} {
		for _, again := range []string{field, strings.Replace(field, "aws:R", "AWS:r", 1), strings.Replace(field, "StringEquals", "stringequals", 1)} {
			bad := strings.Replace(good, field, field+","+again, 1)
			if bad == good {
				t.Fatalf("%s is not in the document", field)
			}
			for _, wrapped := range []string{bad, `{"RoleName":"r","PolicyDocument":` + bad + `}`} {
				if _, err := iam.Parse("p", []byte(wrapped)); err == nil || !strings.Contains(err.Error(), "given twice") {
					t.Errorf("%s: %v", wrapped, err)
				}
				repeated++
			}
		}
	}
	if repeated < 50 {
		t.Errorf("only %d documents were tried", repeated)
	}
}
