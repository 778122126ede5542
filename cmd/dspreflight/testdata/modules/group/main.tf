variable "name" { type = string }
variable "vpc_id" { type = string }
variable "create" {
  type    = bool
  default = true
}
variable "use_name_prefix" {
  type    = bool
  default = true
}
variable "existing_id" {
  type    = string
  default = null
}
variable "egress" {
  type = map(object({
    protocol = optional(string, "tcp")
    from     = optional(number)
    to       = optional(number)
    cidr     = optional(string)
  }))
  default = {}
}

locals {
  id = var.create ? concat(aws_security_group.this[*].id, aws_security_group.this_name_prefix[*].id, [""])[0] : coalesce(var.existing_id, "")
}

resource "aws_security_group" "this" {
  count  = var.create && !var.use_name_prefix ? 1 : 0
  name   = var.name
  vpc_id = var.vpc_id
}

resource "aws_security_group" "this_name_prefix" {
  count       = var.create && var.use_name_prefix ? 1 : 0
  name_prefix = "${var.name}-"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each          = var.egress
  security_group_id = local.id
  ip_protocol       = each.value.protocol
  from_port         = each.value.from
  to_port           = each.value.to
  cidr_ipv4         = each.value.cidr
}

output "id" {
  value = try(aws_security_group.this[0].id, aws_security_group.this_name_prefix[0].id, "")
}
