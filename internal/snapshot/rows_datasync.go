package snapshot

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// The rows of DataSync. Source: the DataSync API reference,
// https://docs.aws.amazon.com/datasync/latest/userguide/API_Types.html

// Agent is a DataSync agent of the account, as the list of agents has it.
type Agent struct {
	ARN string `json:"AgentArn"`
}

// AgentDetail is all that DataSync tells of an agent.
type AgentDetail struct {
	ID           string `json:"-"`
	ARN          string `json:"AgentArn"`
	Status       string
	EndpointType string
	Created      Time         `json:"CreationTime,omitzero"`
	Connected    Time         `json:"LastConnectionTime,omitzero"`
	PrivateLink  *PrivateLink `json:"PrivateLinkConfig"`
}

// PrivateLink is how an agent reaches its VPC endpoint, and what its tasks use. The
// address is the one in the key that the agent was activated with.
type PrivateLink struct {
	EndpointID string   `json:"VpcEndpointId"`
	Address    string   `json:"PrivateLinkEndpoint"`
	SubnetARNs []string `json:"SubnetArns"`
	GroupARNs  []string `json:"SecurityGroupArns"`
}

// Public reports whether an agent uses a service endpoint on the internet, and no VPC
// endpoint.
func (a AgentDetail) Public() bool {
	return a.PrivateLink == nil && (a.EndpointType == "PUBLIC" || a.EndpointType == "FIPS")
}

// Task is a DataSync task of the account.
type Task struct {
	ARN string `json:"TaskArn"`
}

// TaskDetail is what DataSync tells of a task.
type TaskDetail struct {
	ID                    string `json:"-"`
	ARN                   string `json:"TaskArn"`
	Status                string
	ErrorCode             string
	ErrorDetail           string
	Source                string   `json:"SourceLocationArn"`
	Destination           string   `json:"DestinationLocationArn"`
	SourceInterfaces      []string `json:"SourceNetworkInterfaceArns"`
	DestinationInterfaces []string `json:"DestinationNetworkInterfaceArns"`
}

// Why is the error that a task tells of, "" for none.
func (t TaskDetail) Why() string {
	return strings.Trim(t.ErrorCode+": "+t.ErrorDetail, ": ")
}

// Interfaces are the ids of the network interfaces that were made for a task.
func (t TaskDetail) Interfaces() []string {
	var out []string
	for _, list := range [][]string{t.SourceInterfaces, t.DestinationInterfaces} {
		for _, arn := range list {
			out = append(out, LastOf(arn))
		}
	}
	return out
}

// Location is where a task reads or writes.
type Location struct {
	ARN string `json:"LocationArn"`
	URI string `json:"LocationUri"`
}

// Scheme is the kind of storage of a location, such as "nfs" or "s3".
func (l Location) Scheme() string {
	scheme, _, _ := strings.Cut(l.URI, "://")
	return strings.ToLower(scheme)
}

// OfAWS reports whether a location is storage of AWS, which is reached without agents.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_LocationListEntry.html
func (l Location) OfAWS() bool { return l.Scheme() == "s3" || l.InFileSystem() }

// InFileSystem reports whether a location is an EFS or FSx file system: the interfaces
// of its tasks are in its own subnet.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html
func (l Location) InFileSystem() bool {
	return l.Scheme() == "efs" || strings.HasPrefix(l.Scheme(), "fsx")
}

// AgentLocation is a location that is reached through agents.
type AgentLocation struct {
	ID         string   `json:"-"`
	ARN        string   `json:"LocationArn"`
	AgentARNs  []string `json:"AgentArns"`
	OnPremises *struct {
		AgentARNs []string `json:"AgentArns"`
	} `json:"OnPremConfig"` // of NFS
}

// Agents are the ARNs of the agents.
func (l AgentLocation) Agents() []string {
	if l.OnPremises != nil {
		return l.OnPremises.AgentARNs
	}
	return l.AgentARNs
}

// HasAgents reports whether every location of a kind is reached through agents. Object
// storage and Azure may be reached without.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateLocationObjectStorage.html
// and https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateLocationAzureBlob.html
func (k Kind) HasAgents() bool { return k == LocationsNFS || k == LocationsSMB || k == LocationsHDFS }

// locationKinds are the calls that tell which agents a location uses; each is for one
// kind of storage.
var locationKinds = [...]Kind{LocationsNFS, LocationsSMB, LocationsHDFS, LocationsObjectStorage, LocationsAzureBlob}

// LocationKind is the call that tells the agents of locations with a scheme; NoKind
// for storage of AWS, which no agent reads.
func LocationKind(scheme string) Kind {
	switch scheme {
	case "nfs":
		return LocationsNFS
	case "smb":
		return LocationsSMB
	case "hdfs":
		return LocationsHDFS
	case "object-storage":
		return LocationsObjectStorage
	case "azure-blob":
		return LocationsAzureBlob
	}
	return NoKind
}

// OfDataSync reports whether a call is one of DataSync.
func (k Kind) OfDataSync() bool { return k < kindCount && specs[k].service == "datasync" }

// OfAudit reports whether a call is made only where agents are audited.
func (k Kind) OfAudit() bool { return k.OfDataSync() && k != Agents }

// LastOf is the id at the end of an ARN.
func LastOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// RegionOf and AccountOf are parts of an ARN, "" for what is none.
func RegionOf(arn string) string { return arnField(arn, 3) }

// AccountOf is the account in an ARN.
func AccountOf(arn string) string { return arnField(arn, 4) }

var (
	dataSyncARN = pattern.New(`^arn:aws[a-z-]*:datasync:[a-z0-9-]+:[0-9]{12}:(agent/agent|task/task|location/loc)-[0-9a-z]+$`)
	agentARN    = pattern.New(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):datasync:[a-z0-9-]+:[0-9]{12}:agent/agent-[0-9a-z]{17}$`)
)

// IsAgentARN reports whether a text is the ARN of an agent.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeAgent.html
func IsAgentARN(s string) bool {
	return agentARN.Re().MatchString(s) && PartitionOf(RegionOf(s)) == arnField(s, 1)
}

// Time is a time as the AWS CLI prints it: its version 2 as text, version 1 as seconds.
type Time struct{ time.Time }

// UnmarshalJSON reads either form.
func (t *Time) UnmarshalJSON(b []byte) error {
	if seconds, err := strconv.ParseFloat(string(b), 64); err == nil && math.Abs(seconds) < 1e12 {
		whole, part := math.Modf(seconds)
		t.Time = time.Unix(int64(whole), int64(part*1e9)).UTC()
		return nil
	}
	return json.Unmarshal(b, &t.Time)
}

// String writes the time for people.
func (t Time) String() string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func (r Agent) key() string         { return r.ARN }
func (r AgentDetail) key() string   { return r.ID }
func (r Task) key() string          { return r.ARN }
func (r TaskDetail) key() string    { return r.ID }
func (r Location) key() string      { return r.ARN }
func (r AgentLocation) key() string { return r.ID }
