package snapshot

import (
	"errors"
	"fmt"
	"strings"
)

// Error is an error in every language that dspreflight speaks.
type Error struct {
	err  error
	ja   string
	args []any
}

// Errorf makes an error from a format in English and one in Japanese, which take
// the same arguments. %w wraps, as in fmt.Errorf.
func Errorf(en, ja string, args ...any) error {
	return &Error{fmt.Errorf(en, args...), ja, args}
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
		args := make([]any, len(own.args))
		for i, a := range own.args {
			args[i] = a
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
