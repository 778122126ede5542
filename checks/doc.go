// Package checks holds the questions that dspreflight asks of an estate, one
// file a check, and the engine that runs them.
//
// A check is data with one function. Its title is a claim in the affirmative;
// its function looks at a target and a snapshot and reports findings:
//
//   - OK, with the evidence that proves the claim;
//   - Report, with one of the check's problems, which proves the contrary;
//   - Unknown, with the gap that stands in the way of either;
//   - NotApplicable, with the reason why the question is moot.
//
// The engine gives a check only the tables that it declares, turns crashes and
// overruns into UNKNOWN, and lets nothing pass without evidence. Checks are
// pure: they reach neither the network nor AWS nor the file system.
//
// To add one: a file here with its problems, a call of register and its
// function; a folder under testdata with a wound for each problem; then
// `make docs`.
package checks
