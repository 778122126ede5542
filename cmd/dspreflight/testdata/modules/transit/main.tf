variable "create" {
  type    = bool
  default = true
}
variable "existing_table" {
  type    = string
  default = null
}
variable "attachments" {
  type    = any
  default = {}
}

locals {
  # pairs of an attachment and a route of it
  routes = chunklist(flatten([for k, v in var.attachments : setproduct([{ key = k }], v.routes) if can(v.routes)]), 2)
}

resource "aws_ec2_transit_gateway" "this" {
  count                           = var.create ? 1 : 0
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
}

resource "aws_ec2_transit_gateway_route_table" "this" {
  count              = var.create ? 1 : 0
  transit_gateway_id = aws_ec2_transit_gateway.this[0].id
}

resource "aws_ec2_transit_gateway_vpc_attachment" "this" {
  for_each           = var.attachments
  transit_gateway_id = var.create ? aws_ec2_transit_gateway.this[0].id : each.value.gateway
  vpc_id             = each.value.vpc_id
  subnet_ids         = each.value.subnet_ids

  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false
}

resource "aws_ec2_transit_gateway_route" "this" {
  count                          = length(local.routes)
  destination_cidr_block         = local.routes[count.index][1].destination
  blackhole                      = try(local.routes[count.index][1].blackhole, null)
  transit_gateway_route_table_id = var.create ? aws_ec2_transit_gateway_route_table.this[0].id : var.existing_table
  transit_gateway_attachment_id  = tobool(try(local.routes[count.index][1].blackhole, false)) == false ? aws_ec2_transit_gateway_vpc_attachment.this[local.routes[count.index][0].key].id : null
}

resource "aws_ec2_transit_gateway_route_table_association" "this" {
  for_each                       = { for k, v in var.attachments : k => v if try(v.associate, true) }
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.this[each.key].id
  transit_gateway_route_table_id = var.create ? aws_ec2_transit_gateway_route_table.this[0].id : try(each.value.table, var.existing_table)
}

output "id" {
  value = try(aws_ec2_transit_gateway.this[0].id, "")
}
