package audit

import (
	"context"
	"os"

	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// maxReportBytes is far above the report of 10,000 targets.
const maxReportBytes = 1 << 30

// Judged is a snapshot that was judged; the zero value: a report was read.
type Judged struct {
	Snap    *snapshot.Snapshot
	Targets []snapshot.Target
}

// ReportAt reads a report, or judges a snapshot, which it hands over too.
func (r *Run) ReportAt(ctx context.Context, path string) (report.Report, Judged, error) {
	if info, err := os.Stat(path); err != nil {
		return report.Report{}, Judged{}, files.PlainPath(err)
	} else if !info.IsDir() {
		body, err := r.read(ctx, path, maxReportBytes)
		if err != nil {
			return report.Report{}, Judged{}, err
		}
		rep, err := report.ReadJSON(body)
		return rep, Judged{}, err
	}
	snap, err := ReadFolder(path, snapshot.ReadOptions{Complete: r.Complete})
	if err != nil {
		return report.Report{}, Judged{}, err
	}
	r.tellPassed(path, snap.Passed)
	targets, err := complete(snap, r.Said, r.Request.Targets)
	if err != nil {
		return report.Report{}, Judged{}, err
	}
	plain := *r
	plain.Redaction = nil
	rep, err := plain.judge(ctx, ctx, targets, snap, Masked{snap, targets, r.Waivers})
	return rep, Judged{snap, targets}, err
}
