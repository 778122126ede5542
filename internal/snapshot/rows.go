package snapshot

// The rows hold the fields that the checks read, under the names that the AWS
// CLI prints. Source: the EC2 API reference,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html

// Tag is a key and a value on a resource.
type Tag struct{ Key, Value string }

// Pending names the attribute of a planned resource that a row depends on and that
// is known only after apply, such as "aws_vpc_endpoint.this.subnet_ids"; "" for
// rows that are known. Rows that AWS showed are never pending.
type Pending string
