package audit

import (
	"context"
	"fmt"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Request is what a run looks at.
type Request struct {
	Targets []snapshot.Target
	Scopes  []collect.Scope // where to look for them, live
	Plans   []iac.Source    // what changes are planned; nil: none were passed
}

// ReadRequest builds the targets from flags, environment and file, in this order
// of precedence, and validates every id, address and CIDR block. What an estate
// adds is merged later: see complete.
func (r *Run) ReadRequest(ctx context.Context) error {
	p := &r.Request
	var err error
	if p.Plans, err = r.readPlans(ctx); err != nil {
		return err
	}
	var file config
	if r.ConfigFile != "" {
		if file, err = r.readConfig(ctx); err != nil {
			return err
		}
	}
	if err := overridden(r.Said, r.Origin, file.Targets); err != nil {
		return err
	}
	targets := file.Targets
	if len(targets) == 0 {
		targets = []configTarget{{}}
	}
	names := map[string]bool{}
	for i, own := range targets {
		where := "--config"
		if len(file.Targets) > 0 {
			where = fmt.Sprintf("--config: targets[%d]", i)
		}
		t := checks.Tidy(r.Said.Merge(own.Target).Merge(file.Target))
		if err := Validate(t, where, p.Plans); err != nil {
			return err
		}
		if len(targets) > 1 {
			if t.Name == "" {
				t.Name = fmt.Sprintf("target-%d", i+1)
			}
			if names[t.Name] {
				return snapshot.Errorf("%s: the name %q is taken", "%s: 名前 %q は既に使われている", where, t.Name)
			}
			names[t.Name] = true
		}
		p.Targets = append(p.Targets, t)
	}
	if p.Targets, err = r.auditTargets(file, p.Targets); err != nil {
		return err
	}
	if p.Scopes, p.Targets, err = r.settleScopes(ctx, file, p.Targets); err == nil && !r.AsksAWS() {
		forgetSides(p.Targets)
	}
	return err
}

// read reads a file that the options name.
func (r *Run) read(ctx context.Context, file string, limit int64) ([]byte, error) {
	return files.Read(ctx, r.Patience(), file, limit)
}
