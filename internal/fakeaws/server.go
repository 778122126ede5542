// Package fakeaws is an HTTP server for tests that speaks the query protocol of
// Amazon EC2 and AWS STS from a snapshot folder, in pages, and that can fail in
// every way that AWS and the wire do. It listens on loopback only.
package fakeaws

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Fault is a way in which a call goes wrong.
type Fault uint8

// The faults.
const (
	None          Fault = iota
	Unauthorized        // the caller lacks the permission
	ThrottledOnce       // throttled twice, then answered
	Throttled           // throttled for ever
	BrokenOnce          // a 500, then answered
	Broken              // 500 for ever
	CutOff              // the body ends in the middle
	Malformed           // the body is not XML
	Portal              // a login page, well formed and with status 200
	Silent              // no answer at all
	Reset               // the connection is reset
	Expired             // the credentials have expired
	Skewed              // the server's clock is 20 minutes ahead
	Lost                // done, and the connection reset before the answer
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

// hijack ends the connection in the middle of a body, or with a reset.
func hijack(w http.ResponseWriter, fault Fault) {
	if j, ok := w.(*jsonWriter); ok {
		w = j.ResponseWriter
	}
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, buf, err := h.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if fault == CutOff {
		_, _ = buf.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n<Response><vpcSet><item>")
		_ = buf.Flush()
		return
	}
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0)
	}
}

// jsonCodes are EC2's codes as DataSync has them.
var jsonCodes = strings.NewReplacer("UnauthorizedOperation", "AccessDeniedException", "RequestLimitExceeded", "ThrottlingException", "InternalError", "InternalException")

// jsonWriter marks an answer in the JSON protocol.
type jsonWriter struct{ http.ResponseWriter }

func fail(w http.ResponseWriter, status int, code, message string) {
	if _, ok := w.(*jsonWriter); ok {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		code = jsonCodes.Replace(code)
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	// EC2 reads the first of the two, STS the second.
	fmt.Fprintf(w, "<Response><Errors><Error><Code>%[1]s</Code><Message>%[2]s</Message></Error></Errors><Error><Code>%[1]s</Code><Message>%[2]s</Message></Error><RequestID>fake</RequestID></Response>", code, message)
}

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
	}
	s.genuine(w, r, region, key, action)
}

// genuine answers as the estate has it.
func (s *Server) genuine(w http.ResponseWriter, r *http.Request, region, key, action string) {
	sc, ok := s.of(region, key)
	if !ok {
		fail(w, http.StatusForbidden, "OptInRequired", "You are not subscribed to this service.")
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	switch action {
	case "GetCallerIdentity":
		id := sc.files["get-caller-identity"]
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%v</Arn><UserId>%v</UserId><Account>%v</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", id["Arn"], id["UserId"], id["Account"])
		return
	case "GetRole":
		fmt.Fprintf(w, "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::%s:role/audit/%s</Arn><RoleName>%[2]s</RoleName><RoleId>AROAEXAMPLE</RoleId><Path>/audit/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>", sc.account, r.Form.Get("RoleName"))
		return
	case "SimulatePrincipalPolicy":
		simulation(w, sc, r.Form)
		return
	case "AssumeRole":
		if r.Form.Get("RoleArn") == RefusedRole {
			fail(w, http.StatusForbidden, "AccessDenied", "You are not authorized to perform: sts:AssumeRole")
			return
		}
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>example</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>", roleKey+accountOf(r.Form.Get("RoleArn")), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	if changes[action] != nil {
		made, err := s.Change(sc.account, region, action, r.Form)
		answerChange(w, action, made, err)
		return
	}
	if action == "ListAccounts" {
		s.listAccounts(w, r)
		return
	}
	if s.DataSync != nil && action == "CreateAgent" {
		s.DataSync.createAgent(w, r, sc, region)
		return
	}
	if s.SSM != nil && s.SSM.answer(w, r, sc, action) {
		return
	}
	var kind snapshot.Kind
	for _, k := range snapshot.Kinds() {
		if strings.HasSuffix(k.Action(), ":"+action) {
			kind = k
		}
	}
	if kind == snapshot.NoKind {
		fail(w, http.StatusBadRequest, "InvalidAction", "The action "+action+" is not valid for this web service.")
		return
	}
	name := kind.Command()
	if kind.OfDataSync() {
		s.dataSync(w, r, sc, kind)
		return
	}
	if kind.PerID() {
		name += "." + firstOf(r.Form, "PrefixListId", "TransitGatewayRouteTableId", "SubnetId")
	}
	rows := filtered(rowsOf(sc, name, kind), r.Form)
	token := ""
	if s.PageSize > 0 {
		start, _ := strconv.Atoi(r.Form.Get("NextToken"))
		end := min(start+s.PageSize, len(rows))
		if end < len(rows) {
			token = strconv.Itoa(end)
		}
		rows = rows[min(start, len(rows)):end]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<%sResponse><requestId>fake</requestId>", action)
	element(&b, "", kind.ListKey(), rows)
	if token != "" {
		fmt.Fprintf(&b, "<nextToken>%s</nextToken>", token)
	}
	fmt.Fprintf(&b, "</%sResponse>", action)
	_, _ = w.Write([]byte(b.String()))
}

// rowsOf is the list of a reply: empty where the estate has no file, as AWS answers.
func rowsOf(sc scope, name string, kind snapshot.Kind) []any {
	rows, ok := sc.files[name][kind.ListKey()].([]any)
	if !ok {
		return []any{}
	}
	return rows
}

// simulation answers what the estate's files say of the actions asked about.
func simulation(w http.ResponseWriter, sc scope, form url.Values) {
	if arn := form.Get("PolicySourceArn"); strings.Contains(arn, ":role/NetworkAuditWithPath") { // it lives under /audit/
		fail(w, http.StatusNotFound, "NoSuchEntity", "The role "+arn+" cannot be found.")
		return
	}
	name := "simulate-principal-policy." + snapshot.AnyResource
	if form.Get("ResourceArns.member.1") != "" {
		name = "simulate-principal-policy." + snapshot.AccountResource
	}
	rows, _ := sc.files[name]["EvaluationResults"].([]any)
	var b strings.Builder
	b.WriteString("<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>")
	for n := 1; form.Get(fmt.Sprintf("ActionNames.member.%d", n)) != ""; n++ {
		action := form.Get(fmt.Sprintf("ActionNames.member.%d", n))
		for _, r := range rows {
			row, _ := r.(map[string]any)
			if row["EvalActionName"] == action {
				fmt.Fprintf(&b, "<member><EvalActionName>%v</EvalActionName><EvalResourceName>%v</EvalResourceName><EvalDecision>%v</EvalDecision></member>", action, row["EvalResourceName"], row["EvalDecision"])
			}
		}
	}
	b.WriteString("</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>")
	_, _ = w.Write([]byte(b.String()))
}

func firstOf(form url.Values, keys ...string) string {
	for _, k := range keys {
		if v := form.Get(k); v != "" {
			return v
		}
	}
	return ""
}

// filtered applies the filters that dspreflight uses.
func filtered(rows []any, form url.Values) []any {
	for n := 1; form.Get(fmt.Sprintf("Filter.%d.Name", n)) != ""; n++ {
		var values []string
		for v := 1; form.Get(fmt.Sprintf("Filter.%d.Value.%d", n, v)) != ""; v++ {
			values = append(values, form.Get(fmt.Sprintf("Filter.%d.Value.%d", n, v)))
		}
		field := map[string]string{"vpc-id": "VpcId", "group-id": "GroupId", "instance-id": "InstanceId", "network-interface-id": "NetworkInterfaceId", "state": "State"}[form.Get(fmt.Sprintf("Filter.%d.Name", n))]
		rows = slices.DeleteFunc(slices.Clone(rows), func(r any) bool { return !holds(r, field, values) })
	}
	return rows
}

func holds(row any, field string, values []string) bool {
	m, ok := row.(map[string]any)
	if !ok {
		return false
	}
	if list, ok := m["Instances"].([]any); ok {
		return slices.ContainsFunc(list, func(i any) bool { return holds(i, field, values) })
	}
	v, _ := m[field].(string)
	return slices.Contains(values, v)
}

// ServeToo answers on a further listener, until the test ends.
func (s *Server) ServeToo(t testing.TB, l net.Listener) {
	t.Helper()
	more := &http.Server{Handler: s.Config.Handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = more.Serve(l) }()
	t.Cleanup(func() { _ = more.Close(); <-done })
}
