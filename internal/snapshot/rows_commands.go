package snapshot

// Invocation is what became of a command of Systems Manager on one managed node.
type Invocation struct {
	Instance string `json:"InstanceId"`
	Command  string `json:"CommandId"`
	Status   string
	Details  string `json:"StatusDetails"`
}

// CommandOutput is what a command printed on a managed node.
type CommandOutput struct {
	Instance string `json:"InstanceId"`
	Command  string `json:"CommandId"`
	Status   string
	Details  string `json:"StatusDetails"`
	Output   string `json:"StandardOutputContent"`
	Problem  string `json:"StandardErrorContent"`
	URL      string `json:"StandardOutputUrl"`
}

func (r Invocation) key() string    { return r.Instance }
func (r CommandOutput) key() string { return r.Instance }
