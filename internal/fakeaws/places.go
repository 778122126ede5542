package fakeaws

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// fullAccess is the default policy of an endpoint.
const fullAccess = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`

func (c *change) modifyEndpoint() error {
	ep := c.scope.find("describe-vpc-endpoints", "VpcEndpoints", "VpcEndpointId", c.get("VpcEndpointId"))
	if ep == nil {
		return refuse("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", c.get("VpcEndpointId"))
	}
	switch c.get("PrivateDnsEnabled") {
	case "true":
		ep["PrivateDnsEnabled"] = true
	case "false":
		ep["PrivateDnsEnabled"] = false
	}
	if c.get("ResetPolicy") == "true" {
		ep["PolicyDocument"] = fullAccess
	}
	if kind := c.get("IpAddressType"); kind != "" {
		ep["IpAddressType"] = kind
		ids, _ := ep["NetworkInterfaceIds"].([]any)
		for _, id := range ids {
			if i := c.scope.find("describe-network-interfaces", "NetworkInterfaces", "NetworkInterfaceId", id.(string)); i != nil {
				c.address(i)
			}
		}
	}
	for _, id := range c.list("AddSubnetId") {
		if err := c.addInterface(ep, id); err != nil {
			return err
		}
	}
	return nil
}

// addInterface gives an endpoint an interface in a subnet.
func (c *change) addInterface(ep row, id string) error {
	subnet := c.scope.find("describe-subnets", "Subnets", "SubnetId", id)
	if subnet == nil || subnet["VpcId"] != ep["VpcId"] {
		return refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
	}
	subnets, _ := ep["SubnetIds"].([]any)
	for _, own := range subnets {
		if o := c.scope.find("describe-subnets", "Subnets", "SubnetId", own.(string)); o != nil && o["AvailabilityZone"] == subnet["AvailabilityZone"] {
			return refuse("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s", id)
		}
	}
	interfaces, _ := ep["NetworkInterfaceIds"].([]any)
	made := c.made
	i := row{"NetworkInterfaceId": c.id("eni"), "SubnetId": id, "VpcId": subnet["VpcId"], "OwnerId": subnet["OwnerId"], "AvailabilityZone": subnet["AvailabilityZone"], "Status": "in-use", "InterfaceType": "vpc_endpoint", "Groups": ep["Groups"]}
	c.address(i)
	ep["SubnetIds"], ep["NetworkInterfaceIds"] = append(subnets, id), append(interfaces, i["NetworkInterfaceId"])
	c.scope.add("describe-network-interfaces", "NetworkInterfaces", i)
	c.made = made
	return nil
}

// address gives an interface a free IPv4 address of its subnet.
func (c *change) address(i row) {
	if a, _ := i["PrivateIpAddress"].(string); a != "" {
		return
	}
	subnet := c.scope.find("describe-subnets", "Subnets", "SubnetId", i["SubnetId"].(string))
	block, err := netip.ParsePrefix(subnet["CidrBlock"].(string))
	if err != nil {
		return
	}
	used := map[string]bool{}
	for _, o := range asRows(c.scope.files["describe-network-interfaces"]["NetworkInterfaces"]) {
		a, _ := o["PrivateIpAddress"].(string)
		used[a] = true
	}
	a := block.Addr()
	for range 4 {
		a = a.Next()
	}
	for used[a.String()] {
		a = a.Next()
	}
	i["PrivateIpAddress"] = a.String()
	i["PrivateIpAddresses"] = []any{row{"Primary": true, "PrivateIpAddress": a.String()}}
}

func (c *change) tenancy() error {
	v := c.scope.find("describe-vpcs", "Vpcs", "VpcId", c.get("VpcId"))
	if v == nil || v["OwnerId"] != c.scope.account || c.get("InstanceTenancy") != "default" {
		return refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", c.get("VpcId"))
	}
	v["InstanceTenancy"] = "default"
	return nil
}

func (c *change) newEndpoint() error {
	vpc := c.get("VpcId")
	if c.scope.find("describe-vpcs", "Vpcs", "VpcId", vpc) == nil {
		return refuse("InvalidVpcId.NotFound", "The Vpc Id %s does not exist", vpc)
	}
	if !strings.HasPrefix(c.get("ServiceName"), "com.amazonaws."+c.scope.region+".") {
		return refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", c.get("ServiceName"))
	}
	var groups []any
	for _, id := range c.list("SecurityGroupId") {
		groups = append(groups, row{"GroupId": id})
	}
	if len(groups) == 0 {
		for _, g := range asRows(c.scope.files["describe-security-groups"]["SecurityGroups"]) {
			if g["VpcId"] == vpc && g["GroupName"] == "default" {
				groups = append(groups, row{"GroupId": g["GroupId"], "GroupName": "default"})
			}
		}
	}
	ep := row{
		"VpcEndpointId": c.id("vpce"), "VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": c.get("ServiceName"), "State": "available", "OwnerId": c.scope.account,
		"PolicyDocument": fullAccess, "PrivateDnsEnabled": c.get("PrivateDnsEnabled") == "true", "IpAddressType": "ipv4", "Groups": groups, "SubnetIds": []any{}, "NetworkInterfaceIds": []any{},
	}
	for _, id := range c.list("SubnetId") {
		if err := c.addInterface(ep, id); err != nil {
			return err
		}
	}
	c.scope.add("describe-vpc-endpoints", "VpcEndpoints", ep)
	return nil
}

func (c *change) newSubnet() error {
	v := c.scope.find("describe-vpcs", "Vpcs", "VpcId", c.get("VpcId"))
	block, err := netip.ParsePrefix(c.get("CidrBlock"))
	if v == nil || err != nil {
		return refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", c.get("VpcId"))
	}
	within := slices.ContainsFunc(asRows(v["CidrBlockAssociationSet"]), func(r row) bool {
		own, err := netip.ParsePrefix(r["CidrBlock"].(string))
		return err == nil && own.Contains(block.Addr()) && own.Bits() <= block.Bits()
	})
	if !within || block.Bits() < 16 || block.Bits() > 28 {
		return refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", block)
	}
	zone := ""
	for _, n := range asRows(c.scope.files["describe-subnets"]["Subnets"]) {
		own, err := netip.ParsePrefix(n["CidrBlock"].(string))
		if n["VpcId"] == c.get("VpcId") && err == nil && own.Overlaps(block) {
			return refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", block)
		}
		if n["AvailabilityZoneId"] == c.get("AvailabilityZoneId") {
			zone, _ = n["AvailabilityZone"].(string)
		}
	}
	id := c.id("subnet")
	c.scope.add("describe-subnets", "Subnets", row{
		"SubnetId": id, "VpcId": c.get("VpcId"), "CidrBlock": block.String(), "AvailableIpAddressCount": float64(int(1)<<(32-block.Bits()) - 5), "State": "available",
		"OwnerId": c.scope.account, "AvailabilityZone": zone, "AvailabilityZoneId": c.get("AvailabilityZoneId"), "Ipv6Native": false,
		"SubnetArn": "arn:aws:ec2:" + c.scope.region + ":" + c.scope.account + ":subnet/" + id,
	})
	for _, acl := range asRows(c.scope.files["describe-network-acls"]["NetworkAcls"]) {
		if acl["VpcId"] == c.get("VpcId") && acl["IsDefault"] == true {
			list, _ := acl["Associations"].([]any)
			acl["Associations"] = append(list, row{"NetworkAclAssociationId": "aclassoc-" + id, "NetworkAclId": acl["NetworkAclId"], "SubnetId": id})
		}
	}
	return nil
}

func (c *change) newPeering() error {
	v := c.scope.find("describe-vpcs", "Vpcs", "VpcId", c.get("VpcId"))
	if v == nil {
		return refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", c.get("VpcId"))
	}
	side := func(v row, account, region string) row {
		return row{"VpcId": v["VpcId"], "OwnerId": account, "Region": region, "CidrBlock": v["CidrBlock"], "CidrBlockSet": []any{row{"CidrBlock": v["CidrBlock"]}}}
	}
	id := c.id("pcx")
	done := false
	for _, sc := range c.server.scopes[c.get("PeerRegion")] {
		peer := sc.find("describe-vpcs", "Vpcs", "VpcId", c.get("PeerVpcId"))
		if peer == nil || sc.account != c.get("PeerOwnerId") {
			continue
		}
		r := func() row {
			return row{"VpcPeeringConnectionId": id, "RequesterVpcInfo": side(v, c.scope.account, c.scope.region), "AccepterVpcInfo": side(peer, sc.account, sc.region), "Status": row{"Code": "pending-acceptance", "Message": "Pending"}}
		}
		sc.add("describe-vpc-peering-connections", "VpcPeeringConnections", r())
		if sc.dir != c.scope.dir {
			c.scope.add("describe-vpc-peering-connections", "VpcPeeringConnections", r())
		}
		done = true
	}
	if !done {
		return refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", c.get("PeerVpcId"))
	}
	return nil
}

// grant lets the simulation allow what an inline policy allows, unless something else
// than silence denies it.
func (c *change) grant() error {
	var doc struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal([]byte(c.get("PolicyDocument")), &doc); err != nil || len(doc.Statement) == 0 {
		return refuse("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	for name, f := range c.scope.files {
		if !strings.HasPrefix(name, "simulate-principal-policy.") {
			continue
		}
		for _, r := range asRows(f["EvaluationResults"]) {
			if r["EvalDecision"] == "implicitDeny" && slices.Contains(doc.Statement[0].Action, r["EvalActionName"].(string)) {
				r["EvalDecision"] = "allowed"
			}
		}
	}
	return nil
}
