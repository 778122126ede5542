package snapshot

import "net/netip"

// TransitGateway is a transit gateway.
type TransitGateway struct {
	ID      string `json:"TransitGatewayId"`
	OwnerID string `json:"OwnerId"`
	Tags    []Tag
	State   string
	Options struct {
		AutoAcceptSharedAttachments     string
		DefaultRouteTableAssociation    string
		DefaultRouteTablePropagation    string
		SecurityGroupReferencingSupport string
	}
}

// TransitGatewayAttachment joins a resource to a transit gateway.
type TransitGatewayAttachment struct {
	ID            string `json:"TransitGatewayAttachmentId"`
	Gateway       string `json:"TransitGatewayId"`
	ResourceType  string
	ResourceID    string `json:"ResourceId"`
	ResourceOwner string `json:"ResourceOwnerId"`
	State         string
	Association   *AttachmentAssociation
	// Translates says whether the gateway gives packets of the attachment other addresses.
	Translates string `json:"NatGatewaySupport"`

	Pending Pending `json:"-"` // the route table that it is associated with
}

// AttachmentAssociation is the route table, or the policy table, that an attachment
// says it is associated with.
type AttachmentAssociation struct {
	RouteTable  string `json:"TransitGatewayRouteTableId"`
	PolicyTable string `json:"TransitGatewayPolicyTableId"`
	State       string
}

// TransitGatewayVPCAttachment joins a VPC, in some of its subnets, to a transit
// gateway.
type TransitGatewayVPCAttachment struct {
	ID        string   `json:"TransitGatewayAttachmentId"`
	Gateway   string   `json:"TransitGatewayId"`
	VPC       string   `json:"VpcId"`
	State     string   `json:"State"`
	SubnetIDs []string `json:"SubnetIds"`
	Tags      []Tag
	Options   struct {
		SecurityGroupReferencingSupport string
		ApplianceModeSupport            string
	}
}

// TransitGatewaySide is one of the two gateways of a transit gateway peering.
type TransitGatewaySide struct {
	Gateway string `json:"TransitGatewayId"`
	// CoreNetwork is set where the other side stands in AWS Cloud WAN.
	CoreNetwork string `json:"CoreNetworkId"`
	OwnerID     string `json:"OwnerId"`
	Region      string
}

// TransitGatewayPeering is a peering attachment between two transit gateways.
type TransitGatewayPeering struct {
	ID string `json:"TransitGatewayAttachmentId"`
	// AccepterID is the attachment on the accepter's side, where it is one of its own.
	AccepterID string             `json:"AccepterTransitGatewayAttachmentId"`
	Requester  TransitGatewaySide `json:"RequesterTgwInfo"`
	Accepter   TransitGatewaySide `json:"AccepterTgwInfo"`
	State      string
}

// TransitGatewayRouteTable is a route table of a transit gateway.
type TransitGatewayRouteTable struct {
	ID        string `json:"TransitGatewayRouteTableId"`
	Gateway   string `json:"TransitGatewayId"`
	State     string
	IsDefault bool `json:"DefaultAssociationRouteTable"`
	// IsDefaultPropagation is set on the table that attachments propagate to by
	// default.
	IsDefaultPropagation bool `json:"DefaultPropagationRouteTable"`
	Tags                 []Tag
}

// TransitGatewayAssociation routes the packets that arrive from an attachment by
// the table it belongs to.
type TransitGatewayAssociation struct {
	Attachment string `json:"TransitGatewayAttachmentId"`
	ResourceID string `json:"ResourceId"`
	State      string
}

// TransitGatewayAssociationSet is all the associations of one route table.
type TransitGatewayAssociationSet struct {
	RouteTable string
	Entries    []TransitGatewayAssociation
}

// TransitGatewayRoute is one route of a transit gateway route table.
type TransitGatewayRoute struct {
	CIDR        netip.Prefix `json:"DestinationCidrBlock"`
	PrefixList  string       `json:"PrefixListId"`
	Type        string
	State       string
	Attachments []RouteAttachment `json:"TransitGatewayAttachments"`

	Pending Pending `json:"-"` // the attachment that it leads to, or its block
}

// RouteAttachment is what a route of a transit gateway leads to.
type RouteAttachment struct {
	ID           string `json:"TransitGatewayAttachmentId"`
	ResourceID   string `json:"ResourceId"`
	ResourceType string
}

// TransitGatewayRouteSet is all the routes of one transit gateway route table.
type TransitGatewayRouteSet struct {
	RouteTable string
	Entries    []TransitGatewayRoute
}

func (r TransitGateway) key() string           { return r.ID }
func (r TransitGatewayAttachment) key() string { return r.ID }

func (r TransitGatewayVPCAttachment) key() string { return r.ID }
func (r TransitGatewayPeering) key() string       { return r.ID }

func (r TransitGatewayRouteTable) key() string     { return r.ID }
func (r TransitGatewayAssociationSet) key() string { return r.RouteTable }

func (r TransitGatewayRouteSet) key() string { return r.RouteTable }

func (r TransitGateway) tags() []Tag              { return r.Tags }
func (r TransitGatewayVPCAttachment) tags() []Tag { return r.Tags }
func (r TransitGatewayRouteTable) tags() []Tag    { return r.Tags }
