package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// request is what a command is asked to look at.
type request struct {
	targets     []snapshot.Target
	destination collect.Account
	source      *collect.Account
	plans       []*iac.Plan // what changes are planned; nil: none were passed
}

// config is the file of --config: defaults for every target, and the targets.
type config struct {
	snapshot.Target `yaml:",inline"`
	Profile         string            `yaml:"profile"`
	RoleARN         string            `yaml:"role-arn"`
	SourceProfile   string            `yaml:"source-profile"`
	SourceRoleARN   string            `yaml:"source-role-arn"`
	Targets         []snapshot.Target `yaml:"targets"`
}

// maxConfigBytes is far above any list of targets that a person keeps.
const maxConfigBytes = 8 << 20

func readConfig(c *cli.Context, path string) (config, error) {
	body, err := readLimited(c, path, maxConfigBytes)
	if err != nil {
		return config{}, snapshot.Errorf("--config %s: %w", "--config %s: %w", path, err)
	}
	return parseConfig(path, body)
}

func parseConfig(path string, body []byte) (config, error) {
	var c config
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	switch err := dec.Decode(&c); {
	case errors.Is(err, io.EOF):
		return c, snapshot.Errorf("--config: %s is empty", "--config: %s が空", path)
	case err != nil:
		return c, fmt.Errorf("--config: %s: %w", path, plainYAML(err))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return c, snapshot.Errorf("--config: %s holds more than one YAML document", "--config: %s に YAML 文書が 2 つ以上ある", path)
	}
	return c, nil
}

var (
	yamlUnknown = regexp.MustCompile(`line (\d+): field (\S+) not found in type`)
	yamlType    = regexp.MustCompile("line (\\d+): cannot construct !!(\\w+)(?: `[^`]*`)? into (.+)")
)

// plainYAML says what an error of the YAML package means, without Go's words.
func plainYAML(err error) error {
	if m := yamlUnknown.FindStringSubmatch(err.Error()); m != nil {
		return snapshot.Errorf("line %s: there is no key %q", "%s 行: キー %q はない", m[1], m[2])
	}
	m := yamlType.FindStringSubmatch(err.Error())
	if m == nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	due := snapshot.Text{En: "an object", Ja: "オブジェクト"}
	for _, k := range []struct {
		prefix string
		word   snapshot.Text
	}{
		{"[]", snapshot.Text{En: "a list", Ja: "リスト"}},
		{"string", snapshot.Text{En: "text", Ja: "文字列"}},
		{"int", snapshot.Text{En: "a number", Ja: "数"}},
		{"bool", snapshot.Text{En: "true or false", Ja: "true か false"}},
	} {
		if strings.HasPrefix(strings.TrimPrefix(m[3], "*"), k.prefix) {
			due = k.word
		}
	}
	return snapshot.Errorf("line %s: %s is due here", "%s 行: ここには%sを書く", m[1], due)
}

// readRequest builds the targets from flags, environment and file, in this order
// of precedence, and validates every id, address and CIDR block.
func readRequest(c *cli.Context, env *environment) (request, error) {
	var p request
	flags, err := targetFromFlags(c)
	if err != nil {
		return p, err
	}
	if p.plans, err = readPlans(c, env); err != nil {
		return p, err
	}
	var file config
	if path := c.String("config"); path != "" {
		if file, err = readConfig(c, path); err != nil {
			return p, err
		}
	}
	pick := func(flag, fromFile string) string {
		if v := c.String(flag); v != "" {
			return v
		}
		return fromFile
	}
	targets := file.Targets
	if len(targets) == 0 {
		targets = []snapshot.Target{{}}
	}
	names := map[string]bool{}
	for i, t := range targets {
		where := "--config"
		if len(file.Targets) > 0 {
			where = fmt.Sprintf("--config: targets[%d]", i)
		}
		t = tidyTarget(flags.Merge(t).Merge(file.Target))
		if err := validate(t, where, p.plans); err != nil {
			return p, err
		}
		if len(targets) > 1 {
			if t.Name == "" {
				t.Name = fmt.Sprintf("target-%d", i+1)
			}
			if names[t.Name] {
				return p, snapshot.Errorf("%s: the name %q is taken", "%s: 名前 %q は既に使われている", where, t.Name)
			}
			names[t.Name] = true
		}
		p.targets = append(p.targets, t)
	}
	first := p.targets[0]
	for i, t := range p.targets {
		if t.Region != first.Region || t.SourceRegion != first.SourceRegion {
			return p, snapshot.Errorf("--config: targets[%d] names another Region than the first; targets share their scopes, so put each pair of Regions in a file of its own", "--config: targets[%d] のリージョンが先頭と異なる。ターゲットはスコープを共有するため、リージョンの組ごとにファイルを分ける", i)
		}
	}
	p.destination = collect.Account{Region: first.Region, Profile: pick("profile", file.Profile), RoleARN: pick("role-arn", file.RoleARN)}
	src := collect.Account{Region: first.SourceRegion, Profile: pick("source-profile", file.SourceProfile), RoleARN: pick("source-role-arn", file.SourceRoleARN)}
	for _, arn := range []struct{ flag, value string }{{"--role-arn", p.destination.RoleARN}, {"--source-role-arn", src.RoleARN}} {
		if arn.value != "" && !roleARN.MatchString(arn.value) {
			return p, snapshot.Errorf("%s %q: expected the ARN of a role, such as arn:aws:iam::111122223333:role/NAME", "%s %q: arn:aws:iam::111122223333:role/NAME のようなロールの ARN を指定する", arn.flag, arn.value)
		}
	}
	if src != (collect.Account{}) {
		if src.Region == "" {
			src.Region = p.destination.Region
		}
		if src.Profile == "" {
			src.Profile = p.destination.Profile
			if src.RoleARN == "" {
				src.RoleARN = p.destination.RoleARN
			}
		}
		p.source = &src
	}
	return p, nil
}

func targetFromFlags(c *cli.Context) (snapshot.Target, error) {
	t := snapshot.Target{
		Region: c.String("region"), EndpointID: c.String("vpc-endpoint-id"), SubnetID: c.String("subnet-id"), GroupID: c.String("security-group-id"),
		DestinationType: c.String("destination-type"), Mode: c.String("mode"), SourceRegion: c.String("source-region"), SourceVPCID: c.String("source-vpc-id"),
		SourceSubnetID: c.String("source-subnet-id"), AgentInstanceID: c.String("agent-instance-id"), KeyRequest: c.String("key-request"), Requirements: c.String("requirements"),
	}
	if c.IsSet("tasks") {
		t.Tasks = c.Int("tasks")
		if t.Tasks < 1 || t.Tasks > maxTasks {
			return t, snapshot.Errorf("--tasks %d: expected a number from 1 to %d", "--tasks %d: 1 から %d までの数を指定する", t.Tasks, maxTasks)
		}
	}
	t.Storage, t.SubnetARNs, t.GroupARNs = c.StringSlice("storage"), c.StringSlice("subnet-arn"), c.StringSlice("security-group-arn")
	if c.IsSet("activation-key") {
		t.KeyShape = checks.KeyShape(c.String("activation-key"))
	}
	// What CreateAgent will get is what is judged, where nothing else is said.
	if t.SubnetID == "" && len(t.SubnetARNs) == 1 {
		t.SubnetID = idInARN(t.SubnetARNs[0], "subnet-")
	}
	if t.GroupID == "" && len(t.GroupARNs) == 1 {
		t.GroupID = idInARN(t.GroupARNs[0], "sg-")
	}
	for _, s := range c.StringSlice("source-cidr") {
		p, err := parseCIDR(s)
		if err != nil {
			return t, fmt.Errorf("--source-cidr %w", err)
		}
		t.SourceCIDRs = append(t.SourceCIDRs, p)
	}
	var err error
	if t.EndpointIP, err = parseAddr(c.String("endpoint-ip")); err != nil {
		return t, fmt.Errorf("--endpoint-ip %w", err)
	}
	if t.AgentIP, err = parseAddr(c.String("agent-ip")); err != nil {
		return t, fmt.Errorf("--agent-ip %w", err)
	}
	return t, nil
}

// idInARN is the id at the end of an ARN, "" if it is not one.
func idInARN(arn, prefix string) string {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if !idShapes[prefix].MatchString(id) {
		return ""
	}
	return id
}

// tidyTarget takes out of a target what must not be stored or shown, activation
// keys, and writes addresses in one way.
func tidyTarget(t snapshot.Target) snapshot.Target {
	t.EndpointIP, t.AgentIP = t.EndpointIP.Unmap(), t.AgentIP.Unmap()
	t.KeyRequest = tidyURL(t.KeyRequest)
	for _, list := range []*[]string{&t.SubnetARNs, &t.GroupARNs} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i] = checks.WithoutKeys((*list)[i])
		}
	}
	if t.KeyShape != "" && t.KeyShape != "ok" && !checks.KnownKeyShape(t.KeyShape) {
		t.KeyShape = "groups"
	}
	return t
}

// tidyURL takes user, fragment and activation keys out of a URL, however they are
// encoded.
func tidyURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "unreadable" // what can't be read can't be cleaned; validate refuses it
	}
	q := u.Query()
	changed := u.User != nil || u.Fragment != ""
	for name := range q {
		if strings.EqualFold(name, "activationKey") {
			q.Del(name)
			changed = true
		}
	}
	if changed {
		u.User, u.Fragment, u.RawFragment = nil, "", ""
		u.RawQuery = q.Encode()
		text = u.String()
	}
	text = keyParameter.ReplaceAllString(text, "")
	for plain := text; ; {
		if clean := checks.WithoutKeys(plain); clean != plain {
			return clean
		}
		next, err := url.QueryUnescape(plain)
		if err != nil || next == plain {
			return text
		}
		plain = next
	}
}

// keyParameter is a parameter that the URL package does not see as one.
var keyParameter = regexp.MustCompile(`(?i)activationkey=[^&;#]*`)

// maxTasks is a bound against slips of the finger; the quota is 100 tasks an
// account and Region, and adjustable.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/datasync-limits.html
const maxTasks = 10000

func parseCIDR(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, snapshot.Errorf("%q: expected a CIDR block, such as 10.10.0.0/16", "%q: 10.10.0.0/16 のような CIDR ブロックを指定する", s)
	}
	if p.Masked() != p {
		return p, snapshot.Errorf("%q: the address has bits set behind the prefix; did you mean %s?", "%q: プレフィックスより後ろのビットが立っている。%s のことか", s, p.Masked())
	}
	return p, nil
}

func parseAddr(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		return a, snapshot.Errorf("%q: an address with a zone means something on one machine only; leave %q out", "%q: ゾーン付きのアドレスは 1 台のマシンでしか意味がない。%q を除く", s, "%"+a.Zone())
	}
	if err != nil {
		return a, snapshot.Errorf("%q: expected an IP address, such as 10.10.1.50", "%q: 10.10.1.50 のような IP アドレスを指定する", s)
	}
	return a, nil
}

var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)
	regionShape = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

// An id is a prefix and 8 or 17 hexadecimal digits; CreateAgent takes the long
// form of an endpoint id only.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html
var idShapes = map[string]*regexp.Regexp{
	"vpce-":   regexp.MustCompile(`^vpce-[0-9a-f]{17}$`),
	"vpc-":    regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"subnet-": regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"sg-":     regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`),
	"i-":      regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`),
}

// validate refuses a target whose values can't be right, before any call. The
// address of a planned resource may stand for an id.
func validate(t snapshot.Target, where string, plans []*iac.Plan) error {
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
		if id.value == "" || idShapes[id.prefix].MatchString(id.value) {
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
		if r.value != "" && !regionShape.MatchString(r.value) {
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
	if t.Tasks < 0 || t.Tasks > maxTasks {
		return snapshot.Errorf("%stasks %d: expected a number from 1 to %d", "%stasks %d: 1 から %d までの数を指定する", prefix, t.Tasks, maxTasks)
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
