package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/report"
)

// TestWrapByUnicode breaks texts at every width and looks at where the lines begin.
func TestWrapByUnicode(t *testing.T) {
	for _, text := range []string{
		"佐々木、時々、ソースのサブネットのルート。エージェントのセキュリティグループ（sg-0e1d2c3b4a5968778）、「アクティブ化」。",
		"ファイルサーバー、ヴァージョン、一ヶ月、つゞく、ルートテーブル・ネットワーク ACL か？ いや！ キャッシュ、ショートカット。",
		"👩‍👩‍👧‍👦👩🏽‍💻🇯🇵🇩🇪é が並ぶ",
	} {
		for width := 30; width < 70; width++ {
			for _, line := range report.Wrap(text, width) {
				first := string([]rune(line)[:min(1, len([]rune(line)))])
				if strings.ContainsAny(first, "々ー。、）」ッァィェョャュヮヵヶ・ゝゞヽヾ！？\u200d\u0301🏽") {
					t.Errorf("%d columns: a line begins with %q in %q", width, first, report.Wrap(text, width))
				}
				if report.Width(line) > width {
					t.Errorf("%d columns: %q is wider", width, line)
				}
			}
		}
	}
	for text, want := range map[string][]string{
		"mended by vpce-0a1b2c3d4e5f60718 here": {"mended by", "vpce-0a1b2c3d4e5f60718", "here"},
		"see https://docs.aws.amazon.com/a":     {"see", "https://docs.aws.amazon.com/a"},
		"pass --no-probe-at-all, or":            {"pass", "--no-probe-at-all, or"},
		"エージェントのセキュリティグループを許可":                  {"エージェントの", "セキュリティグループを", "許可"},
	} {
		width := report.Width(slices.MaxFunc(want, func(a, b string) int { return len(a) - len(b) }))
		if got := report.Wrap(text, width); !slices.Equal(got, want) {
			t.Errorf("%d columns: %q", width, got)
		}
	}
}
