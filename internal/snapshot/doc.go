// Package snapshot is the evidence that a verdict rests on: what was observed
// of an estate, and how far it was observed.
//
// An estate is one or more scopes; a scope is one AWS account in one Region. A
// scope holds one table per AWS call. A table knows its extent: a row that is
// missing from a table proves absence only when the table was seen in full.
// The zero value of everything here means "not observed".
//
// What is written into a table, and what it then proves:
//
//	See      how far a call saw the table; of several calls the worst counts
//	Asked    the call was about these ids: it answers for them, and for no other
//	Put      a whole row, in place of the one with its id
//	PutPart  a row that lists things, and there may be more of them
//	Add      a row that no call showed; whether there are others stays open
//	Delete   the row does not exist, which is proved
//	Lose     the row may exist, and nothing of it is known
//	Settle   every row of a VPC is there, as where a plan makes the VPC
//	Doubt    rows may be missing, whatever was seen before
//
// The package knows how to read and write the folder layout that the AWS CLI
// produces (one file per command). It does no I/O beyond the fs.FS it is given,
// and imports nothing but the standard library.
package snapshot
