package collect_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// signedIn is a machine whose profile gets its credentials from one server: of IAM
// Identity Center, or of STS, whose role the profile "role" assumes.
func signedIn(t *testing.T, url string) {
	t.Helper()
	home := t.TempDir()
	for k, v := range fakeaws.Env(url) {
		t.Setenv(k, v)
	}
	t.Setenv("HOME", home)
	t.Setenv("AWS_ENDPOINT_URL_STS", url) // where profiles take their credentials
	t.Setenv("AWS_ENDPOINT_URL_SSO", url)
	for _, k := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(k, "")
	}
	const start = "https://example.awsapps.com/start"
	sum := sha1.Sum([]byte(start))
	token := filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
	settings := filepath.Join(home, "config")
	if err := os.MkdirAll(filepath.Dir(token), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		token: fmt.Sprintf(`{"accessToken":"secret","expiresAt":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)),
		settings: "[profile people]\nregion = us-east-1\nsso_start_url = " + start + "\nsso_region = us-east-1\nsso_account_id = 111122223333\nsso_role_name = Audit\n" +
			"[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n" +
			"[profile role]\nregion = us-east-1\nsource_profile = base\nrole_arn = arn:aws:iam::444455556666:role/Audit\n",
	} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", settings)
}

// credentialsOf is STS's answer that gives a role's credentials.
func credentialsOf(key string) string {
	return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + key + "</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>x</SessionToken><Expiration>" +
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
}

// TestSignIn takes the credentials of those who may give them.
func TestSignIn(t *testing.T) {
	genuine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/federation/credentials"):
			fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"AKIDEXAMPLE","secretAccessKey":"example","sessionToken":"x","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli())
		case r.FormValue("Action") == "AssumeRole":
			fmt.Fprint(w, credentialsOf("AKIDEXAMPLE"))
		default:
			t.Errorf("%s is asked", r.URL)
		}
	}))
	defer genuine.Close()
	for _, profile := range []string{"people", "role"} {
		signedIn(t, genuine.URL)
		clients, err := collect.Connector{MaxBackoff: time.Millisecond}.Connect(context.Background(), collect.Account{Profile: profile})
		if err != nil || clients.Refused != nil || clients.Credentials == nil {
			t.Errorf("%s: %v, %+v", profile, err, clients.Refused)
		}
	}
}

// TestSignInByOthers lets something in between answer who signs people in and who
// gives a role's credentials: nothing crashes, no redirect is followed with what was
// signed, and no scope is read with credentials that nobody gave.
func TestSignInByOthers(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	bodies := map[string]string{
		"empty": "", "object": "{}", "null": `{"roleCredentials":null}`, "blank": `{"roleCredentials":{}}`, "html": "<html><body>please log in</body></html>", "list": "[]",
		"root": "<AssumeRoleResponse/>", "no credentials": "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
		"blank credentials": "<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>", "other": "<DescribeVpcsResponse/>",
		"error": "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "mark": "\ufeff{}", "two objects": "{}{}", "two roots": credentialsOf("AKIDEXAMPLE") + credentialsOf("AKIDOTHER"), "cut": strings.TrimSuffix(credentialsOf("AKIDEXAMPLE"), "</AssumeRoleResponse>"),
		"said twice": `{"roleCredentials":{"accessKeyId":"AKIDEXAMPLE","secretAccessKey":"x","sessionToken":"x","expiration":1},"roleCredentials":{"accessKeyId":"AKIDOTHER","secretAccessKey":"x","sessionToken":"x","expiration":1}}`,
		"large":      "{" + strings.Repeat(" ", 65<<20) + "}",
	}
	for _, profile := range []string{"people", "role"} {
		for name, body := range bodies {
			for _, status := range []int{200, 202, 302, 307, 308} {
				if name != "object" && status != 200 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d", profile, name, status), func(t *testing.T) {
					between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Location", elsewhere.URL)
						w.WriteHeader(status)
						_, _ = w.Write([]byte(body))
					}))
					defer between.Close()
					signedIn(t, between.URL)
					clients, err := collect.Connector{MaxBackoff: time.Millisecond}.Connect(context.Background(), collect.Account{Profile: profile})
					if err == nil && clients.Refused == nil {
						t.Errorf("there are credentials: %+v", clients.Credentials)
					}
					if err == nil || !strings.Contains(err.Error(), "HTTPS_PROXY") {
						t.Errorf("it does not say what may be in between: %v", err)
					}
				})
			}
		}
	}
	if n := followed.Load(); n > 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}
