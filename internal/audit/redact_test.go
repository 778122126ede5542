package audit

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dspreflight/dspreflight/internal/redact"
)

// TestOneKeyOfManyRuns lets runs begin at once with a key that is not there yet: those
// that get one get the same, and it is the one that is kept.
func TestOneKeyOfManyRuns(t *testing.T) {
	for range 50 {
		file := filepath.Join(t.TempDir(), "key")
		var keys [8]redact.Key
		var errs [len(keys)]error
		var all sync.WaitGroup
		for n := range keys {
			all.Go(func() { keys[n], errs[n] = (&Run{}).readKey(context.Background(), file) })
		}
		all.Wait()
		kept, err := (&Run{}).readKey(context.Background(), file)
		if err != nil {
			t.Fatal(err)
		}
		for n, key := range keys {
			if errs[n] == nil && key != kept || errs[n] != nil && !strings.Contains(errs[n].Error(), "another run") {
				t.Errorf("%v, kept %v: %v", key, kept, errs[n])
			}
		}
	}
}
