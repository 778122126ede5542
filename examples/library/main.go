// Command library asks the checks of dspreflight, and one of its own, about the estate
// in a folder, and prints a table.
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/estate"
	"github.com/dspreflight/dspreflight/report"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: library FOLDER")
		os.Exit(2)
	}
	code, err := audit(context.Background(), os.DirFS(os.Args[1]), os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

// audit judges an estate and returns the exit code of its verdict.
func audit(ctx context.Context, files fs.FS, out io.Writer) (int, error) {
	snap, err := estate.Read(files, estate.Options{})
	if err != nil {
		return 0, err
	}
	target, err := checks.Complete(snap, estate.Target{Tasks: 1})
	if err != nil {
		return 0, err
	}
	all, err := checks.All().With(subnetOwner)
	if err != nil {
		return 0, err
	}
	judged := report.Run{All: all, Options: checks.Options{Now: time.Now()}}.Judge(ctx, snap, []estate.Target{target})
	rep := report.Build(judged, report.Options{Lang: "en", FailOn: report.OnFail, GeneratedAt: snap.TakenAt})
	return rep.ExitCode, report.Table(report.TableOptions{Lang: "en", Width: report.DefaultWidth})(out, rep)
}
