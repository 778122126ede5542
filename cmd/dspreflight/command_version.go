package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// release is set by the Makefile (-ldflags); without it the version is that of
// the module.
var release = ""

func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func printVersion(env *environment) {
	fmt.Fprintf(env.stdout, "dspreflight %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionFacts are what version -o json tells.
type versionFacts struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func versionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the version",
		UsageText: "dspreflight version [-o text|json]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			switch o := c.String("output"); o {
			case "text":
				printVersion(env)
				return nil
			case "json":
				return writeJSON(env, versionFacts{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			default:
				return snapshot.Errorf("--output %q: expected text or json", "--output %q: text か json を指定する", o)
			}
		},
	}
}
