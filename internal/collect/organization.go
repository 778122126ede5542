package collect

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Member is an account of an organization.
type Member struct {
	ID    string
	State string // such as ACTIVE or SUSPENDED
	Own   bool   // it is the caller's own
}

// Active reports whether an account can be entered. One in a state that nobody knows is
// tried.
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
func (m Member) Active() bool {
	return !slices.Contains([]string{"PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"}, m.State)
}

// Members lists the accounts of the caller's organization, by number. Without all of
// them nothing can be said of the organization, so that any failure is an error.
func (k Connector) Members(ctx context.Context, a Account) ([]Member, error) {
	cfg, err := k.config(ctx, a)
	if err != nil {
		return nil, err
	}
	refused := func(action string, err error) error {
		var api smithy.APIError
		if !errors.As(err, &api) && a.RoleARN == "" && ctx.Err() == nil {
			if _, none := cfg.Credentials.Retrieve(ctx); none != nil {
				return unhad(a.Profile, none)
			}
		}
		e := callError(ctx, action, err)
		return snapshot.Errorf("--accounts-from organizations: the accounts could not be listed, %s: %s: %s; the management account and delegated administrators may list them", "--accounts-from organizations: アカウントを列挙できない（%s: %s: %s）。列挙できるのは管理アカウントと委任された管理者である", e.Action, e.Code, e.Message)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, refused(snapshot.CallerIdentity.Action(), err)
	}
	members := map[string]Member{}
	use := func(page any) error {
		list := page.(*organizations.ListAccountsOutput).Accounts
		if list == nil {
			return notAWS("it lacks the list Accounts")
		}
		for _, row := range list {
			m := Member{ID: aws.ToString(row.Id), State: string(row.State)}
			if m.State == "" { // an API from before the field
				m.State = string(row.Status)
			}
			if len(m.ID) != len("111122223333") || strings.Trim(m.ID, "0123456789") != "" {
				return notAWS("Accounts: " + m.ID + " is not the number of an account")
			}
			m.Own = m.ID == aws.ToString(who.Account)
			if before, ok := members[m.ID]; ok && before != m {
				return notAWS("Accounts: " + m.ID + " was shown twice, with two contents")
			}
			members[m.ID] = m
		}
		return nil
	}
	var seen tokens
	in := &organizations.ListAccountsInput{}
	err = pages(ctx, organizations.NewFromConfig(cfg).ListAccounts, in, &in.NextToken, func(out *organizations.ListAccountsOutput) *string { return out.NextToken }, func(page any) error {
		body, err := json.Marshal(page)
		if err != nil {
			return err
		}
		return errors.Join(use(page), seen.next(body))
	})
	own := slices.ContainsFunc(slices.Collect(maps.Values(members)), func(m Member) bool { return m.Own })
	if err == nil && !own {
		err = notAWS("the accounts that it lists lack the caller's own, " + aws.ToString(who.Account))
	}
	if err != nil {
		return nil, refused("organizations:ListAccounts", err)
	}
	out := slices.Collect(maps.Values(members))
	slices.SortFunc(out, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}
