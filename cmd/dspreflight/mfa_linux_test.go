package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// TestMFAIsAskedOnATerminal types the code of an MFA device where the program asks for
// it: once, though two scopes use the profile.
func TestMFAIsAskedOnATerminal(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, files)
	env := s.Env()
	to, err := url.Parse(env["AWS_ENDPOINT_URL"])
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var codes []string
	forward := httputil.NewSingleHostReverseProxy(to)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("TokenCode") != "" {
			mu.Lock()
			codes = append(codes, form.Get("SerialNumber")+" "+form.Get("TokenCode"))
			mu.Unlock()
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n[profile mfa]\nregion = us-east-1\nrole_arn = arn:aws:iam::111122223333:role/Audit\nsource_profile = base\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_ENDPOINT_URL", between.URL)
	t.Setenv("AWS_ENDPOINT_URL_STS", between.URL) // where roles of profiles are assumed
	t.Setenv("AWS_CONFIG_FILE", file)
	screen, program := openTerminal(t, 80)
	if _, err := screen.WriteString("123456\n"); err != nil { // typed ahead
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		body, _ := io.ReadAll(screen)
		shown <- string(body)
	}()
	var stdout strings.Builder
	code := run(t.Context(), []string{"dspreflight", "check", "--no-probe", "--profile", "mfa", "--agent-ip", "10.10.1.50", "--source-region", "ap-northeast-1"}, program, &stdout, program)
	if err := program.Close(); err != nil {
		t.Fatal(err)
	}
	said := <-shown
	t.Log(said)
	if !strings.Contains(said, "code of the MFA device arn:aws:iam::111122223333:mfa/me: ") {
		t.Errorf("exit code %d, and nobody was asked: %q\n%s", code, said, stdout.String())
	}
	if len(codes) != 1 || codes[0] != "arn:aws:iam::111122223333:mfa/me 123456" {
		t.Errorf("AWS was given %q, exit code %d\n%s", codes, code, stdout.String())
	}
}
