package audit

import (
	"path"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// tellPassed names the files of a folder that were passed over: whoever gathered
// them may think that they count.
func (r *Run) tellPassed(dir string, passed []snapshot.Passed) {
	for i, p := range passed {
		if i == mostListed {
			r.tell(snapshot.Textf("passed over %d more", "ほか %d 件も読み飛ばした", len(passed)-i))
			return
		}
		at := path.Join(dir, p.Path)
		text := snapshot.Textf("passed over %s: it is not named after a command that dspreflight reads", "%s は dspreflight の読むコマンドの名前ではないため読み飛ばした", at)
		switch {
		case strings.HasSuffix(p.Path, "/"):
			text = snapshot.Textf("passed over the folder %s: nothing in it is named after a command that dspreflight reads", "フォルダー %s には dspreflight の読むコマンドの名前のファイルがないため読み飛ばした", at)
		case p.Meant != "":
			text = snapshot.Textf("passed over %s: did you mean %s?", "%s は読み飛ばした。%s のことか", at, p.Meant)
		}
		r.tell(text)
	}
}
