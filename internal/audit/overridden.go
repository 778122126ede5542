package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// preciseAgent are the flags that name the agent itself or its subnet.
var preciseAgent = []string{"agent-instance-id", "agent-ip", "source-subnet-id"}

// overridden refuses a flag, or a variable that somebody forgot, that would
// replace what several targets of the file each say: all would be judged for it,
// and none for its own.
func overridden(said snapshot.Target, origin func(flag string) string, targets []configTarget) error {
	if err := replacesNetworks(said, origin, targets); err != nil {
		return err
	}
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
				names = append(names, nameIn(t, i)+": "+rival+" "+own[rival])
				differs = differs || own[rival] != fields[rival]
				break
			}
		}
		if len(names) < 2 || !differs {
			continue
		}
		return wouldReplace(origin(flag), fields[flag], names)
	}
	return nil
}

// nameIn is the name of a target of the file, or its place.
func nameIn(t configTarget, i int) string {
	return cmp.Or(t.Name, fmt.Sprintf("targets[%d]", i))
}

// replacesNetworks refuses one agent for targets that each say in which network theirs
// is, where no agent can be in all of these: it would be judged in place of theirs.
func replacesNetworks(said snapshot.Target, origin func(flag string) string, targets []configTarget) error {
	fields := said.Fields()
	i := slices.IndexFunc(preciseAgent, func(flag string) bool { return fields[flag] != "" })
	if i < 0 {
		return nil
	}
	var names []string
	vpcs := map[string]bool{}
	common := netpath.Anywhere
	for n, t := range targets {
		own := t.Fields()
		if vpc := own["source-vpc-id"]; vpc != "" {
			vpcs[vpc] = true
			names = append(names, nameIn(t, n)+": source-vpc-id "+vpc)
		}
		if len(t.SourceCIDRs) > 0 {
			common = netpath.Both(common, netpath.Set(t.SourceCIDRs...))
			names = append(names, nameIn(t, n)+": source-cidr "+own["source-cidr"])
		}
	}
	outside := said.AgentIP.IsValid() && !common.Contains(said.AgentIP)
	if len(names) < 2 || len(vpcs) < 2 && !outside && !netpath.Empty(common) {
		return nil
	}
	flag := preciseAgent[i]
	return wouldReplace(origin(flag), fields[flag], names)
}

func wouldReplace(flag, value string, names []string) error {
	return snapshot.Errorf("%s %s would replace what several targets of --config each say (%s): take it away, or take it out of the targets", "%s %s を指定すると、--config の複数のターゲットがそれぞれ指定している値（%s）が置き換わる。この指定を外すか、各ターゲットから取り除く", flag, value, strings.Join(names, "; "))
}
