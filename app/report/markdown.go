package report

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-cd/slipway/app"
)

// code is a commit as people see it.
func code(c app.SHA) string { return "`" + c.Short() + "`" }

// link is a link, or its text alone if there is no address that can be trusted in one.
func link(text, address string) string {
	if address = web(address); address == "" {
		return text
	}
	return fmt.Sprintf("[%s](%s)", text, address)
}

// maxAddress bounds an address, in bytes: longer than browsers and proxies take.
const maxAddress = 2_000

// web is an address of the web in a form that can't end a link before its end, or "" if it is none. Other schemes do things.
func web(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > maxAddress {
		return ""
	}
	var b strings.Builder
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("()<>[]\"'`\\|", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fence shows text as it is, in a block that nothing in it can end.
func fence(text string) string {
	longest, run := 2, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	ticks := strings.Repeat("`", longest+1)
	return ticks + "text\n" + text + "\n" + ticks
}

// tail is the last lines of a program, as many as GitHub takes.
func tail(text string) string {
	text = strings.Trim(clean(text), "\n")
	if strings.TrimSpace(text) == "" {
		return "It wrote nothing."
	}
	const head = "The last lines:\n\n"
	for most := maxText - len(head); ; {
		text = end(text, most)
		shown := head + fence(text)
		over := len(shown) - maxText
		if over <= 0 {
			return shown
		}
		most = max(len(text)-over, len(text)/2) // a shorter text may need a shorter fence
	}
}

// end bounds text in bytes, and keeps its end: whole lines if it has any.
func end(text string, most int) string {
	if len(text) <= most {
		return text
	}
	at := len(text) - max(most, 0)
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	if text[at-1] == '\n' {
		return text[at:]
	}
	if _, whole, ok := strings.Cut(text[at:], "\n"); ok && whole != "" {
		return whole
	}
	return text[at:]
}

// cut bounds text in bytes, at the end of a line if it can be, and says that something is missing.
func cut(text string, most int) string {
	const missing = "\n\n… cut here: it is too long for GitHub."
	if len(text) <= most {
		return text
	}
	at := most - len(missing)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	if line := strings.LastIndexByte(text[:at], '\n'); line > at/2 {
		at = line
	}
	return text[:at] + missing
}

// clip bounds one line in characters.
func clip(line string, most int) string {
	return shorten(strings.Join(strings.Fields(clean(line)), " "), most)
}

// shorten bounds text in characters, and keeps its beginning.
func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(most-1, 0)]) + "…"
}

// at is a time as texts give it: absolute, so that it never goes stale.
func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// plainText takes the Markdown of a sentence away, for titles.
func plainText(s string) string {
	return strings.NewReplacer("`", "", "**", "", "\\", "", separator, "").Replace(s)
}

// sentence is a sentence of another room, which is Markdown already: one line, without what a program may have left in it.
func sentence(s string) string {
	s = clip(s, maxSentence)
	if strings.Count(s, "`")%2 != 0 {
		s += "`" // it was cut inside code
	}
	return s
}

// quiet is a sentence whose names call nobody: what is shown for many to read is no call to those whom it names. They are read as they were.
// Code calls nobody anyway.
func quiet(s string) string {
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = uncalled(parts[i])
	}
	return strings.Join(parts, "`")
}

// uncalled takes each @ apart from the name that it begins.
func uncalled(s string) string {
	var b strings.Builder
	before := ' '
	for i, r := range s {
		b.WriteRune(r)
		if r == '@' && !isWord(before) && wordBegins(s[i+1:]) {
			b.WriteString(separator)
		}
		before = r
	}
	return b.String()
}

// quietly names a person without calling them.
func quietly(login string) string { return "@" + separator + escape(login) }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordBegins(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isWord(r)
}

// isLogin says whether GitHub can have given somebody this name.
func isLogin(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// list is a line with a mark for each.
func list(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return "- " + strings.Join(all, "\n- ")
}

// paragraphs joins what is not empty.
func paragraphs(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n\n")
}

// lines joins lines so that each stays one.
func lines(all []string) string { return strings.Join(all, "  \n") }

// plural is one thing or many.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
