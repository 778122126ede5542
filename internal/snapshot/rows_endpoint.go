package snapshot

import (
	"net/netip"
	"strings"
)

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID                string `json:"VpcEndpointId"`
	Type              string `json:"VpcEndpointType"`
	VPC               string `json:"VpcId"`
	ServiceName       string
	ServiceRegion     string
	State             string
	PolicyDocument    *string
	SubnetIDs         []string `json:"SubnetIds"`
	Groups            []GroupRef
	PrivateDNSEnabled *bool    `json:"PrivateDnsEnabled"`
	InterfaceIDs      []string `json:"NetworkInterfaceIds"`
	IPAddressType     string   `json:"IpAddressType"`
	OwnerID           string   `json:"OwnerId"`
	LastError         *struct{ Code, Message string }
	FailureReason     string
	Tags              []Tag
	DNSEntries        []struct {
		Name string `json:"DnsName"`
	} `json:"DnsEntries"`

	GroupsPending  Pending `json:"-"` // it has the groups listed, and maybe others
	SubnetsPending Pending `json:"-"` // it is in the subnets listed, and maybe in others
	// Uprooted are its VPC and subnets that a change deletes while it stays.
	Uprooted []string `json:"-"`
}

// Service is the last label of the service name, such as "datasync" or
// "datasync-fips"; partitions differ in what comes before it.
func (e Endpoint) Service() string {
	return e.ServiceName[strings.LastIndexByte(e.ServiceName, '.')+1:]
}

// IsDataSync reports whether the endpoint is one of AWS DataSync's services.
func (e Endpoint) IsDataSync() bool {
	s := strings.ToLower(e.Service())
	return s == "datasync" || s == "datasync-fips"
}

// Region is the Region that the service name is bound to, or "" if it cannot be
// told.
func (e Endpoint) Region() string {
	parts := strings.Split(e.ServiceName, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// Interface is an elastic network interface.
type Interface struct {
	ID             string       `json:"NetworkInterfaceId"`
	VPC            string       `json:"VpcId"`
	Subnet         string       `json:"SubnetId"`
	PrivateIP      netip.Addr   `json:"PrivateIpAddress"`
	PrivateIPs     []ifaceIP    `json:"PrivateIpAddresses"`
	IPv6Addresses  []ifaceIP6   `json:"Ipv6Addresses"`
	Prefixes       []ifaceBlock `json:"Ipv4Prefixes"` // delegated to it, whole
	Groups         []GroupRef
	Type           string `json:"InterfaceType"`
	Description    string
	OwnerID        string `json:"OwnerId"`
	Status         string
	SourceDestHop  *bool        `json:"SourceDestCheck"`
	AvailabilityAZ string       `json:"AvailabilityZone"`
	Attachment     *ifaceAttach `json:"Attachment"`
	Tags           []Tag        `json:"TagSet"`

	// Within is the block that its address will be chosen from, for an interface
	// that does not exist yet.
	Within  netip.Prefix `json:"-"`
	Pending Pending      `json:"-"` // its groups
}

type ifaceAttach struct {
	InstanceID string `json:"InstanceId"`
	Status     string
}

type ifaceIP struct {
	Addr netip.Addr `json:"PrivateIpAddress"`
}

type ifaceIP6 struct {
	Addr netip.Addr `json:"Ipv6Address"`
}

type ifaceBlock struct {
	Prefix netip.Prefix `json:"Ipv4Prefix"`
}

// Addrs returns all private addresses of the interface, the primary one first.
func (i Interface) Addrs() []netip.Addr {
	var out []netip.Addr
	add := func(a netip.Addr) {
		if a.IsValid() {
			for _, o := range out {
				if o == a {
					return
				}
			}
			out = append(out, a)
		}
	}
	add(i.PrivateIP)
	for _, p := range i.PrivateIPs {
		add(p.Addr)
	}
	for _, p := range i.IPv6Addresses {
		add(p.Addr)
	}
	return out
}

// SetAddrs gives the interface its private addresses, the primary one first.
func (i *Interface) SetAddrs(addrs []netip.Addr) {
	i.PrivateIP, i.PrivateIPs = netip.Addr{}, nil
	for n, a := range addrs {
		if n == 0 {
			i.PrivateIP = a
		}
		i.PrivateIPs = append(i.PrivateIPs, ifaceIP{a})
	}
}

// Attach attaches the interface to an instance.
func (i *Interface) Attach(instance string) { i.Attachment = &ifaceAttach{InstanceID: instance} }

// CanBeAgent reports whether an instance may stand behind the interface; those
// of endpoints, gateways and load balancers never dial.
func (i Interface) CanBeAgent() bool {
	switch i.Type {
	case "", "interface", "efa", "branch", "trunk":
		return true
	}
	return false
}

// Instance is an EC2 instance.
type Instance struct {
	ID         string      `json:"InstanceId"`
	VPC        string      `json:"VpcId"`
	Subnet     string      `json:"SubnetId"`
	PrivateIP  netip.Addr  `json:"PrivateIpAddress"`
	Groups     []GroupRef  `json:"SecurityGroups"`
	Interfaces []Interface `json:"NetworkInterfaces"`
	Type       string      `json:"InstanceType"`
	Tags       []Tag
	State      struct {
		Name string
	}
}

func (r Endpoint) key() string  { return r.ID }
func (r Interface) key() string { return r.ID }

func (r Instance) key() string { return r.ID }

func (r Endpoint) tags() []Tag  { return r.Tags }
func (r Interface) tags() []Tag { return r.Tags }
func (r Instance) tags() []Tag  { return r.Tags }
