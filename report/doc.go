// Package report turns results into what people and machines read. A Report
// has the same statuses and the same exit code in every format; a Renderer only
// lays them out.
package report
