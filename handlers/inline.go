package handlers

import (
	"html"
	"html/template"
	"strings"
)

// inline shows the little Markdown that slipway's own sentences have: code, strong words, and what is escaped. All else is text, for names
// and words that others wrote are part of them: no link, no picture and no tag comes out of it.
func inline(sentence string) template.HTML {
	var b strings.Builder
	strong := false
	for rest := sentence; rest != ""; {
		code, after, isCode := codeSpan(rest)
		switch {
		case isCode:
			b.WriteString("<code>" + html.EscapeString(code) + "</code>")
			rest = after
		case isEscape(rest):
			b.WriteString(html.EscapeString(rest[1:2]))
			rest = rest[2:]
		case strings.HasPrefix(rest, "<!-- -->"): // what keeps GitHub from making a mention or a link
			rest = rest[len("<!-- -->"):]
		case strings.HasPrefix(rest, "**") && strong:
			b.WriteString("</strong>")
			strong, rest = false, rest[2:]
		case strings.HasPrefix(rest, "**") && strings.Contains(rest[2:], "**"):
			b.WriteString("<strong>")
			strong, rest = true, rest[2:]
		default:
			n := 1 + len(rest[1:])
			if i := strings.IndexAny(rest[1:], "\\`*<"); i >= 0 {
				n = 1 + i
			}
			b.WriteString(html.EscapeString(html.UnescapeString(rest[:n])))
			rest = rest[n:]
		}
	}
	if strong {
		b.WriteString("</strong>")
	}
	return template.HTML(b.String())
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
