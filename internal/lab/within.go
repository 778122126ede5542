//go:build linux

package lab

import (
	"net"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Within calls a function on a thread that is in a namespace: the sockets that it
// makes are there. The thread ends with it.
func (l *Lab) Within(ns string, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: nobody else may get the thread
		f, err := os.Open("/run/netns/" + ns)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(err)
		}
		do()
	}()
	<-done
}

// Listen listens at an address in a namespace.
func (l *Lab) Listen(t testing.TB, ns, address string, serve func(net.Listener)) {
	t.Helper()
	var n net.Listener
	var err error
	l.Within(ns, func() { n, err = net.Listen("tcp4", address) })
	if err != nil {
		t.Fatal(err)
	}
	serve(n)
}
