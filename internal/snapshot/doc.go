// Package snapshot is the evidence that a verdict rests on: what was observed
// of an estate, and how far it was observed.
//
// An estate is one or more scopes; a scope is one AWS account in one Region. A
// scope holds one table per AWS call. A table knows its extent: a row that is
// missing from a table proves absence only when the table was seen in full.
// The zero value of everything here means "not observed".
//
// The package knows how to read and write the folder layout that the AWS CLI
// produces (one file per command). It does no I/O beyond the fs.FS it is given,
// and imports nothing but the standard library.
package snapshot
