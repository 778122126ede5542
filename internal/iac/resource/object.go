// Package resource says what a planned resource is, and which rows of a snapshot it
// makes: an object, its values, and a model for each type, one file a family.
package resource

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Object is a resource before or after a change.
type Object struct {
	Address    string
	Type       string // the type, as Terraform's AWS provider calls it
	ID         string // in AWS, or the address for one that does not exist yet
	Exists     bool   // it has an id in AWS
	Attributes map[string]any
	MayGo      snapshot.Pending // for a part that may be gone after the change: what decides
	Sensitive  map[string]bool  // attributes that hold a sensitive value
	Location   Location
	Place      Place
	// ByTemplate is set for what CloudFormation makes and takes away.
	ByTemplate bool
}

// Location is what is known of the account and Region of a resource.
type Location struct {
	Provider, Account, Region string
}

// Validate refuses values that no resource of AWS can have.
func Validate(o *Object) error {
	if o == nil {
		return nil
	}
	if err := o.check(); err != nil {
		return err
	}
	for _, name := range []string{"ingress", "egress", "route", "entry"} {
		for _, b := range o.knownBlocks(name) {
			if err := b.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// where it is, as people write it.
func (h Location) String() string {
	return strings.Trim(h.Account+"/"+h.Region, "/")
}

// Fits reports whether a scope may be the account and Region of a claim.
func (h Location) Fits(s *snapshot.Scope) bool {
	account := s.Account
	if account == snapshot.PlannedAccount {
		account = ""
	}
	return (h.Region == "" || s.Region == "" || h.Region == s.Region) && (h.Account == "" || account == "" || h.Account == account)
}

// OfARN takes account and Region from an ARN.
func (h Location) OfARN(arn string) Location {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" {
		if parts[3] != "" {
			h.Region = parts[3]
		}
		if len(parts[4]) == 12 {
			h.Account = parts[4]
		}
	}
	return h
}
