package fakeaws

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"testing/fstest"
)

// Refusal is why a change is not made, as AWS says it.
type Refusal struct{ Code, Message string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(code, format string, a ...any) error { return &Refusal{code, fmt.Sprintf(format, a...)} }

type row = map[string]any

// Estate is what the estate has become.
func (s *Server) Estate() fs.FS {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := fstest.MapFS{}
	for name, f := range s.estate {
		out[name] = f
	}
	for _, list := range s.scopes {
		for _, sc := range list {
			for name, v := range sc.files {
				body, err := json.Marshal(v)
				if err != nil {
					continue
				}
				out[path.Join(sc.dir, name+".json")] = &fstest.MapFile{Data: body}
			}
		}
	}
	return out
}

// Change does what a request of EC2's or IAM's query protocol asks for, in an account
// and Region, and returns the id of what it made.
func (s *Server) Change(account, region, action string, form url.Values) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do := changes[action]
	if do == nil {
		return "", refuse("InvalidAction", "The action %s is not valid for this web service.", action)
	}
	for _, list := range s.scopes {
		for _, sc := range list {
			if sc.account == account && (region == "" || sc.region == region) {
				c := change{server: s, scope: sc, form: form}
				err := do(&c)
				return c.made, err
			}
		}
	}
	return "", refuse("OptInRequired", "no account %s in %s", account, region)
}

// change is a request under way.
type change struct {
	server *Server
	scope  scope
	form   url.Values
	made   string
}

func (c *change) get(name string) string { return c.form.Get(name) }

// list are the values of a parameter that repeats.
func (c *change) list(name string) []string {
	var out []string
	for n := 1; c.form.Get(fmt.Sprintf("%s.%d", name, n)) != ""; n++ {
		out = append(out, c.form.Get(fmt.Sprintf("%s.%d", name, n)))
	}
	return out
}

// rows are the rows of a table of the scope.
func (sc scope) rows(file, list string) []any {
	rows, _ := sc.files[file][list].([]any)
	return rows
}

func (sc scope) find(file, list, key, id string) row {
	for _, r := range sc.rows(file, list) {
		if m, ok := r.(row); ok && m[key] == id && id != "" {
			return m
		}
	}
	return nil
}

func (sc scope) add(file, list string, r row) {
	if sc.files[file] == nil {
		sc.files[file] = row{}
	}
	sc.files[file][list] = append(sc.rows(file, list), r)
}

// everywhere are the rows of an id in all scopes: what two accounts share is in both.
func (c *change) everywhere(file, list, key, id string) []row {
	var out []row
	for _, scopes := range c.server.scopes {
		for _, sc := range scopes {
			if r := sc.find(file, list, key, id); r != nil {
				out = append(out, r)
			}
		}
	}
	return out
}

// id is that of something new.
func (c *change) id(prefix string) string {
	c.server.made++
	c.made = fmt.Sprintf("%s-0e00%013x", prefix, c.server.made)
	return c.made
}

var changes = map[string]func(*change) error{
	"AuthorizeSecurityGroupIngress": func(c *change) error { return c.authorize("IpPermissions", false) },
	"AuthorizeSecurityGroupEgress":  func(c *change) error { return c.authorize("IpPermissionsEgress", true) },
	"CreateNetworkAclEntry":         (*change).aclEntry,
	"CreateRoute":                   func(c *change) error { return c.route(false) },
	"ReplaceRoute":                  func(c *change) error { return c.route(true) },
	"AcceptVpcPeeringConnection":    (*change).acceptPeering,
	"AcceptTransitGatewayPeeringAttachment": func(c *change) error {
		return c.acceptAttachment("describe-transit-gateway-peering-attachments", "TransitGatewayPeeringAttachments")
	},
	"AcceptTransitGatewayVpcAttachment": func(c *change) error {
		return c.acceptAttachment("describe-transit-gateway-vpc-attachments", "TransitGatewayVpcAttachments")
	},
	"CreateTransitGatewayRoute":         func(c *change) error { return c.gatewayRoute(false) },
	"ReplaceTransitGatewayRoute":        func(c *change) error { return c.gatewayRoute(true) },
	"AssociateTransitGatewayRouteTable": (*change).associate,
	"ModifyTransitGatewayVpcAttachment": (*change).attachmentSubnets,
	"StartInstances":                    (*change).start,
	"ModifyVpcEndpoint":                 (*change).modifyEndpoint,
	"ModifyVpcTenancy":                  (*change).tenancy,
	"CreateVpcEndpoint":                 (*change).newEndpoint,
	"CreateSubnet":                      (*change).newSubnet,
	"CreateVpcPeeringConnection":        (*change).newPeering,
	"PutUserPolicy":                     (*change).grant,
	"PutRolePolicy":                     (*change).grant,
}

func (c *change) authorize(list string, egress bool) error {
	g := c.scope.find("describe-security-groups", "SecurityGroups", "GroupId", c.get("GroupId"))
	if g == nil {
		return refuse("InvalidGroup.NotFound", "The security group '%s' does not exist", c.get("GroupId"))
	}
	for n := 1; c.get(fmt.Sprintf("IpPermissions.%d.IpProtocol", n)) != ""; n++ {
		at := fmt.Sprintf("IpPermissions.%d.", n)
		p := row{"IpProtocol": c.get(at + "IpProtocol"), "FromPort": number(c.get(at + "FromPort")), "ToPort": number(c.get(at + "ToPort"))}
		var ranges []any
		for m := 1; c.get(fmt.Sprintf("%sIpRanges.%d.CidrIp", at, m)) != ""; m++ {
			cidr := c.get(fmt.Sprintf("%sIpRanges.%d.CidrIp", at, m))
			if _, err := netip.ParsePrefix(cidr); err != nil {
				return refuse("InvalidParameterValue", "CIDR block %s is malformed", cidr)
			}
			ranges = append(ranges, row{"CidrIp": cidr, "Description": c.get(fmt.Sprintf("%sIpRanges.%d.Description", at, m))})
			for _, own := range asRows(g[list]) {
				same := own["IpProtocol"] == p["IpProtocol"] && own["FromPort"] == p["FromPort"] && own["ToPort"] == p["ToPort"]
				if same && slices.ContainsFunc(asRows(own["IpRanges"]), func(r row) bool { return r["CidrIp"] == cidr }) {
					return refuse("InvalidPermission.Duplicate", "the specified rule \"peer: %s\" already exists", cidr)
				}
			}
			if c.scope.files["describe-security-group-rules"] != nil {
				c.scope.add("describe-security-group-rules", "SecurityGroupRules", row{
					"SecurityGroupRuleId": c.id("sgr"), "GroupId": g["GroupId"], "GroupOwnerId": g["OwnerId"], "IsEgress": egress,
					"IpProtocol": p["IpProtocol"], "FromPort": p["FromPort"], "ToPort": p["ToPort"], "CidrIpv4": cidr,
				})
			}
		}
		p["IpRanges"] = ranges
		own, _ := g[list].([]any)
		g[list] = append(own, p)
	}
	return nil
}

func asRows(v any) []row {
	var out []row
	list, _ := v.([]any)
	for _, r := range list {
		if m, ok := r.(row); ok {
			out = append(out, m)
		}
	}
	return out
}

func number(s string) float64 {
	var f float64
	_ = json.Unmarshal([]byte(s), &f)
	return f
}

func (c *change) aclEntry() error {
	acl := c.scope.find("describe-network-acls", "NetworkAcls", "NetworkAclId", c.get("NetworkAclId"))
	if acl == nil {
		return refuse("InvalidNetworkAclID.NotFound", "The networkAcl ID '%s' does not exist", c.get("NetworkAclId"))
	}
	n, egress := number(c.get("RuleNumber")), c.get("Egress") == "true"
	if n < 1 || n > 32766 {
		return refuse("InvalidParameterValue", "Value (%v) for parameter ruleNumber is invalid", n)
	}
	entries, _ := acl["Entries"].([]any)
	for _, e := range asRows(entries) {
		if e["RuleNumber"] == n && e["Egress"] == egress {
			return refuse("NetworkAclEntryAlreadyExists", "The network acl entry identified by %v already exists.", n)
		}
	}
	acl["Entries"] = append(entries, row{
		"RuleNumber": n, "Egress": egress, "Protocol": c.get("Protocol"), "RuleAction": c.get("RuleAction"), "CidrBlock": c.get("CidrBlock"),
		"PortRange": row{"From": number(c.get("PortRange.From")), "To": number(c.get("PortRange.To"))},
	})
	return nil
}

func (c *change) route(replace bool) error {
	table := c.scope.find("describe-route-tables", "RouteTables", "RouteTableId", c.get("RouteTableId"))
	if table == nil {
		return refuse("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", c.get("RouteTableId"))
	}
	r := row{"DestinationCidrBlock": c.get("DestinationCidrBlock"), "Origin": "CreateRoute", "State": "active"}
	for _, target := range []string{"VpcPeeringConnectionId", "TransitGatewayId", "GatewayId"} {
		if v := c.get(target); v != "" {
			r[target] = v
		}
	}
	if id := c.get("VpcPeeringConnectionId"); id != "" {
		p := c.scope.find("describe-vpc-peering-connections", "VpcPeeringConnections", "VpcPeeringConnectionId", id)
		if p == nil {
			return refuse("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '%s' does not exist", id)
		}
		if p["Status"].(row)["Code"] != "active" {
			r["State"] = "blackhole"
		}
	}
	routes, _ := table["Routes"].([]any)
	had := false
	routes = slices.DeleteFunc(slices.Clone(routes), func(o any) bool {
		m := o.(row)
		same := m["DestinationCidrBlock"] == r["DestinationCidrBlock"] && m["Origin"] != "EnableVgwRoutePropagation"
		had = had || same
		return same
	})
	switch {
	case had && !replace:
		return refuse("RouteAlreadyExists", "The route identified by %v already exists.", r["DestinationCidrBlock"])
	case !had && replace:
		return refuse("InvalidParameterValue", "There is no route defined for '%v' in the route table.", r["DestinationCidrBlock"])
	}
	table["Routes"] = append(routes, r)
	return nil
}

func (c *change) acceptPeering() error {
	id := c.get("VpcPeeringConnectionId")
	for _, p := range c.everywhere("describe-vpc-peering-connections", "VpcPeeringConnections", "VpcPeeringConnectionId", id) {
		status, accepter := p["Status"].(row), p["AccepterVpcInfo"].(row)
		if status["Code"] != "pending-acceptance" {
			if status["Code"] == "active" {
				continue // the same row, seen in another scope
			}
			return refuse("InvalidStateTransition", "the connection is %v", status["Code"])
		}
		if accepter["OwnerId"] != c.scope.account || accepter["Region"] != c.scope.region {
			return refuse("OperationNotPermitted", "only the owner of the accepter VPC, in its Region, accepts")
		}
		p["Status"] = row{"Code": "active", "Message": "Active"}
	}
	for _, list := range c.server.scopes {
		for _, sc := range list {
			for _, t := range asRows(sc.files["describe-route-tables"]["RouteTables"]) {
				for _, r := range asRows(t["Routes"]) {
					if r["VpcPeeringConnectionId"] == id {
						r["State"] = "active"
					}
				}
			}
		}
	}
	return nil
}

func (c *change) acceptAttachment(file, list string) error {
	id := c.get("TransitGatewayAttachmentId")
	found := false
	for _, a := range c.everywhere(file, list, "TransitGatewayAttachmentId", id) {
		if a["State"] != "pendingAcceptance" {
			return refuse("IncorrectState", "%s is in state %v", id, a["State"])
		}
		if accepter, ok := a["AccepterTgwInfo"].(row); ok && (accepter["OwnerId"] != c.scope.account || accepter["Region"] != c.scope.region) {
			return refuse("UnauthorizedOperation", "only the accepter accepts, in its Region")
		}
		a["State"], found = "available", true
	}
	for _, a := range c.everywhere("describe-transit-gateway-attachments", "TransitGatewayAttachments", "TransitGatewayAttachmentId", id) {
		a["State"] = "available"
	}
	if !found {
		return refuse("InvalidTransitGatewayAttachmentID.NotFound", "%s", id)
	}
	return nil
}

func (c *change) gatewayRoute(replace bool) error {
	table, id := c.get("TransitGatewayRouteTableId"), c.get("TransitGatewayAttachmentId")
	file := "search-transit-gateway-routes." + table
	a := c.scope.find("describe-transit-gateway-attachments", "TransitGatewayAttachments", "TransitGatewayAttachmentId", id)
	if c.scope.files[file] == nil || a == nil {
		return refuse("InvalidRouteTableID.NotFound", "%s or %s does not exist", table, id)
	}
	had := false
	routes := slices.DeleteFunc(slices.Clone(c.scope.rows(file, "Routes")), func(o any) bool {
		m := o.(row)
		same := m["DestinationCidrBlock"] == c.get("DestinationCidrBlock") && m["Type"] == "static"
		had = had || same
		return same
	})
	if had != replace {
		return refuse("TransitGatewayRouteTable.RouteAlreadyExists", "there is a route: %v", had)
	}
	c.scope.files[file]["Routes"] = append(routes, row{
		"DestinationCidrBlock": c.get("DestinationCidrBlock"), "Type": "static", "State": "active",
		"TransitGatewayAttachments": []any{row{"TransitGatewayAttachmentId": id, "ResourceId": a["ResourceId"], "ResourceType": a["ResourceType"]}},
	})
	return nil
}

func (c *change) associate() error {
	table, id := c.get("TransitGatewayRouteTableId"), c.get("TransitGatewayAttachmentId")
	a := c.scope.find("describe-transit-gateway-attachments", "TransitGatewayAttachments", "TransitGatewayAttachmentId", id)
	if a == nil {
		return refuse("InvalidTransitGatewayAttachmentID.NotFound", "%s", id)
	}
	if a["Association"] != nil {
		return refuse("Resource.AlreadyAssociated", "%s is associated", id)
	}
	a["Association"] = row{"TransitGatewayRouteTableId": table, "State": "associated"}
	c.scope.add("get-transit-gateway-route-table-associations."+table, "Associations", row{"TransitGatewayAttachmentId": id, "ResourceId": a["ResourceId"], "ResourceType": a["ResourceType"], "State": "associated"})
	return nil
}

func (c *change) attachmentSubnets() error {
	rows := c.everywhere("describe-transit-gateway-vpc-attachments", "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId", c.get("TransitGatewayAttachmentId"))
	if len(rows) == 0 {
		return refuse("InvalidTransitGatewayAttachmentID.NotFound", "%s", c.get("TransitGatewayAttachmentId"))
	}
	for _, a := range rows {
		ids, _ := a["SubnetIds"].([]any)
		for _, id := range c.list("AddSubnetIds") {
			if slices.Contains(ids, any(id)) {
				continue
			}
			if c.scope.find("describe-subnets", "Subnets", "SubnetId", id) == nil {
				return refuse("InvalidSubnetID.NotFound", "%s", id)
			}
			ids = append(ids, id)
		}
		a["SubnetIds"] = ids
	}
	return nil
}

func (c *change) start() error {
	for _, r := range asRows(c.scope.files["describe-instances"]["Reservations"]) {
		for _, i := range asRows(r["Instances"]) {
			if slices.Contains(c.list("InstanceId"), i["InstanceId"].(string)) {
				i["State"] = row{"Code": 16.0, "Name": "running"}
				return nil
			}
		}
	}
	return refuse("InvalidInstanceID.NotFound", "%v", c.list("InstanceId"))
}

// answerChange answers a change, for those who read the answer.
func answerChange(w http.ResponseWriter, action, made string, err error) {
	if r, ok := err.(*Refusal); ok {
		fail(w, http.StatusBadRequest, r.Code, r.Message)
		return
	}
	fmt.Fprintf(w, "<%[1]sResponse><requestId>fake</requestId><return>true</return><id>%[2]s</id></%[1]sResponse>", action, made)
}
