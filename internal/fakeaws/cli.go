package fakeaws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// ShellWords splits a command as a POSIX shell does, as far as quotes go.
func ShellWords(s string) ([]string, error) {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\'':
			quoted = false
		case quoted:
			word.WriteByte(c)
		case c == '\'':
			quoted, begun = true, true
		case c == '\\' && i+1 < len(s):
			i++
			if begun = true; s[i] != '\n' {
				word.WriteByte(s[i])
			}
		case c == ' ' || c == '\n':
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		case strings.IndexByte(`"$&|;<>()*?[#~`+"`", c) >= 0 && !begun, strings.IndexByte("\"$&|;<>()*?[`", c) >= 0:
			return nil, fmt.Errorf("a shell does not take %q for itself in %s", c, s)
		default:
			begun = true
			word.WriteByte(c)
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is open in %s", s)
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}

// repeated are options whose values are a list, with the parameter's name.
// Source: the locationName traits of the EC2 service model.
var repeated = map[string]string{
	"--instance-ids": "InstanceId", "--subnet-ids": "SubnetId", "--security-group-ids": "SecurityGroupId", "--add-subnet-ids": "AddSubnetId",
}

// Run does what a command of the AWS CLI does, as it stands in a report, with the
// credentials of an account. It returns the id of what it made.
func (s *Server) Run(account, command string) (string, error) {
	words, err := ShellWords(command)
	if err != nil {
		return "", err
	}
	if len(words) < 3 || words[0] != "aws" {
		return "", fmt.Errorf("not the AWS CLI: %s", command)
	}
	var action strings.Builder
	for _, part := range strings.Split(words[2], "-") {
		action.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	form, region := url.Values{}, ""
	for i := 3; i < len(words); i++ {
		name, value, joined := strings.Cut(words[i], "=")
		if !strings.HasPrefix(name, "--") {
			return "", fmt.Errorf("%q is no option: %s", words[i], command)
		}
		if !joined && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value = words[i]
		}
		parameter := ""
		for _, part := range strings.Split(strings.TrimPrefix(name, "--"), "-") {
			parameter += strings.ToUpper(part[:1]) + part[1:]
		}
		switch name {
		case "--region":
			region = value
		case "--profile":
		case "--ingress", "--egress":
			form.Set("Egress", fmt.Sprint(name == "--egress"))
		case "--private-dns-enabled", "--no-private-dns-enabled":
			form.Set("PrivateDnsEnabled", fmt.Sprint(name == "--private-dns-enabled"))
		case "--reset-policy":
			form.Set("ResetPolicy", "true")
		case "--ip-permissions":
			var list []any
			if err := json.Unmarshal([]byte(value), &list); err != nil {
				return "", err
			}
			flatten(form, "IpPermissions", list)
		case "--port-range":
			for _, pair := range strings.Split(value, ",") {
				k, v, _ := strings.Cut(pair, "=")
				form.Set("PortRange."+k, v)
			}
		default:
			list := repeated[name]
			if name == "--add-subnet-ids" && strings.HasPrefix(action.String(), "ModifyTransitGateway") {
				list = "AddSubnetIds"
			}
			if list != "" {
				form.Set(list+".1", value)
				continue
			}
			form.Set(parameter, value)
		}
	}
	return s.Change(account, region, action.String(), form)
}

// flatten writes a value as parameters of the query protocol.
func flatten(form url.Values, name string, v any) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			flatten(form, fmt.Sprintf("%s.%d", name, i+1), e)
		}
	case map[string]any:
		for k, e := range v {
			flatten(form, name+"."+k, e)
		}
	default:
		form.Set(name, fmt.Sprint(v))
	}
}
