package main

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/estate"
	"github.com/dspreflight/dspreflight/fixtures"
)

const subnets = "destination/describe-subnets.json"

// healthy is an estate of dspreflight, to be changed.
func healthy(t *testing.T) fstest.MapFS {
	t.Helper()
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var body []byte
			body, err = fs.ReadFile(files, name)
			out[name] = &fstest.MapFile{Data: body}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSubnetOwner(t *testing.T) {
	tagged := healthy(t)
	body := string(tagged[subnets].Data)
	owned := strings.ReplaceAll(body, `"SubnetId":`, `"Tags": [{"Key": "Owner", "Value": "network"}], "SubnetId":`)
	tagged[subnets] = &fstest.MapFile{Data: []byte(owned)}
	hidden := healthy(t)
	delete(hidden, subnets)
	for _, tt := range []struct {
		name  string
		files fs.FS
		want  checks.Status
	}{{"no tag", healthy(t), checks.Warn}, {"a tag", tagged, checks.Pass}, {"not seen", hidden, checks.Unknown}} {
		t.Run(tt.name, func(t *testing.T) {
			snap, err := estate.Read(tt.files, estate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			target, err := checks.Complete(snap, estate.Target{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range checks.Run(context.Background(), target, snap.For(target), subnetOwner.WithPrior(), checks.Options{}) {
				if r.Check == subnetOwner && r.Status != tt.want {
					t.Errorf("%s, want %s: %+v", r.Status, tt.want, r.Findings)
				}
			}
		})
	}
}

func TestAudit(t *testing.T) {
	var out strings.Builder
	code, err := audit(context.Background(), healthy(t), &out)
	if err != nil || code != 0 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	for _, want := range []string{"subnet-owner", "ORG101", "READY  0 fail  0 unknown  1 warn"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}
