package snapshot

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Error is an error in every language that dspreflight speaks.
type Error struct {
	err  error
	ja   string
	args []any
}

// Errorf makes an error from a format in English and one in Japanese, which take
// the same arguments. %w wraps, as in fmt.Errorf. A Text among the arguments is
// worded in the language of the error. What is inserted may come from outside, such
// as the name of a file: it can't break out of its line.
func Errorf(en, ja string, args ...any) error {
	return &Error{fmt.Errorf(en, worded(args, "en")...), ja, args}
}

func worded(args []any, lang string) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a
		switch a := a.(type) {
		case Text:
			out[i] = outside.Of(a.In(lang)).Terminal()
		case string:
			out[i] = outside.Of(a).Terminal()
		}
	}
	return out
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns what the English error wraps.
func (e *Error) Unwrap() error { return errors.Unwrap(e.err) }

// Is reports whether the error wraps, or is, the target.
func (e *Error) Is(target error) bool { return e == target || errors.Is(e.err, target) }

// ErrorIn words an error in a language, as far as its parts speak it.
func ErrorIn(err error, lang string) string {
	if err == nil || lang != "ja" {
		return fmt.Sprint(err)
	}
	if own, ok := err.(*Error); ok {
		args := worded(own.args, lang)
		for i, a := range args {
			if inner, ok := a.(error); ok {
				args[i] = ErrorIn(inner, lang)
			}
		}
		return fmt.Sprintf(strings.ReplaceAll(own.ja, "%w", "%v"), args...)
	}
	inner := errors.Unwrap(err)
	if inner == nil {
		return err.Error()
	}
	return strings.Replace(err.Error(), inner.Error(), ErrorIn(inner, lang), 1)
}
