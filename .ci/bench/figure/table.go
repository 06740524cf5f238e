package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is one table of a report: a title, a line of heads, and lines of cells. The first column is words, the others are numbers.
type Table struct {
	Title string
	Heads []string
	lines [][]string
	notes []string
}

// Add adds a line. Cells are formatted by their kind: floats with as many digits as a person can use, the rest as fmt has it.
func (t *Table) Add(cells ...any) {
	line := make([]string, len(cells))
	for i, c := range cells {
		line[i] = cell(c)
	}
	t.lines = append(t.lines, line)
}

// Note adds a sentence below the table.
func (t *Table) Note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// Write writes the table with its columns aligned.
func (t *Table) Write(w io.Writer) {
	widths := make([]int, len(t.Heads))
	for _, line := range append([][]string{t.Heads}, t.lines...) {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	fmt.Fprintf(w, "\n%s\n", t.Title)
	writeLine(w, widths, t.Heads)
	fmt.Fprintln(w, "  "+strings.Repeat("-", sum(widths)+2*(len(widths)-1)))
	for _, line := range t.lines {
		writeLine(w, widths, line)
	}
	for _, n := range t.notes {
		fmt.Fprintln(w, "  "+n)
	}
}

func writeLine(w io.Writer, widths []int, cells []string) {
	var b strings.Builder
	for i, c := range cells {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
		if b.WriteString("  "); i == 0 {
			b.WriteString(c + pad)
		} else {
			b.WriteString(pad + c)
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

func sum(numbers []int) (n int) {
	for _, m := range numbers {
		n += m
	}
	return n
}

func cell(c any) string {
	f, ok := c.(float64)
	switch {
	case !ok:
		return fmt.Sprint(c)
	case f != 0 && f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 1000:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

// Verdict is how a number stands to what it must not be above.
func Verdict(value, most float64) string {
	if value <= most {
		return "ok"
	}
	return "MISSED"
}

// Report is what a benchmark found: its tables for people, the value behind them for programs.
type Report struct {
	Tables []*Table
	Value  any
}

// Write writes the tables, or with asJSON the value as one object.
func (r Report) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r.Value)
	}
	for _, t := range r.Tables {
		t.Write(w)
	}
	return nil
}
