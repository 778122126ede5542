//go:build linux

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// serve listens as a DataSync endpoint does, on every address, and on a few
// ports that misbehave.
func serve() {
	ports := []int{22, 80, 139, 445, 111, 2049}
	for p := 1024; p <= 1064; p++ {
		ports = append(ports, p)
	}
	for _, p := range ports {
		go accept(listen(p), func(c net.Conn) { time.Sleep(20 * time.Millisecond) })
	}
	go accept(tls.NewListener(listen(443), &tls.Config{Certificates: []tls.Certificate{certificate()}}), func(c net.Conn) {
		_ = c.(*tls.Conn).Handshake()
	})
	go accept(listen(ResetPort), func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })
	go accept(listen(TarpitPort), func(net.Conn) { time.Sleep(time.Minute) })
	go accept(listen(PortalPort), func(c net.Conn) {
		_, _ = c.Write([]byte("HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n"))
		time.Sleep(100 * time.Millisecond)
	})
	fill()
	fmt.Println("ready")
	select {}
}

func listen(port int) net.Listener {
	l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
	if err != nil {
		fatal(err)
	}
	return l
}

func accept(l net.Listener, use func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			use(c)
			_ = c.Close()
		}()
	}
}

// fill listens with room for one connection and takes that itself.
func fill() {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: FullPort}); err != nil {
		fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		fatal(err)
	}
	for range 2 {
		go func() {
			c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", FullPort))
			if err == nil {
				defer c.Close()
				select {}
			}
		}()
	}
	for { // of a socket that listens it counts the connections that wait to be accepted
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			fatal(err)
		}
		if info.Unacked > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// certificate is signed by itself and, with its many names, larger than a
// packet.
func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "datasync.us-east-1.amazonaws.com"}, Issuer: pkix.Name{CommonName: "lab"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"datasync.us-east-1.amazonaws.com"},
	}
	for i := range 80 {
		template.DNSNames = append(template.DNSNames, fmt.Sprintf("%s%d.datasync.us-east-1.vpce.amazonaws.com", strings.Repeat("x", 20), i))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
