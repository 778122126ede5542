package audit

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// readTemplates reads what --template names.
func (r *Run) readTemplates(ctx context.Context) ([]iac.Source, error) {
	parameters, err := r.readParameters(ctx)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	var out []iac.Source
	for i, path := range r.Templates {
		p, err := r.readTemplate(ctx, "--template", path, parameters, true, taken)
		if err != nil {
			return nil, err
		}
		p.Stack, p.NewStack, p.Region, p.Files = r.Stack, r.NewStack, r.Said.Region, r.filesBeside(ctx, path)
		if len(r.Deployed) > 0 {
			now, err := r.readTemplate(ctx, "--deployed-template", r.Deployed[i], parameters, false, taken)
			if err != nil {
				return nil, err
			}
			if err := p.Deployed(now); err != nil {
				return nil, fmt.Errorf("--deployed-template %s: %w", r.Deployed[i], err)
			}
		}
		out = append(out, p)
	}
	for _, name := range slices.Sorted(maps.Keys(parameters.all)) {
		if !taken[name] {
			return nil, snapshot.Errorf("--parameters: no template has a parameter %s", "--parameters: パラメーター %s を持つテンプレートがない", name)
		}
	}
	return out, nil
}

// readTemplate reads one template with the parameters that are its own and, if it is
// the one to come, those that are given for whichever has them.
func (r *Run) readTemplate(ctx context.Context, flag, path string, given templateParameters, coming bool, taken map[string]bool) (*iac.Template, error) {
	body, err := r.read(ctx, path, maxPlanBytes)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	p, err := iac.ReadTemplate(filepath.ToSlash(path), body, given.own(path))
	if err == nil && coming && len(given.all) > 0 {
		merged := maps.Clone(given.own(path))
		if merged == nil {
			merged = map[string]string{}
		}
		for _, name := range p.Parameters() {
			if v, ok := given.all[name]; ok {
				taken[name] = true
				if _, own := merged[name]; !own {
					merged[name] = v
				}
			}
		}
		p, err = iac.ReadTemplate(filepath.ToSlash(path), body, merged)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return p, nil
}

// templateParameters are the values that --parameters gives: for whichever template
// has the parameter, and for one template.
type templateParameters struct {
	all  map[string]string
	only map[string]map[string]string // by the path of the template
}

func (t templateParameters) own(path string) map[string]string { return t.only[path] }

// readParameters reads KEY=VALUE and parameter files, each with the template that it
// belongs to in front where there are several: FILE:KEY=VALUE, FILE:parameters.json.
func (r *Run) readParameters(ctx context.Context) (templateParameters, error) {
	out := templateParameters{all: map[string]string{}, only: map[string]map[string]string{}}
	templates := slices.Concat(r.Templates, r.Deployed)
	for _, s := range r.Parameters {
		to, rest := out.all, s
		for _, path := range templates {
			if after, ok := strings.CutPrefix(s, path+":"); ok {
				if rest = after; out.only[path] == nil {
					out.only[path] = map[string]string{}
				}
				to = out.only[path]
			}
		}
		if err := r.readParameter(ctx, rest, to); err != nil {
			return out, err
		}
	}
	return out, nil
}

// readParameter reads KEY=VALUE, and the forms of parameter files: the two lists of
// the AWS CLI, and the object of CodePipeline.
// Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
func (r *Run) readParameter(ctx context.Context, s string, out map[string]string) error {
	if key, value, ok := strings.Cut(s, "="); ok && !strings.HasSuffix(s, ".json") {
		out[key] = value
		return nil
	}
	body, err := r.read(ctx, s, maxConfigBytes)
	if err != nil {
		return snapshot.Errorf("--parameters %s: expected KEY=VALUE or a JSON file: %w", "--parameters %s: KEY=VALUE か JSON ファイルを指定する: %w", s, err)
	}
	var pairs []struct{ ParameterKey, ParameterValue string }
	var words []string
	var object struct{ Parameters map[string]any }
	if snapshot.DecodeJSON(body, &pairs) == nil {
		for i, p := range pairs {
			if p.ParameterKey == "" {
				return snapshot.Errorf("--parameters %s: [%d] has no ParameterKey", "--parameters %s: [%d] に ParameterKey がない", s, i)
			}
			out[p.ParameterKey] = p.ParameterValue
		}
		return nil
	}
	if snapshot.DecodeJSON(body, &words) == nil {
		for _, w := range words {
			key, value, ok := strings.Cut(w, "=")
			if !ok {
				return snapshot.Errorf("--parameters %s: %q: expected KEY=VALUE", "--parameters %s: %q: KEY=VALUE を指定する", s, w)
			}
			out[key] = value
		}
		return nil
	}
	if err := snapshot.DecodeJSON(body, &object); err != nil {
		return fmt.Errorf("--parameters %s: %w", s, err)
	}
	if object.Parameters == nil {
		return snapshot.Errorf("--parameters %s: it holds neither a list of ParameterKey and ParameterValue nor an object Parameters", "--parameters %s: ParameterKey と ParameterValue のリストでも、Parameters を持つオブジェクトでもない", s)
	}
	for k, v := range object.Parameters {
		out[k] = parameterText(v)
	}
	return nil
}

// parameterText writes a value as CloudFormation takes it: a list with commas.
func parameterText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = fmt.Sprint(e)
	}
	return strings.Join(parts, ",")
}

// filesBeside reads files that stand beside a template, as those of nested stacks do.
func (r *Run) filesBeside(ctx context.Context, template string) iac.Files {
	return func(path string) []byte {
		if filepath.IsAbs(path) {
			return nil
		}
		body, err := r.read(ctx, filepath.Join(filepath.Dir(template), filepath.FromSlash(path)), maxPlanBytes)
		if err != nil {
			return nil // it is somewhere else: the stack stays what is not read
		}
		return body
	}
}
