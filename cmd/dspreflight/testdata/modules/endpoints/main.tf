variable "create" {
  type    = bool
  default = true
}
variable "vpc_id" { type = string }
variable "subnet_ids" {
  type    = list(string)
  default = []
}
variable "security_group_ids" {
  type    = list(string)
  default = []
}
variable "create_group" {
  type    = bool
  default = true
}
variable "endpoints" {
  type    = any
  default = {}
}
variable "rules" {
  type    = any
  default = {}
}
variable "tags" {
  type    = map(string)
  default = {}
}

data "aws_region" "current" {}

locals {
  endpoints = { for k, v in var.endpoints : k => v if var.create && try(v.create, true) }
  group_ids = var.create && var.create_group ? concat(var.security_group_ids, [aws_security_group.this[0].id]) : var.security_group_ids
}

resource "aws_vpc_endpoint" "this" {
  for_each            = local.endpoints
  vpc_id              = var.vpc_id
  service_name        = try(each.value.service_endpoint, "com.amazonaws.${data.aws_region.current.name}.${each.value.service}")
  vpc_endpoint_type   = lookup(each.value, "service_type", "Interface")
  auto_accept         = lookup(each.value, "auto_accept", null)
  security_group_ids  = lookup(each.value, "service_type", "Interface") == "Interface" ? length(distinct(concat(local.group_ids, lookup(each.value, "security_group_ids", [])))) > 0 ? distinct(concat(local.group_ids, lookup(each.value, "security_group_ids", []))) : null : null
  subnet_ids          = lookup(each.value, "service_type", "Interface") == "Interface" ? distinct(concat(var.subnet_ids, lookup(each.value, "subnet_ids", []))) : null
  private_dns_enabled = lookup(each.value, "private_dns_enabled", null)
  tags                = merge(var.tags, lookup(each.value, "tags", {}))
}

resource "aws_security_group" "this" {
  count       = var.create && var.create_group ? 1 : 0
  name_prefix = "endpoints-"
  vpc_id      = var.vpc_id
}

resource "aws_security_group_rule" "this" {
  for_each                 = { for k, v in var.rules : k => v if var.create && var.create_group }
  security_group_id        = aws_security_group.this[0].id
  type                     = try(each.value.type, "ingress")
  protocol                 = try(each.value.protocol, "tcp")
  from_port                = try(each.value.from_port, 443)
  to_port                  = try(each.value.to_port, 443)
  cidr_blocks              = lookup(each.value, "cidr_blocks", null)
  source_security_group_id = lookup(each.value, "source_security_group_id", null)
}

output "endpoints" {
  value = aws_vpc_endpoint.this
}
output "group_id" {
  value = try(aws_security_group.this[0].id, null)
}
