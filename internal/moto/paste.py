"""Pastes commands of the AWS CLI into moto, all in one process.

Standard input is a list of argument lists. moto makes ids of its own, so those in a command are replaced by those of an
estate that was made there. The answer counts what was accepted, and names what moto does not know and what was refused.
"""

import contextlib
import io
import json
import os
import re
import sys

os.environ["MOTO_ACCOUNT_ID"] = "111122223333"
import boto3  # noqa: E402
from awscli.clidriver import create_clidriver  # noqa: E402
from moto import mock_aws  # noqa: E402

ID = re.compile(r"\b(tgw-attach|tgw-rtb|tgw|vpce|vpc|subnet|sg|rtb|acl|pcx|vgw|vpn|eni)-[0-9a-f]{8,17}\b")
TASK = re.compile(r"arn:aws:datasync:[a-z0-9-]+:\d+:task/task-[0-9a-f]+")


def estate(region):
    """Two VPCs with all that commands are about, by what ids begin with."""
    ec2, datasync, made = boto3.client("ec2", region_name=region), boto3.client("datasync", region_name=region), {}
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (20, 10)]
    for n, vpc in zip((20, 10), vpcs):
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{n}.{i}.0/24", AvailabilityZone=region + zone)["Subnet"]["SubnetId"] for i, zone in ((1, "a"), (2, "c"))]
        group = ec2.create_security_group(GroupName=vpc, Description="agent", VpcId=vpc)["GroupId"]
        gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
        ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=gateway)
        customer = ec2.create_customer_gateway(BgpAsn=65000, PublicIp=f"203.0.113.{n}", Type="ipsec.1")["CustomerGateway"]["CustomerGatewayId"]
        transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        service = {"VpcEndpointType": "Interface", "ServiceName": f"com.amazonaws.{region}.datasync", "SubnetIds": subnets[:1], "SecurityGroupIds": [group]}
        for one in (
            vpc, *subnets, group, gateway, transit,
            ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"],
            ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"],
            ec2.create_vpc_endpoint(VpcId=vpc, **service)["VpcEndpoint"]["VpcEndpointId"],
            ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=vpc, SubnetIds=subnets[1:])["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"],
            ec2.create_transit_gateway_route_table(TransitGatewayId=transit)["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"],
            ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId=gateway)["VpnConnection"]["VpnConnectionId"],
            *(ec2.create_network_interface(SubnetId=s)["NetworkInterface"]["NetworkInterfaceId"] for s in subnets),
        ):
            made.setdefault(one.rsplit("-", 1)[0], []).append(one)
    made["pcx"] = [ec2.create_vpc_peering_connection(VpcId=vpcs[1], PeerVpcId=vpcs[0])["VpcPeeringConnection"]["VpcPeeringConnectionId"]]
    ends = dict(zip(("TransitGatewayId", "PeerTransitGatewayId"), made["tgw"]))
    peering = ec2.create_transit_gateway_peering_attachment(PeerAccountId="111122223333", PeerRegion=region, **ends)
    made["peering"] = [peering["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]]
    places = [datasync.create_location_smb(ServerHostname="fs", Subdirectory=d, User="u", Password="p", AgentArns=["a"])["LocationArn"] for d in ("/a", "/b")]
    made["task"] = datasync.create_task(SourceLocationArn=places[0], DestinationLocationArn=places[1])["TaskArn"]
    return made


def run(driver, words):
    """Runs a command: its exit code, and what it said."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as end:
            code = end.code
    return code, err.getvalue().strip()


def paste(driver, words, worlds):
    """Runs a command, with ids of the estate in place of those that it names."""
    region = words[words.index("--region") + 1] if "--region" in words else "us-east-1"
    seen = {}

    def ours(m, world):
        kind = m.group(1)
        of = world["peering" if kind == "tgw-attach" and "peering" in words[2] else kind]
        return seen.setdefault(m.group(0), of[sum(s.rsplit("-", 1)[0] == kind for s in seen) % len(of)])

    mine = words[1:]
    for i, w in enumerate(mine):
        where = mine[mine.index("--peer-region") + 1] if mine[i - 1] == "--peer-vpc-id" else region
        if where not in worlds:
            worlds[where] = estate(where)
        mine[i] = TASK.sub(worlds[where]["task"], ID.sub(lambda m: ours(m, worlds[where]), w))
    if mine[1].startswith("replace-"):  # what it replaces
        run(driver, [mine[0], mine[1].replace("replace", "create"), *mine[2:]])
    return run(driver, mine)


def begin():
    mock = mock_aws()
    mock.start()
    boto3.client("iam").create_role(RoleName="NetworkAudit", AssumeRolePolicyDocument="{}")
    return mock, {}


def main():
    answer = {"accepted": 0, "unknown": [], "refused": []}
    mock, worlds = begin()
    driver = create_clidriver()
    for words in json.load(sys.stdin):
        code, said = paste(driver, words, worlds)
        if code:  # what was pasted before may be in the way
            mock.stop()
            mock, worlds = begin()
            code, said = paste(driver, words, worlds)
        if not code:
            answer["accepted"] += 1
        elif "NotImplemented" in said or "not been implemented" in said:
            answer["unknown"].append(" ".join(words[1:3]))
        else:
            answer["refused"].append([words, code, said[-300:]])
    json.dump(answer, sys.stdout)


main()
