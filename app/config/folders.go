package config

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// folder is the folder that a check produces, without a slash at its end, or "".
func (l *linker) folder(e entry) string {
	v, ok := e.get("produces")
	if !ok || v.bad {
		return ""
	}
	clean := path.Clean(v.text)
	first, _, _ := strings.Cut(clean, "/")
	switch {
	case path.IsAbs(v.text) || first == "..":
		l.beyond(v.value.at, "produces is %s, which lies outside the repository. Write a folder of it, such as dist/.", quote(v.text))
	case first == "." || strings.EqualFold(first, ".git"):
		l.beyond(v.value.at, "produces is %s, and git's own files can't be an artifact. Write a folder such as dist/.", quote(v.text))
	case strings.ContainsAny(v.text, `*\`):
		l.beyond(v.value.at, `produces is %s. It is one folder: it can hold no * and no \.`, quote(v.text))
	default:
		return clean
	}
	return ""
}

// patternsOf are the globs at a key.
func (l *linker) patternsOf(e value, name string) []string {
	v, _ := e.get(name)
	var globs []string
	for _, g := range v.items {
		if g.bad {
			continue
		}
		if wrong := l.glob(g.text); wrong != "" {
			l.beyond(g.at, "%s", wrong)
			continue
		}
		globs = append(globs, g.text)
	}
	return globs
}

// glob says what is wrong with a glob, or "".
func (l *linker) glob(g string) string {
	bare := strings.TrimPrefix(strings.TrimPrefix(g, "."), "/")
	switch {
	case strings.HasPrefix(g, "!"):
		return quote(g) + " excludes, which is not done here. List what belongs instead."
	case strings.HasPrefix(g, "/") || strings.HasPrefix(g, "./"):
		return quote(g) + " matches nothing: paths begin at the top of the repository, without a slash. Write " + quote(bare) + "."
	case strings.HasSuffix(g, "/"):
		return quote(g) + " matches no file. Write " + quote(g+"**") + " for all that is below it."
	case !doublestar.ValidatePattern(g):
		return quote(g) + " is not a glob: a bracket or brace is not closed. Write one such as web/** or **/*.go."
	case path.Clean("/"+g) != "/"+g:
		return quote(g) + ` matches nothing: a path has no part that is empty, "." or "..". Write it without.`
	}
	if l.globs += ways(g); l.globs > maxGlobs {
		return fmt.Sprintf("The file's globs amount to more than %d, each {a,b} counted as two. Write fewer, wider ones.", maxGlobs)
	}
	return ""
}

// ways counts the globs that a valid glob with braces stands for, up to a little over the limit. Matching takes that long, so they are
// bounded.
func ways(glob string) int {
	type group struct{ sum, product int } // of the alternatives that are complete, and of the one being read
	open := []group{{product: 1}}
	for i := 0; i < len(glob); i++ {
		top := &open[len(open)-1]
		switch c := glob[i]; {
		case c == '\\':
			i++
		case c == '[':
			i = endOfClass(glob, i)
		case c == '{':
			open = append(open, group{product: 1})
		case c == ',' && len(open) > 1:
			*top = group{min(top.sum+top.product, maxGlobs+1), 1}
		case c == '}' && len(open) > 1:
			n := top.sum + top.product
			open = open[:len(open)-1]
			top = &open[len(open)-1]
			top.product = min(top.product*n, maxGlobs+1)
		}
	}
	return open[0].product
}

// endOfClass is where the character class that begins at i ends.
func endOfClass(glob string, i int) int {
	for i++; i < len(glob) && glob[i] != ']'; i++ {
		if glob[i] == '\\' {
			i++
		}
	}
	return i
}
