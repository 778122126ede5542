package redact

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Key is the secret by which values are replaced.
type Key [32]byte

// NewKey makes a key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:]) // it never fails
	return k
}

// ParseKey reads what String writes.
func ParseKey(text string) (Key, error) {
	var k Key
	body, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(body) != len(k) {
		return k, snapshot.Errorf("it is not a key: expected %d hexadecimal digits, as --redact-key writes them into a file that is not there yet", "鍵ではない。--redact-key が新しいファイルに書く %d 桁の 16 進数であるべき", 2*len(k))
	}
	copy(k[:], body)
	return k, nil
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Mark tells reports that were redacted with one key from others, and nothing of it.
func (k Key) Mark() string {
	r := Redactor{key: k}
	return hex.EncodeToString(r.digest("mark", ""))[:16]
}
