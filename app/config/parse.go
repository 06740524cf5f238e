package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// maxProblems is how many problems are told at once.
const maxProblems = 100

// Parse reads a file; name is what problems call it. It never panics, and always gives a File, of which all can be used that is not
// broken: a problem inside one service's section carries its name and breaks that service alone, any other breaks the file. The problems
// are also the File's own.
func Parse(name string, data []byte) (*File, []app.Problem) {
	f, problems := parse(data)
	f.Problems = tell(name, problems, data)
	return f, f.Problems
}

func parse(data []byte) (*File, []problem) {
	root, at, wrong := load(data)
	if wrong == "" && (len(root.Content) == 0 || empty(root.Content[0])) {
		at, wrong = pos{}, emptyFile
	}
	if wrong != "" {
		return &File{Broken: true}, []problem{{pos: at, sentence: wrong, beyond: root == nil}}
	}
	g := grammar()
	r := &reader{grammar: g, left: maxValues, patterns: map[string]*regexp.Regexp{}}
	top := r.read(root.Content[0], g, "The file", pos{1, 1})
	l := &linker{reader: r, top: top}
	f := l.file()
	f.mark(r.problems)
	return f, r.problems
}

// mark says what the problems break.
func (f *File) mark(problems []problem) {
	for _, p := range problems {
		f.Broken = f.Broken || p.service == ""
		for i := range f.Services {
			f.Services[i].Broken = f.Services[i].Broken || p.service == f.Services[i].Name
		}
	}
}

// tell puts problems in the order of the file, each once, and inside it.
func tell(name string, problems []problem, data []byte) []app.Problem {
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	var told []app.Problem
	for _, p := range problems {
		at := clamp(p.pos, lines)
		told = append(told, app.Problem{File: name, Line: at.line, Column: at.column, Service: p.service, Sentence: p.sentence})
	}
	slices.SortStableFunc(told, func(a, b app.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Sentence, b.Sentence))
	})
	told = slices.Compact(told)
	if rest := len(told) - maxProblems; rest > 0 {
		more := told[maxProblems]
		more.Sentence = fmt.Sprintf("From here on there are %d more problems. Mend those above first.", rest)
		told = append(told[:maxProblems:maxProblems], more)
	}
	return told
}
