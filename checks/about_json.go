package checks

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
)

// aboutJSON is how facts stand in a report.
type aboutJSON struct {
	Holder    string   `json:"holder,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Addresses []string `json:"addresses,omitempty"` // CIDR blocks
	Ports     []string `json:"ports,omitempty"`     // "443" or "1024-1064"
}

// MarshalJSON writes addresses as CIDR blocks and ports as ranges.
func (a *About) MarshalJSON() ([]byte, error) {
	out := aboutJSON{Holder: a.Holder, Direction: a.Direction}
	if a.Addrs != nil {
		out.Addresses = netpath.CIDRs(a.Addrs)
	}
	for _, p := range a.Ports {
		out.Ports = append(out.Ports, p.String())
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *About) UnmarshalJSON(body []byte) error {
	var in aboutJSON
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	*a = About{Holder: in.Holder, Direction: in.Direction}
	if in.Addresses != nil {
		var set netipx.IPSetBuilder
		for _, s := range in.Addresses {
			p, err := netip.ParsePrefix(s)
			if err != nil {
				return err
			}
			set.AddPrefix(p)
		}
		addrs, err := set.IPSet()
		if err != nil {
			return err
		}
		a.Addrs = addrs
	}
	for _, s := range in.Ports {
		p, ok := netpath.ParsePorts(s)
		if !ok {
			return fmt.Errorf("%q is neither a port nor a range of ports", s)
		}
		a.Ports = append(a.Ports, p...)
	}
	return nil
}
