package probe

import (
	"context"
	"os/exec"
	"time"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	toolNames    = []string{"curl", "aws"}
	toolVersion  = pattern.New(`(?:curl |aws-cli/)([0-9]+(?:\.[0-9]+)*)`)
	versionTakes = 10 * time.Second // a cold Python on a slow disk
)

// Tools looks for the programs that the documented manual way needs, and asks
// those that are there for their version.
func Tools(ctx context.Context) []snapshot.Tool {
	out := []snapshot.Tool{}
	for _, name := range toolNames {
		t := snapshot.Tool{Name: name}
		if path, err := exec.LookPath(name); err == nil {
			t.Found = true
			ctx, cancel := context.WithTimeout(ctx, versionTakes)
			said, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
			cancel()
			if m := toolVersion.Re().FindSubmatch(said); err == nil && m != nil {
				t.Version = string(m[1])
			}
		}
		out = append(out, t)
	}
	return out
}
