package report

import (
	"strings"
	"testing"
)

// TestNames keeps what is an id as a whole on one line, with digits or without; one that
// may not fit a phone has a line of its own.
func TestNames(t *testing.T) {
	var m markup
	m.put("% % %", name("org-egress-proxy"), prose("subnet-cidr-assoc-0a1b2c3d4e5f60718"), name("<b>"))
	if want := `<span class="k">org-egress-proxy</span> <span class="own">subnet-cidr-assoc-0a1b2c3d4e5f60718</span> <span class="k">&lt;b&gt;</span>`; m.String() != want {
		t.Errorf("%s, want %s", m.String(), want)
	}
}

// TestProse keeps ids, Regions and ranges on one line of a page, and nothing else.
func TestProse(t *testing.T) {
	for text, whole := range map[string][]string{
		"sg-0e1d2c3b4a5968778/sgr-0d443a2b3c4d5e6f1: tcp 1024-1060 from 10.10.0.0/16": {"sg-0e1d2c3b4a5968778", "sgr-0d443a2b3c4d5e6f1", "1024-1060"},
		"444455556666 ap-northeast-1":                                 {"ap-northeast-1"},
		"10.20.1.10 の TCP 1061-1062 を許可":                              {"1061-1062"},
		"assumed-role/NetworkAudit, re-Post":                          nil,
		"a-name-of-more-than-thirty-characters-of-which-1-is-a-digit": nil,

		`"<sg-1>&amp-1"`:       {"sg-1", "amp-1"},
		"-1 1- --no-probe --1": nil,

		"route-to-agent and nacl-to-endpoint are broken": {"route-to-agent", "nacl-to-endpoint"},
	} {
		got := prose(text).markup().String()
		for _, w := range whole {
			if one := `<span class="k">` + w + "</span>"; strings.Count(got, one) != 1 {
				t.Errorf("%q: %s is not whole: %s", text, w, got)
			}
		}
		if strings.Count(got, "<span") != len(whole) {
			t.Errorf("%q: %s", text, got)
		}
		var plain markup
		plain.put("%", text)
		if bare := strings.NewReplacer(`<span class="k">`, "", "</span>", "").Replace(got); bare != plain.String() {
			t.Errorf("%q became %q, not %q", text, bare, plain.String())
		}
	}
}
