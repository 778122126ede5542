package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Manifest is what dspreflight writes beside the files of a scope; every field
// is optional in one written by hand.
type Manifest struct {
	Schema      string       `json:"schema,omitempty"`
	ToolVersion string       `json:"tool_version,omitempty"`
	TakenAt     time.Time    `json:"taken_at,omitzero"`
	Target      *Target      `json:"target,omitempty"`
	Redacted    string       `json:"redacted,omitempty"`
	Name        string       `json:"name,omitempty"`
	Account     string       `json:"account,omitempty"`
	Region      string       `json:"region,omitempty"`
	Roles       []Role       `json:"roles,omitempty"`
	Calls       []Call       `json:"calls,omitempty"`
	Credentials *Credentials `json:"credentials,omitempty"`
}

// ManifestSchema names the layout of a saved snapshot.
const ManifestSchema = "dspreflight.snapshot/v1"

func readManifest(fsys fs.FS, dir string) (Manifest, bool, error) {
	var m Manifest
	file := path.Join(dir, "manifest.json")
	if _, err := fs.Stat(fsys, file); err != nil {
		return m, false, nil
	}
	body, _, err := readFile(fsys, file)
	if err != nil {
		return m, false, err
	}
	if body, err = UTF8(body); err != nil {
		return m, false, fmt.Errorf("%s: %w", file, err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields() // a filter under another name would pass for none
	if err := dec.Decode(&m); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return m, false, Errorf("%s: there is no field %s in a manifest", "%s: マニフェストに %s という項目はない", file, name)
		}
		return m, false, fmt.Errorf("%s: %w", file, place(body, offsetOf(err), plain(err)))
	}
	if err := closeManifest(dec, body); err != nil {
		return m, false, fmt.Errorf("%s: %w", file, err)
	}
	var written struct {
		Target struct {
			Tasks *int `json:"tasks"`
		} `json:"target"`
	}
	if err := json.Unmarshal(body, &written); err == nil && written.Target.Tasks != nil && *written.Target.Tasks < 1 {
		return m, false, Errorf("%s: target: tasks %d: expected a number from 1 on", "%s: target: tasks %d: 1 以上の数であるべき", file, *written.Target.Tasks)
	}
	if m.Schema != "" && m.Schema != ManifestSchema {
		return m, false, Errorf("%s: schema %q is not %q, the one that this version reads", "%s: スキーマ %q は、この版が読む %q ではない", file, m.Schema, ManifestSchema)
	}
	if err := m.sane(); err != nil {
		return m, false, fmt.Errorf("%s: %w", file, err)
	}
	return m, true, nil
}

// closeManifest refuses what follows the object.
func closeManifest(dec *json.Decoder, body []byte) error {
	if _, err := dec.Token(); err != io.EOF {
		return place(body, dec.InputOffset(), Errorf("there is more after the end of the manifest", "マニフェストの後に続きがある"))
	}
	return nil
}

var (
	accountShape = pattern.New(`^[0-9]{12}$`)
	regionShape  = pattern.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

// sane refuses what can't be meant.
func (m Manifest) sane() error {
	if m.Account != "" && !accountShape.Re().MatchString(m.Account) {
		return Errorf("account %q: expected 12 digits, in quotes, such as \"111122223333\"", "account %q: \"111122223333\" のような 12 桁の数字を引用符付きで書く", m.Account)
	}
	if m.Region != "" && !regionShape.Re().MatchString(m.Region) {
		return Errorf("region %q: expected a Region, such as us-east-1", "region %q: us-east-1 のようなリージョンを書く", m.Region)
	}
	for _, c := range m.Calls {
		k := KindOf(c.Command)
		switch {
		case k == NoKind:
			return Errorf("%q is not a call that this version knows", "%q はこの版の知らない呼び出し", c.Command)
		case k.PerID() && c.ID == "":
			return Errorf("the call %s lacks its id: it is about one resource", "呼び出し %s に id がない。リソースごとの呼び出しである", c.Command)
		case !k.PerID() && c.ID != "":
			return Errorf("the call %s has the id %q, but is not about one resource", "呼び出し %s に id %q があるが、リソースごとの呼び出しではない", c.Command, c.ID)
		}
	}
	for _, r := range m.Roles {
		if r != Destination && r != Source {
			return Errorf("role %q is neither %q nor %q", "役割 %q は %q でも %q でもない", r, Destination, Source)
		}
	}
	return nil
}

// about reports whether a call is the one behind a document.
func (c Call) about(d Document) bool { return c.Command == d.Kind.Command() && c.ID == d.ID }

// ofScope reports whether a manifest says anything of a scope.
func (m Manifest) ofScope() bool {
	return m.Name != "" || m.Account != "" || m.Region != "" || m.Roles != nil || m.Calls != nil || m.Credentials != nil
}

// extentOf says how far a document's table was seen, by the manifest or, with
// none, by the user's word. Of several entries about one call the worst counts.
func (m Manifest) extentOf(doc Document, complete bool) (Extent, []string) {
	if m.Calls == nil {
		if complete {
			return Full, nil
		}
		return Partial, nil
	}
	extent, vpcs := None, []string(nil)
	for _, c := range m.Calls {
		if !c.about(doc) {
			continue
		}
		whole, of := c.whole()
		if !whole || extent == Partial {
			extent = Partial
			continue
		}
		extent, vpcs = Full, of
	}
	if extent != Full {
		return Partial, nil
	}
	return Full, vpcs
}

// whole reports whether the call shows everything, and of which VPCs (nil: all).
func (c Call) whole() (bool, []string) {
	if c.Error != nil || c.Truncated {
		return false, nil
	}
	vpcs := c.VPCs
	for _, f := range c.Filters {
		switch {
		case f.Name == "vpc-id" && !KindOf(c.Command).PerID():
			vpcs = slices.Concat(vpcs, f.Values)
		case f.Name == "state" && KindOf(c.Command) == TransitGatewayRoutes && slices.Contains(f.Values, "active") && slices.Contains(f.Values, "blackhole"):
			// Every route that counts; SearchTransitGatewayRoutes takes no call without a filter.
		default:
			return false, nil
		}
	}
	return true, vpcs
}
