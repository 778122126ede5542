// Package pattern holds regular expressions until they are used.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is first used: most runs
// use few of the many that the program holds.
type Pattern struct {
	expr string
	once sync.Once
	re   *regexp.Regexp
}

// New states an expression. It is so short that a variable made by it costs nothing
// when the program starts.
func New(expr string) *Pattern { return &Pattern{expr: expr} }

// Re is the compiled expression.
func (p *Pattern) Re() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re
}
