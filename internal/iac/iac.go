// Package iac lays planned changes over a snapshot: those of a Terraform or
// OpenTofu plan, or of a CloudFormation template. It does no I/O.
//
// Both languages are read into objects (package resource): resources in the words of
// Terraform's AWS provider, with every reference between resources replaced by the id
// of the one referred to. A resource that does not exist yet has its address for an
// id. A model for each type of resource knows which rows of a snapshot it is. How a
// plan is read is told in package terraform, how a template is in cloudformation.
//
// A value that is known only after apply stays so: the rows that hang on it are
// pending, and name the attribute.
package iac

import (
	"github.com/dspreflight/dspreflight/internal/iac/cloudformation"
	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/iac/terraform"
)

// What the rooms give, under one name.
type (
	Source   = resource.Source
	Plan     = resource.Plan
	Change   = resource.Change
	Agent    = resource.Agent
	InUse    = resource.InUse
	Template = cloudformation.Template
	Files    = cloudformation.Files
	Sources  = terraform.Sources
)

// ModulesFolder is the folder in which "terraform init" notes where modules are.
const ModulesFolder = terraform.ModulesFolder

// ReadPlan reads what "terraform show -json PLAN" or "tofu show -json PLAN" prints.
// files are those of the configuration, to say where resources are declared and to
// read expressions; nil for none.
func ReadPlan(body []byte, files Sources) (*Plan, error) {
	return terraform.Read(body, files, cloudformation.Stacks{})
}

// ReadTemplate reads a CloudFormation template, in YAML or JSON, or what
// "aws cloudformation describe-change-set" prints. file names it in places.
func ReadTemplate(file string, body []byte, parameters map[string]string) (*Template, error) {
	return cloudformation.Read(file, body, parameters)
}
