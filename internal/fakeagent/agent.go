// Package fakeagent is an AWS DataSync agent for tests, as far as its port 80 goes: it
// hands out activation keys, in both documented forms, after it has dialled the
// endpoint that the key is for; it closes the port once it is activated. It also
// misbehaves in every way that what answers on a port 80 may.
package fakeagent

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Manner is how an agent, or what stands in its place, answers.
type Manner uint8

// The manners.
const (
	Proper       Manner = iota // as documented
	RedirectOnly               // no_redirect is not understood, as by old images
	Failing                    // errorType=Errors[0], whatever it is asked
	Elsewhere                  // redirects to a login page, with no key
	Loop                       // redirects to itself
	HTML                       // a page, status 200
	NotFound                   // a page, status 404
	Garbage                    // bytes that are no HTTP
	Endless                    // a body without end
	Reset                      // accepts and resets
	Mute                       // accepts and says nothing
	Empty                      // redirects with an empty activationKey
	Escape                     // a key with control sequences around it
)

// Key is what an agent has made: whom it is for, and until when.
type Key struct {
	Type, Region string
	Address      string
	Expires      time.Time
	Used         bool
}

// Keys are those that agents made, as the service knows them.
type Keys struct {
	mu   sync.Mutex
	made map[string]*Key
}

// NewKeys returns an empty register.
func NewKeys() *Keys { return &Keys{made: map[string]*Key{}} }

// Make makes a key.
func (k *Keys) Make(of Key) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := rand.Text()[:25] // letters and digits
	var parts []string
	for i := 0; i < 25; i += 5 {
		parts = append(parts, text[i:i+5])
	}
	key := strings.Join(parts, "-")
	k.made[key] = &of
	return key
}

// Use uses a key up. It reports what the key was for, and whether it could be used.
func (k *Keys) Use(key string) (Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := k.made[key]
	if of == nil || of.Used || time.Now().After(of.Expires) {
		return Key{}, false
	}
	of.Used = true
	return *of, true
}

// Made lists the keys.
func (k *Keys) Made() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []string
	for key := range k.made {
		out = append(out, key)
	}
	return out
}

// Agent is one that listens. Set its fields before the first request.
type Agent struct {
	Keys   *Keys
	Manner Manner
	// Dial connects to the endpoint; nil: whatever is asked for answers.
	Dial  func(netip.AddrPort) error
	Error string        // Failing: the errorType
	Life  time.Duration // of a key; 0: 30 minutes
	Slow  time.Duration // before an answer
	// Heard is called with each request, before it is answered.
	Heard func(url.Values)

	listener net.Listener
	mu       sync.Mutex
	requests []string
}

// Serve answers on a listener until the test ends.
func (a *Agent) Serve(t testing.TB, l net.Listener) {
	t.Helper()
	a.listener = l
	server := &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// Activated closes the port, as an agent does.
func (a *Agent) Activated() { _ = a.listener.Close() }

// Requests are the raw queries that arrived.
func (a *Agent) Requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.requests...)
}

const keyLife = 30 * time.Minute

func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests = append(a.requests, r.URL.RawQuery)
	a.mu.Unlock()
	q := r.URL.Query()
	if a.Heard != nil {
		a.Heard(q)
	}
	select {
	case <-r.Context().Done():
		return
	case <-time.After(a.Slow):
	}
	if a.misbehave(w, r) {
		return
	}
	_, bare := q["no_redirect"]
	bare = bare && a.Manner != RedirectOnly
	key, fault := a.key(q)
	if bare {
		if fault != "" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintln(w, fault)
			return
		}
		fmt.Fprint(w, key)
		return
	}
	place := q.Get("redirect_to")
	if place == "" {
		place = "https://console.aws.amazon.com/datasync/home"
	}
	u, err := url.Parse(place)
	if err != nil {
		http.Error(w, "redirect_to", http.StatusBadRequest)
		return
	}
	parameters := url.Values{}
	if fault != "" {
		parameters.Set("errorType", fault)
	} else {
		parameters.Set("activationKey", key)
		parameters.Set("gatewayType", "SYNC")
	}
	u.RawQuery = parameters.Encode()
	w.Header().Set("Location", u.String())
	w.WriteHeader(http.StatusFound)
}

// key makes a key for what a request names, or says why not.
func (a *Agent) key(q url.Values) (key, fault string) {
	if a.Manner == Failing {
		return "", a.Error
	}
	of := Key{Type: q.Get("endpointType"), Region: q.Get("activationRegion"), Address: q.Get("privateLinkEndpoint"), Expires: time.Now().Add(keyLife)}
	if a.Life != 0 {
		of.Expires = time.Now().Add(a.Life)
	}
	if strings.HasSuffix(of.Type, "PRIVATE_LINK") {
		address, err := netip.ParseAddr(of.Address)
		if err != nil || a.Dial != nil && a.Dial(netip.AddrPortFrom(address, 443)) != nil {
			return "", "PRIVATE_LINK_ENDPOINT_UNREACHABLE"
		}
	}
	return a.Keys.Make(of), ""
}

// misbehave answers as the manner has it, and reports whether it has one.
func (a *Agent) misbehave(w http.ResponseWriter, r *http.Request) bool {
	redirect := func(place string) {
		w.Header().Set("Location", place)
		w.WriteHeader(http.StatusFound)
	}
	switch a.Manner {
	case Elsewhere:
		redirect("http://login.example/portal?from=agent")
	case Loop:
		redirect("http://" + r.Host + "/?again")
	case Empty:
		redirect("https://console.aws.amazon.com/datasync/home?activationKey=")
	case HTML:
		fmt.Fprint(w, "<?xml version=\"1.0\"?><html><body>log in</body></html>")
	case NotFound:
		http.NotFound(w, r)
	case Escape:
		fmt.Fprintf(w, "\x1b]0;owned\a\x1b[2J$(touch owned)`touch owned`'\"; touch owned\n%s", a.Keys.Make(Key{Type: "PUBLIC", Expires: time.Now().Add(keyLife)}))
	case Garbage:
		raw(w, []byte("\x00\x01\xffSSH-2.0-OpenSSH_9.2\r\n"))
	case Endless:
		for {
			if _, err := w.Write([]byte(strings.Repeat("A", 1<<16))); err != nil {
				return true
			}
		}
	case Reset:
		raw(w, nil)
	case Mute:
		<-r.Context().Done()
	default:
		return false
	}
	return true
}

// raw writes bytes instead of HTTP, or resets the connection if there are none.
func raw(w http.ResponseWriter, b []byte) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	_, _ = conn.Write(b)
	if c, ok := conn.(*net.TCPConn); ok && b == nil {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}
