package redact

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// kept are the fields whose values are words of AWS or of this program, and say
// nothing of whose the estate is.
var kept = words(`
	VPC.State VPC.InstanceTenancy CIDRAssociation.CIDRState.State ipv6Association.CIDRState.State
	Subnet.State Subnet.AvailabilityZone Subnet.AvailabilityZoneID SubnetCIDRReservation.Type
	Endpoint.Type Endpoint.ServiceRegion Endpoint.State Endpoint.IPAddressType Endpoint.LastError.Code
	Interface.Type Interface.Status ifaceAttach.Status Interface.AvailabilityAZ Instance.Type Instance.State.Name
	Permission.Protocol SecurityGroupRule.Protocol GroupVPCAssociation.State PrefixList.State
	ACLEntry.Protocol ACLEntry.Action RouteTableAssociation.State.State Route.State Route.Origin
	PeeringSide.Region Peering.Status.Code
	TransitGateway.State TransitGateway.Options.AutoAcceptSharedAttachments TransitGateway.Options.DefaultRouteTableAssociation
	TransitGateway.Options.DefaultRouteTablePropagation TransitGateway.Options.SecurityGroupReferencingSupport
	TransitGatewayAttachment.ResourceType TransitGatewayAttachment.State AttachmentAssociation.State TransitGatewayAttachment.Translates
	TransitGatewayVPCAttachment.State TransitGatewayVPCAttachment.Options.SecurityGroupReferencingSupport
	TransitGatewayVPCAttachment.Options.ApplianceModeSupport TransitGatewaySide.Region TransitGatewayPeering.State
	TransitGatewayRouteTable.State TransitGatewayAssociation.State TransitGatewayRoute.Type TransitGatewayRoute.State RouteAttachment.ResourceType
	VPNGateway.State VPNGatewayAttachment.State VPNConnection.State VPNConnection.Attached VPNConnection.Routes.State VPNConnection.Telemetry.Status
	NATGateway.State NATGatewayAddress.Status
	Simulation.Resources SimulationResult.Decision SimulationResult.Specific.Decision
	Target.Region Target.SourceRegion Target.DestinationType Target.Mode Target.Requirements Target.KeyShape
	Scope.Region Scope.Roles Call.Command CallError.Action CallError.Code Gap.Code Gap.Source
	ProbeRun.Schema ProbeRun.ToolVersion Vantage.Place Probe.Purpose Probe.Outcome TLSState.Outcome
	ProbeTrouble.Code Invocation.Status Invocation.Details CommandOutput.Status CommandOutput.Details
	AgentDetail.Status AgentDetail.EndpointType TaskDetail.Status TaskDetail.ErrorCode
	API.Service API.Region API.Outcome Tool.Name Tool.Version
`)

// special are the fields of which a part is kept.
var special = map[string]func(*Redactor, string) string{
	"Endpoint.ServiceName":              serviceName,
	"PrefixList.Name":                   listName,
	"Endpoint.PolicyDocument":           func(r *Redactor, s string) string { return r.endpointPolicy(s) },
	"Endpoint.LastError.Message":        said,
	"Endpoint.FailureReason":            said,
	"Peering.Status.Message":            said,
	"CallError.Message":                 said,
	"ProbeTrouble.Detail":               said,
	"API.Untrusted":                     said,
	"TLSState.Detail":                   said,
	"TLSState.Issuer":                   said,
	"Probe.Errno":                       errno,
	"API.Errno":                         errno,
	"Probe.Host":                        func(r *Redactor, s string) string { return r.host(s) },
	"TLSState.Names":                    certificateName,
	"Credentials.Source":                credentialSource,
	"SimulationResult.Action":           func(r *Redactor, s string) string { return r.action(s) },
	"SimulationResult.Missing":          func(r *Redactor, s string) string { return r.conditionKey(s) },
	"SimulationResult.Specific.Missing": func(r *Redactor, s string) string { return r.conditionKey(s) },
	"TaskDetail.ErrorDetail":            said,
	"Location.URI":                      func(r *Redactor, s string) string { return r.location(s) },
	"Filter.Name":                       filterName,
	"Filter.Values":                     filterValue,
	"Gap.Detail":                        func(r *Redactor, s string) string { return r.detail(s) },
	"Gap.Scope":                         func(_ *Redactor, s string) string { return "" },
}

// listName keeps the names that AWS gives its own prefix lists.
func listName(r *Redactor, s string) string {
	if rest, ok := strings.CutPrefix(s, "com.amazonaws."); ok {
		return r.stands(s, "com.amazonaws."+r.labels(rest))
	}
	return r.Value(s)
}

var (
	errnoShape      = pattern.New(`^(E[A-Z0-9]{2,19}|WSAE[A-Z]{2,19}|not dialled)$`)
	credentialShape = pattern.New(`^(Env|EnvConfig|SharedConfig|Shared|Static|SSO|EC2Role|EcsContainer|Process|AssumeRole|WebIdentity)[A-Za-z]*`)
)

func errno(r *Redactor, s string) string {
	if errnoShape.Re().MatchString(s) {
		return s
	}
	return said(r, s)
}

// credentialSource keeps the kind of the source, and not the file or profile.
func credentialSource(_ *Redactor, s string) string { return credentialShape.Re().FindString(s) }

func certificateName(r *Redactor, s string) string {
	if rest, ok := strings.CutPrefix(s, "*."); ok && isHost(rest) {
		return "*." + r.host(rest)
	}
	return r.Value(s)
}

// The filters that say how far a call looked.
func filterName(r *Redactor, s string) string {
	if s == "vpc-id" || s == "state" {
		return s
	}
	return r.Value(s)
}

func filterValue(r *Redactor, s string) string {
	if s == "active" || s == "blackhole" {
		return s
	}
	return r.Value(s)
}

// detail replaces what a gap was told, word by word.
func (r *Redactor) detail(s string) string {
	list := strings.Split(s, ", ")
	for i, w := range list {
		list[i] = r.Value(w)
	}
	return strings.Join(list, ", ")
}

// action keeps the actions of services that dspreflight knows, patterns among them; of
// others that they are actions.
func (r *Redactor) action(s string) string {
	if s == "*" || s == "*:*" || iam.Known(s) && actionShape.Re().MatchString(s) {
		return s
	}
	if service, name, ok := strings.Cut(s, ":"); ok {
		return r.Value(service) + ":" + r.Value(name)
	}
	return r.Value(s)
}

var actionShape = pattern.New(`^[a-z0-9-]+:[A-Za-z*?-]{1,64}$`)

// location keeps the kind of storage, which is the scheme.
func (r *Redactor) location(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !schemeShape.Re().MatchString(scheme) {
		return r.Value(s)
	}
	return r.stands(s, scheme+"://"+r.Value(rest))
}

var schemeShape = pattern.New(`^(nfs|smb|hdfs|object-storage|azure-blob|s3|efs|fsx[a-z-]*)$`)
