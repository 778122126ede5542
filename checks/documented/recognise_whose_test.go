package documented_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/datasync"

	"github.com/dspreflight/dspreflight/checks/documented"
)

// TestWhose reads messages that DataSync shares with others, with and without what
// makes them its own.
func TestWhose(t *testing.T) {
	for _, text := range []string{
		"Jenkins: [datasync-pipeline] java.lang.Exception: agent is offline",
		"datasync job: GitLab Runner agent is offline",
		"aws s3 sync: Unable to locate credentials",
		"aws s3 ls\nAn error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired",
		"fatal error: Unable to locate credentials",
		"An error occurred (ExpiredToken) when calling the ListObjectsV2 operation: The provided token has expired.",
		"An error occurred (RequestExpired) when calling the DescribeInstances operation: Request has expired.",
		"An error occurred (UnauthorizedOperation) when calling the DescribeSubnets operation: You are not authorized to perform this operation.",
		"User: arn:aws:sts::1:assumed-role/datasync-admin/x is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::bucket",
		"User: arn:aws:sts::1:assumed-role/DataSync/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/x",
		"api error AccessDenied: Access Denied, s3 bucket datasync-bucket: operation error S3: PutObject",
		"operation error Bedrock Agent: CreateAgent, https response error StatusCode: 403, RequestID: x, AccessDeniedException: denied",
		"bedrock-agent create-agent: An error occurred (ThrottlingException) when calling the CreateAgent operation: Rate exceeded",
		"Agents for Amazon Bedrock\nAn error occurred (AccessDeniedException) when calling the CreateAgent operation",
		"client = boto3.client(\"bedrock-agent\")\nclient.create_agent(...)\nbotocore.errorfactory.AccessDeniedException: An error occurred (AccessDeniedException) when calling the CreateAgent operation",
		"Readiness probe failed: Get \"http://10.2.3.4:80/healthz\": dial tcp 10.2.3.4:80: connect: connection refused",
		"nginx: connect() failed (111: Connection refused) while connecting to upstream, upstream: \"http://10.0.0.5:80/\"",
		"Could not connect to the endpoint URL: \"https://s3.us-east-1.amazonaws.com/\"",
		"Could not connect to the endpoint URL: \"https://datasync-bucket.s3.us-east-1.amazonaws.com/\"",
		"Could not connect to the endpoint URL: \"https://ec2messages.us-east-1.amazonaws.com/\"",
		"dial tcp: lookup sts-proxy.corp.example: no such host",
		"getaddrinfo ENOTFOUND logs.us-east-1.amazonaws.com",
		"mount.nfs: Connection timed out",
		"Snowflake: the PrivateLink endpoint is unreachable",
		"mount.nfs: access denied by server while mounting 10.0.0.1:/export",
		"{\"Name\":\"status-offline\",\"Status\":\"ONLINE\",\"AgentArn\":\"arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718\"}",
		"{\"AgentArn\":\"arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718\",\"Name\":\"OFFLINE\",\"Status\":\"ONLINE\"}",
		"How to set up NFSv4 ID mapping",
		"The instances are stuck in launching state",
		"ECS task stuck in LAUNCHING state; datasync sidecar",
		"EC2 AgentNotFound: agent does not exist",
		"InternalServerError when calling lambda Invoke from the datasync trigger",
		"StorageGateway: Agent gateway activation key expired",
		"NT_STATUS_ACCESS_DENIED",
		"NT_STATUS_LOGON_FAILURE",
		"rsync: connection unexpectedly closed; Connection reset by peer",
		"Task task-0a1b2c3d4e5f60718 status AVAILABLE",
		"zabbix agent is offline on host datasync01",
		"mongodb DataSync: connection refused 27017",
		"Redis connection timed out in DataSyncService",
		"PowerSync DataSync worker: ThrottlingException from DynamoDB",
		"DocumentDB elastic: Input/output error",
		"aws storagegateway activate-gateway: error: the following arguments are required: --activation-key",
		"curl 'http://10.1.2.3/?activationRegion=us-east-1&gatewayType=FILE_S3'\ncurl: (28) Failed to connect to 10.1.2.3 port 80: Connection timed out",
		"Error creating Storage Gateway: retrieving activation key: Get \"http://10.1.2.3/?activationRegion=us-east-1\": dial tcp 10.1.2.3:80: i/o timeout",
		"An error occurred (InvalidParameterException) when calling the CreateCluster operation: Invalid length for parameter SecurityGroupArns, value: 0",
		"Bedrock agent agent-0a1b2c3d4e5f60718 not found",
		"Agent datasync-builder is offline (Jenkins)",
		"datasync-agent: Get \"http://169.254.169.254/latest/meta-data/\": dial tcp 169.254.169.254:80: i/o timeout",
		"datasync sidecar: http://127.0.0.1:80 connection refused",
		"nginx: connect() failed (111: Connection refused) while connecting to upstream http://10.0.0.1:80/ datasync.example.com",
		`{"eventSource":"s3.amazonaws.com","eventName":"GetObject","errorCode":"AccessDenied","userIdentity":{"arn":"arn:aws:sts::111122223333:assumed-role/datasync/x"}}`,
		`{"eventSource":"bedrock.amazonaws.com","eventName":"CreateAgent","errorCode":"AccessDenied"}`,
		"An error occurred (ThrottlingException) when calling the DescribeTask operation: Rate exceeded (Snow Device Management)",
		"aws_bedrockagent_agent.this: An error occurred (AccessDeniedException) when calling the CreateAgent operation: denied",
		"module.a.aws_lakeformation_resource.b: An error occurred (ThrottlingException) when calling the ListAgents operation: Rate exceeded",
		"foundationModel='anthropic.claude-3' An error occurred (AccessDeniedException) when calling the CreateAgent operation: denied",
		"An error occurred (AccessDeniedException) when calling the CreateAgent operation: User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/AgentRole",
		"Amazon Connect: An error occurred (ThrottlingException) when calling the ListAgents operation: Rate exceeded",
		"Elastic Cloud: the PrivateLink endpoint is unreachable",
	} {
		if got := recognised(text); got != nil {
			t.Errorf("%v in %q", got, text)
		}
	}
	for _, tt := range []struct{ want, text string }{
		{"ACCESS_DENIED", `{"eventSource":"datasync.amazonaws.com","eventName":"CreateAgent","awsRegion":"us-east-1","errorCode":"AccessDenied"}`},
		{"ACCESS_DENIED", "deployment 12, runtime python3.12: An error occurred (AccessDeniedException) when calling the CreateAgent operation: denied"},
		{"THROTTLED", "aws_datasync_agent.this (aws_vpc_endpoint.x): An error occurred (ThrottlingException) when calling the CreateAgent operation: Rate exceeded"},
		{"ACCESS_DENIED", "An error occurred (AccessDeniedException) when calling the CreateLocationS3 operation: User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/AgentRole"},
		{"ACTIVATION_KEY_MISSING", "aws: error: the following arguments are required: --activation-key"},
		{"AGENT_OFFLINE", "The DataSync agent is offline since yesterday"},
		{"AGENT_OFFLINE", "Status: OFFLINE\nAgentArn: arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718"},
		{"ACCESS_DENIED", "An error occurred (AccessDeniedException) when calling the CreateAgent operation: denied"},
		{"ACCESS_DENIED", "An error occurred (AccessDeniedException) when calling the CreateAgent operation"},
		{"THROTTLED", "An error occurred (ThrottlingException) when calling the ListAgents operation: Rate exceeded"},
		{"CLOCK_SKEW", "An error occurred (RequestExpired) when calling the CreateAgent operation: Request has expired."},
		{"CREDENTIALS_EXPIRED", "An error occurred (ExpiredTokenException) when calling the CreateAgent operation: The security token included in the request is expired"},
		{"ACCESS_DENIED", "aws datasync create-agent ...\nYou are not authorized to perform this operation. User is not authorized to perform: ec2:DescribeSubnets"},
		{"ACCESS_DENIED", "CreateAgent failed in datasync: User: arn:aws:iam::111122223333:user/ops is not authorized to perform: ec2:DescribeSubnets on resource: * because no identity-based policy allows it"},
		{"AGENT_HTTP_REFUSED", "Invoke-WebRequest : No connection could be made because the target machine actively refused it 10.10.1.50:80\nAt line:1 char:1\n+ Invoke-WebRequest \"http://10.10.1.50/?gatewayType=SYNC&activationRegion=us-east-1\""},
		{"AGENT_HTTP_TIMEOUT", "Error: retrieving activation key from IP Address (10.10.1.50): making HTTP request: Get \"http://10.10.1.50/?activationRegion=us-east-1&gatewayType=SYNC\": dial tcp 10.10.1.50:80: connectex: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond."},
		{"AGENT_HTTP_REFUSED", "Error: retrieving activation key from IP Address (10.10.1.50): making HTTP request: Get \"http://10.10.1.50/?activationRegion=us-east-1&gatewayType=SYNC\": dial tcp 10.10.1.50:80: connectex: No connection could be made because the target machine actively refused it."},
		{"AGENT_HTTP_REFUSED", "curl: (7) Failed to connect to datasync-agent.corp.local port 80 after 2 ms: Connection refused"},
		{"AGENT_HTTP_REFUSED", "curl: (7) Failed to connect to agent01.corp.local port 80 after 2 ms: Could not connect to server\n$ curl \"http://agent01.corp.local/?gatewayType=SYNC&activationRegion=eu-west-1\""},
		{"AGENT_HTTP_NO_ROUTE", "curl: (7) Failed to connect to 10.10.1.50 port 80: No route to host  # curl http://10.10.1.50/?gatewayType=SYNC"},
		{"API_UNREACHABLE", "Could not connect to the endpoint URL: \"https://vpce-0a1b2c3d4e5f60718-abcd.datasync.us-east-1.vpce.amazonaws.com/\""},
		{"API_UNREACHABLE", "Could not connect to the endpoint URL: \"https://sts.ap-northeast-1.amazonaws.com/\""},
		{"API_UNREACHABLE", "Error: getaddrinfo ENOTFOUND datasync.us-east-1.amazonaws.com"},
		{"API_UNREACHABLE", "Post \"https://datasync.us-east-1.amazonaws.com/\": dial tcp 52.94.1.1:443: i/o timeout"},
		{"API_UNREACHABLE", "botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: \"https://datasync.us-east-1.amazonaws.com/\""},
		{"TASK_UNAVAILABLE", "Task failed to access location loc-1111222233334444a: x40016: mount.nfs: access denied by server while mounting"},
		{"TASK_UNAVAILABLE", "Task fails to access locations loc-1111222233334444a: x40016"},
		{"AGENT_NOT_FOUND", "An error occurred (InvalidRequestException) when calling the DescribeAgent operation: Agent agent-0a1b2c3d4e5f60718 does not exist."},
		{"TASK_LAUNCHING", "Our DataSync task execution is stuck in the launching status"},
		{"REGION_NOT_ENABLED", "OptInRequired: datasync in ap-east-1"},
		{"SERVICE_ERROR", "DataSync InternalException"},
		{"THROTTLED", "ThrottlingException"},
		{"CLOCK_SKEW", "RequestExpired"},
		{"ACCESS_DENIED", "AccessDeniedException"},
		{"ENI_NOT_FOUND", "EniNotFound"},
		{"CREDENTIALS_MISSING", "An error occurred (AuthFailure) when calling the DescribeVpcEndpoints operation: AWS was not able to validate the provided access credentials  # aws datasync create-agent"},
		{"CREDENTIALS_MISSING", "An error occurred (InvalidSignatureException) when calling the CreateAgent operation: The request signature we calculated does not match the signature you provided."},
		{"CREDENTIALS_MISSING", "An error occurred (SignatureDoesNotMatch) when calling the CreateAgent operation: The request signature we calculated does not match the signature you provided."},
		{"CLOCK_SKEW", "An error occurred (SignatureDoesNotMatch) when calling the CreateAgent operation: Signature expired: 20261130T000000Z is now earlier than 20261130T000500Z (20261130T001000Z - 5 min.)"},
		{"CLOCK_SKEW", "An error occurred (SignatureDoesNotMatch) when calling the ListAgents operation: Signature not yet current: 20261130T010000Z is still later than 20261130T003000Z (20261130T002500Z + 5 min.)"},
		{"CLOCK_SKEW", "Error: creating DataSync Agent: operation error DataSync: CreateAgent, https response error StatusCode: 403, RequestID: 5f0c, api error SignatureDoesNotMatch: Signature expired: 20261130T000000Z is now earlier than 20261130T000500Z"},
		{"CREDENTIALS_MISSING", "Aws::Errors::MissingCredentialsError: unable to sign request without credentials set (Aws::DataSync::Client)"},
		{"CREDENTIALS_MISSING", "New-DSYNAgent : No credentials specified or obtained from persisted/shell defaults."},
		{"CREDENTIALS_EXPIRED", "aws datasync create-agent\nAn error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired"},
		{"CREDENTIALS_MISSING", "operation error DataSync: CreateAgent, get identity: get credentials: no EC2 IMDS role found, operation error ec2imds: GetMetadata, request canceled, context deadline exceeded"},
		{"REGION_MISSING", "Amazon.Runtime.AmazonClientException: No RegionEndpoint or ServiceURL configured at Amazon.DataSync.AmazonDataSyncClient"},
		{"ARN_MALFORMED", "An error occurred (ValidationException) when calling the CreateAgent operation: 1 validation error detected: Value '[subnet-0abc]' at 'subnetArns' failed to satisfy constraint"},
		{"ARN_MALFORMED", "An error occurred (ValidationException) when calling the CreateAgent operation: 1 validation error detected: Value '[sg-0abc]' at 'securityGroupArns' failed to satisfy constraint: Member must satisfy regular expression pattern"},
	} {
		if got := recognised(tt.text); !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%v, want %s in %q", got, tt.want, tt.text)
		}
	}
}

// TestOperations asks of every operation of DataSync's SDK whether a denial of it is
// DataSync's, and of the same name in another service whether it is not.
func TestOperations(t *testing.T) {
	client := reflect.TypeFor[*datasync.Client]()
	n := 0
	for i := range client.NumMethod() {
		op := client.Method(i).Name
		if op == "Options" || strings.HasSuffix(op, "Resource") || op == "ListTagsForResource" {
			continue
		}
		n++
		text := "An error occurred (AccessDeniedException) when calling the " + op + " operation: denied"
		if got := recognised(text); !slices.Equal(got, []string{"ACCESS_DENIED"}) {
			t.Errorf("%s: %v", op, got)
		}
		for _, other := range []string{"operation error Bedrock Agent: " + op + ", AccessDeniedException: denied", "not authorized to perform: bedrock:" + op, text + " (lambda)"} {
			if got := recognised(other); got != nil {
				t.Errorf("%s: %v", other, got)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d operations", n)
	}
}

// TestAnchorsEverywhere reads a megabyte of a word that messages hold, and never the
// message: it must not take longer than a log does.
func TestAnchorsEverywhere(t *testing.T) {
	for _, line := range []string{
		"datasync lambda ThrottlingException: Rate exceeded AccessDenied\n", "timed out connection refused connection reset timeout 10.0.0.1:80\n", "Private Link configuration is invalid ",
		"agent-0a1b2c3d4e5f60718 offline status unavailable launching\n", "activationRegion=connection refused proxy\n",
	} {
		start := time.Now()
		documented.Recognise(strings.Repeat(line, 1<<20/len(line)))
		if took := time.Since(start); took > 30*time.Second { // measured: below 0.7 s, on a machine with nothing else to do
			t.Errorf("%q: %s", line, took)
		}
	}
}
