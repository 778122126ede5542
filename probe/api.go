package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// APITarget is an API of AWS to reach.
type APITarget struct{ Service, Region, URL string }

// APIs tries to reach each API over HTTPS, the way the SDK would: through the
// proxy of the environment if there is one. It sends no credentials; any answer
// shows that the way is open, and its Date header what the server's clock says.
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
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, t.URL, nil)
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
		a.Outcome, a.Errno, a.Untrusted = whyNot(ctx, err)
		return a
	}
	_ = resp.Body.Close()
	a.Outcome, a.Status = snapshot.Open, resp.StatusCode
	if server, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// The header has whole seconds, cut off.
		skew := math.Round(start.Add(end.Sub(start)/2).Sub(server).Seconds() - 0.5)
		a.SkewS = &skew
	}
	return a
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
		return snapshot.Open, "", "not valid" + issuer(invalid.Cert)
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
