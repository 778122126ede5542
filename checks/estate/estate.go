// Package estate is the evidence of dspreflight as other modules see it: how an
// estate is read, what its tables hold, and how far each was seen.
//
// An estate is one or more scopes, each an AWS account in one Region. A scope holds
// one table for each call of AWS. Rows have the fields of AWS's replies. A look-up has
// three answers: a row is Present, Absent only where the whole table was seen, and
// Unobserved otherwise; the zero value is Unobserved. GapFor says why a table does not
// answer, which is what a check passes to Exam.Unknown.
//
// The names are aliases, so that what is made here is what checks and report take.
package estate

import (
	"io/fs"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What an estate is made of.
type (
	Snapshot = snapshot.Snapshot // everything that was observed
	Scope    = snapshot.Scope    // an account in one Region
	Role     = snapshot.Role     // the side of the path that a scope plays
	Target   = snapshot.Target   // what is to be activated; empty fields were not given
	Extent   = snapshot.Extent   // how far a table was seen
	Presence = snapshot.Presence // what a look-up means
	Evidence = snapshot.Evidence // an observed fact
	Gap      = snapshot.Gap      // what could not be seen, and why
	GapCode  = snapshot.GapCode
	Pending  = snapshot.Pending // what is known only after apply
)

// Table holds the rows of one call in one scope.
type Table[T snapshot.Row] = snapshot.Table[T]

// The sides of the path.
const (
	Destination = snapshot.Destination // the endpoint's
	Source      = snapshot.Source      // the agent's
)

// How far a table was seen.
const (
	None     = snapshot.None
	Declined = snapshot.Declined
	Partial  = snapshot.Partial
	Full     = snapshot.Full
)

// The answers of a look-up.
const (
	Unobserved = snapshot.Unobserved
	Absent     = snapshot.Absent
	Present    = snapshot.Present
)

// Gaps that a check may find by itself; GapFor knows those of the tables.
const (
	FieldUnseen  = snapshot.FieldUnseen  // a row lacks a field that AWS always gives
	InTransition = snapshot.InTransition // AWS is still changing it, or its state is not one that is known
	Malformed    = snapshot.Malformed    // a value is not what AWS documents
)

// Options say how to understand a folder.
type Options = snapshot.ReadOptions

// Read reads an estate from a folder: one sub-folder for each scope, or a single scope
// where there are none, with a file for each call, as the AWS CLI prints it. It is what
// dspreflight snapshot --save writes, and what fixtures.Open gives.
func Read(files fs.FS, opt Options) (*Snapshot, error) { return snapshot.Read(files, opt) }

// Saw is evidence from a call: the resource, and what was seen of it in English and
// Japanese.
func Saw(k Kind, resource, en, ja string) Evidence {
	return snapshot.Saw(k, resource, snapshot.Text{En: en, Ja: ja})
}

// FieldGap explains why a row lacks a field: it is known only after apply, or the call
// did not show it.
func FieldGap(k Kind, resource string, pending Pending, field string) Gap {
	return snapshot.FieldGap(k, resource, pending, field)
}
