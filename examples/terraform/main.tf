# The destination side of the embedded estate "healthy": a DataSync endpoint whose security group has a rule for each port range.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "agents" {
  description = "the network of the DataSync agents"
  default     = "10.10.0.0/16"
}

data "aws_vpc" "datasync" {
  id = "vpc-0d5c1a2b3e4f50617"
}

resource "aws_security_group" "endpoint" {
  name        = "datasync-endpoint"
  description = "DataSync VPC endpoint"
  vpc_id      = data.aws_vpc.datasync.id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.endpoint.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = var.agents
}

resource "aws_vpc_security_group_ingress_rule" "control" {
  security_group_id = aws_security_group.endpoint.id
  ip_protocol       = "tcp"
  from_port         = 1024
  to_port           = 1060 # was 1064: this is the mistake that plan.json holds
  cidr_ipv4         = var.agents
}

resource "aws_vpc_endpoint" "datasync" {
  vpc_id              = data.aws_vpc.datasync.id
  service_name        = "com.amazonaws.us-east-1.datasync"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = ["subnet-0da1b2c3d4e5f6071", "subnet-0db1b2c3d4e5f6072"]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = false
}
