package documented

import "testing"

// TestRTF reads what word processors and mail programs save, and text that only looks so.
func TestRTF(t *testing.T) {
	for rtf, want := range map[string]string{
		`{\rtf1\ansi{\fonttbl{\f0\fmodern Courier New;}}{\*\generator Riched20 10.0;}\f0\fs20 errorType=PRIVATE_LINK_\line ENDPOINT_UNREACH\'41BLE\par}`: "errorType=PRIVATE_LINK_\nENDPOINT_UNREACHABLE\n",
		"{\\rtf1 a\r\nb\\par\\u12456?\\'83\\tab\\{c\\}\\\\ d}": "ab\nエ\t{c}\\ d",
		`{\rtf1 {{{`:           "",
		`}}{\rtf1`:             `}}{\rtf1`,
		`C:\rtf\line\par`:      `C:\rtf\line\par`,
		`{\rtf1\u-10179?x\u}\`: "\ufffdx\x00",
	} {
		if got := unRTF(rtf); got != want {
			t.Errorf("%s: %q, want %q", rtf, got, want)
		}
	}
	if list := Recognise(`{\rtf1\ansi errorType=PRIVATE_LINK_\line ENDPOINT_UNREACHABLE\par}`); len(list) != 1 || list[0].Error != EndpointUnreachable {
		t.Errorf("%+v", list)
	}
}
