"""moto_server with the places patched in which moto 5.2.1 answers otherwise than AWS does.

Run as: python server.py -H 127.0.0.1 -p PORT

Each patch says what AWS does. Without it a right verdict would look wrong, or the other way round.
"""

import sys

from moto.core.responses import ActionResult
from moto.ec2.models import route_tables, transit_gateway_attachments, transit_gateway_route_tables, vpcs
from moto.ec2.responses import EC2Response
from moto.server import main


# AWS gives the interfaces of an endpoint an address of their subnet and the endpoint's security groups, and lists them as
# "vpc_endpoint", in use, managed by the requester. moto gives them a random address of 10.0.0.0/8 and the default group.
def patch_endpoint_interfaces():
    create = vpcs.VPCBackend.create_vpc_endpoint

    def create_vpc_endpoint(self, vpc_id, service_name, endpoint_type, *args, **kwargs):
        endpoint = create(self, vpc_id, service_name, endpoint_type, *args, **kwargs)
        for eni_id in endpoint.network_interface_ids or []:
            eni = self.enis[eni_id]
            others = [e for e in self.enis.values() if e.subnet.id == eni.subnet.id and e is not eni]
            taken = {a["PrivateIpAddress"] for e in others for a in e.private_ip_addresses}
            address = next(str(host) for i, host in enumerate(eni.subnet.cidr.hosts()) if i > 8 and str(host) not in taken)
            eni.private_ip_address = address
            eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
            groups = endpoint.security_group_ids or [self.get_default_security_group(vpc_id).id]
            eni._group_set = [self.get_security_group_from_id(g) for g in groups]
            eni.interface_type, eni.requester_managed, eni.status = "vpc_endpoint", True, "in-use"
        return endpoint

    vpcs.VPCBackend.create_vpc_endpoint = create_vpc_endpoint


# AWS marks a route as a blackhole when what it leads to is gone or not active; in moto every route is active.
def patch_blackholes():
    def state(route):
        backend, vpc = route.route_table.ec2_backend, route.route_table.vpc_id
        alive = True
        if route.vpc_pcx is not None:
            alive = route.vpc_pcx._status.code == "active"
        elif route.transit_gateway is not None:
            attachments = backend.transit_gateway_attachments.values()
            alive = any(a.transit_gateway_id == route.transit_gateway.id and a.resource_id == vpc for a in attachments)
        elif route.gateway is not None and route.gateway.id.startswith("vgw-"):
            attachment = route.gateway.attachments.get(vpc)
            alive = attachment is not None and attachment.state == "attached"
        return "active" if alive else "blackhole"

    route_tables.Route.state = property(state)


# AWS shows where a transit gateway route leads, lists propagated routes, and marks routes to dead attachments; moto
# knows the static routes only, and not where they lead.
def patch_transit_gateway_routes():
    def search(self, transit_gateway_route_table_id, filters, max_results=None):
        table = self.transit_gateways_route_tables[transit_gateway_route_table_id]
        found = {}
        for propagation in table.route_table_propagation:
            attachment = self.transit_gateway_attachments[propagation.transitGatewayAttachmentId]
            vpc = self.vpcs.get(attachment.resource_id)
            for block in vpc.get_cidr_block_association_set(ipv6=False) if vpc else []:
                found[block["cidr_block"]] = {
                    "destinationCidrBlock": block["cidr_block"], "state": "active", "type": "propagated", "prefixListId": None,
                    "transitGatewayAttachments": [{"resourceId": vpc.id, "resourceType": "vpc", "transitGatewayAttachmentId": attachment.id}],
                }
        for cidr, route in table.routes.items():
            route = dict(route)
            to = route.get("transitGatewayAttachments") or []
            route["transitGatewayAttachments"] = [to] if isinstance(to, dict) else to
            for target in route["transitGatewayAttachments"]:
                attachment = self.transit_gateway_attachments.get(target["transitGatewayAttachmentId"])
                if attachment is None or attachment.state != "available":
                    route["state"] = "blackhole"
            found[cidr] = route
        states = (filters or {}).get("state")
        return [r for r in found.values() if not states or r["state"] in states]

    transit_gateway_route_tables.TransitGatewayRouteTableBackend.search_transit_gateway_routes = search


# AWS lists VPC attachments and peering attachments apart; moto lists both in both.
def patch_attachment_kinds():
    backend = transit_gateway_attachments.TransitGatewayAttachmentBackend
    for name, kind in (("describe_transit_gateway_vpc_attachments", "vpc"), ("describe_transit_gateway_peering_attachments", "peering")):
        def only(describe, kind):
            return lambda self, *args, **kwargs: [a for a in describe(self, *args, **kwargs) if a.resource_type == kind]

        setattr(backend, name, only(getattr(backend, name), kind))


# AWS can let a VPN gateway propagate its routes; moto does not know the calls. A VPN connection's static routes stand in
# for what BGP would announce.
def patch_propagation():
    def sync(backend):
        for table in backend.route_tables.values():
            for gateway in getattr(table, "propagating", []):
                for vpn in backend.vpn_connections.values():
                    for cidr in getattr(vpn, "announced", []) if vpn.vpn_gateway_id == gateway else []:
                        if all(r.destination_cidr_block != cidr for r in table._routes.values()):
                            route = route_tables.Route(table, cidr, None, gateway=backend.vpn_gateways[gateway])
                            table._routes[route.id] = route

    def enable(self):
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        table.propagating = getattr(table, "propagating", []) + [self._get_param("GatewayId")]
        sync(self.ec2_backend)
        return ActionResult({})

    def announce(self):
        vpn = self.ec2_backend.vpn_connections[self._get_param("VpnConnectionId")]
        vpn.announced = getattr(vpn, "announced", []) + [self._get_param("DestinationCidrBlock")]
        sync(self.ec2_backend)
        return ActionResult({})

    EC2Response.enable_vgw_route_propagation = enable
    EC2Response.create_vpn_connection_route = announce
    route_tables.RouteTable.propagating_vgws = property(lambda self: [{"GatewayId": g} for g in getattr(self, "propagating", [])])


if __name__ == "__main__":
    patch_endpoint_interfaces()
    patch_blackholes()
    patch_transit_gateway_routes()
    patch_attachment_kinds()
    patch_propagation()
    main(sys.argv[1:])
