package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// everything are the tables of an estate: what may hold any resource touches them
// all.
var everything = slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool {
	return k == snapshot.CallerIdentity || k == snapshot.PolicySimulation
})

// kindsOf are the tables that a type of resource may touch.
func kindsOf(kind string) []snapshot.Kind {
	if holds(kind) {
		return everything
	}
	if w, ok := words[kind]; ok {
		return models[w.kind].kinds
	}
	return unmodelled[strange[kind]]
}

// holders are the types that hold resources which a template does not show.
var holders = []string{
	"AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::Serverless::Application", "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
	"AWS::ServiceCatalog::CloudFormationProduct", "AWS::Proton::ServiceInstance",
}

// holds reports whether a type of resource holds others: stacks, stack sets and
// modules.
func holds(kind string) bool {
	return slices.Contains(holders, kind) || strings.HasSuffix(kind, "::MODULE")
}

// foreign reports whether what a type of resource does is up to its provider.
func foreign(kind string) bool {
	_, modelled := words[kind]
	return !modelled && !holds(kind) && (!strings.HasPrefix(kind, "AWS::") || kind == "AWS::CloudFormation::CustomResource")
}
