package probe

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

//go:embed script.sh
var scriptText string

// ScriptHead is what a script says of itself.
type ScriptHead struct {
	ToolVersion string
	Lang        string           // of what people read of it: en or ja
	Vantage     snapshot.Vantage // of the machine that will run it; guessed there if it is guessed here
}

// about is what a script says of itself, behind the mark of a comment.
var about = snapshot.Text{
	En: `Dials what an AWS DataSync agent needs, from this machine, and prints what it
# saw as JSON, like "dspreflight probe -o json". Give the output to
# "dspreflight check --probes FILE". It needs a POSIX shell and one of bash, nc
# (any kind, busybox included) or curl; it requests nothing, changes nothing and
# writes to a folder of its own under TMPDIR, which it removes.`,
	Ja: `AWS DataSync エージェントに必要な接続をこのマシンから試し、結果を "dspreflight probe -o json" と
# 同じ JSON で出力する。出力は "dspreflight check --probes FILE" に渡す。POSIX シェルと、bash、nc
# （busybox を含め種類は問わない）、curl のいずれかが必要。要求は送らず、何も変更しない。TMPDIR の下に
# 専用のフォルダーを作り、最後に削除する。`,
}

var noDialler = snapshot.Text{En: "none of bash, nc and curl is here: nothing can be dialled", Ja: "bash、nc、curl のいずれもなく、接続を試せない"}

// Script is a POSIX shell script that dials the targets and prints a probe run
// as JSON. It can't see ICMP messages and does no TLS handshake; what it can't
// tell apart it marks as this machine's own trouble, so that nothing is
// concluded from it. Targets hold addresses and validated host names only, so
// nothing in them can break out of the script.
func Script(targets []Target, timeout time.Duration, head ScriptHead) string {
	return scriptOf("  cat <<'TARGETS'\n"+strings.Join(lines(targets), "\n")+"\nTARGETS", strconv.Itoa(seconds(timeout)), head)
}

// lines are the targets as the script reads them.
func lines(targets []Target) []string {
	var list []string
	for _, t := range targets {
		name, kind := t.Host, "name"
		if t.Addr.IsValid() {
			name, kind = t.Addr.String(), "addr"
		}
		list = append(list, fmt.Sprintf("%s %s %d %s", t.Purpose, name, t.Port, kind))
	}
	return list
}

// seconds is a time in whole seconds.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// scriptOf is the script that dials what a command lists, a target a line.
func scriptOf(list, wait string, head ScriptHead) string {
	place := head.Vantage.Place
	if head.Vantage.Guessed {
		place = snapshot.Elsewhere
	}
	return strings.NewReplacer(
		"@ABOUT@", about.In(head.Lang), "@NOTHING@", noDialler.In(head.Lang), "@VERSION@", plainVersion(head.ToolVersion), "@WAIT@", wait, "@ATONCE@", strconv.Itoa(PerAddress), "@LIST@", list,
		"@SCHEMA@", snapshot.ProbeSchema, "@PLACE@", string(place), "@GUESSED@", strconv.FormatBool(head.Vantage.Guessed),
	).Replace(scriptText)
}

// plainVersion keeps what may stand in a version.
func plainVersion(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._+-", r) {
			return r
		}
		return -1
	}, s)
}
