package collect

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// strict refuses answers that don't come from AWS. The SDK takes any XML with
// status 200 for a reply, so that the login page of a proxy would read as "there
// are no endpoints".
type strict struct{ aws.HTTPClient }

// errNotAWS is what becomes of an answer that is not one of the protocol of the
// request.
var errNotAWS = errors.New("the answer is not one of the AWS API: something in between, such as a proxy or a captive portal, may have given it")

// reply is how an answer of the query protocol begins.
var reply = regexp.MustCompile(`^\s*(<\?xml[^>]*\?>)?\s*<[A-Za-z]+Response[\s>]`)

// jsonReply is how an answer of DataSync's protocol, which is JSON, begins.
var jsonReply = regexp.MustCompile(`^\s*\{`)

// enough is more than what stands before the root element.
const enough = 512

func (s strict) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.HTTPClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body := bufio.NewReaderSize(resp.Body, enough)
	head, err := body.Peek(enough)
	if err != nil && !errors.Is(err, io.EOF) {
		return resp, nil // the SDK will meet the same error
	}
	like := reply
	if req.Header.Get("X-Amz-Target") != "" {
		like = jsonReply
	}
	if !like.Match(head) {
		_ = resp.Body.Close()
		return nil, errNotAWS
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{body, resp.Body}
	return resp, nil
}
