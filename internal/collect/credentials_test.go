package collect

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// TestDenialsKeepTheirReason: which kind of policy denies a call stands at the end
// of AWS's message, behind the ARN of the caller, and EC2's encoded message behind
// that.
func TestDenialsKeepTheirReason(t *testing.T) {
	user := "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_NetworkAdministrators-ReadOnly_0123456789abcdef/first.last@subsidiary.example.com"
	const reason = "with an explicit deny in a service control policy: arn:aws:organizations::444455556666:policy/o-exampleorgid/service_control_policy/p-examplepolicyid"
	message := "You are not authorized to perform this operation. User: " + user + " is not authorized to perform: ec2:DescribeNetworkInterfaces " + reason
	for _, said := range []string{message, message + ". Encoded authorization failure message: " + strings.Repeat("Zx9_-", 400)} {
		e := callError(context.Background(), "ec2:DescribeNetworkInterfaces", &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: said})
		if !strings.Contains(e.Message, reason) || strings.Contains(e.Message, "Zx9") {
			t.Errorf("%d characters are kept: %s", len(e.Message), e.Message)
		}
	}
	if e := callError(context.Background(), "x", &smithy.GenericAPIError{Code: "InternalError", Message: strings.Repeat("x", 5000)}); len(e.Message) > 2*longestMessage {
		t.Errorf("%d characters are kept", len(e.Message))
	}
}
