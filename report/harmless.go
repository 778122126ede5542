package report

import (
	"reflect"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Harmless makes text from outside safe to print; see outside.Text.Terminal.
func Harmless(s string) string { return outside.Of(s).Terminal() }

// HarmlessLines is Harmless for text whose line breaks are meant.
func HarmlessLines(s string) string { return outside.Of(s).Lines() }

// cleaner makes every string in a value harmless, so that none that is added to a
// report later can be forgotten. Line breaks stay, since those that are meant can't
// be told from others here: each value is made harmless where it is inserted too.
//
// It remembers texts: targets that share an estate have most of them in common. The zero
// value is ready.
type cleaner struct{ known map[string]string }

// mostKnown is how many texts are remembered: many times those of a target.
const mostKnown = 1 << 14

func (c *cleaner) text(s string) string {
	clean, ok := c.known[s]
	if ok {
		return clean
	}
	if c.known == nil || len(c.known) == mostKnown {
		c.known = map[string]string{}
	}
	clean = HarmlessLines(s)
	c.known[s] = clean
	return clean
}

func (c *cleaner) clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); v.CanSet() { // what is harmless may be the catalogue's, which nobody writes
			if clean := c.text(s); clean != s {
				v.SetString(clean)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			c.clean(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			c.clean(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			c.clean(v.Field(i))
		}
	}
}
