package collect

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Sessions are the credentials of profiles, each had once however many scopes use it: a
// code of an MFA device serves for one session. The zero value is ready.
type Sessions struct {
	mu   sync.Mutex
	held map[string]aws.CredentialsProvider
}

func (s *Sessions) of(profile string, own aws.CredentialsProvider) aws.CredentialsProvider {
	if s == nil {
		return own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]aws.CredentialsProvider{}
	}
	if s.held[profile] == nil {
		s.held[profile] = own
	}
	return s.held[profile]
}

// named is the profile that is meant where none is said.
func named(profile string) string { return cmp.Or(profile, os.Getenv("AWS_PROFILE"), "default") }

// noCode is why no code was had: nobody could be asked, or nobody answered.
type noCode struct {
	device string
	err    error
}

func (e *noCode) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return "an MFA code is wanted, and there is no terminal to ask on"
}

func (e *noCode) Unwrap() error { return e.err }

func (k Connector) code(ctx context.Context, device string) (string, error) {
	if k.Code == nil {
		return "", &noCode{device: device}
	}
	code, err := k.Code(ctx, device)
	if err != nil {
		return "", &noCode{device, err}
	}
	return code, nil
}

// signingIn are the services that give credentials to people, as the SDK names them.
var signingIn = []string{"SSO", "SSO OIDC", "Signin"}

// signIn reports whether an error is of a service that signs people in.
func signIn(err error) (service string, api smithy.APIError) {
	var operation *smithy.OperationError
	if errors.As(err, &operation) && slices.Contains(signingIn, operation.Service()) {
		errors.As(err, &api)
		return operation.Service(), api
	}
	return "", nil
}

// fromAWS reports whether AWS refused the credentials themselves.
func fromAWS(err error) bool {
	var api smithy.APIError
	service, _ := signIn(err)
	return errors.As(err, &api) && service == ""
}

// unreached reports whether the way to STS is what failed.
func unreached(err error) bool {
	var operation *smithy.OperationError
	var network net.Error
	return errors.As(err, &operation) && operation.Service() == "STS" && errors.As(err, &network)
}

// unread says why the shared configuration could not be read.
func unread(err error) error {
	var none config.SharedConfigProfileNotExistError
	if errors.As(err, &none) {
		return snapshot.Errorf("the shared AWS configuration has no profile %s; aws configure list-profiles lists those that it has", "AWS の共有設定にプロファイル %s がない。あるものは aws configure list-profiles で一覧できる", none.Profile)
	}
	return snapshot.Errorf("read the AWS configuration: %w", "AWS の設定の読み取り: %w", err)
}

// unhad says why a profile's credentials could not be had, and the way out, in words of
// the person who has to take it.
func unhad(profile string, err error) error {
	p := named(profile)
	var token *ssocreds.InvalidTokenError
	var process *processcreds.ProviderError
	var code *noCode
	var other notAWS
	service, api := signIn(err)
	text := err.Error()
	switch {
	case errors.As(err, &code) && code.err == nil:
		return snapshot.Errorf("the profile %s wants a code of the MFA device %s, and there is no terminal to ask on: run it from a terminal, or put a session into the environment with what `aws configure export-credentials --profile %s --format env` prints (AWS CLI version 2), and leave the profile out", "プロファイル %s は MFA デバイス %s のコードを求めるが、尋ねる端末がない。端末から実行するか、`aws configure export-credentials --profile %s --format env`（AWS CLI バージョン 2）の出力でセッションを環境変数に入れ、プロファイルの指定を外す", p, code.device, p)
	case errors.As(err, &code):
		return snapshot.Errorf("no code of the MFA device %s was read: %v", "MFA デバイス %s のコードを読み取れない: %v", code.device, code.err)
	case errors.As(err, &other), unreached(err):
		return snapshot.Errorf("AWS could not be reached to sign in with the profile %s (%v): see whether this machine has a way there, and HTTPS_PROXY if it takes one", "プロファイル %s でサインインするための AWS への接続に失敗した（%v）。このマシンからの経路と、必要なら HTTPS_PROXY を確認する", p, innermost(err))
	case api != nil && api.ErrorCode() == "ForbiddenException":
		return snapshot.Errorf("IAM Identity Center does not give you the account and role of the profile %s: compare its sso_account_id and sso_role_name with the access portal, and have the permission set assigned to you", "IAM アイデンティティセンターで、プロファイル %s のアカウントとロールが割り当てられていない。sso_account_id と sso_role_name をアクセスポータルと照合し、許可セットの割り当てを依頼する", p)
	case service == "Signin", strings.Contains(text, "login token"), strings.Contains(text, "login session"):
		return snapshot.Errorf("the sign-in of the profile %s has expired: run aws login --profile %s", "プロファイル %s のサインインの有効期限が切れている。aws login --profile %s を実行する", p, p)
	case errors.As(err, &token), service != "", strings.Contains(text, "SSO token"), strings.Contains(text, "SSO session"):
		return snapshot.Errorf("there is no valid IAM Identity Center session for the profile %s: run aws sso login --profile %s", "プロファイル %s の IAM アイデンティティセンターのセッションが有効でない。aws sso login --profile %s を実行する", p, p)
	case errors.As(err, &process):
		return snapshot.Errorf("the credential_process of the profile %s gave no credentials: run that command of ~/.aws/config by itself, sign in if it asks for it, and see that it prints {\"Version\": 1, \"AccessKeyId\": ...} (%s)", "プロファイル %s の credential_process から認証情報を得られない。~/.aws/config のそのコマンドを単独で実行し、求められたらサインインして、{\"Version\": 1, \"AccessKeyId\": ...} が出力されることを確認する（%s）", p, firstLine(innermost(err).Error(), longestMessage))
	}
	return snapshot.Errorf("%w (%v)", "%w（%v）", ErrNoCredentials, innermost(err))
}
