// Package moto starts a moto server for tests: an AWS API that nobody here
// wrote, on a free port of the loopback interface. server.py patches the places
// where moto departs from AWS.
package moto

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/tier"
)

//go:embed server.py
var script []byte

// Paste is a program that pastes commands of the AWS CLI into moto, both in its own
// process.
//
//go:embed paste.py
var Paste string

// The accounts and Regions of the scenarios. moto gives every unknown access key
// the first account; the second is reached by assuming a role in it.
const (
	DestinationAccount = "123456789012"
	DestinationRegion  = "us-east-1"
	SourceAccount      = "222222222222"
	SourceRegion       = "ap-northeast-1"
	SourceRole         = "arn:aws:iam::222222222222:role/audit"
)

// Server is a running moto server.
type Server struct{ URL string }

// Python is an interpreter that has some modules: the one that the Makefile names, else
// the one on the PATH. Where neither has, the test is skipped.
func Python(t testing.TB, modules string) string {
	t.Helper()
	for _, p := range []string{os.Getenv("MOTO_PYTHON"), "python3"} {
		if p != "" && exec.Command(p, "-c", "import "+modules).Run() == nil {
			return p
		}
	}
	t.Skipf("SKIPPED: no Python with %s; `make real` installs one, or set MOTO_PYTHON", modules)
	return ""
}

// Start runs the server until the test ends, and skips the test, loudly, where
// Python or moto is missing.
func Start(t testing.TB) *Server {
	t.Helper()
	tier.Real(t, "a moto server")
	interpreter := Python(t, "moto.server, flask, flask_cors")
	file := filepath.Join(t.TempDir(), "server.py")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	var out bytes.Buffer
	cmd := exec.Command(interpreter, file, "-H", "127.0.0.1", "-p", port)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("moto said:\n%s", out.String())
		}
	})
	s := &Server{URL: "http://127.0.0.1:" + port}
	for range 300 {
		if resp, err := http.Get(s.URL + "/moto-api/data.json"); err == nil {
			_ = resp.Body.Close()
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("moto does not answer:\n%s", out.String())
	return nil
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Reset empties the server.
func (s *Server) Reset(t testing.TB) {
	t.Helper()
	resp, err := http.Post(s.URL+"/moto-api/reset", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// Env leads the AWS SDK to the server.
func (s *Server) Env() map[string]string { return fakeaws.Env(s.URL) }

// clients returns EC2 clients of both accounts.
func (s *Server) clients(ctx context.Context) (destination, source *ec2.Client, err error) {
	load := func(region, key, secret, token string) (aws.Config, error) {
		return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithBaseEndpoint(s.URL), config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(key, secret, token)))
	}
	d, err := load(DestinationRegion, "AKIDEXAMPLE", "example", "")
	if err != nil {
		return nil, nil, err
	}
	role, err := sts.NewFromConfig(d).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(SourceRole), RoleSessionName: aws.String("seed")})
	if err != nil {
		return nil, nil, fmt.Errorf("assume the source role: %w", err)
	}
	c := role.Credentials
	src, err := load(SourceRegion, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return ec2.NewFromConfig(d), ec2.NewFromConfig(src), err
}
