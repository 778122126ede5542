package report

// Bands are the networks of the drawing of a path.
func Bands(t Target) []string {
	var out []string
	for _, b := range draw(t.Path, nil, "en").bands {
		name, _ := b.title("en")
		out = append(out, name)
	}
	return out
}

// Counted is a report that knows how many targets it has, as those that are built do.
func Counted(r Report) Report {
	r.count = len(r.Targets)
	return r
}
