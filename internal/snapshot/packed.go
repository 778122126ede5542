package snapshot

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
)

// What the first and the last line of a packed probe run say. A machine without gzip
// packs nothing.
const (
	PackedProbes = "dspreflight.probes/gzip"
	PlainProbes  = "dspreflight.probes/plain"
	ProbesEnd    = "dspreflight.probes/end"
)

// maxUnpacked is far above what a probe run takes.
const maxUnpacked = 32 << 20

// Why a packed run can't be read.
var (
	errCut = Errorf("it is cut off: the line that ends it is missing", "途中で切れている（末尾の行がない）")
	errBad = Errorf("it is no output of dspreflight's probe script", "dspreflight のプローブスクリプトの出力ではない")
)

// unpacked reports whether a text is a packed probe run, and gives what is in it.
func unpacked(raw []byte) (body []byte, packed bool, err error) {
	first, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(string(raw)), "\r\n", "\n"), "\n")
	if first != PackedProbes && first != PlainProbes {
		return raw, false, nil
	}
	inner, whole := strings.CutSuffix(rest, ProbesEnd)
	if !whole {
		return nil, true, errCut
	}
	if first == PlainProbes {
		return []byte(inner), true, nil
	}
	bits, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(inner), ""))
	if err != nil {
		return nil, true, errBad
	}
	z, err := gzip.NewReader(bytes.NewReader(bits))
	if err != nil {
		return nil, true, errBad
	}
	body, err = io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil || len(body) > maxUnpacked {
		return nil, true, errBad
	}
	return body, true, nil
}
