package collect

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// principal is the ARN of the user or role behind the caller, "" for one that IAM
// does not simulate, such as the account's root user or a federated one. The ARN
// of a role's session lacks the role's path.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func (c *collector) principal() string {
	for _, id := range c.scope.Identity.All() {
		parts := strings.SplitN(id.ARN, ":", 6)
		if len(parts) < 6 {
			continue
		}
		if strings.HasPrefix(parts[5], "user/") {
			return id.ARN
		}
		if rest, ok := strings.CutPrefix(parts[5], "assumed-role/"); ok {
			name, _, _ := strings.Cut(rest, "/")
			return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + name
		}
	}
	return ""
}

// simulate asks IAM what the caller may do. With the resource "any" it asks as
// the documentation of the actions says, with "account" for what the re:Post
// article's policy names.
func (c *collector) simulate(ctx context.Context, resource string, use func(any) error) error {
	arn := c.principal()
	err := c.simulateAs(ctx, arn, resource, use)
	// A role with a path, as those of Identity Center have, is not found under the
	// bare name; names are unique in an account, so it is no other role's either.
	var missing *types.NoSuchEntityException
	_, role, isRole := strings.Cut(arn, ":role/")
	if !isRole || !errors.As(err, &missing) {
		return err
	}
	out, roleErr := c.clients.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if roleErr != nil || out.Role == nil || aws.ToString(out.Role.Arn) == arn {
		return err
	}
	return c.simulateAs(ctx, aws.ToString(out.Role.Arn), resource, use)
}

func (c *collector) simulateAs(ctx context.Context, arn, resource string, use func(any) error) error {
	in := &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &arn, ActionNames: c.request.Simulate,
		ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("aws:RequestedRegion"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{c.scope.Region}}},
	}
	if resource == snapshot.AccountResource {
		account := ""
		for _, id := range c.scope.Identity.All() {
			account = id.Account
		}
		in.ResourceArns = []string{snapshot.SampleAgentARN(c.scope.Region, account)}
		in.ActionNames = nil
		for _, a := range c.request.Simulate {
			if strings.HasPrefix(a, "datasync:") {
				in.ActionNames = append(in.ActionNames, a)
			}
		}
	}
	return pages(ctx, c.clients.SimulatePrincipalPolicy, in, &in.Marker, func(out *iam.SimulatePrincipalPolicyOutput) *string { return out.Marker }, use)
}
