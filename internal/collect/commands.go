package collect

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// invocationsPage is how many nodes a page lists at most.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html
const invocationsPage = 50

// CommandKinds are the calls that read what a command of Systems Manager printed.
func CommandKinds() []snapshot.Kind {
	return []snapshot.Kind{snapshot.Invocations, snapshot.CommandOutputs}
}

// invocations asks to which nodes the command was sent. It is of one account and Region,
// and any of the scopes may be that one.
func (c *collector) invocations() []*job {
	if c.request.Command == "" {
		return nil
	}
	return []*job{{kind: snapshot.Invocations}}
}

// outputs asks what each node printed, and what EC2 says of where they are: a node whose
// id begins with mi- is none of EC2's.
func (c *collector) outputs() []*job {
	var jobs []*job
	var instances []string
	for _, i := range c.scope.Invocations.All() {
		if !snapshot.CanBeAbout(snapshot.CommandOutputs, i.Instance) {
			continue
		}
		jobs = append(jobs, &job{kind: snapshot.CommandOutputs, query: query{id: i.Instance}})
		if strings.HasPrefix(i.Instance, "i-") {
			instances = append(instances, i.Instance)
		}
	}
	for part := range slices.Chunk(instances, maxFilterValues) {
		jobs = append(jobs, &job{kind: snapshot.Instances, query: query{instances: part}})
	}
	return jobs
}
