# Modules written in the ways that the well-known ones are: instances by count and by
# key, ids that come through try, concat, element, lookup, merge and for, and
# defaults that the callers leave out.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "region" {
  type    = string
  default = "us-east-1"
}

provider "aws" {
  region                      = var.region
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

locals {
  networks = {
    source      = { cidr = "10.10.0.0/16", subnets = ["10.10.1.0/24", "10.10.2.0/24"], peer = "10.20.0.0/16" }
    destination = { cidr = "10.20.0.0/16", subnets = ["10.20.1.0/24"], secondary = ["10.21.0.0/16"], peer = "10.10.0.0/16" }
  }
}

module "network" {
  source   = "./network"
  for_each = local.networks

  name             = each.key
  cidr             = each.value.cidr
  secondary_cidrs  = try(each.value.secondary, [])
  private_subnets  = each.value.subnets
  manage_acl       = each.key == "destination"
  transit_gateway  = module.transit.id
  transit_networks = [each.value.peer]
}

module "transit" {
  source = "./transit"

  attachments = {
    for name, n in local.networks : name => {
      vpc_id     = module.network[name].vpc_id
      subnet_ids = module.network[name].private_subnets
      routes     = [{ destination = n.cidr }, { destination = "192.0.2.0/24", blackhole = true }]
    }
  }
}

module "agents" {
  source = "./group"

  name   = "agents"
  vpc_id = module.network["source"].vpc_id
  egress = { all = { protocol = "-1", cidr = "0.0.0.0/0" } }
}

module "endpoints" {
  source = "./endpoints"

  vpc_id     = module.network["destination"].vpc_id
  subnet_ids = module.network["destination"].private_subnets
  endpoints = {
    datasync = { service = "datasync", private_dns_enabled = false }
    sts      = { service = "sts", create = false }
  }
  rules = {
    https   = { cidr_blocks = [module.network["source"].cidr] }
    control = { from_port = 1024, to_port = var.last_port, cidr_blocks = [module.network["source"].cidr] }
    support = { from_port = 22, to_port = 22, cidr_blocks = [local.networks.source.cidr] }
  }
  tags = { name = "datasync" }
}

variable "last_port" {
  type    = number
  default = 1064
}

resource "aws_instance" "agent" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "m5.2xlarge"
  subnet_id              = element(module.network["source"].private_subnets, 0)
  vpc_security_group_ids = [module.agents.id]
  private_ip             = "10.10.1.50"
}
