package pages

import (
	"html"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// inline shows the little Markdown that slipway's own sentences have: code, strong words, and what is escaped. All else is text, for names
// and words that others wrote are part of them: no link, no picture and no tag comes out of it.
func inline(sentence string) g.Node {
	var plain, bold g.Group
	into := &plain
	for rest := sentence; rest != ""; {
		code, after, isCode := codeSpan(rest)
		switch {
		case isCode:
			*into = append(*into, h.Code(g.Text(code)))
			rest = after
		case isEscape(rest):
			*into = append(*into, g.Text(rest[1:2]))
			rest = rest[2:]
		case strings.HasPrefix(rest, "<!-- -->"): // what keeps GitHub from making a mention or a link
			rest = rest[len("<!-- -->"):]
		case strings.HasPrefix(rest, "**") && into == &bold:
			plain = append(plain, h.Strong(bold))
			into, bold, rest = &plain, nil, rest[2:]
		case strings.HasPrefix(rest, "**") && strings.Contains(rest[2:], "**"):
			into, rest = &bold, rest[2:]
		default:
			n := 1 + len(rest[1:])
			if i := strings.IndexAny(rest[1:], "\\`*<"); i >= 0 {
				n = 1 + i
			}
			*into = append(*into, g.Text(html.UnescapeString(rest[:n])))
			rest = rest[n:]
		}
	}
	if into == &bold { // nothing closes it
		plain = append(plain, h.Strong(bold))
	}
	return plain
}

// isEscape says whether s begins with a sign that Markdown takes as it is.
func isEscape(s string) bool {
	return len(s) > 1 && s[0] == '\\' && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[1]) >= 0
}

// codeSpan is the code that s begins with, and what comes after it.
func codeSpan(s string) (code, after string, ok bool) {
	rest := strings.TrimLeft(s, "`")
	ticks := s[:len(s)-len(rest)]
	if ticks == "" {
		return "", s, false
	}
	code, after, ok = strings.Cut(rest, ticks)
	return code, after, ok
}
