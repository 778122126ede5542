package terraform

import (
	"fmt"
	"strings"
)

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}

// keyText writes a key of count or for_each as it stands in an address.
func keyText(index any) string {
	switch k := index.(type) {
	case nil:
		return ""
	case string:
		return fmt.Sprintf("[%q]", k)
	}
	return fmt.Sprintf("[%v]", index)
}

// withoutKeys takes the keys of count and for_each out of a module's address.
func withoutKeys(address string) string {
	if !strings.Contains(address, "[") {
		return address
	}
	var b strings.Builder
	for _, s := range split(address) {
		if strings.HasPrefix(s, "[") {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s)
	}
	return b.String()
}

// split takes an address or a reference apart: names, and keys with their
// brackets.
func split(s string) []string {
	var out []string
	start, depth, quoted := 0, 0, false
	cut := func(end int) {
		if end > start {
			out = append(out, s[start:end])
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '[':
			if depth == 0 {
				cut(i)
				start = i
			}
			depth++
		case c == ']' && depth > 0:
			if depth--; depth == 0 {
				cut(i + 1)
				start = i + 1
			}
		case c == '.' && depth == 0:
			cut(i)
			start = i + 1
		}
	}
	cut(len(s))
	return out
}

// parent is the module that calls a module, and the key of the call.
func parent(module string) (path, key string) {
	parts := split(module)
	if n := len(parts); n > 0 && strings.HasPrefix(parts[n-1], "[") {
		key = parts[n-1]
		parts = parts[:n-1]
	}
	if len(parts) < 2 {
		return "", key
	}
	return unsplit(parts[:len(parts)-2]), key
}

func unsplit(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		if b.Len() > 0 && !strings.HasPrefix(p, "[") {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}
