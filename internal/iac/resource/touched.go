package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Everything are the tables of an estate: what may hold any resource touches them
// all.
var Everything = slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool {
	return k == snapshot.CallerIdentity || k == snapshot.PolicySimulation
})

// KindsOf are the tables that a type of resource may touch.
func KindsOf(kind string) []snapshot.Kind {
	if Holds(kind) {
		return Everything
	}
	if w, ok := CloudFormation[kind]; ok {
		return Models[w.Name].Kinds
	}
	return Unmodelled[UnmodelledInCloudFormation[kind]]
}

// Holders are the types that hold resources which a template does not show.
var Holders = []string{
	"AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::Serverless::Application", "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
	"AWS::ServiceCatalog::CloudFormationProduct", "AWS::Proton::ServiceInstance",
}

// Holds reports whether a type of resource holds others: stacks, stack sets and
// modules.
func Holds(kind string) bool {
	return slices.Contains(Holders, kind) || strings.HasSuffix(kind, "::MODULE")
}

// Foreign reports whether what a type of resource does is up to its provider.
func Foreign(kind string) bool {
	_, modelled := CloudFormation[kind]
	return !modelled && !Holds(kind) && (!strings.HasPrefix(kind, "AWS::") || kind == "AWS::CloudFormation::CustomResource")
}
