package fakeaws

import (
	"fmt"
	"net/http"
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
