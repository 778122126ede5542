package audit

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// IDInARN is the id at the end of an ARN, "" if it is not one.
func IDInARN(arn, prefix string) string {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if !idShapes[prefix].Re().MatchString(id) {
		return ""
	}
	return id
}

// MaxTasks is a bound against slips of the finger; the quota is 100 tasks an
// account and Region, and adjustable.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/datasync-limits.html
const MaxTasks = 10000

var (
	roleARN     = pattern.New(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)
	regionShape = pattern.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

// An id is a prefix and 8 or 17 hexadecimal digits; CreateAgent takes the long
// form of an endpoint id only.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html
var idShapes = map[string]*pattern.Pattern{
	"vpce-":   pattern.New(`^vpce-[0-9a-f]{17}$`),
	"vpc-":    pattern.New(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"subnet-": pattern.New(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"sg-":     pattern.New(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"i-":      pattern.New(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`),
}

// Validate refuses a target whose values can't be right, before any call. The
// address of a planned resource may stand for an id.
func Validate(t snapshot.Target, where string, plans []iac.Source) error {
	ids := []struct{ flag, value, prefix string }{
		{"vpc-endpoint-id", t.EndpointID, "vpce-"},
		{"subnet-id", t.SubnetID, "subnet-"},
		{"security-group-id", t.GroupID, "sg-"},
		{"source-vpc-id", t.SourceVPCID, "vpc-"},
		{"source-subnet-id", t.SourceSubnetID, "subnet-"},
		{"agent-instance-id", t.AgentInstanceID, "i-"},
	}
	prefix := "--"
	if where != "--config" {
		prefix = where + ": "
	}
	for _, id := range ids {
		if id.value == "" || idShapes[id.prefix].Re().MatchString(id.value) {
			continue
		}
		var addresses []string
		for _, p := range plans {
			addresses = append(addresses, p.Addresses(id.prefix)...)
		}
		if slices.Contains(addresses, id.value) {
			continue
		}
		if strings.HasPrefix(id.value, "arn:") {
			last := id.value[strings.LastIndexAny(id.value, "/:")+1:]
			return snapshot.Errorf("%s%s %q: this is an ARN; expected the id alone, %s", "%s%s %q: これは ARN。ID だけ（%s）を指定する", prefix, id.flag, id.value, last)
		}
		if len(addresses) > 0 {
			return snapshot.Errorf("%s%s %q: expected an id such as %s0123456789abcdef0, or one of what the plan has: %s", "%s%s %q: %s0123456789abcdef0 のような ID か、プランにあるもの（%s）を指定する", prefix, id.flag, id.value, id.prefix, listed(addresses))
		}
		return snapshot.Errorf("%s%s %q: expected an id such as %s0123456789abcdef0", "%s%s %q: %s0123456789abcdef0 のような ID を指定する", prefix, id.flag, id.value, id.prefix)
	}
	for _, r := range []struct{ flag, value string }{{"region", t.Region}, {"source-region", t.SourceRegion}} {
		if r.value != "" && !regionShape.Re().MatchString(r.value) {
			return snapshot.Errorf("%s%s %q: expected a Region, such as us-east-1", "%s%s %q: us-east-1 のようなリージョンを指定する", prefix, r.flag, r.value)
		}
	}
	for _, o := range []struct {
		flag, value string
		allowed     []string
	}{
		{"destination-type", t.DestinationType, []string{"s3", "efs", "fsx"}},
		{"mode", t.Mode, []string{"basic", "enhanced"}},
		{"requirements", t.Requirements, []string{"default", "article", "guide"}},
	} {
		if o.value != "" && !slices.Contains(o.allowed, o.value) {
			return snapshot.Errorf("%s%s %q: expected one of %s", "%s%s %q: %s のいずれかを指定する", prefix, o.flag, o.value, strings.Join(o.allowed, ", "))
		}
	}
	if t.EndpointIP.IsValid() && !t.EndpointIP.Is4() {
		return snapshot.Errorf("%sendpoint-ip %s: the activation key takes an IPv4 address only", "%sendpoint-ip %s: アクティベーションキーには IPv4 アドレスしか使えない", prefix, t.EndpointIP)
	}
	if _, err := url.Parse(t.KeyRequest); err != nil || t.KeyRequest != "" && !strings.HasPrefix(t.KeyRequest, "http://") {
		return snapshot.Errorf("%skey-request: expected the URL of the agent, http://AGENT/?activationRegion=REGION and so on", "%skey-request: http://AGENT/?activationRegion=REGION のようなエージェントの URL を指定する", prefix)
	}
	for _, s := range t.Storage {
		if _, err := snapshot.ParseStorage(s); err != nil {
			return fmt.Errorf("%sstorage %w", prefix, err)
		}
	}
	for _, p := range t.SourceCIDRs {
		if p.Masked() != p {
			return snapshot.Errorf("%ssource-cidr %s: the address has bits set behind the prefix; did you mean %s?", "%ssource-cidr %s: プレフィックスより後ろのビットが立っている。%s のことか", prefix, p, p.Masked())
		}
	}
	if t.Tasks < 0 || t.Tasks > MaxTasks {
		return snapshot.Errorf("%stasks %d: expected a number from 1 to %d", "%stasks %d: 1 から %d までの数を指定する", prefix, t.Tasks, MaxTasks)
	}
	return nil
}

// mostListed is how many names an error lists.
const mostListed = 8

func listed(list []string) string {
	if n := len(list) - mostListed; n > 0 {
		return strings.Join(list[:mostListed], ", ") + fmt.Sprintf(" (+%d)", n)
	}
	return strings.Join(list, ", ")
}
