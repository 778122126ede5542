package moto

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Organization makes one of so many accounts, and returns their numbers; the first is
// that of every key that nobody gave out.
func (s *Server) Organization(ctx context.Context, n int) ([]string, error) {
	cfg, err := s.Config(ctx, User{Key: "AKIDEXAMPLE", Secret: "example"})
	if err != nil {
		return nil, err
	}
	client := organizations.NewFromConfig(cfg)
	if _, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{}); err != nil {
		return nil, fmt.Errorf("create the organization: %w", err)
	}
	accounts := []string{DestinationAccount}
	for i := 1; i < n; i++ {
		out, err := client.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String(fmt.Sprintf("member-%d", i)), Email: aws.String(fmt.Sprintf("member-%d@example.com", i))})
		if err != nil {
			return nil, fmt.Errorf("create account %d: %w", i, err)
		}
		accounts = append(accounts, *out.CreateAccountStatus.AccountId)
	}
	return accounts, nil
}

// Home is where the agents of an account have their endpoint, and the interface of
// their tasks, in use by an instance as DataSync's are.
type Home struct {
	IDs
	EndpointIP, TaskInterface string
}

// Image is one that instances of all accounts run: the list of them takes moto seconds.
func (s *Server) Image(ctx context.Context) (string, error) {
	cfg, err := s.Config(ctx, User{Key: "AKIDEXAMPLE", Secret: "example"})
	if err != nil {
		return "", err
	}
	out, err := ec2.NewFromConfig(cfg).DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	if err != nil || len(out.Images) == 0 {
		return "", fmt.Errorf("no image: %w", err)
	}
	return *out.Images[0].ImageId, nil
}

// BuildHome makes it, in an account of the organization; a fault is as in a scenario.
func (s *Server) BuildHome(ctx context.Context, account, image, fault string) (Home, error) {
	cfg, err := s.Config(ctx, User{Key: "AKIDEXAMPLE", Secret: "example"})
	if err != nil {
		return Home{}, err
	}
	if account != DestinationAccount {
		role, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + account + ":role/build"), RoleSessionName: aws.String("build")})
		if err != nil {
			return Home{}, fmt.Errorf("assume a role in %s: %w", account, err)
		}
		if cfg, err = s.Config(ctx, User{Key: *role.Credentials.AccessKeyId, Secret: *role.Credentials.SecretAccessKey}); err != nil {
			return Home{}, err
		}
	}
	b := &builder{ctx: ctx, dst: ec2.NewFromConfig(cfg), scenario: Scenario{Fault: fault}}
	b.destination(sourceCIDR)
	ends := call(b, b.dst.DescribeNetworkInterfaces, ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{{Name: aws.String("subnet-id"), Values: []string{b.ids.DestinationSubnet}}}})
	if b.err != nil || len(ends.NetworkInterfaces) != 1 {
		return Home{}, fmt.Errorf("build in %s: %d interfaces: %w", account, len(ends.NetworkInterfaces), b.err)
	}
	run := call(b, b.dst.RunInstances, ec2.RunInstancesInput{
		ImageId: &image, InstanceType: types.InstanceTypeM52xlarge, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &b.ids.DestinationSubnet, Groups: []string{b.ids.EndpointGroup}, PrivateIpAddress: aws.String("10.20.1.200")}},
	})
	if b.err != nil {
		return Home{}, b.err
	}
	return Home{b.ids, *ends.NetworkInterfaces[0].PrivateIpAddress, *run.Instances[0].NetworkInterfaces[0].NetworkInterfaceId}, nil
}

// Whose returns a function that tells the account of a key that the server gave out.
func (s *Server) Whose(t testing.TB) func(key string) string {
	var known sync.Map
	return func(key string) string {
		if account, ok := known.Load(key); ok {
			return account.(string)
		}
		r, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader(url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}.Encode()))
		if err != nil {
			t.Error(err)
			return ""
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return ""
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		_, after, _ := strings.Cut(string(body), "<Account>")
		account, _, told := strings.Cut(after, "</Account>")
		if err != nil || !told {
			t.Errorf("whose key is %s? %v %s", key, err, body)
			return ""
		}
		known.Store(key, account)
		return account
	}
}
