package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// spareDescriptors are left to the rest of the process: its files, its calls to
// AWS, its handshakes.
const spareDescriptors = 64

// nap bounds how long the loop sleeps, so that it notices the end of its
// context.
const nap = 50 * time.Millisecond

// startsAtOnce is how many dials are begun before the answers that came in
// meanwhile are looked at; more would blur the times measured.
const startsAtOnce = 64

// dialAll makes all connection attempts from one loop over epoll. It uses
// sockets of its own, not net.Dialer, for two reasons: the ICMP message behind
// an error is kept with the socket (IP_RECVERR), which net.Dialer closes on
// failure, and thousands of attempts in flight cost a few bytes each instead of
// two goroutines.
func dialAll(ctx context.Context, targets []Target, opt Options) []attempt {
	l := &loop{ctx: ctx, targets: targets, opt: opt, out: make([]attempt, len(targets)), limit: descriptors(), own: ownAddresses(), inFlight: map[int32]int{}, busy: map[netip.Addr]int{}, parked: map[netip.Addr][]int{}}
	for i, t := range targets {
		if t.Purpose != snapshot.ToControlPort {
			l.serious++
		}
		l.queue = append(l.queue, i)
	}
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		for i := range l.out {
			l.out[i] = failure(err, true)
		}
		return l.out
	}
	defer unix.Close(ep)
	l.epoll = ep
	l.run()
	return l.out
}

// loop is the state of dialAll.
type loop struct {
	ctx      context.Context
	targets  []Target
	opt      Options
	out      []attempt
	epoll    int
	limit    int
	own      []netip.Addr
	queue    []int                // not begun yet
	parked   map[netip.Addr][]int // waiting for their address to be less busy
	busy     map[netip.Addr]int   // dials in flight by address
	inFlight map[int32]int        // descriptor to target
	order    []begun              // in flight or ended, oldest first: all have the same time
	serious  int                  // not ended, control ports not counted
	cutoff   time.Time            // when the wait for control ports ends; zero: not yet
	slowest  time.Duration        // of the open ports
	done     int
}

type begun struct {
	fd    int32
	index int
	start time.Time
}

func (l *loop) run() {
	events := make([]unix.EpollEvent, 512)
	for len(l.queue) > 0 || len(l.inFlight) > 0 {
		if l.ctx.Err() != nil {
			l.abandon()
			return
		}
		for n := 0; n < startsAtOnce && len(l.queue) > 0 && len(l.inFlight) < l.limit; n++ {
			i := l.queue[0]
			l.queue = l.queue[1:]
			if a := l.targets[i].Addr; l.busy[a] >= l.opt.PerAddress {
				l.parked[a] = append(l.parked[a], i)
				continue
			}
			l.begin(i)
		}
		wait := l.untilNext()
		if len(l.queue) > 0 && len(l.inFlight) < l.limit {
			wait = 0
		}
		n, err := unix.EpollWait(l.epoll, events, int((wait+time.Millisecond-1)/time.Millisecond))
		if err != nil && err != unix.EINTR {
			l.abandon()
			return
		}
		now := time.Now()
		for _, e := range events[:max(n, 0)] {
			l.answered(e, now)
		}
		l.expire(now)
	}
}

// begin starts an attempt.
func (l *loop) begin(i int) {
	t := l.targets[i]
	family, level, option := unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_RECVERR
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: int(t.Port), Addr: t.Addr.As16()}
	if a := t.Addr.Unmap(); a.Is4() {
		family, level, option = unix.AF_INET, unix.IPPROTO_IP, unix.IP_RECVERR
		to = &unix.SockaddrInet4{Port: int(t.Port), Addr: a.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		if (err == unix.EMFILE || err == unix.ENFILE) && len(l.inFlight) > 0 { // others hold descriptors too: make do with fewer
			l.limit = len(l.inFlight)
			l.queue = append([]int{i}, l.queue...)
			return
		}
		l.end(i, failure(err, true))
		return
	}
	_ = unix.SetsockoptInt(fd, level, option, 1) // without it there is less evidence, nothing worse
	start := time.Now()
	err = unix.Connect(fd, to)
	if err != nil && err != unix.EINPROGRESS {
		a := failure(err, true)
		a.from = source(fd)
		l.explain(fd, &a)
		a.elapsed = time.Since(start)
		unix.Close(fd)
		l.end(i, a)
		return
	}
	event := unix.EpollEvent{Events: unix.EPOLLOUT, Fd: int32(fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		unix.Close(fd)
		l.end(i, failure(err, true))
		return
	}
	l.inFlight[int32(fd)] = i
	l.busy[t.Addr]++
	l.order = append(l.order, begun{int32(fd), i, start})
}

// answered ends the attempt that an event is about.
func (l *loop) answered(e unix.EpollEvent, now time.Time) {
	i, ok := l.inFlight[e.Fd]
	if !ok {
		return
	}
	fd := int(e.Fd)
	soErr, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		soErr = int(unix.EIO)
	}
	if soErr == 0 {
		if _, err := unix.Getpeername(fd); err == unix.ENOTCONN {
			l.explain(fd, &attempt{}) // a passing trouble that the kernel rides out; unread, it would wake the loop again
			return
		}
		// What accepts and resets at once may have done so already.
		var b [1]byte
		if _, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT); err == unix.ECONNRESET {
			soErr = int(unix.ECONNRESET)
		}
	}
	a := failure(syscall.Errno(soErr), false)
	a.from = source(fd)
	if a.outcome != snapshot.Open {
		l.explain(fd, &a)
	}
	l.close(e.Fd, i, a, now)
}

// close ends an attempt in flight.
func (l *loop) close(fd int32, i int, a attempt, now time.Time) {
	for n := range l.order { // near the front, as most answers come in order
		if l.order[n].fd == fd && l.order[n].index == i {
			a.elapsed = now.Sub(l.order[n].start)
			l.order[n].fd = -1
			break
		}
	}
	for len(l.order) > 0 && l.order[0].fd < 0 {
		l.order = l.order[1:]
	}
	delete(l.inFlight, fd)
	unix.Close(int(fd))
	addr := l.targets[i].Addr
	l.busy[addr]--
	if p := l.parked[addr]; len(p) > 0 {
		l.queue = append(l.queue, p[0])
		l.parked[addr] = p[1:]
	}
	l.end(i, a)
}

func (l *loop) end(i int, a attempt) {
	l.out[i] = a
	l.done++
	if a.outcome == snapshot.Open {
		l.slowest = max(l.slowest, a.elapsed)
	}
	if l.targets[i].Purpose != snapshot.ToControlPort {
		l.serious--
	}
	if l.opt.Progress != nil {
		l.opt.Progress(l.done, len(l.targets))
	}
}

// patience is the least time that a control port gets once all others have
// answered: what intercepts connections answers as fast on it as on them.
const patience = 100 * time.Millisecond

// untilNext is how long the loop may sleep.
func (l *loop) untilNext() time.Duration {
	wait := nap
	if len(l.order) > 0 {
		wait = min(wait, time.Until(l.order[0].start.Add(l.opt.Timeout)))
	}
	if l.serious == 0 && l.cutoff.IsZero() {
		l.cutoff = time.Now().Add(max(patience, 2*l.slowest))
	}
	if !l.cutoff.IsZero() {
		wait = min(wait, time.Until(l.cutoff))
	}
	return max(wait, 0)
}

// expire ends what has had its time.
func (l *loop) expire(now time.Time) {
	cut := !l.cutoff.IsZero() && !now.Before(l.cutoff)
	for len(l.order) > 0 {
		b := l.order[0]
		if b.fd >= 0 && now.Sub(b.start) < l.opt.Timeout && !cut {
			return
		}
		if b.fd < 0 {
			l.order = l.order[1:]
			continue
		}
		a := attempt{outcome: snapshot.Filtered, from: source(int(b.fd))}
		l.explain(int(b.fd), &a)
		l.close(b.fd, b.index, a, now)
	}
}

// abandon ends everything that is not decided.
func (l *loop) abandon() {
	for fd, i := range l.inFlight {
		unix.Close(int(fd))
		l.out[i] = attempt{outcome: snapshot.Cancelled}
	}
	rest := slices.Clone(l.queue)
	for _, p := range l.parked {
		rest = append(rest, p...)
	}
	for _, i := range rest {
		l.out[i] = attempt{outcome: snapshot.Cancelled}
	}
}

// explain adds the ICMP message that the kernel kept for the socket, and lets it
// decide: the error number alone can't tell a firewall from a missing host.
// Source: ip(7), IP_RECVERR.
func (l *loop) explain(fd int, a *attempt) {
	var oob [256]byte
	var data [64]byte
	for {
		_, n, _, _, err := unix.Recvmsg(fd, data[:], oob[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			break
		}
		messages, err := unix.ParseSocketControlMessage(oob[:n])
		if err != nil {
			break
		}
		for _, m := range messages {
			if icmp, ok := icmpOf(m); ok {
				a.icmp = &icmp
			}
		}
	}
	if a.icmp == nil {
		return
	}
	table, unreachable := icmpOutcomes, 3
	if a.icmp.From.Is6() {
		table, unreachable = icmp6Outcomes, 1
	}
	if a.icmp.Type == unreachable {
		if outcome, ok := table[a.icmp.Code]; ok {
			a.outcome = outcome
		}
	}
	a.local = slices.Contains(l.own, a.icmp.From)
}

// extendedError is struct sock_extended_err of linux/errqueue.h.
type extendedError struct {
	Errno              uint32
	Origin, Type, Code uint8
	_                  uint8
	Info, Data         uint32
}

// The origins of extendedError that are ICMP messages.
const (
	originICMP  = 2
	originICMP6 = 3
)

func icmpOf(m unix.SocketControlMessage) (snapshot.ICMP, bool) {
	const size = int(unsafe.Sizeof(extendedError{}))
	v4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
	v6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
	if !v4 && !v6 || len(m.Data) < size {
		return snapshot.ICMP{}, false
	}
	e := (*extendedError)(unsafe.Pointer(&m.Data[0]))
	if e.Origin != originICMP && e.Origin != originICMP6 {
		return snapshot.ICMP{}, false
	}
	icmp := snapshot.ICMP{Type: int(e.Type), Code: int(e.Code)}
	// The offender's socket address follows.
	switch rest := m.Data[size:]; {
	case v4 && len(rest) >= unix.SizeofSockaddrInet4:
		icmp.From = netip.AddrFrom4([4]byte(rest[4:8]))
	case v6 && len(rest) >= unix.SizeofSockaddrInet6:
		icmp.From = netip.AddrFrom16([16]byte(rest[8:24])).Unmap()
	}
	return icmp, true
}

func failure(err error, direct bool) attempt {
	e, ok := err.(syscall.Errno)
	if !ok {
		e = unix.EIO
	}
	a := attempt{errno: errnoName(e)}
	a.outcome, a.local = classify(e, direct)
	return a
}

// source is the address that the kernel chose for a socket.
func source(fd int) netip.Addr {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.Addr{}
	}
	var a netip.Addr
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		a = netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		a = netip.AddrFrom16(sa.Addr)
	}
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}

// descriptors is how many sockets the process may hold for dialling.
func descriptors() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return spareDescriptors
	}
	return int(max(min(r.Cur, 1<<20), spareDescriptors+8) - spareDescriptors)
}

func ownAddresses() []netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	return addressesOf(list)
}
