// Package netpath reasons about network paths on sets, never on samples.
//
// Traffic is a set of source addresses and a set of ports. Each layer of the
// path (a security group, a network ACL, a route table) splits it into what it
// lets through, with the rules that did so, and what it stops. What is left over
// is the counterexample. Where a rule can't be resolved, the traffic that it
// might let through is neither passed nor stopped but open.
//
// The package is pure: it reads a snapshot and does no I/O.
package netpath
