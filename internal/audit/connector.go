package audit

import (
	"context"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// connector is what signs in to AWS in this run: as people have it, with a code of an MFA
// device where there is a terminal to ask on. The code serves once: it may be seen.
func (r *Run) connector() collect.Connector {
	k := collect.Connector{Sessions: new(collect.Sessions)}
	if r.Debug {
		k.Trace = r.Console.Debug
	}
	if r.Console.CanAsk() {
		k.Code = func(ctx context.Context, device string) (string, error) {
			return r.Console.Ask(ctx, snapshot.Textf("code of the MFA device %s: ", "MFA デバイス %s のコード: ", device).In(r.Lang))
		}
	}
	return k
}
