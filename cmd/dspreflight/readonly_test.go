package main

import (
	"debug/elf"
	"debug/gosym"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// operation is a function of the SDK that makes or encodes a call of AWS.
var operation = regexp.MustCompile(`aws-sdk-go-v2/service/(\w+)\.\(\*(?:Client\)\.(?:addOperation)?([A-Z]\w*?)(?:Middlewares)?|\w+_serializeOp(\w+)\)\.HandleSerialize)(?:-fm)?$`)

// looks are the beginnings of operations that change nothing.
var looks = regexp.MustCompile(`^(Describe|Get|Search|List|Simulate)`)

// signsIn are the operations, beyond those that look, with which credentials are had.
var signsIn = map[string][]string{
	"sts":     {"AssumeRole", "AssumeRoleWithWebIdentity"},
	"ssooidc": {"CreateToken"},
	"signin":  {"CreateOAuth2Token"},
}

// TestBinaryIsReadOnly builds the program and looks for
// operations of AWS among its functions. One that is not in the binary can't be
// called, whatever the code says.
func TestBinaryIsReadOnly(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" { // whose binaries debug/elf reads
		t.Skip("builds the program for Linux")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dspreflight")
	build := exec.Command("make", "-C", "../..", "build", "BIN="+path) // what is shipped
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := operationsIn(t, path)
	for _, want := range []string{"ec2:DescribeVpcEndpoints", "iam:SimulatePrincipalPolicy", "datasync:ListAgents", "ssm:GetCommandInvocation", "sts:GetCallerIdentity", "sts:AssumeRole"} {
		if !slices.Contains(found, want) {
			t.Errorf("%s is not found in the binary: the test looks for the wrong names", want)
		}
	}
	for _, call := range found {
		service, op, _ := strings.Cut(call, ":")
		if !looks.MatchString(op) && !slices.Contains(signsIn[service], op) {
			t.Errorf("the binary can call %s", call)
		}
	}
}

// operationsIn lists the operations of AWS in the function table of a binary.
func operationsIn(t *testing.T, path string) []string {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := f.Section(".gopclntab").Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, f.Section(".text").Addr))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, fn := range table.Funcs {
		m := operation.FindStringSubmatch(fn.Name)
		if m == nil || m[2] == "Options" { // which reads the client's settings
			continue
		}
		out = append(out, m[1]+":"+m[2]+m[3])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
