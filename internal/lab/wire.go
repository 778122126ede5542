//go:build linux

package lab

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// wire joins two TUN devices and delays each packet. The kernels that tests run
// on may lack netem.
func wire(args string) {
	f := strings.Fields(args)
	delay, err := time.ParseDuration(f[2])
	if err != nil {
		fatal(err)
	}
	a, b := openTUN(f[0]), openTUN(f[1])
	go pump(a, b, delay)
	go pump(b, a, delay)
	fmt.Println("ready")
	select {}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "lab:", err)
	os.Exit(1)
}

func openTUN(name string) int {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		fatal(err)
	}
	req, err := unix.NewIfreq(name)
	if err != nil {
		fatal(err)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		fatal(err)
	}
	return fd
}

type packet struct {
	due  time.Time
	body []byte
}

// onTheWire is how many packets are under way at most.
const onTheWire = 1 << 17

func pump(in, out int, delay time.Duration) {
	queue := make(chan packet, onTheWire)
	go func() {
		for p := range queue {
			for { // a sleep wakes late: sleep most of it, spin the rest
				left := time.Until(p.due)
				if left <= 0 {
					break
				}
				if left > 300*time.Microsecond {
					time.Sleep(left - 200*time.Microsecond)
				}
			}
			for {
				if _, err := unix.Write(out, p.body); err != unix.EINTR && err != unix.EAGAIN {
					break
				}
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.Read(in, buf)
		switch err {
		case nil:
			queue <- packet{time.Now().Add(delay), append([]byte(nil), buf[:n]...)}
		case unix.EINTR:
		default: // the device is not up yet
			time.Sleep(5 * time.Millisecond)
		}
	}
}
