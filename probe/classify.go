package probe

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// icmpOutcomes is what "destination unreachable" means, by code. Code 3, port
// unreachable, is what a packet filter's plain REJECT sends for TCP; a host
// without a listener answers with a reset instead.
// Source: RFC 792, RFC 1812 5.2.7.1.
var icmpOutcomes = map[int]snapshot.Outcome{
	0: snapshot.UnreachableNetwork, 1: snapshot.UnreachableHost, 2: snapshot.Prohibited, 3: snapshot.Prohibited,
	6: snapshot.UnreachableNetwork, 7: snapshot.UnreachableHost, 9: snapshot.Prohibited, 10: snapshot.Prohibited, 13: snapshot.Prohibited,
}

// icmp6Outcomes is the same for ICMPv6, type 1. Source: RFC 4443 3.1.
var icmp6Outcomes = map[int]snapshot.Outcome{
	0: snapshot.UnreachableNetwork, 1: snapshot.Prohibited, 3: snapshot.UnreachableHost, 4: snapshot.Prohibited, 5: snapshot.Prohibited, 6: snapshot.Prohibited,
}

// classify turns the error number of a connection attempt into an outcome.
// direct says that the call itself failed, so that no packet was answered.
func classify(e syscall.Errno, direct bool) (outcome snapshot.Outcome, local bool) {
	switch e {
	case 0:
		return snapshot.Open, false
	case syscall.ECONNREFUSED:
		return snapshot.Refused, false
	case syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE:
		return snapshot.ResetAfter, false
	case syscall.ETIMEDOUT:
		return snapshot.Filtered, false
	case syscall.ENETUNREACH, syscall.ENETDOWN:
		return snapshot.UnreachableNetwork, true // unless an ICMP message says who says so
	case syscall.EHOSTUNREACH, syscall.EHOSTDOWN:
		return snapshot.UnreachableHost, true
	case syscall.EACCES, syscall.EPERM: // a "prohibit" route, or a rule of this machine
		return snapshot.Prohibited, true
	case syscall.EINVAL: // a "blackhole" route
		return snapshot.UnreachableNetwork, true
	case syscall.ENOPROTOOPT: // ICMP protocol unreachable
		return snapshot.Prohibited, false
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EAGAIN:
		return snapshot.LocalLimit, true
	}
	return snapshot.Failed, direct
}

// classifyLookup turns the error of a name look-up into an outcome. run is the
// context of the whole run: its end says nothing of the name.
func classifyLookup(run context.Context, err error) snapshot.Outcome {
	var dns *net.DNSError
	switch {
	case run.Err() != nil:
		return snapshot.Cancelled
	case errors.As(err, &dns) && dns.IsNotFound:
		return snapshot.NoSuchHost
	}
	return snapshot.Failed // the name server's trouble, not the host's
}

// errnoName is the symbol of an error number, as the manual pages write it.
func errnoName(e syscall.Errno) string {
	if name, ok := errnoNames[e]; ok {
		return name
	}
	return e.Error()
}

var errnoNames = map[syscall.Errno]string{
	0: "", syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ECONNRESET: "ECONNRESET", syscall.ECONNABORTED: "ECONNABORTED", syscall.EPIPE: "EPIPE", syscall.ETIMEDOUT: "ETIMEDOUT",
	syscall.ENETUNREACH: "ENETUNREACH", syscall.ENETDOWN: "ENETDOWN", syscall.EHOSTUNREACH: "EHOSTUNREACH", syscall.EHOSTDOWN: "EHOSTDOWN", syscall.EACCES: "EACCES", syscall.EPERM: "EPERM",
	syscall.EINVAL: "EINVAL", syscall.ENOPROTOOPT: "ENOPROTOOPT", syscall.EMFILE: "EMFILE", syscall.ENFILE: "ENFILE", syscall.ENOBUFS: "ENOBUFS", syscall.ENOMEM: "ENOMEM",
	syscall.EADDRNOTAVAIL: "EADDRNOTAVAIL", syscall.EADDRINUSE: "EADDRINUSE", syscall.EAGAIN: "EAGAIN", syscall.EAFNOSUPPORT: "EAFNOSUPPORT",
}
