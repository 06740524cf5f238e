package handlers

import (
	"bytes"
	"strings"

	terminal "github.com/buildkite/terminal-to-html/v3"
)

// maxLine is how many bytes of a log are shown as one line. What is longer is broken, so that one endless line can't take all memory.
const maxLine = 32 << 10

// screen turns a log's lines into HTML, one after the other, and carries colors from line to line as a terminal does. It is for one
// goroutine.
//
// The library knows more than a log should be able to do: pictures, links, text that goes back over earlier lines. So it is handed colors
// and what erases a line, and nothing else.
type screen struct{ terminal *terminal.Screen }

func newScreen() (screen, error) {
	s, err := terminal.NewScreen(terminal.WithSize(maxLine+1, 1))
	if err != nil {
		return screen{}, err
	}
	return screen{s}, nil
}

// line is one line as HTML, with its end.
func (s screen) line(text []byte) string {
	s.terminal.Write(tame(bytes.TrimRight(text, "\r\n")))
	html := s.terminal.AsHTMLWithTimestamps(false)
	s.terminal.Write([]byte("\x1b[2K\r"))
	return strings.TrimSuffix(html, "&nbsp;") + "\n"
}

// tame leaves of a line's control characters those that color and erase: text alone is let through as it is.
func tame(text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return text
	}
	kept := make([]byte, 0, len(text))
	for len(text) > 0 {
		n := 1
		switch c := text[0]; {
		case c == '\x1b':
			var keep bool
			n, keep = escape(text)
			if keep {
				kept = append(kept, text[:n]...)
			}
		case c >= ' ' && c != 0x7f || c == '\r' || c == '\b':
			kept = append(kept, c)
		case c == '\t':
			kept = append(kept, "    "...)
		}
		text = text[n:]
	}
	return kept
}

// escape is how long the escape sequence is that text begins with, and whether it colors or erases a line.
func escape(text []byte) (n int, keep bool) {
	if len(text) < 2 {
		return len(text), false
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if c := text[i]; c >= 0x40 && c <= 0x7e {
				return i + 1, i < 64 && (c == 'm' || c == 'K') && bytes.Trim(text[2:i], "0123456789;") == nil
			} else if c < 0x20 || c > 0x3f {
				return i, false // it is broken off
			}
		}
		return len(text), false
	case ']', '_', 'P', '^', 'X': // up to BEL or ESC \
		for i := 2; i < len(text); i++ {
			if text[i] == '\a' {
				return i + 1, false
			}
			if text[i] == '\x1b' && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2, false
			}
		}
		return len(text), false
	case '(', ')':
		return min(3, len(text)), false
	}
	return 2, false
}
