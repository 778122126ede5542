package report

import (
	"reflect"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Harmless makes text from outside safe to print; see outside.Text.Terminal.
func Harmless(s string) string { return outside.Of(s).Terminal() }

// HarmlessLines is Harmless for text whose line breaks are meant.
func HarmlessLines(s string) string { return outside.Of(s).Lines() }

// harmless makes every string in a value harmless, so that none that is added to a
// report later can be forgotten. Line breaks stay, since those that are meant can't
// be told from others here: each value is made harmless where it is inserted too.
func harmless(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); v.CanSet() {
			if clean := HarmlessLines(s); clean != s {
				v.SetString(clean)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			harmless(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			harmless(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			harmless(v.Field(i))
		}
	}
}
