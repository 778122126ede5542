package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// preciseAgent are the flags that name the agent itself or its subnet.
var preciseAgent = []string{"agent-instance-id", "agent-ip", "source-subnet-id"}

// overridden refuses a flag, or a variable that somebody forgot, that would
// replace what several targets of the file each say: all would be judged for it,
// and none for its own.
func overridden(said snapshot.Target, origin func(flag string) string, targets []configTarget) error {
	fields := said.Fields()
	for _, flag := range slices.Sorted(maps.Keys(fields)) {
		rivals := []string{flag}
		if slices.Contains(preciseAgent, flag) {
			rivals = preciseAgent
		}
		var names []string
		differs := false
		for i, t := range targets {
			own := t.Fields()
			for _, rival := range rivals {
				if own[rival] == "" {
					continue
				}
				name := t.Name
				if name == "" {
					name = fmt.Sprintf("targets[%d]", i)
				}
				names = append(names, name+": "+rival+" "+own[rival])
				differs = differs || own[rival] != fields[rival]
				break
			}
		}
		if len(names) < 2 || !differs {
			continue
		}
		return snapshot.Errorf("%s %s would replace what several targets of --config each say (%s): take it away, or take it out of the targets", "%s %s を指定すると、--config の複数のターゲットがそれぞれ指定している値（%s）が置き換わる。この指定を外すか、各ターゲットから取り除く", origin(flag), fields[flag], strings.Join(names, "; "))
	}
	return nil
}
