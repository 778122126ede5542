package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// config is the file of --config: defaults for every target, and the targets.
type config struct {
	snapshot.Target `yaml:",inline"`
	Access          `yaml:",inline"`
	Scopes          []configScope  `yaml:"scopes"`
	Targets         []configTarget `yaml:"targets"`
}

// maxConfigBytes is far above any list of targets that a person keeps.
const maxConfigBytes = 8 << 20

func (r *Run) readConfig(ctx context.Context) (config, error) {
	path := r.ConfigFile
	body, err := r.read(ctx, path, maxConfigBytes)
	if err != nil {
		return config{}, snapshot.Errorf("--config %s: %w", "--config %s: %w", path, err)
	}
	return parseConfig(path, body)
}

func parseConfig(path string, body []byte) (config, error) {
	var c config
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	switch err := dec.Decode(&c); {
	case errors.Is(err, io.EOF):
		return c, snapshot.Errorf("--config: %s is empty", "--config: %s が空", path)
	case err != nil:
		return c, fmt.Errorf("--config: %s: %w", path, plainYAML(err))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return c, snapshot.Errorf("--config: %s holds more than one YAML document", "--config: %s に YAML 文書が 2 つ以上ある", path)
	}
	return c, noTasks(path, body)
}

// noTasks refuses a number of tasks that is written and is zero: it would read as
// one that was not given.
func noTasks(path string, body []byte) error {
	type written struct {
		Tasks *int `yaml:"tasks"`
	}
	var file struct {
		written `yaml:",inline"`
		Targets []written `yaml:"targets"`
	}
	if err := yaml.Unmarshal(body, &file); err != nil {
		return fmt.Errorf("--config: %s: %w", path, plainYAML(err))
	}
	for i, w := range append(file.Targets, file.written) {
		if w.Tasks != nil && *w.Tasks == 0 {
			where := path
			if i < len(file.Targets) {
				where = fmt.Sprintf("%s: targets[%d]", path, i)
			}
			return snapshot.Errorf("--config: %s: tasks 0: expected a number from 1 to %d", "--config: %s: tasks 0: 1 から %d までの数を指定する", where, MaxTasks)
		}
	}
	return nil
}

var (
	yamlUnknown = pattern.New(`line (\d+): field (\S+) not found in type`)
	yamlType    = pattern.New("line (\\d+): cannot construct !!(\\w+)(?: `[^`]*`)? into (.+)")
)

// plainYAML says what an error of the YAML package means, without Go's words.
func plainYAML(err error) error {
	if m := yamlUnknown.Re().FindStringSubmatch(err.Error()); m != nil {
		return snapshot.Errorf("line %s: there is no key %q", "%s 行: キー %q はない", m[1], m[2])
	}
	m := yamlType.Re().FindStringSubmatch(err.Error())
	if m == nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	due := snapshot.Text{En: "an object", Ja: "オブジェクト"}
	for _, k := range []struct {
		prefix string
		word   snapshot.Text
	}{
		{"[]", snapshot.Text{En: "a list", Ja: "リスト"}},
		{"string", snapshot.Text{En: "text", Ja: "文字列"}},
		{"int", snapshot.Text{En: "a number", Ja: "数"}},
		{"bool", snapshot.Text{En: "true or false", Ja: "true か false"}},
	} {
		if strings.HasPrefix(strings.TrimPrefix(m[3], "*"), k.prefix) {
			due = k.word
		}
	}
	return snapshot.Errorf("line %s: %s is due here", "%s 行: ここには%sを書く", m[1], due)
}
