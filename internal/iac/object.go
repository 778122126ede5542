package iac

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// object is a resource before or after a change.
type object struct {
	address string
	kind    string // the type, as Terraform's AWS provider calls it
	id      string // in AWS, or the address for one that does not exist yet
	exists  bool   // it has an id in AWS
	attrs   map[string]any
	perhaps snapshot.Pending // for a part that may be gone after the change: what decides
	secret  map[string]bool  // attributes that hold a sensitive value
	home    home
	place   Place
	// byTemplate is set for what CloudFormation makes and takes away.
	byTemplate bool
}

// home is what is known of the account and Region of a resource.
type home struct {
	provider, account, region string
}

// validate refuses values that no resource of AWS can have.
func validate(o *object) error {
	if o == nil {
		return nil
	}
	if err := o.check(); err != nil {
		return err
	}
	for _, name := range []string{"ingress", "egress", "route", "entry"} {
		blocks, _ := o.blocks(name)
		for _, b := range blocks {
			if err := b.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// agents are the DataSync agents among resources.
func agents(list []*object) []Agent {
	var out []Agent
	for _, r := range list {
		if r.kind == "aws_datasync_agent" {
			out = append(out, Agent{Address: r.address, IP: r.known("ip_address"), EndpointID: r.known("vpc_endpoint_id")})
		}
	}
	return out
}

// where it is, as people write it.
func (h home) String() string {
	return strings.Trim(h.account+"/"+h.region, "/")
}

// fits reports whether a scope may be the account and Region of a claim.
func (h home) fits(s *snapshot.Scope) bool {
	account := s.Account
	if account == snapshot.PlannedAccount {
		account = ""
	}
	return (h.region == "" || s.Region == "" || h.region == s.Region) && (h.account == "" || account == "" || h.account == account)
}

// ofARN takes account and Region from an ARN.
func (h home) ofARN(arn string) home {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" {
		if parts[3] != "" {
			h.region = parts[3]
		}
		if len(parts[4]) == 12 {
			h.account = parts[4]
		}
	}
	return h
}
