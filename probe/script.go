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
	Vantage     snapshot.Vantage // of the machine that will run it; guessed there if it is guessed here
}

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
		"@VERSION@", plainVersion(head.ToolVersion), "@WAIT@", wait, "@ATONCE@", strconv.Itoa(PerAddress), "@LIST@", list,
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
