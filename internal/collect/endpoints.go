package collect

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/datasync"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// APIEndpoint is where the SDK finds an API of AWS.
type APIEndpoint struct{ Service, Region, URL string }

// Endpoints resolves, without any call, the APIs that an activation uses, as the
// SDK and the user's configuration have them.
//
// The transport is the SDK's: it trusts what AWS_CA_BUNDLE and ca_bundle name.
func Endpoints(ctx context.Context, a Account) ([]APIEndpoint, *http.Transport, error) {
	opts := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if a.Region != "" {
		opts = append(opts, config.WithRegion(a.Region))
	}
	if a.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(a.Profile))
	}
	opts = append(opts, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
		o.TokenProvider = stscreds.StdinTokenProvider // never asked: nothing is signed
	}))
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, nil, unread(err)
	}
	if cfg.Region == "" {
		return nil, nil, ErrNoRegion
	}
	ds, e, s, i := datasync.NewFromConfig(cfg).Options(), ec2.NewFromConfig(cfg).Options(), sts.NewFromConfig(cfg).Options(), iam.NewFromConfig(cfg).Options()
	region := aws.String(cfg.Region)
	var out []APIEndpoint
	add := func(service, url string, err error) {
		if err == nil {
			out = append(out, APIEndpoint{service, cfg.Region, url})
		}
	}
	dsAt, err := ds.EndpointResolverV2.ResolveEndpoint(ctx, datasync.EndpointParameters{Region: region, Endpoint: ds.BaseEndpoint, UseFIPS: fips(ds.EndpointOptions.UseFIPSEndpoint), UseDualStack: dual(ds.EndpointOptions.UseDualStackEndpoint)})
	add("datasync", dsAt.URI.String(), err)
	ec2At, err := e.EndpointResolverV2.ResolveEndpoint(ctx, ec2.EndpointParameters{Region: region, Endpoint: e.BaseEndpoint, UseFIPS: fips(e.EndpointOptions.UseFIPSEndpoint), UseDualStack: dual(e.EndpointOptions.UseDualStackEndpoint)})
	add("ec2", ec2At.URI.String(), err)
	stsAt, err := s.EndpointResolverV2.ResolveEndpoint(ctx, sts.EndpointParameters{Region: region, Endpoint: s.BaseEndpoint, UseFIPS: fips(s.EndpointOptions.UseFIPSEndpoint), UseDualStack: dual(s.EndpointOptions.UseDualStackEndpoint), UseGlobalEndpoint: aws.Bool(false)})
	add("sts", stsAt.URI.String(), err)
	iamAt, err := i.EndpointResolverV2.ResolveEndpoint(ctx, iam.EndpointParameters{Region: region, Endpoint: i.BaseEndpoint, UseFIPS: fips(i.EndpointOptions.UseFIPSEndpoint), UseDualStack: dual(i.EndpointOptions.UseDualStackEndpoint)})
	add("iam", iamAt.URI.String(), err)
	var transport *http.Transport
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport = client.GetTransport()
	}
	return out, transport, nil
}

func fips(s aws.FIPSEndpointState) *bool { return aws.Bool(s == aws.FIPSEndpointStateEnabled) }
func dual(s aws.DualStackEndpointState) *bool {
	return aws.Bool(s == aws.DualStackEndpointStateEnabled)
}
