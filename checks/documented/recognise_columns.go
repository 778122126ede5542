package documented

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// columnsOf is a text with the columns of its tables, and of what stands side by side
// in it, one after the other, and reports whether it has any: a message that was
// wrapped in one column has the words of the others between its own.
func columnsOf(text string) (columns string, found bool) {
	var out strings.Builder
	var block []string
	end := func() {
		rows := cells(block)
		if rows == nil {
			rows = gutters(block)
		}
		if rows == nil {
			for _, line := range block {
				out.WriteString(line + "\n")
			}
		} else {
			found = true
			for n := range rows[0] {
				for _, row := range rows {
					out.WriteString(row[n] + "\n")
				}
				out.WriteString(".\n") // what follows is another sentence
			}
		}
		block = block[:0]
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			end()
			out.WriteByte('\n')
		case ruled(line):
		default:
			block = append(block, strings.TrimRight(line, " \t\r"))
		}
	}
	end()
	return out.String(), found
}

// ruled reports whether a line is one that is drawn between rows.
func ruled(line string) bool {
	return strings.TrimFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r|+-=:", r) || r >= '\u2500' && r <= '\u257f' }) == ""
}

// bars are the marks between the cells of a row.
var bars = strings.NewReplacer("│", "|", "┃", "|", "║", "|")

// cells are those of a block of lines that are rows of one table; nil for another. Bars
// stand below each other, but where letters are wide there are as many in each row.
func cells(block []string) [][]string {
	if len(block) < 2 || !strings.ContainsAny(block[0], "|│┃║") {
		return nil
	}
	lines := make([][]rune, len(block))
	for n, line := range block {
		lines[n] = []rune(bars.Replace(line))
	}
	var cuts []int
	for i, r := range lines[0] {
		if r == '|' && !slices.ContainsFunc(lines, func(l []rune) bool { return i >= len(l) || l[i] != '|' }) && strings.TrimSpace(string(lines[0][:i])) != "" {
			cuts = append(cuts, i)
		}
	}
	if len(cuts) > 1 || len(cuts) == 1 && cuts[0] < len(lines[0])-1 {
		return apart(lines, cuts)
	}
	var rows [][]string
	for _, line := range lines {
		line := strings.TrimSpace(string(line))
		row := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|"), "|")
		if len(row) < 2 || rows != nil && len(row) != len(rows[0]) {
			return nil
		}
		rows = append(rows, row)
	}
	return rows
}

// mostColumns is how wide what stands side by side may be, in letters.
const mostColumns = 400

// gutters takes a block of lines apart at what is blank in all of them, two letters
// wide or more, with text on both sides; nil if there is none.
func gutters(block []string) [][]string {
	if len(block) < 2 {
		return nil
	}
	var filled [mostColumns]int // lines with a letter at each place
	lines := make([][]rune, len(block))
	for n, line := range block {
		if utf8.RuneCountInString(line) > mostColumns {
			return nil
		}
		lines[n] = []rune(line)
		for i, r := range lines[n] {
			if r != ' ' {
				filled[i]++
			}
		}
	}
	var cuts []int
	for i, before, blank := 0, false, 0; i < mostColumns; i++ {
		if filled[i] == 0 {
			blank++
			continue
		}
		if before && blank >= 2 {
			cuts = append(cuts, i)
		}
		before, blank = true, 0
	}
	if cuts == nil {
		return nil
	}
	return apart(lines, cuts)
}

// apart cuts lines at some places.
func apart(lines [][]rune, cuts []int) [][]string {
	rows := make([][]string, len(lines))
	for n, line := range lines {
		from := 0
		for _, to := range append(slices.Clone(cuts), len(line)) {
			to = min(to, len(line))
			rows[n] = append(rows[n], strings.TrimLeft(string(line[min(from, to):to]), "| "))
			from = to
		}
	}
	return rows
}
