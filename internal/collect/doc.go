// Package collect gathers the evidence from AWS. It is the only package that
// knows the AWS SDK.
//
// Collecting never fails: a call that can't be made or is refused becomes a gap
// in the snapshot. Only what no call can be made without, credentials and a
// Region, is an error.
//
// Calls run in three stages, each at once: the small tables of a scope; then what
// needs their ids (tables filtered by VPC, calls about one resource); then the
// rare leftovers that those refer to. The number of calls grows with scopes and
// what stands in them, never with targets.
package collect
