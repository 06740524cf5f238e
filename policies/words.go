package policies

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/slipway-cd/slipway/app"
)

// Quote shows text that others wrote, such as a person's because, as a code span of one line: nothing in it is a mention, a link or
// Markdown.
func Quote(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return '\''
		case unicode.IsSpace(r):
			return ' '
		case invisible(r) || unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if s == "" {
		return "nothing"
	}
	return "`" + cut(s, 200) + "`"
}

// oneLine is words that one of our own rooms says, as part of a line.
func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 300) }

// cut keeps the first n characters, and shows that there were more.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// invisible says that a character takes no room, or turns the direction of what follows: what is read would not be what is carried out.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r >= 0xFE00 && r <= 0xFE0F || r == 0x034F || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0
}

func short(c app.SHA) string { return Quote(c.Short()) }

// either is "a", "a or b", "a, b or c".
func either(names []string) string { return join(names, "or") }

// both is "a", "a and b", "a, b and c".
func both(names []string) string { return join(names, "and") }

func join(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	end := len(names) - 1
	return strings.Join(names[:end], ", ") + " " + last + " " + names[end]
}

// named is how many people a sentence names before it counts the rest.
const named = 5

// people is logins as mentions: @a, @b or @c.
func people(logins []string, last string) string {
	var names []string
	for _, l := range logins {
		names = append(names, "@"+l)
	}
	if more := len(names) - named; more > 0 {
		names = append(names[:named:named], fmt.Sprintf("%d more", more))
	}
	return join(names, last)
}

// clock is a time as people are shown it.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// place is a lane inside a sentence, as GitHub names its environment.
func place(service, environment string) string {
	if service == "" {
		return environment
	}
	return service + "/" + environment
}

// sentence is s with a capital letter and a full stop.
func sentence(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) == 0 {
		return ""
	}
	r[0] = unicode.ToUpper(r[0])
	if !strings.ContainsRune(".!?", r[len(r)-1]) {
		r = append(r, '.')
	}
	return string(r)
}
