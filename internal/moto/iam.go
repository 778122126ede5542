package moto

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// User is an IAM user with an access key.
type User struct{ Name, Key, Secret string }

// Enforce turns the enforcement of IAM policies on or off. With it on, only the
// keys of users that exist are taken.
func (s *Server) Enforce(t testing.TB, on bool) {
	t.Helper()
	count := "inf"
	if on {
		count = "0"
	}
	resp, err := http.Post(s.URL+"/moto-api/reset-auth", "text/plain", strings.NewReader(count))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("reset-auth: HTTP %d", resp.StatusCode)
	}
}

// Config leads the SDK to the server as a user.
func (s *Server) Config(ctx context.Context, u User) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithRegion(DestinationRegion), config.WithBaseEndpoint(s.URL), config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(u.Key, u.Secret, "")))
}

// NewUser makes a user with an access key, as another one. A zero by is anybody,
// which works while nothing is enforced.
func (s *Server) NewUser(ctx context.Context, by User, name string) (User, error) {
	if by.Key == "" {
		by = User{Key: "AKIDEXAMPLE", Secret: "example"}
	}
	cfg, err := s.Config(ctx, by)
	if err != nil {
		return User{}, err
	}
	client := iam.NewFromConfig(cfg)
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		return User{}, fmt.Errorf("create user %s: %w", name, err)
	}
	out, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		return User{}, fmt.Errorf("create access key of %s: %w", name, err)
	}
	return User{name, *out.AccessKey.AccessKeyId, *out.AccessKey.SecretAccessKey}, nil
}

// PutPolicy gives a user an inline policy, as another user.
func (s *Server) PutPolicy(ctx context.Context, by, u User, name, document string) error {
	if by.Key == "" {
		by = User{Key: "AKIDEXAMPLE", Secret: "example"}
	}
	cfg, err := s.Config(ctx, by)
	if err != nil {
		return err
	}
	_, err = iam.NewFromConfig(cfg).PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &u.Name, PolicyName: &name, PolicyDocument: &document})
	if err != nil {
		return fmt.Errorf("put policy of %s: %w", u.Name, err)
	}
	return nil
}
