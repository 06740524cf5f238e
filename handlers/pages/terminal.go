package pages

import (
	"bytes"
	"strings"

	terminal "github.com/buildkite/terminal-to-html/v3"
	g "maragu.dev/gomponents"
)

// Screen turns a log's lines into HTML, one after the other, and carries colors from line to line as a terminal does. It is for one
// goroutine.
//
// The library knows more than a log should be able to do: pictures, links, text that goes back over earlier lines. So it is handed colors
// and what erases a line, and nothing else.
type Screen struct{ terminal *terminal.Screen }

// NewScreen is empty. It holds 16 times as much as the longest line, which is for its caller to bound.
func NewScreen() Screen { return Screen{&terminal.Screen{MaxLines: 1}} }

// Line is one line as HTML, with its end.
func (s Screen) Line(text []byte) string {
	_, _ = s.terminal.Write(tame(bytes.TrimRight(text, "\r\n"))) // a screen takes everything
	line := s.terminal.AsHTML()
	_, _ = s.terminal.Write([]byte("\x1b[2K\r"))
	return strings.Map(visible, strings.TrimSuffix(line, "&nbsp;")) + "\n"
}

// terminalText is the end of a program's output as HTML.
func terminalText(text string) g.Node {
	s := NewScreen()
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(s.Line([]byte(line)))
	}
	return g.Raw(b.String())
}

// tame leaves of a line's control characters those that color and erase. Text alone is let through as it is.
func tame(text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return text
	}
	kept := make([]byte, 0, len(text))
	for len(text) > 0 {
		n := 1
		switch c := text[0]; {
		case c == esc:
			n = sequence(text)
			kept = append(kept, allowed(text[:n])...)
		case c >= ' ' && c != 0x7f || c == '\r' || c == '\b' || c == '\t':
			kept = append(kept, c)
		}
		text = text[n:]
	}
	return kept
}

const esc = '\x1b'

// sequence is how long the escape sequence is that text begins with. One that is broken off ends where that shows.
func sequence(text []byte) int {
	if len(text) < 2 {
		return len(text)
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if c := text[i]; c < 0x20 || c > 0x7e {
				return i
			} else if c >= 0x40 {
				return i + 1
			}
		}
		return len(text)
	case ']', '_', 'P', '^', 'X': // up to BEL or ESC \
		for i := 2; i < len(text); i++ {
			if text[i] == '\a' {
				return i + 1
			}
			if text[i] == esc && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2
			}
		}
		return len(text)
	case '(', ')':
		return min(3, len(text))
	}
	return 2
}

// allowed is an escape sequence as the library may have it: a color as one of the sixteen that pages have, what erases a line as it is,
// nothing of all others.
func allowed(sequence []byte) []byte {
	if len(sequence) < 3 || len(sequence) > 64 || sequence[1] != '[' {
		return nil
	}
	inner, last := sequence[2:len(sequence)-1], sequence[len(sequence)-1]
	switch {
	case len(bytes.Trim(inner, "0123456789;:")) > 0:
		return nil
	case last == 'm':
		return sixteen(string(inner))
	case last == 'K':
		return sequence
	}
	return nil
}
