package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestWhoAnswers: the calls are ones that AWS refuses without credentials, and the
// id that a service gives a request is seen in the header or in the error's XML.
func TestWhoAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		named  bool
	}{
		"header":      {func(w http.ResponseWriter) { w.Header().Set("x-amzn-RequestId", "a-b-c"); w.WriteHeader(400) }, true},
		"S3's header": {func(w http.ResponseWriter) { w.Header().Set("x-amz-request-id", "A1"); w.WriteHeader(403) }, true},
		"EC2's XML": {func(w http.ResponseWriter) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "<Response><Errors/><RequestID>a-b-c</RequestID></Response>")
		}, true},
		"a web page": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>blocked</html>") }, false},
		"nothing":    {func(w http.ResponseWriter) { w.WriteHeader(403) }, false},
		"a long page": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, strings.Repeat("x", mostAnswer)+"<RequestID>late</RequestID>")
		}, false},
	} {
		var seen []*http.Request
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r)
			tt.answer(w)
		}))
		for _, service := range []string{"ec2", "datasync"} {
			a := APIs(context.Background(), []APITarget{{service, "us-east-1", server.URL}}, time.Second, nil)[0]
			if a.Outcome != snapshot.Open || a.RequestID == nil || *a.RequestID != tt.named {
				t.Errorf("%s, %s: %+v", name, service, a)
			}
		}
		server.Close()
		if len(seen) != 2 || seen[0].URL.Query().Get("Action") != "DescribeRegions" || !strings.HasSuffix(seen[1].Header.Get("X-Amz-Target"), ".ListAgents") {
			t.Errorf("%s: the calls are %v", name, seen)
		}
		for _, r := range seen {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("%s: a credential was sent", name)
			}
		}
	}
}

// TestProxyRefuses goes through a proxy that answers CONNECT by itself.
func TestProxyRefuses(t *testing.T) {
	for _, status := range []string{"407 Proxy Authentication Required", "403 Forbidden", "503 Service Unavailable"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
				}
				_ = c.Close()
			}
		}()
		transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: l.Addr().String()})}
		a := APIs(context.Background(), []APITarget{{"sts", "us-east-1", "https://127.0.0.1:1"}}, time.Second, transport)[0]
		_ = l.Close()
		if a.Outcome != snapshot.Prohibited || strconv.Itoa(a.ProxyStatus) != status[:3] {
			t.Errorf("%s: %+v", status, a)
		}
	}
}

// TestExpiredCertificate: what a wrong clock may be behind is told from what is
// not trusted.
func TestExpiredCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	body, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{body}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	a := APIs(context.Background(), []APITarget{{"sts", "us-east-1", server.URL}}, time.Second, nil)[0]
	if !strings.HasPrefix(a.Untrusted, snapshot.CertificateExpired) || !strings.Contains(a.Untrusted, "2021-01-02T00:00:00Z") {
		t.Errorf("%+v", a)
	}
}
