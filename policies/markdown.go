package policies

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// spot is one line of Markdown that begins with a slash, and where it stands.
type spot struct {
	text  string
	where string // "" is a paragraph of its own, where commands are carried out; else what is in the way, as part of a sentence
}

// spots finds the lines that begin with a slash, as GitHub would show them. Lines in code, in HTML comments and behind a quote's mark are
// left out: those are spoken about, not said.
func spots(body string) []spot {
	source := []byte(shallow(body))
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote))
	r := reader{source: source}
	// The walker never returns an error, so the walk has none.
	_ = ast.Walk(md.Parser().Parse(text.NewReader(source)), r.visit)
	return r.found
}

// maxDepth is how many marks of quotes and lists at the beginning of a line are looked at. More would only cost time: what stands behind
// them is no command.
const maxDepth = 50

// shallow leaves out marks of quotes and lists that are too deep, the outer ones: the inner may end something. What the line is indented by stays,
// for that may make it code.
func shallow(body string) string {
	if len(body) <= maxDepth {
		return body
	}
	const marks = ">*+-.)0123456789"
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		count, indent := 0, line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		for j := len(line) - len(strings.TrimLeft(line, marks+" \t")); j > 0 && count <= maxDepth; j-- {
			if strings.IndexByte(marks, line[j-1]) >= 0 {
				count++
			}
			if count > maxDepth {
				lines[i] = indent + line[j:]
			}
		}
	}
	return strings.Join(lines, "\n")
}

// reader walks through the blocks of a document, in their order.
type reader struct {
	source []byte
	html   html
	depths []int // how many HTML elements were open where each container began
	found  []spot
}

func (r *reader) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	switch n := n.(type) {
	case *ast.Blockquote, *ast.ListItem:
		r.container(entering)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return ast.WalkSkipChildren, nil
	case *ast.HTMLBlock:
		if entering {
			r.htmlBlock(n)
		}
		return ast.WalkSkipChildren, nil
	case *ast.Paragraph, *ast.TextBlock, *ast.Heading, *extast.TableCell:
		if entering {
			r.block(n)
		}
		return ast.WalkSkipChildren, nil
	}
	return ast.WalkContinue, nil
}

// container remembers which HTML elements were open where a quote or a list item begins: what it opens ends with it.
func (r *reader) container(entering bool) {
	if entering {
		r.depths = append(r.depths, len(r.html.open))
		return
	}
	last := len(r.depths) - 1
	r.html.open = r.html.open[:min(len(r.html.open), r.depths[last])]
	r.depths = r.depths[:last]
}

// htmlBlock answers for lines that stand in HTML, but not in comments or in what is shown as it is.
func (r *reader) htmlBlock(n *ast.HTMLBlock) {
	raw := n.Lines().Value(r.source)
	if n.HasClosure() {
		raw = append(slices.Clone(raw), n.ClosureLine.Value(r.source)...)
	}
	if n.HTMLBlockType == ast.HTMLBlockType6 || n.HTMLBlockType == ast.HTMLBlockType7 {
		for _, line := range strings.Split(r.html.visible(string(raw)), "\n") {
			if t := strings.TrimSpace(line); !quoted(n) && begins(t) {
				r.found = append(r.found, spot{text: t, where: "inside HTML"})
			}
		}
	}
	r.html.feed(string(raw))
}

// block looks at each line of a block of text.
func (r *reader) block(n ast.Node) {
	tags, texts := rawHTML(n, r.source), plainText(n)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		start := line.Start
		end := line.Stop
		for len(tags) > 0 && tags[0].start < start {
			r.html.feed(tags[0].text)
			tags = tags[1:]
		}
		value := string(bytes.TrimRight(r.source[start:end], "\n"))
		skip := len(value) - len(strings.TrimLeftFunc(value, blank))
		if !begins(value[skip:]) {
			continue
		}
		for len(texts) > 0 && texts[0].Segment.Stop <= start+skip {
			texts = texts[1:]
		}
		if s, ok := r.look(n, start+skip, texts); ok {
			s.text = withoutComments(value, start, tags)
			r.found = append(r.found, s)
		}
	}
	for _, t := range tags {
		r.html.feed(t.text)
	}
}

// look says where the line whose slash is at this offset stands, and whether it is to be answered at all. The first of the texts is the
// one that holds the slash, if any does: code, a tag, a comment, and what links point to are no text.
func (r *reader) look(n ast.Node, at int, texts []*ast.Text) (spot, bool) {
	before := string(r.source[bytes.LastIndexByte(r.source[:at], '\n')+1 : at])
	switch {
	case len(texts) == 0 || texts[0].Segment.Start > at || r.html.comment || strings.Contains(before, ">"):
		return spot{}, false
	case ancestor(n, ast.KindBlockquote):
		return spot{where: "still part of the quote above it"}, true
	case ancestor(n, ast.KindListItem):
		return spot{where: "part of a list"}, true
	case strings.TrimFunc(before, blank) != "":
		return spot{}, false
	case n.Kind() != ast.KindParagraph || n.Parent() == nil || n.Parent().Kind() != ast.KindDocument:
		return spot{where: "part of a heading, a table or a footnote"}, true
	case len(r.html.open) > 0:
		return spot{where: "inside HTML"}, true
	case texts[0].Parent() != n:
		return spot{where: "inside formatting that begins before it"}, true
	}
	return spot{}, true
}

// plainText is the text within a block that is no code, in its order.
func plainText(n ast.Node) []*ast.Text {
	var all []*ast.Text
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if c.Kind() == ast.KindCodeSpan {
			return ast.WalkSkipChildren, nil
		}
		if t, ok := c.(*ast.Text); ok && entering {
			all = append(all, t)
		}
		return ast.WalkContinue, nil
	})
	return all
}

func ancestor(n ast.Node, kind ast.NodeKind) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Kind() == kind {
			return true
		}
	}
	return false
}

func quoted(n ast.Node) bool { return ancestor(n, ast.KindBlockquote) }

// blank says that a character leaves a line's beginning where it is.
func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\u00a0' || invisible(r) }

// begins says that text begins like a command.
func begins(s string) bool { return strings.HasPrefix(strings.TrimLeftFunc(s, blank), "/") }
