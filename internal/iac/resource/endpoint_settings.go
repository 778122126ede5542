package resource

import "github.com/dspreflight/dspreflight/internal/snapshot"

func putEndpointPolicy(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			ep.PolicyDocument = nil // until it is known
			if policy := o.Known("policy"); policy != "" && pending == "" {
				ep.PolicyDocument = &policy
			}
		})
	}
}

// dropEndpointPolicy gives the endpoint its default policy back, which is what Terraform
// asks of AWS.
// Source: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_endpoint_policy.go
func dropEndpointPolicy(w *World, o *Object) {
	within(w, o, snapshot.Endpoints, endpoints, o.Known("vpc_endpoint_id"), func(ep *snapshot.Endpoint) {
		policy := fullAccess
		ep.PolicyDocument = &policy
	})
}

func putEndpointDNS(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			if ep.PrivateDNSEnabled = o.OnIfKnown("private_dns_enabled"); pending != "" {
				ep.PrivateDNSEnabled = nil
			}
		})
	}
}

// showEndpointPart is what is set apart of an endpoint: its policy, or whether it has
// private DNS.
func showEndpointPart(w *World, o *Object) []map[string]any {
	list := showEndpoint(w, &Object{ID: o.Known("vpc_endpoint_id")})
	for _, e := range list {
		e["vpc_endpoint_id"] = o.Known("vpc_endpoint_id")
	}
	return list
}
