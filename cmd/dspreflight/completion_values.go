package main

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/report"
)

// choices are the values of the flags that take one of a few words.
var choices = map[string]string{
	"color": "auto always never", "lang": "en ja", "requirements": "default article guide", "mode": "basic enhanced", "destination-type": "s3 efs fsx",
	"gate": "change all", "fail-on": "fail warn unknown new", "vantage": "agent-network activation-machine elsewhere", "anyway": "inconclusive", "for": "audit activation",
}

// outputs are the formats of the commands that don't print a report.
var outputs = map[string]string{
	"explain": "text json", "checks": "table json", "fixtures": "table json", "probe": "table json", "iam-policy": "json terraform",
	"diff": "table json", "version": "text json", "runbook": "markdown html",
}

// valuesOf are the values that a flag may get, as far as they are known, for what is
// typed of one. None: the shell offers files.
func valuesOf(cmd *cli.Command, o *option, typed string) []candidate {
	name := o.Names()[0]
	switch {
	case name == "output" && cmd.Name == "bundle": // a file
		return nil
	case name == "output":
		return formatsOf(cmd, typed)
	case name == "fail-on" && cmd.Name == "diff":
		return choicesOf("new")
	case choices[name] != "":
		return choicesOf(strings.Fields(choices[name])...)
	case name == "fixture":
		return choicesOf(fixtures.Names()...)
	case name == "check" || name == "skip":
		return checkIDs()
	case name == "accept":
		return append(problemCodes(), checkIDs()...)
	case name == "profile" || strings.HasSuffix(name, "-profile"):
		return choicesOf(profiles()...)
	case name == "region" || strings.HasSuffix(name, "-region"):
		return choicesOf(strings.Fields(regions)...)
	}
	return nil
}

// argumentsOf are what the arguments of a command may be.
func argumentsOf(cmd *cli.Command) []candidate {
	switch cmd.Name {
	case "explain":
		out := append(problemCodes(), checkIDs()...)
		for _, e := range documented.All() {
			out = append(out, candidate{e.ID, e.Title.En})
		}
		return out
	case "fixtures":
		return choicesOf(fixtures.Names()...)
	case "completion":
		return choicesOf("bash", "fish", "powershell", "zsh")
	}
	return nil
}

// formatsOf are the formats of a command; behind FORMAT= the files.
func formatsOf(cmd *cli.Command, typed string) []candidate {
	if format, path, ok := strings.Cut(typed, "="); ok {
		var out []candidate
		for _, f := range filesAt(path) {
			out = append(out, candidate{format + "=" + f, ""})
		}
		return out
	}
	if words := outputs[cmd.Name]; words != "" {
		return choicesOf(strings.Fields(words)...)
	}
	var out []candidate
	for _, f := range report.Formats() {
		out = append(out, candidate{f.Name, ""}, candidate{f.Name + "=", "into a file"})
	}
	return out
}

// filesAt are the files that begin like a path; folders end with a slash.
func filesAt(path string) []string {
	dir, _ := filepath.Split(path)
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	var out []string
	for _, e := range entries {
		name := dir + e.Name()
		if e.IsDir() {
			name += "/"
		}
		if strings.HasPrefix(name, path) && !strings.ContainsAny(name, "\n\t") {
			out = append(out, name)
		}
	}
	return out
}

func checkIDs() []candidate {
	var out []candidate
	for _, c := range checks.All() {
		out = append(out, candidate{c.ID, c.Title.En})
	}
	return out
}

func problemCodes() []candidate {
	var out []candidate
	for _, c := range checks.All() {
		for _, p := range c.Problems {
			out = append(out, candidate{p.Code, c.ID})
		}
	}
	return out
}

func choicesOf(values ...string) []candidate {
	out := make([]candidate, len(values))
	for i, v := range values {
		out[i].value = v
	}
	return out
}

// profiles are the names in the files that the AWS CLI keeps.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func profiles() []string {
	home, _ := os.UserHomeDir()
	var out []string
	for _, path := range []string{
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), filepath.Join(home, ".aws", "config")),
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(home, ".aws", "credentials")),
	} {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			head, _, ok := strings.Cut(strings.TrimSpace(lines.Text()), "]")
			head, section := strings.CutPrefix(head, "[")
			if !ok || !section || strings.HasPrefix(head, "sso-session ") || strings.HasPrefix(head, "services ") {
				continue
			}
			if name := strings.TrimSpace(strings.TrimPrefix(head, "profile ")); name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		_ = f.Close()
	}
	return out
}

// regions are AWS's Regions, for completion alone: another name is as good.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
const regions = "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 " +
	"ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 " +
	"eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 " +
	"cn-north-1 cn-northwest-1 us-gov-east-1 us-gov-west-1"
