// Package own reads checks that a user wrote without Go: a YAML file whose expressions
// are in CEL (https://cel.dev), over the same tables as our checks.
//
// CEL is in builds with the tag cel only: it makes the program a third larger.
package own
