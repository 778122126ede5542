//go:build !linux

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// dialsAtOnce stays below the 256 descriptors that macOS gives a process.
const dialsAtOnce = 192

// dialAll makes the connection attempts with net.Dialer, whose errors hold the
// error number but no ICMP message.
func dialAll(ctx context.Context, targets []Target, opt Options) []attempt {
	out := make([]attempt, len(targets))
	slots := make(chan struct{}, dialsAtOnce)
	busy := map[netip.Addr]chan struct{}{}
	for _, t := range targets {
		if busy[t.Addr] == nil {
			busy[t.Addr] = make(chan struct{}, opt.PerAddress)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i, t := range targets {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			busy[t.Addr] <- struct{}{}
			defer func() { <-busy[t.Addr] }()
			out[i] = dialOne(ctx, t, opt.Timeout)
			mu.Lock()
			defer mu.Unlock()
			done++
			if opt.Progress != nil {
				opt.Progress(done, len(targets))
			}
		})
	}
	wg.Wait()
	return out
}

func dialOne(ctx context.Context, t Target, timeout time.Duration) attempt {
	d := net.Dialer{Timeout: timeout, KeepAlive: -1}
	start := time.Now()
	conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(t.Addr, t.Port).String())
	a := attempt{outcome: snapshot.Open, elapsed: time.Since(start)}
	if err == nil {
		if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
			a.from = local.AddrPort().Addr().Unmap()
		}
		_ = conn.Close()
		return a
	}
	var errno syscall.Errno
	var timedOut net.Error
	switch {
	case ctx.Err() != nil:
		a.outcome = snapshot.Cancelled
	case errors.As(err, &errno):
		errno = canonical(errno)
		a.outcome, a.local = classify(errno, a.elapsed < time.Millisecond)
		a.errno = errnoName(errno)
	case errors.As(err, &timedOut) && timedOut.Timeout():
		a.outcome = snapshot.Filtered
	default:
		a.outcome = snapshot.Failed
	}
	return a
}
