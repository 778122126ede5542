// Package fakeaws is an HTTP server for tests that speaks the query protocol of
// Amazon EC2 and AWS STS from a snapshot folder, in pages, and that can fail in
// every way that AWS and the wire do. It listens on loopback only.
package fakeaws

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Server is the fake. Set its fields before the first request.
type Server struct {
	*httptest.Server
	PageSize int           // rows a page; 0: no paging
	Delay    time.Duration // added to every call
	// Fault decides how a call goes wrong; nil means never. attempt counts from 1
	// for each action.
	Fault func(action string, attempt int) Fault
	// Tamper writes another answer than the estate's, whose bytes it is given. It
	// reports whether it did; nil means never.
	Tamper func(w http.ResponseWriter, region, action string, genuine []byte) bool

	// DataSync makes agents; nil: only what the estate has is listed.
	DataSync *DataSync

	// SSM runs commands; nil: there is none.
	SSM *SSM
	// Whose tells the account of an access key that another server gave out; nil: keys
	// are this server's own.
	Whose func(key string) string
	// Members are the accounts of the organization, with their states.
	Members []Member

	scopes map[string][]scope // by Region
	estate fstest.MapFS       // as it was
	made   int                // how many ids are new
	mu     sync.Mutex
	calls  map[string]int
}

type scope struct {
	dir     string
	account string
	region  string
	files   map[string]map[string]any // by file name without .json
}

// New starts a server for an estate, and stops it when the test ends.
func New(t testing.TB, estate fs.FS) *Server {
	t.Helper()
	s := &Server{scopes: map[string][]scope{}, calls: map[string]int{}, estate: Widen(t, estate, nil)}
	entries, err := fs.ReadDir(estate, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		region, sc := loadScope(t, estate, e.Name())
		s.scopes[region] = append(s.scopes[region], sc)
	}
	stop := make(chan struct{})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, stop) }))
	t.Cleanup(func() { close(stop); s.CloseClientConnections(); s.Close() })
	return s
}

func loadScope(t testing.TB, estate fs.FS, dir string) (string, scope) {
	sc := scope{dir: dir, files: map[string]map[string]any{}}
	var m snapshot.Manifest
	names, err := fs.Glob(estate, path.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(estate, name)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(path.Base(name), ".json")
		if base == "manifest" {
			err = json.Unmarshal(body, &m)
		} else {
			var v map[string]any
			err = json.Unmarshal(body, &v)
			sc.files[base] = v
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	sc.account, sc.region = m.Account, m.Region
	return m.Region, sc
}

// SetFault sets Fault for a server that another process calls: nothing else orders
// the two.
func (s *Server) SetFault(decide func(action string, attempt int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Fault = decide
}

// Calls is how often each action was called, retries included.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for k, v := range s.calls {
		out[k] = v
	}
	return out
}

// Env is the environment that leads the AWS SDK here.
func (s *Server) Env() map[string]string { return Env(s.URL) }

// Env is the environment that leads the AWS SDK to a server on this machine, and
// keeps it from every other source of settings.
func Env(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
	}
}

const skew = 20 * time.Minute

func (s *Server) serve(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	action := r.Form.Get("Action")
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok { // DataSync's protocol
		action = operation
		w = &jsonWriter{w}
	}
	s.mu.Lock()
	s.calls[action]++
	attempt, decide := s.calls[action], s.Fault
	s.mu.Unlock()
	time.Sleep(s.Delay)
	fault := None
	if decide != nil {
		fault = decide(action, attempt)
	}
	switch fault {
	case Unauthorized:
		fail(w, http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation.")
	case Expired:
		fail(w, http.StatusBadRequest, "RequestExpired", "Request has expired.")
	case ThrottledOnce, BrokenOnce:
		if attempt <= 2 {
			if fault == ThrottledOnce {
				fail(w, http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
			} else {
				fail(w, http.StatusInternalServerError, "InternalError", "An internal error has occurred")
			}
			return
		}
		s.answer(w, r, action)
	case Throttled:
		fail(w, http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	case Broken:
		fail(w, http.StatusInternalServerError, "InternalError", "An internal error has occurred")
	case Malformed:
		_, _ = w.Write([]byte("<html><body>not what you asked for"))
	case Portal:
		_, _ = w.Write([]byte("<html><body>please log in</body></html>"))
	case Silent:
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	case Lost:
		s.answer(&jsonWriter{httptest.NewRecorder()}, r, action)
		hijack(w, Reset)
	case CutOff, Reset:
		hijack(w, fault)
	case Skewed:
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if now := time.Now().Add(skew); err != nil || now.Sub(signed) > 15*time.Minute {
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			fail(w, http.StatusBadRequest, "RequestExpired", "Request has expired.")
			return
		}
		s.answer(w, r, action)
	default:
		s.answer(w, r, action)
	}
}

// jsonCodes are EC2's codes as DataSync has them.
var jsonCodes = strings.NewReplacer("UnauthorizedOperation", "AccessDeniedException", "RequestLimitExceeded", "ThrottlingException", "InternalError", "InternalException")

// jsonWriter marks an answer in the JSON protocol.
type jsonWriter struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w *jsonWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *Server) answer(w http.ResponseWriter, r *http.Request, action string) {
	region, key := "us-east-1", ""
	if m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		key, region = m[1], m[2]
	}
	if s.Tamper != nil {
		genuine := httptest.NewRecorder()
		s.genuine(genuine, r, region, key, action)
		if s.Tamper(w, region, action, genuine.Body.Bytes()) {
			return
		}
		maps.Copy(w.Header(), genuine.Header())
		w.WriteHeader(genuine.Code)
		_, _ = w.Write(genuine.Body.Bytes())
		return
	}
	s.genuine(w, r, region, key, action)
}

// ServeToo answers on a further listener, until the test ends.
func (s *Server) ServeToo(t testing.TB, l net.Listener) {
	t.Helper()
	more := &http.Server{Handler: s.Config.Handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = more.Serve(l) }()
	t.Cleanup(func() { _ = more.Close(); <-done })
}
