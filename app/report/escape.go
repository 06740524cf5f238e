package report

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// separator stands between two characters that GitHub would read as one thing. Backslashes and entities do not: GitHub looks for names and
// references in the text after Markdown has made it.
const separator = "<!-- -->"

// escape makes text that people or programs wrote plain in Markdown: one line of bounded length, and nothing in it is markup, a link, or calls
// somebody.
func escape(s string) string { return plain(clip(s, maxSentence)) }

// prose is a sentence of ours in which words of programs and people may stand: what is in backticks is code, all else is plain.
func prose(s string) string {
	s = clip(s, maxSentence)
	if strings.Contains(s, "``") || strings.Count(s, "`")%2 != 0 {
		return plain(s) // not ours: it can't be told what is code
	}
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = plain(parts[i])
	}
	return strings.Join(parts, "`")
}

// plain is a part of a line in which nothing is markup.
func plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if n := reference(s[i:]); n > 0 && (i == 0 || !alphanumeric(s[i-1]) || s[i] == ':' || n == hexRun) {
			b.WriteString(s[i:i+n] + separator)
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(escaped(r))
		i += n
	}
	return unlisted(b.String())
}

// escaped is one character as plain text.
func escaped(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '@', '#':
		return string(r) + separator
	}
	if strings.ContainsRune("\\`*_[]()!|~$", r) {
		return "\\" + string(r)
	}
	return string(r)
}

// hexRun is how many digits of a commit are shown between two separators: one less than GitHub takes for a commit.
const hexRun = 6

// reference is after how many bytes a separator must stand, so that what begins here is no address, no reference and no commit; 0 is nowhere.
func reference(s string) int {
	switch {
	case strings.HasPrefix(s, "://"):
		return 1
	case len(s) > 3 && strings.EqualFold(s[:4], "www."):
		return 3
	case len(s) > 3 && strings.EqualFold(s[:3], "gh-"):
		return 3
	}
	for i := range hexRun + 1 {
		if i >= len(s) || !isHex(s[i]) {
			return 0
		}
	}
	return hexRun
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func alphanumeric(c byte) bool {
	return c >= 0x80 || isHex(c) || 'g' <= c && c <= 'z' || 'G' <= c && c <= 'Z'
}

// unlisted is text that begins no list, no heading and no rule, wherever it stands.
func unlisted(s string) string {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	switch {
	case s == "":
		return s
	case strings.ContainsRune("-+=", rune(s[0])):
		return "\\" + s
	case digits > 0 && strings.HasPrefix(s[digits:], "."):
		return s[:digits] + "\\" + s[digits:]
	}
	return s
}

// clean is what a terminal would leave standing of what a program wrote: without escape codes, without what a carriage return overwrites,
// and without characters that can't be seen or turn the direction of what follows.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.ContainsAny(s, "\x1b\u009b\u009d") {
		// Compiled here: no variable of the package can be changed, and few texts have any.
		s = regexp.MustCompile(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x{9d})[^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?`).ReplaceAllString(s, "")
	}
	if strings.Contains(s, "\r") {
		s = overwritten(s)
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, s)
}

// overwritten keeps of each line what was written last: progress bars begin their line again and again.
func overwritten(s string) string {
	all := strings.Split(s, "\n")
	for i, l := range all {
		l = strings.TrimRight(l, "\r")
		all[i] = l[strings.LastIndexByte(l, '\r')+1:]
	}
	return strings.Join(all, "\n")
}
