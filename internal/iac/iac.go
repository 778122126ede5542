// Package iac lays planned changes over a snapshot: those of a Terraform or
// OpenTofu plan, or of a CloudFormation template. It does no I/O.
//
// Both languages are read into objects: resources in the words of Terraform's
// AWS provider, with every reference between resources replaced by the id of the
// one referred to. A resource that does not exist yet has its address for an id.
// A model for each type of resource knows which rows of a snapshot it is.
//
// A value that is known only after apply stays so: the rows that hang on it are
// pending, and name the attribute.
package iac

// ReadPlan reads what "terraform show -json PLAN" or "tofu show -json PLAN" prints.
// files are those of the configuration, to say where resources are declared and to
// read expressions; nil for none.
func ReadPlan(body []byte, files Sources) (*Plan, error) { return readPlan(body, files, Stacks{}) }
