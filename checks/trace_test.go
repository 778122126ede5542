package checks_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// agrees holds the trace against the checks: no hop stops the packet unless a check
// fails, and none is open unless a check is open or fails.
func agrees(t *testing.T, name string, target snapshot.Target, snap *snapshot.Snapshot) {
	t.Helper()
	results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
	found := map[checks.Status]bool{}
	for _, r := range results {
		for _, f := range r.Findings {
			found[f.Status] = true
		}
	}
	trace := checks.TraceOf(target, snap, results)
	if trace == nil {
		return
	}
	for _, h := range slices.Concat(trace.There, trace.Back) {
		for _, f := range h.Findings {
			switch {
			case f.Status == checks.Fail && !found[checks.Fail]:
				t.Errorf("%s: %s %s stops the packet, and no check fails: %v", name, h.Layer, h.Holder, f)
			case f.Status == checks.Unknown && !found[checks.Fail] && !found[checks.Unknown]:
				t.Errorf("%s: %s %s is open, and no check is: %v", name, h.Layer, h.Holder, f)
			}
		}
	}
}

// TestTraceAgreesWithChecks traces every wound, and of healthy estates
// with one file after another taken away.
func TestTraceAgreesWithChecks(t *testing.T) {
	for _, folder := range wounds(t) {
		target, snap := wounded(t, folder)
		agrees(t, folder, target, snap)
	}
	for _, kind := range healthy.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			whole := healthy.Estate(kind, 1)
			for _, name := range slices.Sorted(maps.Keys(whole)) {
				if strings.Contains(name, "manifest") || strings.Contains(name, "target") {
					continue
				}
				files := fstest.MapFS{}
				maps.Copy(files, whole)
				delete(files, name)
				target, snap := open(t, files)
				agrees(t, "without "+name, target, snap)
			}
		})
	}
}
