package report_test

import (
	"context"
	"fmt"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/estate"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/report"
)

// An estate is judged, and its report built.
func ExampleRun_Judge() {
	files, _, err := fixtures.Open("few-addresses")
	if err != nil {
		fmt.Println(err)
		return
	}
	snap, err := estate.Read(files, estate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := checks.Complete(snap, estate.Target{})
	if err != nil {
		fmt.Println(err)
		return
	}
	judged := report.Run{All: checks.All()}.Judge(context.Background(), snap, []estate.Target{target})
	rep := report.Build(judged, report.Options{Lang: "en", FailOn: report.OnFail, GeneratedAt: snap.TakenAt})
	fmt.Println(rep.Verdict.Label(), rep.ExitCode)
	fmt.Println(rep.Summary.Fail, "fail")
	// Output:
	// NOT READY 1
	// 1 fail
}
