package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// strict refuses answers that don't come from the API that was asked. The SDK
// takes any 2xx for success and any XML for a reply, so that the login page of a
// proxy, or the reply of another action, would read as "there are no endpoints".
type strict struct{ aws.HTTPClient }

// notAWS is what becomes of an answer that is not the API's own.
type notAWS string

func (e notAWS) Error() string {
	return "the answer is not one of the AWS API (" + string(e) + "): something in between, such as a proxy or a captive portal, may have given it"
}

// RetryableError keeps the SDK from asking again: what stands in between does not
// go away in ten seconds.
func (notAWS) RetryableError() bool { return false }

// The largest answers that are read. A page of 1,000 security groups with 60
// rules each takes 20 MB and half a million elements; a small element can take
// hundreds of bytes once it is decoded.
const (
	maxReply    = 64 << 20
	maxElements = 1 << 20
	maxErrors   = 1 << 20 // bytes of an answer that is an error
)

func (s strict) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.HTTPClient.Do(req)
	if err != nil {
		return resp, err
	}
	status := resp.StatusCode
	switch {
	case status >= http.StatusBadRequest: // the SDK words it
		resp.Body = limited{io.LimitReader(resp.Body, maxErrors), resp.Body}
		return resp, nil
	case status != http.StatusOK:
		_ = resp.Body.Close()
		return nil, notAWS(statusSaid(resp))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if err := genuine(req, body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

type limited struct {
	io.Reader
	io.Closer
}

func statusSaid(resp *http.Response) string {
	said := fmt.Sprintf("status %d", resp.StatusCode)
	if at, err := url.Parse(resp.Header.Get("Location")); err == nil && at.Host != "" && resp.StatusCode >= http.StatusMultipleChoices {
		said += ", a redirect to " + at.Host
	}
	return said
}

// genuine reports why a body can't be the reply to a request.
func genuine(req *http.Request, body []byte) error {
	if len(body) > maxReply || bytes.Count(body, []byte("<")) > 2*maxElements {
		return notAWS(fmt.Sprintf("it is larger than any page that was asked for, %d MB and more", len(body)>>20))
	}
	action := middleware.GetOperationName(req.Context())
	if req.Header.Get("X-Amz-Target") != "" || slices.Contains(signingIn, middleware.GetServiceID(req.Context())) { // the JSON protocols
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil || object == nil {
			return notAWS("it is not a JSON object")
		}
		if key := saidTwice(json.NewDecoder(bytes.NewReader(body))); key != "" {
			return notAWS("it says " + key + " twice")
		}
		if action == "GetRoleCredentials" {
			return rolesCredentials(object["roleCredentials"])
		}
		return nil
	}
	if action == "" { // not one of the query protocol
		return nil
	}
	switch root := rootOf(body); root {
	case action + "Response":
		if strings.HasPrefix(action, "AssumeRole") && !bytes.Contains(body, []byte("<AccessKeyId>")) {
			return notAWS("it lacks Credentials")
		}
		// The SDK reads the first of several documents, and one that ends before its root
		// does as far as it has to.
		if end := []byte("</" + root + ">"); !bytes.HasSuffix(bytes.TrimSpace(body), end) || bytes.Count(body, end) > 1 {
			return notAWS("it does not end with the first </" + root + ">")
		}
		return nil
	case "":
		return notAWS("it is not XML")
	default:
		return notAWS(fmt.Sprintf("it begins with <%s>, not <%sResponse>", root, action))
	}
}

// rolesCredentials reports what of the credentials of a role a reply of IAM Identity
// Center lacks, which the SDK takes for given.
func rolesCredentials(body json.RawMessage) error {
	var credentials map[string]any
	_ = json.Unmarshal(body, &credentials) // what it is not, it lacks
	for _, name := range []string{"accessKeyId", "secretAccessKey", "sessionToken", "expiration"} {
		if credentials[name] == nil {
			return notAWS("it lacks roleCredentials." + name)
		}
	}
	return nil
}

// saidTwice is a key that an object of valid JSON has twice, quoted: which of the two
// counts is up to who reads it.
func saidTwice(dec *json.Decoder) string {
	tok, _ := dec.Token()
	open, nested := tok.(json.Delim)
	if !nested {
		return ""
	}
	keys := map[string]bool{}
	for dec.More() {
		if open == '{' {
			tok, _ := dec.Token()
			key, _ := tok.(string)
			if keys[key] {
				return strconv.Quote(key)
			}
			keys[key] = true
		}
		if key := saidTwice(dec); key != "" {
			return key
		}
	}
	_, _ = dec.Token() // what closes it
	return ""
}

// rootOf is the name of the root element of a document, "" if it is not XML.
func rootOf(body []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := dec.RawToken()
		if err != nil {
			return ""
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return t.Name.Local
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return ""
			}
		}
	}
}

// direct makes the SDK's client follow no redirect, which would send a signed
// request to wherever the answer says, and take no compressed answer, whose size
// the wire does not show. The AWS CLI asks for none either.
func direct(c aws.HTTPClient) aws.HTTPClient {
	b, ok := c.(*awshttp.BuildableClient)
	if !ok {
		return c
	}
	transport := b.GetTransport()
	transport.DisableCompression = true
	return &http.Client{
		Transport: transport, Timeout: b.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// signer sends what the SDK asks of its own accord, for the credentials of a profile.
// Its clients for that are made while a configuration is loaded, with an HTTP client
// that follows redirects and takes any answer.
type signer struct{ client aws.HTTPClient }

func (s *signer) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(s, middleware.After)
}

// ID names the step of the SDK's stack.
func (*signer) ID() string { return "dspreflight" }

// HandleDeserialize sends a request, in place of the client that the stack ends with.
func (s *signer) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if service := middleware.GetServiceID(ctx); s.client == nil || service != "STS" && !slices.Contains(signingIn, service) {
		return next.HandleDeserialize(ctx, in) // the metadata of an instance, say
	}
	resp, metadata, err := smithyhttp.NewClientHandlerWithOptions(s.client).Handle(ctx, in.Request)
	return middleware.DeserializeOutput{RawResponse: resp}, metadata, err
}
