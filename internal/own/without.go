//go:build !cel

package own

import (
	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Read says which build can read checks.
func Read(string, []byte, checks.Catalogue) (checks.Catalogue, error) {
	return nil, snapshot.Errorf("this build can't evaluate CEL: use the program dspreflight-cel of the same release, or make build-cel", "このビルドは CEL を評価できない。同じリリースの dspreflight-cel を使うか、make build-cel でビルドする")
}
