package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// intercepted reports that a run which counts saw a port open at the address that must
// be closed: then open ports prove nothing. Without an address, or where the place of the
// machine was proved by what answered, one at any address counts.
func (x *Exam) intercepted(list []dialled, addr netip.Addr, subject string) bool {
	for _, d := range list {
		for _, p := range d.run.Probes {
			at := p.Addr == addr || !addr.IsValid() || d.run.Vantage.Guessed
			if at && p.Purpose == snapshot.ToControlPort && p.Outcome == snapshot.Open {
				x.Unknown(subject, snapshot.Gap{Code: snapshot.Intercepted, Source: "probe", Ref: p.Addr.String(), Detail: netpath.Port(p.Port).String()})
				return true
			}
		}
	}
	return false
}

// otherAnswers is the dial to 443 of an address, of a run that counts, which shows that
// something else than the endpoint answers there.
func (x *Exam) otherAnswers(list []dialled, addr netip.Addr) *dialled {
	for _, d := range list {
		for _, p := range d.run.Probes {
			if p.Purpose == snapshot.ToEndpointPort && p.Addr == addr && x.foreign(p.TLS) {
				return &dialled{Probe: p, run: d.run, place: d.place}
			}
		}
	}
	return nil
}

// brokenTLS reports whether a handshake began and came to nothing. One that the other
// side refused by the rules of TLS says nothing of who it is.
func brokenTLS(t *snapshot.TLSState) bool {
	return t != nil && t.Outcome != "ok" && t.Outcome != "failed"
}

// issuers are those of the certificates of AWS, outside of the partitions that have
// authorities of their own. Whoever opens TLS to inspect it issues them anew.
// Source: https://www.amazontrust.com/repository/ and
// https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html
var issuers = []string{"amazon", "starfield", "digicert"}

// foreign reports whether a handshake shows that what answered is not DataSync in the
// Region: no TLS, a certificate for names of others, of another service of AWS or of
// another Region, or one by another authority.
func (x *Exam) foreign(t *snapshot.TLSState) bool {
	switch {
	case t == nil:
		return false
	case t.Outcome == "not-tls":
		return true
	case t.Outcome != "ok":
		return false
	}
	region := strings.ToLower(x.region())
	plain, dual := snapshot.DNSSuffixes(region)
	itsOwn := func(name string) bool {
		name = "." + strings.ToLower(name)
		elsewhere := func(label string) bool { return label != region && slices.Contains(snapshot.Regions, label) }
		return strings.Contains(name, "datasync") && (strings.HasSuffix(name, "."+plain) || strings.HasSuffix(name, "."+dual)) && !slices.ContainsFunc(strings.Split(name, "."), elsewhere)
	}
	issued := func(by string) bool { return strings.Contains(strings.ToLower(t.Issuer), by) }
	return len(t.Names) > 0 && !slices.ContainsFunc(t.Names, itsOwn) || t.Issuer != "" && snapshot.PartitionOf(region) == "aws" && !slices.ContainsFunc(issuers, issued)
}
