// Package byhand says with which commands of the AWS CLI the evidence is collected
// without dspreflight: one a file of a saved snapshot, as a script or as a page.
package byhand

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// call is how the AWS CLI makes the call behind a kind.
type call struct {
	options []string // that it can't do without
	query   string   // what of the reply is kept, where not all may be
	about   string   // the option that takes the resource, for a call about one
	list    snapshot.Kind
	pick    string // which resources of the list, as the AWS CLI's --query takes it
}

// calls are those that take more than their name.
var calls = map[snapshot.Kind]call{
	snapshot.SubnetCIDRReservations: {about: "--subnet-id", list: snapshot.Endpoints, pick: "VpcEndpoints[?contains(ServiceName, 'datasync')].SubnetIds[]"},
	snapshot.PrefixListEntries:      {about: "--prefix-list-id", list: snapshot.PrefixLists, pick: "PrefixLists[].PrefixListId"},

	snapshot.TransitGatewayAssociations: ofRouteTable(),
	snapshot.TransitGatewayPropagations: ofRouteTable(),
	// It can't be called without a filter; this one leaves every route that counts.
	// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SearchTransitGatewayRoutes.html
	snapshot.TransitGatewayRoutes: ofRouteTable("--filters", "Name=state,Values=active,blackhole"),

	// The rest of a reply holds pre-shared keys.
	snapshot.VPNConnections: {query: "{VpnConnections: VpnConnections[].{VpnConnectionId: VpnConnectionId, State: State, VpnGatewayId: VpnGatewayId, TransitGatewayId: TransitGatewayId, Options: Options && {StaticRoutesOnly: Options.StaticRoutesOnly}, Routes: Routes, VgwTelemetry: VgwTelemetry, Tags: Tags}}"},

	snapshot.AgentDetails:           {about: "--agent-arn", list: snapshot.Agents, pick: "Agents[].AgentArn"},
	snapshot.TaskDetails:            {about: "--task-arn", list: snapshot.Tasks, pick: "Tasks[].TaskArn"},
	snapshot.LocationsNFS:           ofScheme("nfs"),
	snapshot.LocationsSMB:           ofScheme("smb"),
	snapshot.LocationsHDFS:          ofScheme("hdfs"),
	snapshot.LocationsObjectStorage: ofScheme("object-storage"),
	snapshot.LocationsAzureBlob:     ofScheme("azure-blob"),
}

func ofRouteTable(options ...string) call {
	return call{options: options, about: "--transit-gateway-route-table-id", list: snapshot.TransitGatewayRouteTables, pick: "TransitGatewayRouteTables[].TransitGatewayRouteTableId"}
}

func ofScheme(scheme string) call {
	return call{about: "--location-arn", list: snapshot.Locations, pick: "Locations[?starts_with(LocationUri, '" + scheme + "://')].LocationArn"}
}

// simulated are the calls whose arguments are the caller's own, so that they take more
// than one command; the script has them.
func simulated(k snapshot.Kind) bool { return k == snapshot.PolicySimulation }

// Collected reports whether a kind is collected by hand: what Systems Manager keeps of a
// command goes to --probes as the AWS CLI prints it.
func Collected(k snapshot.Kind) bool {
	return k != snapshot.Invocations && k != snapshot.CommandOutputs
}

// words are the command of a kind, up to the resource that it is about.
func words(k snapshot.Kind) []string {
	service, _, _ := strings.Cut(k.Action(), ":")
	name := strings.TrimPrefix(k.Command(), service+"-")
	out := append([]string{service, name}, calls[k].options...)
	if q := calls[k].query; q != "" {
		out = append(out, "--query", q)
	}
	return out
}

// Page lists the commands, for people.
func Page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	var lists, single []snapshot.Kind
	for _, k := range snapshot.Kinds() {
		switch {
		case !Collected(k) || simulated(k):
		case k.PerID():
			single = append(single, k)
		default:
			lists = append(lists, k)
		}
	}
	agents := func(k snapshot.Kind) bool { return k.OfAudit() }
	b.WriteString("## Once for each account and Region\n\n```sh\n" + lines(slices.DeleteFunc(slices.Clone(lists), agents)) + "```\n")
	b.WriteString("\nOf VPN connections the pre-shared keys are left out; `describe-instances` may be narrowed to the agent's instance.\n")
	b.WriteString("\n## Once for each resource\n\nThe id of the resource is part of the file's name.\n\n| command | once for each of | which are listed by |\n|---|---|---|\n")
	for _, k := range single {
		if !agents(k) {
			b.WriteString(row(k))
		}
	}
	b.WriteString("\n## Where agents are audited\n\nWith `--agent-arn`, `--all-agents` or `--all-endpoints`, and in the accounts that have agents. The id is the last part of the ARN.\n\n```sh\n")
	b.WriteString(lines(slices.DeleteFunc(slices.Clone(lists), func(k snapshot.Kind) bool { return !agents(k) })) + "```\n\n| command | once for each of | which are listed by |\n|---|---|---|\n")
	for _, k := range single {
		if agents(k) {
			b.WriteString(row(k))
		}
	}
	return b.String()
}

const pageHead = `# Collect the evidence with the AWS CLI

A network team can collect what dspreflight judges without installing it: each command's output goes into a file that is named after
the command, and each account and Region has a folder. Whoever has dspreflight judges the folders, with no credentials at all.

` + "`dspreflight snapshot --script`" + ` prints a script that does all of it, for the profiles, roles and Regions that the flags or
` + "`--config`" + ` name. It needs a POSIX shell and the AWS CLI, only reads, and says in a manifest what could not be read:

` + "```sh" + `
dspreflight snapshot --script --region us-east-1 --source-region eu-west-1 > collect.sh
sh collect.sh estate
dspreflight check --snapshot estate --agent-ip 10.10.1.50
` + "```" + `

The same by hand. Which of the commands are needed depends on the checks: ` + "[reference.md](reference.md)" + ` says what each reads, and a
file that is missing makes UNKNOWN only what rests on it. Without a manifest, ` + "`check --complete`" + ` is your word that the files are
whole and unfiltered.

`

func lines(kinds []snapshot.Kind) string {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "%s > %s.json\n", command(words(k)), k.Command())
	}
	return b.String()
}

func row(k snapshot.Kind) string {
	c := calls[k]
	place := "<" + strings.TrimPrefix(c.about, "--") + ">"
	return fmt.Sprintf("| `%s %s > %s.<id>.json` | `%s` | `%s` |\n", command(words(k)), c.about+" "+place, k.Command(), c.pick, c.list.Command())
}

// command is a call of the AWS CLI as one types it.
func command(words []string) string {
	return outside.Words(append([]string{"aws"}, words...)...)
}
