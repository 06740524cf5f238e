package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slipway-cd/slipway/app"
)

// code is a commit as people see it.
func code(c app.SHA) string { return "`" + c.Short() + "`" }

// escape makes text that people or programs wrote plain in Markdown: nothing in it is markup, a link, or calls somebody.
func escape(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "", "\n", " ").Replace(s)
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\`*_[]()#!|~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@':
			b.WriteString("@<!-- -->")
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "://", ":<!-- -->//")
}

// fence shows text as it is, in a block that nothing in it can end.
func fence(text string) string {
	text = strings.TrimRight(strings.ToValidUTF8(text, "�"), "\n")
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	return ticks + "text\n" + text + "\n" + ticks
}

// link is a link, or its text alone if there is no address.
func link(text, address string) string {
	if address == "" {
		return text
	}
	return fmt.Sprintf("[%s](%s)", text, address)
}

// cut bounds text in bytes, at the end of a character, and says that something is missing.
func cut(text string, most int) string {
	const missing = "\n\n… cut here: it is too long for GitHub."
	if len(text) <= most {
		return text
	}
	at := most - len(missing)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + missing
}

// clip bounds one line in characters.
func clip(line string, most int) string {
	runes := []rune(strings.Join(strings.Fields(line), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}

// at is a time as texts give it: absolute, so that it never goes stale.
func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// plainText takes the Markdown of a sentence away, for titles.
func plainText(s string) string {
	return strings.NewReplacer("`", "", "**", "", "\\", "", "<!-- -->", "").Replace(s)
}

// paragraphs joins what is not empty.
func paragraphs(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
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
