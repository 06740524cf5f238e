package policies

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// html follows raw HTML through a document: a paragraph that Markdown sees may stand in an element or a comment that a browser sees. It
// errs towards "still open", where a command is answered instead of carried out.
type html struct {
	open    []string // elements, outermost first
	comment bool
}

// feed takes in the next piece of raw HTML.
func (h *html) feed(raw string) {
	for raw != "" {
		if h.comment {
			_, after, ended := strings.Cut(raw, "-->")
			if !ended {
				return
			}
			h.comment, raw = false, after
			continue
		}
		i := strings.IndexByte(raw, '<')
		if i < 0 {
			return
		}
		raw = h.tag(raw[i:])
	}
}

// tag takes in what begins with a left angle bracket, and gives the rest.
func (h *html) tag(raw string) string {
	if after, ok := strings.CutPrefix(raw, "<!--"); ok {
		if strings.HasPrefix(after, ">") || strings.HasPrefix(after, "->") {
			return after
		}
		h.comment = true
		return after
	}
	closing := strings.HasPrefix(raw, "</")
	rest := strings.TrimPrefix(raw[1:], "/")
	name := strings.ToLower(rest[:len(rest)-len(strings.TrimLeftFunc(rest, nameRune))])
	switch {
	case name == "":
		return rest
	case !closing:
		h.begin(name)
	default:
		if i := lastIndex(h.open, name); i >= 0 {
			h.open = h.open[:i]
		}
	}
	return pastTag(rest[len(name):])
}

// pastTag is what follows the end of a tag; angle brackets in its quoted attributes end nothing.
func pastTag(s string) string {
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return s[i+1:]
		}
	}
	return ""
}

// begin opens an element, unless it is one of those that never hold anything.
func (h *html) begin(name string) {
	void := []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
	if !slices.Contains(void, name) {
		h.open = append(h.open, name)
	}
}

func nameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-'
}

func lastIndex(list []string, s string) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return i
		}
	}
	return -1
}

// visible is raw HTML without its comments, line for line.
func (h *html) visible(raw string) string {
	var b strings.Builder
	for hidden := h.comment; raw != ""; hidden = !hidden {
		mark := "<!--"
		if hidden {
			mark = "-->"
		}
		before, after, _ := strings.Cut(raw, mark)
		if hidden {
			before = " " + strings.Repeat("\n", strings.Count(before, "\n"))
		}
		b.WriteString(before)
		raw = after
	}
	return b.String()
}

// piece is raw HTML within a text, and where it begins.
type piece struct {
	start int
	text  string
}

// rawHTML is the tags and comments within a block of text.
func rawHTML(n ast.Node, source []byte) []piece {
	var all []piece
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if raw, ok := c.(*ast.RawHTML); ok && entering && raw.Segments.Len() > 0 {
			all = append(all, piece{start: raw.Segments.At(0).Start, text: string(raw.Segments.Value(source))})
		}
		return ast.WalkContinue, nil
	})
	return all
}

// withoutComments is a line that begins at an offset, each comment in it replaced by a space, and cut where one begins that goes on.
func withoutComments(line string, at int, tags []piece) string {
	for _, t := range slices.Backward(tags) {
		i := t.start - at
		if i < 0 || i >= len(line) || !strings.HasPrefix(t.text, "<!--") {
			continue
		}
		line = line[:i] + " " + line[min(len(line), i+len(t.text)):]
	}
	return strings.TrimSpace(line)
}
