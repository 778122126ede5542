package collect

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Account says with which credentials a scope is read, and in which Region.
// Empty fields are taken from the environment and the shared configuration.
type Account struct {
	Region, Profile, RoleARN string
	Via                      string // a role to assume first, from which RoleARN is assumed
}

// Clients are the APIs of one scope.
type Clients struct {
	EC2 func() *ec2.Client // a client of its own for each call: see Connect

	GetCallerIdentity       operation[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput, sts.Options]
	SimulatePrincipalPolicy operation[iam.SimulatePrincipalPolicyInput, iam.SimulatePrincipalPolicyOutput, iam.Options]
	DataSync                DataSync
	GetRole                 operation[iam.GetRoleInput, iam.GetRoleOutput, iam.Options]
	// These two read what a command of Systems Manager printed.
	ListCommandInvocations operation[ssm.ListCommandInvocationsInput, ssm.ListCommandInvocationsOutput, ssm.Options]
	GetCommandInvocation   operation[ssm.GetCommandInvocationInput, ssm.GetCommandInvocationOutput, ssm.Options]

	Region string
	// Credentials says where they come from; nil if they could not be had.
	Credentials *snapshot.Credentials
	// Refused is set when the credentials could not be had because AWS refused
	// them; every table is then a gap.
	Refused *snapshot.CallError
}

// ErrNoCredentials is what Connect returns when nothing supplies credentials.
var ErrNoCredentials = snapshot.Errorf("no AWS credentials: set AWS_PROFILE or pass --profile, run `aws configure` or `aws sso login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; to judge files instead, pass --snapshot DIR", "AWS の認証情報がない。AWS_PROFILE か --profile を指定するか、`aws configure` または `aws sso login` を実行するか、AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を設定する。ファイルを判定するには --snapshot DIR を指定する")

// ErrNoRegion is what Connect returns when nothing says which Region.
var ErrNoRegion = snapshot.Errorf("no AWS Region: pass --region, or set AWS_REGION", "AWS のリージョンが不明。--region か AWS_REGION を指定する")

// Retrying: throttling is ridden out for about ten seconds, then it is a gap.
const (
	maxAttempts = 6
	maxBackoff  = 4 * time.Second
)

// Connector makes clients. The zero value retries as long as a person would
// wait.
type Connector struct {
	MaxBackoff time.Duration                     // the longest pause between two tries; 0 means 4 s
	Options    []func(*config.LoadOptions) error // further settings, such as another endpoint
	// Code asks for what an MFA device shows; nil where nobody can be asked.
	Code func(ctx context.Context, device string) (string, error)
	// Trace is told of each request, from several goroutines; nil: nobody is.
	Trace func(string)
	// Sessions are shared, so that a code is asked for once; nil: each scope has its own.
	Sessions *Sessions
}

// config loads the settings and credentials of an account.
func (k Connector) config(ctx context.Context, a Account) (aws.Config, error) {
	backoff := k.MaxBackoff
	if backoff == 0 {
		backoff = maxBackoff
	}
	signs := &signer{}
	opts := []func(*config.LoadOptions) error{
		config.WithAPIOptions([]func(*middleware.Stack) error{signs.add}),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
				o.StandardOptions = append(o.StandardOptions, func(s *retry.StandardOptions) {
					s.MaxAttempts, s.MaxBackoff = maxAttempts, backoff
				})
			})
		}),
		config.WithAppID("dspreflight"),
		config.WithLogger(logging.Nop{}), // every failure is in the report; standard error is for people
	}
	if a.Region != "" {
		opts = append(opts, config.WithRegion(a.Region))
	}
	if a.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(a.Profile))
	}
	opts = append(opts, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
		device := aws.ToString(o.SerialNumber)
		o.TokenProvider = func() (string, error) { return k.code(ctx, device) }
	}))
	cfg, err := config.LoadDefaultConfig(ctx, append(opts, k.Options...)...)
	if err != nil {
		return aws.Config{}, unread(err)
	}
	inner := cfg.HTTPClient
	if inner == nil {
		inner = awshttp.NewBuildableClient()
	}
	signs.client = strict{direct(inner)}
	cfg.HTTPClient, cfg.APIOptions = signs.client, cfg.APIOptions[1:] // clients that are made from now on have it
	if cfg.Region == "" {
		return aws.Config{}, ErrNoRegion
	}
	cfg.Credentials = k.Sessions.of(a.Profile, cfg.Credentials)
	if k.Trace != nil {
		cfg.HTTPClient = &traced{HTTPClient: cfg.HTTPClient, tell: k.Trace, by: "the credentials of " + named(a.Profile)}
	}
	if a.Via != "" || a.RoleARN != "" {
		// What is wrong here is not wrong with the role.
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil && !fromAWS(err) {
			return aws.Config{}, unhad(a.Profile, err)
		}
	}
	for _, role := range []string{a.Via, a.RoleARN} {
		if role == "" {
			continue
		}
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "dspreflight"
		}))
	}
	return cfg, nil
}

// Connect makes the clients of a scope.
func (k Connector) Connect(ctx context.Context, a Account) (Clients, error) {
	cfg, err := k.config(ctx, a)
	if err != nil {
		return Clients{}, err
	}
	// EC2 throttles each action on its own, but the SDK's adaptive mode slows a
	// whole client down: with one client, one busy action would starve the rest.
	who, commands := iam.NewFromConfig(cfg), ssm.NewFromConfig(cfg)
	c := Clients{
		EC2: func() *ec2.Client { return ec2.NewFromConfig(cfg) }, GetCallerIdentity: sts.NewFromConfig(cfg).GetCallerIdentity,
		SimulatePrincipalPolicy: who.SimulatePrincipalPolicy, GetRole: who.GetRole, DataSync: dataSync(cfg),
		ListCommandInvocations: commands.ListCommandInvocations, GetCommandInvocation: commands.GetCommandInvocation, Region: cfg.Region,
	}
	creds, err := cfg.Credentials.Retrieve(ctx)
	if t, ok := cfg.HTTPClient.(*traced); ok && err == nil {
		t.introduce(ctx, a, creds, c.GetCallerIdentity)
	}
	if err == nil {
		c.Credentials = &snapshot.Credentials{Source: creds.Source, Profile: a.Profile, Role: a.RoleARN}
		if creds.CanExpire {
			c.Credentials.Expires = creds.Expires.UTC().Truncate(time.Second)
		}
	}
	if err != nil {
		if ctx.Err() == nil && !fromAWS(err) && a.RoleARN == "" {
			return Clients{}, unhad(a.Profile, err)
		}
		action := "" // each call's own
		if a.RoleARN != "" {
			action = "sts:AssumeRole"
		}
		c.Refused = callError(ctx, action, err)
	}
	return c, nil
}

// callError words a failed call.
func callError(ctx context.Context, action string, err error) *snapshot.CallError {
	e := &snapshot.CallError{Action: action}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		e.Code, e.Message = api.ErrorCode(), firstLine(api.ErrorMessage(), longestMessage)
		if snapshot.IsDenied(e.Code) {
			said, _, _ := strings.Cut(api.ErrorMessage(), "Encoded authorization failure message")
			e.Message = firstLine(strings.TrimSpace(said), longestDenial)
		}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Code, e.Message = "Timeout", "no answer before the run's --timeout"
	case ctx.Err() != nil:
		e.Code, e.Message = "Interrupted", "the run was stopped"
	default:
		e.Code, e.Message = "RequestFailed", firstLine(innermost(err).Error(), longestMessage)
	}
	return e
}

// innermost is the cause at the bottom of a chain of errors; the SDK's own
// wrapping repeats the operation and adds a request id.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// What a report keeps of a message. A denial ends in the kind of policy behind it,
// which stands after the ARN of the caller; EC2 adds an encoded message to that.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
const (
	longestMessage = 200
	longestDenial  = 1000
)

func firstLine(s string, longest int) string {
	for i, r := range s {
		if r == '\n' || i > longest {
			return s[:i]
		}
	}
	return s
}
