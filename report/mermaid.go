package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// The colours of a Mermaid drawing are readable in light and dark pages, since each
// box brings its own text colour.
const mermaidClasses = `  classDef pass fill:#dafbe1,stroke:#1a7f37,color:#1f2328
  classDef fail fill:#cf222e,stroke:#82071e,stroke-width:4px,color:#ffffff
  classDef warn fill:#fff8c5,stroke:#9a6700,color:#1f2328
  classDef unknown fill:#fbefff,stroke:#8250df,stroke-dasharray:5 3,color:#1f2328
  classDef skip fill:#f6f8fa,stroke:#8c959f,color:#1f2328
  classDef changed stroke:#0550ae,stroke-width:4px
  classDef band fill:none,stroke:#8c959f
  classDef terminus fill:#ddf4ff,stroke:#0969da,color:#1f2328
`

// mostMermaid is up to how many characters a flowchart is written: Mermaid itself
// refuses one of 50,000.
// Source: https://mermaid.js.org/config/schema-docs/config-properties-maxtextsize.html
const mostMermaid = 40_000

// Mermaid returns a renderer for a flowchart, which GitHub, GitLab and wikis draw:
// the targets that are not ready first, as many as Mermaid takes.
func Mermaid(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		var first, rest []picture
		n := 0
		err := r.each(func(t Target) error {
			list, err := r.picturesOf(n, t, lang)
			list = named(t.Name, list)
			if d := r.since(n); d != nil && !d.equal() {
				list = append(list, picture{name: t.Name, said: d.said(lang)})
			}
			if t.Verdict == Ready {
				rest = append(rest, list...)
			} else {
				first = append(first, list...)
			}
			n++
			return err
		})
		if err != nil {
			return err
		}
		_, err = w.Write(mermaidOf(append(first, rest...), lang).Bytes())
		return err
	}
}

// diffMermaid draws each target that changed before and after, with what changed in words.
func diffMermaid(w io.Writer, d Diff, opt TableOptions) error {
	list := []picture{{name: d.summary(opt.Lang), said: []string{}}}
	for _, t := range d.Targets {
		pictures, err := d.pictures(t, opt.Lang)
		if err != nil {
			return err
		}
		list = append(list, named(t.Name, pictures)...)
		if !t.equal() {
			list = append(list, picture{name: t.Name + " " + t.moved(opt.Lang), said: t.said(opt.Lang)})
		}
	}
	_, err := w.Write(mermaidOf(list, opt.Lang).Bytes())
	return err
}

// named are pictures with the name of their target.
func named(name string, list []picture) []picture {
	for i := range list {
		list[i].name = strings.TrimSpace(name + " " + list[i].name)
	}
	return list
}

// flowchart is a text in Mermaid.
type flowchart = outside.Document[outside.Mermaid]

// mermaidOf is a flowchart of some pictures.
func mermaidOf(pictures []picture, lang string) *flowchart {
	var b flowchart
	b.Put("flowchart TB\n" + mermaidClasses)
	if len(pictures) == 0 {
		b.Put("  none[%]:::unknown\n", mermaidLabel(wordNoPath.In(lang)))
	}
	for i, p := range pictures {
		var one flowchart
		prefix := ""
		if len(pictures) > 1 {
			prefix = fmt.Sprintf("p%d", i)
		}
		switch {
		case p.said != nil:
			one.Put("  %said[%]:::terminus\n", prefix, mermaidLabel(append([]string{p.name}, firstFew(p.said, mostSaid)...)...))
		case prefix == "":
			p.mermaid(&one, prefix)
		default:
			one.Put("  subgraph %[%]\n", prefix, mermaidLabel(p.name))
			p.mermaid(&one, prefix)
			one.Put("  end\n")
		}
		if i > 0 && b.Len()+one.Len() > mostMermaid {
			b.Put("  more[%]:::skip\n", mermaidLabel(fmt.Sprintf("(+%d)", len(pictures)-i)))
			break
		}
		b.Put("%", &one)
	}
	return &b
}

// mermaidLabel is a label of some lines.
func mermaidLabel(lines ...string) *flowchart {
	var d flowchart
	d.Put(`"`)
	d.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "<br>")
	d.Put(`"`)
	return &d
}

// mermaid writes a drawing; what it names begins with the prefix.
func (d drawing) mermaid(b *flowchart, prefix string) {
	var order [2][]*step
	for i, band := range d.bands {
		name, owner := band.title(d.lang)
		b.Put("  subgraph %band%[%]\n", prefix, i, mermaidLabel(strings.TrimSpace(name+" "+owner)))
		if band.agent {
			b.Put("    %agent([%]):::terminus\n", prefix, mermaidLabel(append([]string{wordDrawAgent.In(d.lang), noted(d.notes[0]), d.path.Agent.ID}, few(d.path.Agent.Addresses)...)...))
		}
		for w := range d.ways {
			for n := range band.steps[w] {
				s := &band.steps[w][n]
				order[w] = append(order[w], s)
				lines := []string{s.banner(d.lang), noted(s.note), fmt.Sprintf("(%d) %s", s.number, s.head(d.lang)), s.subnet(), s.Ref}
				if s.Status != Pass {
					lines = append(lines, few(s.rules(d.lang))...)
				}
				b.Put("    %s%[%]:::%\n", prefix, s.number, mermaidLabel(lines...), statusClass(s.Status))
				if s.note != "" {
					b.Put("    class %s% changed\n", prefix, s.number)
				}
			}
		}
		if band.endpoint {
			lines, class := append([]string{wordDrawEnd.In(d.lang), noted(d.notes[1]), d.path.Endpoint.ID}, few(d.path.Endpoint.Addresses)...), "terminus"
			if len(d.fault) > 0 {
				lines, class = append(append([]string{wordStopsHere.In(d.lang)}, lines...), d.fault...), "fail"
			}
			b.Put("    %endpoint([%]):::%\n", prefix, mermaidLabel(lines...), class)
		}
		b.Put("  end\n  class %band% band\n", prefix, i)
	}
	for w, steps := range order {
		nodes := []string{"agent"}
		for _, s := range steps {
			nodes = append(nodes, fmt.Sprintf("s%d", s.number))
		}
		nodes = append(nodes, "endpoint")
		cut := d.ways[w].empty || w == 1 && len(d.fault) > 0
		for i := 1; i < len(nodes); i++ {
			from, to := i-1, i
			if w == 1 { // from the endpoint, at the end of the list, up
				from, to = len(nodes)-i, len(nodes)-i-1
			}
			if n := from - 1; n >= 0 && n < len(steps) {
				cut = cut || steps[n].stop || steps[n].Status == Unknown
			}
			arrow := literal("-->")
			if cut {
				arrow = "-.->"
			}
			b.Put("  %% % %%\n", prefix, nodes[from], arrow, prefix, nodes[to])
		}
	}
}

// noted is a note as a line of a box.
func noted(note string) string {
	if note == "" {
		return ""
	}
	return "≠ " + note
}

// mostSaid is how many lines of what changed a flowchart holds of a target.
const mostSaid = 12

// few are the first of a list, and how many more there are.
func few(list []string) []string { return firstFew(list, mostListed) }

func firstFew(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(append([]string{}, list[:most]...), fmt.Sprintf("(+%d)", len(list)-most))
}
