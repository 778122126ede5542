package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// APITarget is an API of AWS to reach.
type APITarget struct{ Service, Region, URL string }

// APIs tries to reach each API over HTTPS, the way the SDK would: through the
// proxy of the environment if there is one. It sends a call that reads, without
// credentials: the service refuses it and names the request, which nothing in
// between does. The Date header says what the server's clock shows.
// transport is the SDK's own, which may trust further authorities; nil: Go's.
func APIs(ctx context.Context, targets []APITarget, timeout time.Duration, transport *http.Transport) []snapshot.API {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport)
	}
	transport = transport.Clone()
	transport.DisableKeepAlives = true
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return proxyRefused(answer.StatusCode)
		}
		return nil
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport, Timeout: 2 * timeout, // a connection and a handshake
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	out := make([]snapshot.API, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() { out[i] = reach(ctx, client, t, timeout) })
	}
	wg.Wait()
	return out
}

func reach(ctx context.Context, client *http.Client, t APITarget, timeout time.Duration) snapshot.API {
	a := snapshot.API{Service: t.Service, Region: t.Region, URL: t.URL, Outcome: snapshot.Failed}
	req, err := call(ctx, t)
	if err != nil {
		return a
	}
	if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
		a.Proxy = proxy.Host
	} else {
		lookup, cancel := context.WithTimeout(ctx, timeout)
		addrs, err := net.DefaultResolver.LookupNetIP(lookup, "ip", req.URL.Hostname())
		if err != nil {
			a.Outcome = classifyLookup(ctx, err)
			cancel()
			return a
		}
		cancel()
		for _, addr := range addrs {
			a.Addresses = append(a.Addresses, addr.Unmap())
		}
		slices.SortFunc(a.Addresses, netip.Addr.Compare)
		a.Addresses = slices.Compact(a.Addresses)
	}
	start := time.Now()
	resp, err := client.Do(req)
	end := time.Now()
	a.ElapsedMS = milliseconds(end.Sub(start))
	if err != nil {
		var refused proxyRefused
		if errors.As(err, &refused) {
			a.Outcome, a.ProxyStatus = snapshot.Prohibited, int(refused)
			return a
		}
		a.Outcome, a.Errno, a.Untrusted = whyNot(ctx, err)
		return a
	}
	named := namesRequest(resp)
	_ = resp.Body.Close()
	a.Outcome, a.Status, a.RequestID = snapshot.Open, resp.StatusCode, &named
	if server, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// The header has whole seconds, cut off.
		skew := math.Round(start.Add(end.Sub(start)/2).Sub(server).Seconds() - 0.5)
		a.SkewS = &skew
	}
	return a
}

// proxyRefused is the status with which a proxy answers instead of connecting.
type proxyRefused int

func (p proxyRefused) Error() string { return "the proxy answered " + strconv.Itoa(int(p)) }

// queries are calls of the services whose API is a query string. They read, and
// without credentials AWS refuses them.
var queries = map[string]string{
	"ec2": "Action=DescribeRegions&Version=2016-11-15",
	"sts": "Action=GetCallerIdentity&Version=2011-06-15",
	"iam": "Action=GetUser&Version=2010-05-08",
}

// call makes the request: DataSync takes JSON, the others a query.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_ListAgents.html
func call(ctx context.Context, t APITarget) (*http.Request, error) {
	if query, ok := queries[t.Service]; ok {
		at, err := url.Parse(t.URL)
		if err != nil {
			return nil, err
		}
		at.RawQuery = query
		return http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, strings.NewReader("{}"))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "FmrsService.ListAgents")
	}
	return req, err
}

// mostAnswer is more than an error of AWS takes.
const mostAnswer = 4 << 10

// namesRequest reports whether an answer carries the id that each service of AWS
// gives a request, in a header or, as EC2 does, in the XML of an error.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
// and https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
func namesRequest(resp *http.Response) bool {
	for _, header := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id"} {
		if resp.Header.Get(header) != "" {
			return true
		}
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	return bytes.Contains(body, []byte("<RequestID>")) || bytes.Contains(body, []byte("<RequestId>"))
}

// span is the time that a certificate is valid for.
func span(c *x509.Certificate) string {
	if c == nil {
		return "at another time"
	}
	return "from " + c.NotBefore.UTC().Format(time.RFC3339) + " to " + c.NotAfter.UTC().Format(time.RFC3339)
}

func whyNot(ctx context.Context, err error) (outcome snapshot.Outcome, errno, untrusted string) {
	var number syscall.Errno
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var timedOut net.Error
	issuer := func(c *x509.Certificate) string {
		if c == nil {
			return ""
		}
		return ", issued by " + c.Issuer.String()
	}
	switch {
	case ctx.Err() != nil:
		return snapshot.Cancelled, "", ""
	case errors.As(err, &unknown):
		return snapshot.Open, "", "unknown authority" + issuer(unknown.Cert)
	case errors.As(err, &name):
		return snapshot.Open, "", "other name" + issuer(name.Certificate)
	case errors.As(err, &invalid):
		if invalid.Reason != x509.Expired {
			return snapshot.Open, "", "not for this use" + issuer(invalid.Cert)
		}
		return snapshot.Open, "", snapshot.CertificateExpired + " now, but " + span(invalid.Cert) + issuer(invalid.Cert)
	case errors.As(err, &verification):
		return snapshot.Open, "", "not verified"
	case errors.As(err, &number):
		number = canonical(number)
		outcome, _ = classify(number, false)
		return outcome, errnoName(number), ""
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return snapshot.Filtered, "", ""
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next // the outer ones repeat the URL
	}
	return snapshot.Failed, err.Error(), ""
}
