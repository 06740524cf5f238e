package policies

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/slipway-cd/slipway/app"
)

// The bounds of what is read. GitHub's own bound of a comment is 65,536 characters.
const (
	maxBody     = 4 * 65536 // bytes
	maxLine     = 1000      // bytes
	maxCommands = 10        // in one comment
	maxBecause  = 300       // characters
	maxHold     = 366       // days
)

// verbs is every verb, in the order in which /help lists them.
func verbs() []app.Verb {
	return []app.Verb{app.VerbApprove, app.VerbUnapprove, app.VerbHold, app.VerbUnhold, app.VerbRollback, app.VerbRetry, app.VerbCancel,
		app.VerbStatus, app.VerbHelp, app.VerbOverride, app.VerbOKToTest, app.VerbWhatIf}
}

func verbNames() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, string(v))
	}
	return names
}

// Parse finds the commands in a comment: lines that begin with a slash and one of our verbs, in any case of letters, in a paragraph that
// stands by itself. What stands in code, in HTML comments or behind a quote's mark is spoken about and gets no answer. What stands in a
// list, in a quote without its mark, in a heading, a table, HTML or formatting might be meant: it is answered, never carried out. Other
// slash words are left to other bots, unless they are one edit away from a verb of ours. More than 10 commands in one comment are none.
func Parse(body string, names Names) []Line {
	if len(body) > maxBody || !strings.Contains(body, "/") {
		return nil
	}
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(body, "\uFFFD"))
	var lines []Line
	for _, s := range spots(body) {
		if l, ok := parseLine(s, names); ok {
			lines = append(lines, l)
		}
	}
	if n := len(lines); n > maxCommands {
		return []Line{{Text: lines[0].Text, Problem: fmt.Sprintf("this comment has %d commands and at most %d are carried out at once, so none was",
			n, maxCommands)}}
	}
	return lines
}

// ParseButton is the command of a button's identifier: its verb. Whoever asks fills in the lane and the full commit that it stands on.
func ParseButton(identifier string) (Command, bool) {
	for _, v := range verbs() {
		if identifier == string(v) {
			return Command{Verb: v}, true
		}
	}
	return Command{}, false
}

// parseLine reads a line that begins with a slash, and says whether it is one of ours.
func parseLine(s spot, names Names) (Line, bool) {
	clean := strings.TrimSpace(strings.Map(visible, s.text))
	w := words{rest: strings.TrimPrefix(clean, "/")}
	first := strings.IndexFunc(w.rest, unicode.IsSpace) // a slash and a space begin no command
	word := strings.ToLower(w.next())
	if first == 0 || word == "" {
		return Line{}, false
	}
	ours := word == "slipway"
	if ours {
		if word = strings.ToLower(w.next()); word == "" {
			word = string(app.VerbHelp)
		}
	}
	l := Line{Text: cut(clean, 200)}
	verb, known := verbOf(word)
	near := nearVerb(word)
	switch {
	case s.where != "" && (known || ours):
		l.Problem = fmt.Sprintf("it is %s, and only a line in a paragraph of its own counts: write it below an empty line, with nothing before "+
			"the slash", s.where)
	case s.where != "":
		return Line{}, false
	case known:
		l.Command, l.Problem = parseCommand(verb, w, names)
	case near != "":
		l.Problem = "there is no such command"
	case ours:
		l.Problem = "there is no such command. `/slipway help` lists those that there are"
	default:
		return Line{}, false
	}
	if l = checkLine(l, s.text); l.Problem != "" && s.where == "" {
		likely := meant(clean, names)
		if likely == "" && near != "" && !known {
			likely = "/" + near
		}
		if likely != "" {
			l.Problem += ". Did you mean " + Quote(likely) + "?"
		}
	}
	return l, true
}

// meant is the command that is nearest to a line which is none, with each word that was most likely a slip put right; "" if that is no command
// either.
func meant(line string, names Names) string {
	before, because, _ := strings.Cut(line, " because ")
	all := strings.Fields(strings.TrimPrefix(before, "/"))
	if len(all) > 1 && strings.EqualFold(all[0], "slipway") {
		all = all[1:]
	}
	verb, known := verbOf(strings.ToLower(all[0]))
	if !known {
		verb = app.Verb(nearVerb(strings.ToLower(all[0])))
	}
	for i, word := range all[1:] {
		bare := strings.Trim(word, marks)
		if (&Command{}).takeName(bare, names) == "" {
			continue
		}
		if near := nearWord(bare, names); near != "" {
			all[i+1] = near
		} else if lower := strings.ToLower(bare); app.IsHex(lower) {
			all[i+1] = lower
		}
	}
	rest := strings.Join(all[1:], " ")
	if because != "" {
		rest += " because " + because
	}
	right := strings.TrimSpace("/" + string(verb) + " " + strings.TrimSpace(rest))
	if _, problem := parseCommand(verb, words{rest: rest}, names); verb == "" || problem != "" || right == line {
		return ""
	}
	return right
}

// checkLine refuses what is too long to be a command, or is not what it looks like.
func checkLine(l Line, raw string) Line {
	before, _, _ := strings.Cut(strings.ToLower(raw), " because ")
	switch {
	case l.Problem != "":
	case len(raw) > maxLine:
		l.Problem = fmt.Sprintf("it is longer than %d bytes", maxLine)
	case strings.ContainsFunc(before, invisible):
		l.Problem = fmt.Sprintf("it holds invisible characters. Without them it reads %s", Quote(l.Text))
	default:
		return l
	}
	l.Command = Command{}
	return l
}

// visible leaves a character as it is, or drops one that nobody sees.
func visible(r rune) rune {
	if invisible(r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

func verbOf(word string) (app.Verb, bool) {
	for _, v := range verbs() {
		if word == string(v) {
			return v, true
		}
	}
	return "", false
}

// nearVerb is the verb that is one edit away from a word, or "". A path is no word.
func nearVerb(word string) string {
	if strings.ContainsAny(word, "/\\<>") {
		return ""
	}
	return nearest(word, verbNames(), 1)
}

// words gives one word after the other.
type words struct{ rest string }

// next is the next word, or "" at the end.
func (w *words) next() string {
	w.rest = strings.TrimSpace(w.rest)
	i := strings.IndexFunc(w.rest, unicode.IsSpace)
	if i < 0 {
		i = len(w.rest)
	}
	word := w.rest[:i]
	w.rest = w.rest[i:]
	return word
}

// marks are what people put around what they paste.
const marks = "`\"'“”‘’"

// nextBare is the next word without such marks.
func (w *words) nextBare() string {
	for {
		word := w.next()
		if bare := strings.Trim(word, marks); bare != "" || word == "" {
			return bare
		}
	}
}
