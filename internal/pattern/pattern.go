// Package pattern holds regular expressions until they are used.
package pattern

import (
	"regexp"
	"sync"
)

// Late compiles an expression when it is first used: most runs use few of the many
// that the program holds.
func Late(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
