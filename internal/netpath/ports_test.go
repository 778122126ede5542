package netpath

import (
	"slices"
	"testing"
)

// TestParsePorts reads back what JoinPorts writes, and nothing else.
func TestParsePorts(t *testing.T) {
	for _, ports := range [][]Ports{{Port(443)}, {Port(22), {1024, 1064}}, {{0, 65535}}} {
		if got, ok := ParsePorts(JoinPorts(ports)); !ok || !slices.Equal(got, ports) {
			t.Errorf("%s is read as %v", JoinPorts(ports), got)
		}
	}
	for _, text := range []string{"", "all", "443,", "1-", "65536", "-1", "1024-1064 443"} {
		if got, ok := ParsePorts(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
