package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// lateAfter is how long after it was written a command still counts, but for those that only stop something.
const lateAfter = 10 * time.Minute

// slack is how far GitHub's clock, which gives whole seconds, and ours may be apart before what began is taken to be newer than a comment.
const slack = 2 * time.Second

// maxAnswer is how many bytes of an answer are shown. GitHub takes 65,536 characters.
const maxAnswer = 60000

// mood is what a command came to. The greatest of a comment's is its reaction.
type mood int

const (
	moodSeen mood = iota
	moodDone
	moodConfused
	moodRefused
)

func (m mood) reaction() string { return [...]string{"eyes", "+1", "confused", "-1"}[m] }

// part is one command's share: its letters, and what is said to it. The text goes on from "@ada, ".
type part struct {
	mood    mood
	text    string
	letters []app.Letter
	fails   bool // it can't be carried out, and so nothing else of the comment is
}

func refuse(format string, args ...any) part {
	return part{mood: moodRefused, text: fmt.Sprintf(format, args...), fails: true}
}

func confused(format string, args ...any) part {
	return part{mood: moodConfused, text: fmt.Sprintf(format, args...), fails: true}
}

// idle is the part of a command for which there is nothing to do, as what it asks for is so, or because time has passed over it: that stands in
// nobody's way.
func idle(format string, args ...any) part {
	return part{mood: moodRefused, text: fmt.Sprintf(format, args...)}
}

// Resolve says what a comment's commands, or a button's, come to: letters to lanes and runs, and one answer. All commands of a comment are carried
// out or none is, and each gets its part of the answer: what is said twice is done and told once, what contradicts itself is not done, and each is
// judged by what those before it will have changed. Bots are neither obeyed nor answered. Letters are bound to what was shown, and the machines that
// get them check that again, so an old view is never dangerous.
func Resolve(a Asked) ([]app.Letter, Answer) {
	if isBot(a.By) || len(a.Lines) == 0 {
		return nil, Answer{}
	}
	var letters []app.Letter
	var titles []string
	a.Lines, titles = once(a.Lines)
	parts, worst := a.parts(titles), moodSeen
	for _, p := range parts {
		letters = append(letters, p.letters...)
		worst = max(worst, p.mood)
	}
	return letters, Answer{Body: a.body(titles, parts), Reaction: worst.reaction(), OncePerPull: a.stranger()}
}

// parts is what each line comes to.
func (a Asked) parts(titles []string) (parts []part) {
	refused, now := a.contradictions(titles), a
	for i, l := range a.Lines {
		p, ok := refused[i]
		if !ok {
			p = now.line(l)
		}
		now = now.with(p.letters)
		parts = append(parts, p)
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.fails }) {
		return parts
	}
	for i, p := range parts {
		if len(p.letters) == 0 && !p.fails && refused[i].text == "" { // it was judged by what is not done now
			p = a.line(a.Lines[i])
		}
		if len(p.letters) > 0 {
			p = refuse("not carried out, for not all of this comment could be")
		}
		parts[i] = p
	}
	return parts
}

// body is all parts as one comment to the person who asked.
func (a Asked) body(titles []string, parts []part) string {
	to := "@" + a.By.Login
	if len(parts) == 1 {
		return clip(to+", "+ended(parts[0].text), maxAnswer)
	}
	texts := []string{to + ", one by one:"}
	for i, p := range parts {
		texts = append(texts, fmt.Sprintf("%s: %s", titles[i], ended(p.text)))
	}
	return clip(strings.Join(texts, "\n\n"), maxAnswer)
}

// line is what one line comes to.
func (a Asked) line(l Line) part {
	if l.Problem != "" {
		if len(a.Lines) == 1 {
			return confused("%s was not carried out: %s", Quote(l.Text), l.Problem)
		}
		return confused("not carried out. %s", sentence(l.Problem))
	}
	c := l.Command
	switch {
	case later(c.Verb):
		return refuse("`/%s`: not yet. A later version of slipway brings it", c.Verb)
	case c.Verb != app.VerbHold && c.Verb != app.VerbUnapprove && a.late():
		return idle("this arrived late%s, so it was not carried out. If you still mean it, say it again", a.delay())
	}
	return a.command(c)
}

// command carries out what is in time and understood.
func (a Asked) command(c Command) part {
	if c.Verb == app.VerbHelp {
		return part{text: help()}
	}
	lanes, problem := a.lanes(c)
	if problem != "" {
		return confused("%s", problem)
	}
	c, problem = a.full(c)
	if problem != "" {
		return confused("%s", problem)
	}
	switch c.Verb {
	case app.VerbApprove:
		return a.approve(c, lanes)
	case app.VerbUnapprove:
		return a.unapprove(c, lanes)
	case app.VerbStatus:
		return a.status(c, lanes)
	case app.VerbWhatIf:
		return a.whatIf(c, lanes)
	case app.VerbOverride:
		return a.override(c, lanes)
	}
	if refused := a.mayNot(c.Verb); refused != "" {
		return refuse("%s", refused)
	}
	switch c.Verb {
	case app.VerbHold:
		return a.hold(c, lanes)
	case app.VerbUnhold:
		return a.unhold(c, lanes)
	case app.VerbRollback:
		return a.rollback(c, lanes)
	case app.VerbRetry:
		return a.retry(c, lanes)
	case app.VerbCancel:
		return a.cancel(c, lanes)
	}
	return confused("there is no such command. `/help` lists those that there are")
}

// late says that a command came too long after it was written. One whose time is not known counts as late.
func (a Asked) late() bool { return a.Written.IsZero() || a.Received.Sub(a.Written) > lateAfter }

func (a Asked) delay() string {
	if a.Written.IsZero() {
		return " or nobody knows when it was written"
	}
	return fmt.Sprintf(" (written %s, received %s)", clock(a.Written), clock(a.Received))
}

// after says that something began after the comment was written, so that nobody can have meant it.
func (a Asked) after(t time.Time) bool { return t.After(a.Written.Add(slack)) }

// lanes is the lanes that a command names, or all, and what is wrong if there are none.
func (a Asked) lanes(c Command) ([]LaneView, string) {
	var lanes []LaneView
	for _, l := range a.Lanes {
		if (c.Service == "" || l.Service == c.Service) && (c.Environment == "" || l.Environment == c.Environment) {
			lanes = append(lanes, l)
		}
	}
	if len(lanes) == 0 && len(a.Lanes) > 0 {
		var names []string
		for _, l := range a.Lanes {
			names = append(names, l.name())
		}
		return nil, fmt.Sprintf("there is no %s. There are %s", Quote(place(c.Service, c.Environment)), both(names))
	}
	return lanes, ""
}

// full fills in a commit's whole name: its beginning must be that of exactly one commit that is known here.
func (a Asked) full(c Command) (Command, string) {
	if c.Commit == "" {
		return c, ""
	}
	var found []string
	for _, known := range a.known() {
		if strings.HasPrefix(string(known), c.Commit) && !slices.Contains(found, string(known)) {
			found = append(found, string(known))
		}
	}
	switch len(found) {
	case 0:
		return c, fmt.Sprintf("slipway knows no commit that begins with `%s`", c.Commit)
	case 1:
		c.Commit = found[0]
		return c, ""
	}
	return c, fmt.Sprintf("more than one commit begins with `%s`: write all 40 digits", c.Commit)
}

// known is every commit that the views name.
func (a Asked) known() []app.SHA {
	known := append([]app.SHA{a.Pull.Head, a.Pull.Commit}, a.Pull.Heads...)
	for _, r := range a.Runs {
		known = append(known, r.Commit)
	}
	for _, l := range a.Lanes {
		known = append(known, l.Live)
		for _, o := range l.Offers {
			known = append(known, o.Commit)
		}
		for _, p := range l.Promotions {
			known = append(known, p.Commit.SHA)
		}
	}
	return known
}

// ended ends a text with a full stop if it has no end yet. A list and a command keep theirs.
func ended(s string) string {
	if strings.HasSuffix(s, "\n") || strings.Contains(s, "\n") || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return strings.TrimRight(s, "\n")
	}
	return s + "."
}

// clip keeps at most n bytes, at the end of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "…"
}
