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
