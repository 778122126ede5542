package collect

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// traced tells of each request to AWS what it was, how it ended, how long it took and who
// made it. Of headers and bodies, which hold signatures and keys, it tells nothing.
type traced struct {
	aws.HTTPClient
	tell func(string)

	mu sync.Mutex
	by string
}

func (t *traced) Do(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.HTTPClient.Do(req)
	ended := ""
	if err != nil {
		ended = firstLine(innermost(err).Error(), longestMessage)
	} else {
		ended = fmt.Sprint(resp.StatusCode)
	}
	operation := middleware.GetServiceID(req.Context()) + " " + middleware.GetOperationName(req.Context())
	t.mu.Lock()
	by := t.by
	t.mu.Unlock()
	t.tell(fmt.Sprintf("%s  %s  %s  %d ms  by %s", strings.TrimSpace(operation), req.URL.Host, ended, time.Since(start).Milliseconds(), by))
	return resp, err
}

// introduce asks who the credentials are, before they are used for anything else, and
// tells where they come from.
func (t *traced) introduce(ctx context.Context, a Account, c aws.Credentials, who operation[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput, sts.Options]) {
	name := "an identity that STS does not tell"
	if out, err := who(ctx, &sts.GetCallerIdentityInput{}); err == nil {
		name = aws.ToString(out.Arn)
	}
	from := c.Source + ", profile " + named(a.Profile)
	if a.RoleARN != "" {
		from += ", role " + a.RoleARN
	}
	if c.CanExpire {
		from += ", until " + c.Expires.UTC().Format(time.RFC3339)
	}
	t.tell(name + " has its credentials from " + from)
	t.mu.Lock()
	t.by = name
	t.mu.Unlock()
}
