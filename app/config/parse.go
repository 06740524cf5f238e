package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-cd/slipway/app"
)

// maxProblems is how many problems are told at once.
const maxProblems = 100

// Parse reads a file; name is what problems call it. It never panics, and always gives a File, of which all can be used that is not
// broken: a problem inside one service's section carries its name and breaks that service alone, any other breaks the file. The problems
// are also the File's own. A file that extends another is broken without it: see Extend.
func Parse(name string, data []byte) (*File, []app.Problem) {
	return Without(name, data, "which was not read, so nobody knows what it will do")
}

// Without reads a file that extends another, which can't be had: why goes on from its name.
func Without(name string, data []byte, why string) (*File, []app.Problem) {
	f, problems := parse(data, nil, why)
	f.Problems = tell(problems, Shared{Name: name, Data: data}, Shared{})
	return f, f.Problems
}

// Extend reads a file that extends another, with that one.
func Extend(name string, data []byte, shared Shared) (*File, []app.Problem) {
	f, problems := parse(data, &shared, "")
	if f.Extends != (Extends{}) {
		f.Shared = app.Shared{From: f.Extends.String(), Commit: shared.Commit}
	}
	f.Problems = tell(problems, Shared{Name: name, Data: data}, shared)
	return f, f.Problems
}

// Extending is what a file extends; false if it extends nothing, or nothing that can be read.
func Extending(data []byte) (Extends, bool) {
	root, _, wrong := document(data)
	if wrong != "" {
		return Extends{}, false
	}
	n := at(root, "extends")
	if n == nil || n.Kind != yaml.ScalarNode || !regexp.MustCompile(extendsForm).MatchString(n.Value) {
		return Extends{}, false
	}
	return parseExtends(n.Value), true
}

// document is the one value that a file holds.
func document(data []byte) (*yaml.Node, pos, string) {
	root, at, wrong := load(data)
	switch {
	case wrong != "":
		return nil, at, wrong
	case len(root.Content) == 0 || empty(root.Content[0]):
		return nil, pos{}, emptyFile
	}
	return root.Content[0], pos{}, ""
}

func parse(data []byte, shared *Shared, why string) (*File, []problem) {
	root, where, wrong := document(data)
	if wrong != "" {
		return &File{Broken: true}, []problem{{pos: where, sentence: wrong, beyond: wrong != emptyFile}}
	}
	g := grammar()
	r := &reader{grammar: g, left: maxValues, patterns: map[string]*regexp.Regexp{}}
	extends, is := Extending(data)
	if is {
		root = r.join(root, shared, why)
	}
	top := r.read(root, g, "The file", pos{1, 1})
	l := &linker{reader: r, top: top}
	f := l.file()
	f.Extends = extends
	f.mark(r.problems)
	return f, r.problems
}

// join fills in what a file leaves out, or says why it can't.
func (r *reader) join(own *yaml.Node, shared *Shared, why string) *yaml.Node {
	key := at(own, "extends")
	if shared == nil {
		r.partial = true
		r.beyond(pos{key.Line, key.Column}, "This file extends %s, %s.", key.Value, why)
		return own
	}
	root, where, wrong := document(shared.Data)
	if wrong != "" {
		where.line += elsewhere
		r.partial = true
		r.beyond(where, "%s", wrong)
		return own
	}
	move(root)
	if v := at(root, "version"); v == nil || v.Kind != yaml.ScalarNode || v.Value != strconv.Itoa(Version) {
		r.partial = true // what is no file of ours is not quoted: whoever extends it may not be allowed to read it
		r.beyond(pos{line: elsewhere + 1, column: 1}, "This is no file that can be extended: it needs version: %d at its top.", Version)
		return own
	}
	if again := at(root, "extends"); again != nil {
		r.beyond(pos{again.Line, again.Column}, "A file that is extended extends no other: take extends out, and write here what it takes from there.")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if _, known := r.grammar.find(root.Content[i].Value); !known {
			r.unknown(root.Content[i].Value, root.Content[i+1], r.grammar, pos{root.Content[i].Line, root.Content[i].Column})
		}
	}
	return extend(own, root)
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
func tell(problems []problem, own, shared Shared) []app.Problem {
	var told []app.Problem
	lines, others := own.lines(), shared.lines()
	for _, p := range problems {
		name, lines := own.Name, lines
		if p.line >= elsewhere {
			name, lines, p.line = shared.Name, others, p.line-elsewhere
		}
		at := clamp(p.pos, lines)
		told = append(told, app.Problem{File: name, Line: at.line, Column: at.column, Service: p.service, Sentence: p.sentence})
	}
	slices.SortStableFunc(told, func(a, b app.Problem) int {
		elsewhere := func(p app.Problem) int {
			if p.File == own.Name {
				return 0
			}
			return 1
		}
		return cmp.Or(elsewhere(a)-elsewhere(b), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Sentence, b.Sentence))
	})
	told = slices.Compact(told)
	if rest := len(told) - maxProblems; rest > 0 {
		more := told[maxProblems]
		more.Sentence = fmt.Sprintf("From here on there are %d more problems. Mend those above first.", rest)
		told = append(told[:maxProblems:maxProblems], more)
	}
	return told
}
