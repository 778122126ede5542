package checks

// order is that of the report within each area.
var order = []string{
	"endpoint-available", "endpoint-service", "endpoint-address", "endpoint-owner", "endpoint-private-dns", "endpoint-policy",
	"sg-ingress-443", "sg-ingress-control", "sg-ingress-support", "task-sg", "agent-sg-egress",
	"subnet-usable", "subnet-free-ips",
	"cidr-overlap", "connection-active", "route-to-endpoint", "route-to-agent",
	"nacl-to-endpoint", "nacl-to-agent", "path-inspected",
	"probe-443", "probe-control", "probe-support", "probe-agent-http", "probe-storage", "probe-agrees",
	"credentials", "iam-activation", "api-reachable", "machine-tools",
	"activation-input", "agent-status", "agent-endpoint", "task-interfaces",
}
