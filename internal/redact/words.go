package redact

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// regionWords are those that names of Regions are made of.
var regionWords = words(`af ap ca cn eu eusc il me mx sa us gov iso isob isof isoe north south east west central northeast southeast northwest southwest de`)

// isRegion reports whether a text is the name of a Region, or a pattern of such.
func isRegion(s string) bool {
	parts := strings.Split(s, "-")
	for i, p := range parts {
		if !regionWords()[strings.Trim(p, "*?")] && (i == 0 || len(p) > 2 || strings.Trim(p, "0123456789*?") != "") {
			return false
		}
	}
	return len(parts) > 2 || len(parts) > 1 && strings.HasSuffix(s, "*")
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

var hostShape = pattern.New(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func isHost(s string) bool { return len(s) <= 253 && hostShape.Re().MatchString(s) }

var (
	ofInstance = pattern.New(`(?i)^ip-(\d+)-(\d+)-(\d+)-(\d+)\.((?:[a-z0-9-]+\.compute|ec2)\.internal)\.?$`)
	ofEndpoint = pattern.New(`^(vpce-[0-9a-f]{17})-([a-z0-9]{8})(-[a-z0-9-]+)?$`)
	awsDomain  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(.*\.)(` + strings.Join(domains(), "|") + `)\.?$`)
	})
)

// domains are those of AWS's APIs.
func domains() []string {
	var out []string
	for _, r := range snapshot.Regions {
		for _, d := range func(a, b string) []string { return []string{b, a} }(snapshot.DNSSuffixes(r)) {
			if d = regexp.QuoteMeta(d); !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// services are labels of names of AWS's APIs and of endpoint services.
var services = words(`com cn amazonaws aws api vpce compute ec2 sts iam datasync datasync-fips ec2-fips sts-fips s3 dynamodb cloudfront global origin-facing ssm ssmmessages
	ec2messages logs monitoring kms elasticfilesystem fsx networkmanager gov ic c2s scloud sgov smtp cloud adc-e uk csp hci eu vpc-lattice`)

// host replaces the name of a host. The names of AWS's APIs stay, but for the ids in
// them.
func (r *Redactor) host(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return r.Addr(a).String()
	}
	if m := ofInstance.Re().FindStringSubmatch(s); m != nil {
		if a, err := netip.ParseAddr(strings.Join(m[1:5], ".")); err == nil {
			return r.stands(s, "ip-"+strings.ReplaceAll(r.Addr(a).String(), ".", "-")+"."+m[5])
		}
	}
	m := awsDomain().FindStringSubmatch(s)
	if m == nil {
		return r.name("host-", s) + ".invalid"
	}
	return r.stands(s, r.labels(strings.TrimSuffix(m[1], "."))+"."+m[2])
}

// labels replaces those parts of a name that are not AWS's.
func (r *Redactor) labels(s string) string {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if m := ofEndpoint.Re().FindStringSubmatch(p); m != nil {
			parts[i] = r.Value(m[1]) + "-" + r.name("", m[2])[:8]
			if m[3] != "" && isRegion(strings.TrimRight(strings.TrimPrefix(m[3], "-"), "abcdef")) {
				parts[i] += m[3] // a zone
			}
		} else if !services()[strings.ToLower(p)] {
			parts[i] = r.Value(p)
		}
	}
	return strings.Join(parts, ".")
}

// serviceName replaces what is not AWS's in the name of an endpoint service.
func serviceName(r *Redactor, s string) string { return r.stands(s, r.labels(s)) }

// arnServices and arnTypes are the words that the ARNs of a network and of who
// activates are made of.
var (
	arnServices = words(`* ec2 iam sts datasync s3 elasticfilesystem fsx networkmanager odb ram organizations`)
	arnTypes    = words(`user role assumed-role federated-user root policy group vpc subnet security-group agent task location instance vpc-endpoint
		network-interface transit-gateway core-network attachment odb-network service-role aws-service-role aws-reserved sso.amazonaws.com vpc-endpoint-service`)
	partition  = pattern.New(`^(\*|aws(-[a-z]{1,6}){0,3})$`)
	ssoRole    = pattern.New(`^(AWSReservedSSO_)(.+)_([0-9a-f]{16})$`)
	onlyWild   = pattern.New(`^([a-z]+-)?[*?]+$`)
	ofVariable = pattern.New(`^\$\{(aws|ec2|datasync):[A-Za-z]+\}$`)
)

// arn replaces the account of an ARN and the names behind it.
func (r *Redactor) arn(s string) string {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) < 6 {
		return r.name("name-", s)
	}
	if !partition.Re().MatchString(parts[1]) {
		parts[1] = r.Value(parts[1])
	}
	if !arnServices()[parts[2]] {
		parts[2] = r.Value(parts[2])
	}
	parts[3], parts[4] = r.Value(parts[3]), r.Value(parts[4])
	var out strings.Builder
	for rest := parts[5]; ; {
		at := strings.IndexAny(rest, "/:")
		if at < 0 {
			out.WriteString(r.piece(rest))
			break
		}
		out.WriteString(r.piece(rest[:at]) + rest[at:at+1])
		rest = rest[at+1:]
	}
	parts[5] = out.String()
	return r.stands(s, strings.Join(parts, ":"))
}

// piece replaces a part of the name of a resource.
func (r *Redactor) piece(s string) string {
	if arnTypes()[s] || ofVariable.Re().MatchString(s) || onlyWild.Re().MatchString(s) && (s[0] == '*' || s[0] == '?' || idKinds()[strings.TrimRight(s, "-*?")]) {
		return s
	}
	if m := ssoRole.Re().FindStringSubmatch(s); m != nil { // its beginning says who manages it
		return r.stands(s, m[1]+r.Value(m[2])+"_"+strings.Repeat("0", len(m[3])))
	}
	return r.Value(s)
}

// The parameters of a key request that decide, and the values that are AWS's.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
var (
	keyParameters = words(`gatewaytype activationregion endpointtype privatelinkendpoint no_redirect`)
	keyValues     = words(`SYNC PUBLIC PRIVATE_LINK FIPS FIPS_PRIVATE_LINK STANDARD`)
)

// url replaces the host of a URL, and what its parameters say of the estate. Of a
// path nothing is left.
func (r *Redactor) url(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	if !slices.Contains([]string{"http", "https", "nfs", "smb"}, strings.ToLower(scheme)) {
		return r.name("name-", s)
	}
	where, query, asks := strings.Cut(rest, "?")
	where, _, _ = strings.Cut(where, "/")
	where = where[strings.LastIndexByte(where, '@')+1:]
	host, port := where, ""
	if at := strings.LastIndexByte(where, ':'); at >= 0 && isNumber(where[at+1:]) {
		host, port = where[:at], where[at:]
	}
	if bare := strings.Trim(host, "[]"); bare != host {
		host = "[" + r.Value(bare) + "]"
	} else if host != "" {
		host = r.host(host)
	}
	out := scheme + "://" + host + port
	if asks {
		query, _, _ = strings.Cut(query, "#")
		var list []string
		for _, pair := range strings.Split(query, "&") {
			list = append(list, r.parameter(pair))
		}
		out += "/?" + strings.Join(list, "&")
	}
	return r.stands(s, out)
}

func (r *Redactor) parameter(pair string) string {
	name, value, has := strings.Cut(pair, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	if !keyParameters()[strings.ToLower(name)] {
		return url.QueryEscape(r.name("name-", name))
	}
	if !has {
		return name
	}
	if !keyValues()[value] {
		value = r.Value(value)
	}
	return name + "=" + url.QueryEscape(value)
}

// address replaces the names in the address of a resource of Terraform. Its type
// stays, and so does the attribute behind it.
func (r *Redactor) address(s string) (string, bool) {
	m := plannedShape.Re().FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	var out strings.Builder
	for _, module := range plannedModule.Re().FindAllStringSubmatch(m[1], -1) {
		out.WriteString("module." + r.name("name-", module[1]) + r.index(module[2]) + ".")
	}
	out.WriteString(m[2] + m[3] + "." + r.name("name-", m[4]) + r.index(m[5]) + m[6])
	return r.stands(s, out.String()), true
}

// index replaces the key of one of several.
func (r *Redactor) index(s string) string {
	if key := strings.Trim(s, `[]"`); key != s && !isNumber(key) {
		return `["` + r.name("name-", key) + `"]`
	}
	return s
}

var (
	plannedModule = pattern.New(`module\.([A-Za-z0-9_-]+)(\[[^\]]*\])?\.`)
	plannedShape  = pattern.New(`^((?:module\.[A-Za-z0-9_-]+(?:\[[^\]]*\])?\.)*)(data\.)?((?:aws|awscc)_[a-z0-9_]+)\.([A-Za-z0-9_-]+)(\[[^\]]*\])?((?:\.[a-z0-9_]+)?)$`)
)

// said replaces text that is nobody's value but a sentence, of AWS, of a server or of
// this program: of it stays what a check looks for.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func said(_ *Redactor, s string) string {
	out := "(redacted)"
	for _, phrase := range []string{
		"no identity-based policy allows", "service control policy", "resource control policy", "permissions boundary", "session policy", "VPC endpoint policy", "explicit deny", "does not exist",
		"Amazon", "Starfield", "DigiCert", // the authorities of the certificates of AWS
	} {
		if strings.Contains(strings.ToLower(s), strings.ToLower(phrase)) {
			out += " " + phrase
		}
	}
	if strings.HasPrefix(s, snapshot.CertificateExpired) {
		return snapshot.CertificateExpired + " " + out
	}
	return out
}
