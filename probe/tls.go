package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// handshakesAtOnce bounds the connections that handshakes hold open; it stays
// below spareDescriptors.
const handshakesAtOnce = 32

// shakeAll does a handshake with every open port that wants one and has none
// yet, and puts what was seen into the results.
func shakeAll(ctx context.Context, targets []Target, out []snapshot.Probe, opt Options) {
	slots := make(chan struct{}, handshakesAtOnce)
	var wg sync.WaitGroup
	for i, t := range targets {
		if !t.TLS || out[i].Outcome != snapshot.Open || out[i].TLS != nil || ctx.Err() != nil {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			state := handshake(ctx, t, opt.Timeout)
			if state.Outcome == "no-answer" && ctx.Err() == nil { // one lost packet costs a second and more
				state = handshake(ctx, t, opt.Timeout)
			}
			if ctx.Err() == nil {
				out[i].TLS = state
			}
		})
	}
	wg.Wait()
}

// handshake opens a connection and negotiates TLS, trusting anything: what the
// other side shows is recorded, and whether it can be relied upon.
func handshake(ctx context.Context, t Target, timeout time.Duration) *snapshot.TLSState {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s := &snapshot.TLSState{}
	conf := &tls.Config{
		InsecureSkipVerify: true, // see above
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.Host,
	}
	start := time.Now()
	d := tls.Dialer{Config: conf}
	conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(t.Addr, t.Port).String())
	s.ElapsedMS = milliseconds(time.Since(start))
	if err != nil {
		s.Outcome, s.Detail = handshakeOutcome(err)
		return s
	}
	defer conn.Close()
	s.Outcome = "ok"
	if c, ok := conn.(*tls.Conn); ok {
		shown := c.ConnectionState().PeerCertificates
		trusted := verified(shown, nil)
		s.Verified = &trusted
		for _, cert := range shown[:1] {
			s.Names = slices.Clone(cert.DNSNames)
			if len(s.Names) == 0 && cert.Subject.CommonName != "" {
				s.Names = []string{cert.Subject.CommonName}
			}
			s.Issuer = cert.Issuer.String()
		}
	}
	return s
}

// verified reports whether a chain of certificates leads to one of the roots, those of
// this machine where none are given. Whom the first is for is not asked.
func verified(chain []*x509.Certificate, roots *x509.CertPool) bool {
	if len(chain) == 0 {
		return false
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err == nil
}

func handshakeOutcome(err error) (outcome, detail string) {
	var timedOut net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return "no-answer", ""
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset", ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed", ""
	case errors.As(err, &record):
		return "not-tls", printable(string(record.RecordHeader[:]))
	case errors.As(err, &alert):
		return "failed", alert.Error()
	}
	return "failed", ""
}

// printable keeps the letters of what was sent instead of TLS, such as "HTTP/".
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
}
