package report

import "testing"

func TestSourcesInJapanese(t *testing.T) {
	for link, want := range map[string]string{
		"https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html#a":                         "https://docs.aws.amazon.com/ja_jp/vpc/latest/tgw/tgw-peering.html#a",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html":           "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html",
		"https://repost.aws/knowledge-center/datasync-cross-activate-agent":                     "https://repost.aws/ja/knowledge-center/datasync-cross-activate-agent",
		"https://github.com/hashicorp/terraform-provider-aws/issues/47798":                      "https://github.com/hashicorp/terraform-provider-aws/issues/47798",
		"https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-datasync-a.html": "https://docs.aws.amazon.com/ja_jp/datasync/latest/userguide/troubleshooting-datasync-a.html",
	} {
		if got := Sources([]string{link}, "ja")[0]; got != want {
			t.Errorf("%s: %s", link, got)
		}
		if got := Sources([]string{link}, "en")[0]; got != link {
			t.Errorf("%s in English: %s", link, got)
		}
	}
}
