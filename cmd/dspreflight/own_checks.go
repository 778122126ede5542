package main

import (
	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	ownchecks "github.com/dspreflight/dspreflight/internal/own"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// maxChecksBytes is far above what a person writes.
const maxChecksBytes = 1 << 20

func ownChecksFlag() cli.Flag {
	return stringFlag(groupSelection, "checks", "checks of your own beside ours: a YAML `FILE` of CEL expressions (docs/own-checks.md; needs the build dspreflight-cel)")
}

// catalogue is ours, with the checks of --checks.
func catalogue(c *cli.Context) (checks.Catalogue, error) {
	path := c.String("checks")
	if path == "" {
		if c.IsSet("checks") {
			return nil, snapshot.Errorf("--checks is empty", "--checks が空")
		}
		return checks.All(), nil
	}
	body, err := readLimited(c, path, maxChecksBytes)
	if err != nil {
		return nil, snapshot.Errorf("--checks %s: %w", "--checks %s: %w", path, err)
	}
	all, err := ownchecks.Read(path, body, checks.All())
	if err != nil {
		return nil, snapshot.Errorf("--checks: %w", "--checks: %w", err)
	}
	return all, nil
}

// selection are the checks that --check and --skip choose.
func selection(c *cli.Context, all checks.Catalogue) ([]*checks.Check, error) {
	selected, err := all.Select(c.StringSlice("check"), c.StringSlice("skip"))
	if err != nil {
		return nil, snapshot.Errorf("--check or --skip: %w", "--check または --skip: %w", err)
	}
	return selected, nil
}
