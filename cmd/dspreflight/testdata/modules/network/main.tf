variable "name" { type = string }
variable "cidr" { type = string }
variable "create" {
  type    = bool
  default = true
}
variable "secondary_cidrs" {
  type    = list(string)
  default = []
}
variable "private_subnets" { type = list(string) }
variable "single_table" {
  type    = bool
  default = true
}
variable "manage_acl" {
  type    = bool
  default = false
}
variable "acl_rules" {
  type = list(object({
    number  = number
    action  = optional(string, "allow")
    from    = optional(number, 0)
    to      = optional(number, 0)
    network = optional(string, "0.0.0.0/0")
  }))
  default = [{ number = 100 }]
}
variable "transit_gateway" { type = string }
variable "transit_networks" { type = list(string) }

locals {
  # through the association, so that subnets in the further blocks wait for it
  vpc_id      = try(aws_vpc_ipv4_cidr_block_association.this[0].vpc_id, aws_vpc.this[0].id, "")
  table_count = var.single_table ? 1 : max(length(var.private_subnets), 1)
}

resource "aws_vpc" "this" {
  count      = var.create ? 1 : 0
  cidr_block = var.cidr
}

resource "aws_vpc_ipv4_cidr_block_association" "this" {
  count      = var.create && length(var.secondary_cidrs) > 0 ? length(var.secondary_cidrs) : 0
  vpc_id     = aws_vpc.this[0].id
  cidr_block = element(var.secondary_cidrs, count.index)
}

resource "aws_subnet" "private" {
  count      = var.create && length(var.private_subnets) > 0 ? length(var.private_subnets) : 0
  vpc_id     = local.vpc_id
  cidr_block = element(concat(var.private_subnets, [""]), count.index)
}

resource "aws_route_table" "private" {
  count  = var.create ? local.table_count : 0
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "private" {
  count          = var.create ? length(var.private_subnets) : 0
  subnet_id      = element(aws_subnet.private[*].id, count.index)
  route_table_id = element(aws_route_table.private[*].id, var.single_table ? 0 : count.index)
}

resource "aws_route" "transit" {
  for_each               = { for pair in setproduct(range(local.table_count), var.transit_networks) : "${pair[0]}-${pair[1]}" => { table = pair[0], network = pair[1] } }
  route_table_id         = aws_route_table.private[each.value.table].id
  destination_cidr_block = each.value.network
  transit_gateway_id     = var.transit_gateway
}

resource "aws_network_acl" "private" {
  count      = var.create && var.manage_acl ? 1 : 0
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_network_acl_rule" "private" {
  for_each       = var.manage_acl ? { for r in setproduct([false, true], var.acl_rules) : "${r[0] ? "out" : "in"}-${r[1].number}" => merge(r[1], { egress = r[0] }) } : {}
  network_acl_id = aws_network_acl.private[0].id
  egress         = each.value.egress
  rule_number    = each.value.number
  rule_action    = each.value.action
  protocol       = "-1"
  cidr_block     = each.value.network
}

output "vpc_id" {
  value = try(aws_vpc.this[0].id, null)
}
output "cidr" {
  value = one(aws_vpc.this[*].cidr_block)
}
output "private_subnets" {
  value = aws_subnet.private[*].id
}
output "private_tables" {
  value = distinct(aws_route_table_association.private[*].route_table_id)
}
