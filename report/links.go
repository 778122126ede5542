package report

import "strings"

// documentation and article are where AWS's guides and the articles of its support are.
const (
	documentation = "https://docs.aws.amazon.com/"
	article       = "https://repost.aws/knowledge-center/"
)

// translated are the guides that AWS has in Japanese, with the same names of pages
// and anchors. References of APIs and whitepapers are in English alone.
var translated = []string{
	"AWSCloudFormation/latest/UserGuide/", "AWSEC2/latest/UserGuide/", "IAM/latest/UserGuide/", "cli/latest/userguide/",
	"datasync/latest/userguide/", "general/latest/gr/", "sdkref/latest/guide/", "service-authorization/latest/reference/",
	"singlesignon/latest/userguide/", "vpc/latest/peering/", "vpc/latest/privatelink/", "vpc/latest/reachability/",
	"vpc/latest/tgw/", "vpc/latest/userguide/", "vpn/latest/s2svpn/",
}

// Sources are links to documents, to those in the reader's language where there are.
func Sources(links []string, lang string) []string {
	if lang != "ja" {
		return links
	}
	out := make([]string, len(links))
	for i, link := range links {
		out[i] = inJapanese(link)
	}
	return out
}

func inJapanese(link string) string {
	if page, ok := strings.CutPrefix(link, article); ok {
		return "https://repost.aws/ja/knowledge-center/" + page
	}
	page, ok := strings.CutPrefix(link, documentation)
	for _, guide := range translated {
		if ok && strings.HasPrefix(page, guide) {
			return documentation + "ja_jp/" + page
		}
	}
	return link
}
