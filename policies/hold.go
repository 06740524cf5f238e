package policies

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// how says who holds a lane, why and until when, after "held".
func (h HoldView) how() string {
	s := "by slipway, because " + h.rolledBack()
	if h.By.Login != "" {
		s = "by @" + h.By.Login
		if h.Because != "" {
			s += " because " + Quote(h.Because)
		}
	}
	if !h.Until.IsZero() {
		s += " until " + clock(h.Until)
	}
	return s
}

// rolledBack says what slipway holds a lane for. Who said it stands at the beginning of the lane's sentence; whatever else a program or a
// probe had to say is on the commit's card.
func (h HoldView) rolledBack() string {
	what := "a commit"
	if h.Undoes != "" {
		what = short(h.Undoes)
	}
	who, why, ok := strings.Cut(h.Because, " rolled it back")
	if login, named := strings.CutPrefix(who, "@"); !ok || !named || !isLogin(login) {
		return what + " was rolled back"
	}
	s := who + " rolled " + what + " back"
	if why = strings.Trim(why, ": .`"); why != "" {
		s += ": " + Quote(why)
	}
	return s
}

// isLogin says that nothing in a word is more than a name.
func isLogin(s string) bool {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_[]", r)
	}
	return s != "" && strings.TrimFunc(s, plain) == ""
}

// frees says what ends a lane's hold, after "waits".
func (l LaneView) frees() string {
	if l.Hold.Until.IsZero() {
		return "until " + l.say(app.VerbUnhold, "")
	}
	return "until then, or until " + l.say(app.VerbUnhold, "")
}

// lifts says what lifts a hold, as a sentence.
func lifts(say string, until time.Time) string {
	if until.IsZero() {
		return say + " lifts it"
	}
	return say + " lifts it sooner"
}

// hold stops the lanes that are named, or all. One that is held stays held for the reason it has.
func (a Asked) hold(c Command, lanes []LaneView) part {
	until, problem := a.until(c.Until)
	if problem != "" {
		return refuse("%s", problem)
	}
	p := part{mood: moodDone}
	var names, already []string
	unhold := c.unhold()
	for _, l := range lanes {
		switch {
		case l.Closed:
		case l.Hold != nil:
			already = append(already, fmt.Sprintf("%s was held already %s: that stays as it is. %s", l.name(), l.Hold.how(),
				lifts(l.say(app.VerbUnhold, ""), l.Hold.Until)))
		default:
			if names = append(names, l.name()); len(lanes) == 1 {
				unhold = l.say(app.VerbUnhold, "")
			}
			p.letters = append(p.letters, a.said(l, app.Said{Verb: app.VerbHold, Until: until, Because: c.Because}))
		}
	}
	if len(names) == 0 && len(already) == 0 {
		return refuse("there is no lane to hold")
	}
	var texts []string
	if len(names) > 0 {
		texts = append(texts, held(names, until), lifts(unhold, until))
	} else {
		p.mood = moodRefused
	}
	p.text = strings.Join(append(texts, already...), ". ")
	return p
}

func held(names []string, until time.Time) string {
	s := both(names) + " " + isAre(len(names)) + " held"
	if !until.IsZero() {
		s += " until " + clock(until)
	}
	return s + ": what has begun goes on, nothing new starts, and `/rollback` still works"
}

// unhold is the command that lifts all that this one holds.
func (c Command) unhold() string {
	words := []string{"/unhold"}
	for _, w := range []string{c.Service, c.Environment, "all"} {
		if w != "" {
			words = append(words, w)
		}
	}
	return "`" + strings.Join(words, " ") + "`"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// until is when a hold ends by itself, counted from when it was written; zero is never.
func (a Asked) until(u Until) (time.Time, string) {
	end := u.At
	if u.For != 0 {
		from := a.Written
		if from.IsZero() {
			from = a.Received
		}
		end = from.Add(u.For)
	}
	switch {
	case end.IsZero():
		return end, ""
	case !end.After(a.Received):
		return end, fmt.Sprintf("%s is over already, so nothing is held", clock(end))
	case end.After(a.Received.AddDate(0, 0, maxHold)):
		return end, fmt.Sprintf("%s is more than %d days away. Without `until` a hold lasts until somebody lifts it", clock(end), maxHold)
	}
	return end, ""
}

// unhold lifts the hold that was shown when it was written: the only one there is, those of the lanes that are named, or all. One that the
// same comment asked for has no number yet, and stays.
func (a Asked) unhold(c Command, lanes []LaneView) part {
	var stopped []LaneView
	for _, l := range lanes {
		if l.Hold != nil && l.Hold.Key != 0 {
			stopped = append(stopped, l)
		}
	}
	switch {
	case len(stopped) == 0:
		return idle("nothing is held here")
	case len(stopped) > 1 && !c.All:
		var b strings.Builder
		for _, l := range stopped {
			fmt.Fprintf(&b, "\n- %s, held %s", l.say(app.VerbUnhold, ""), l.Hold.how())
		}
		return refuse("%d lanes are held, so nothing was lifted. Say which, or `/unhold all`:%s", len(stopped), b.String())
	}
	p := part{mood: moodDone}
	var texts []string
	for _, l := range stopped {
		if a.after(l.Hold.Since) {
			p.mood = max(p.mood, moodRefused)
			texts = append(texts, fmt.Sprintf("%s has been held anew since you wrote this, %s. If you still mean it, say %s", l.name(), l.Hold.how(),
				l.say(app.VerbUnhold, "")))
			continue
		}
		texts = append(texts, fmt.Sprintf("%s is no longer held. %s", l.name(), l.next()))
		p.letters = append(p.letters, a.said(l, app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key, Because: c.Because}))
	}
	p.text = strings.Join(texts, " ")
	if len(texts) > 1 {
		p.text = "one by one:\n- " + strings.Join(texts, "\n- ")
	}
	return p
}

// next says what goes next in a lane that nothing holds.
func (l LaneView) next() string {
	first, nothing := "", "Nothing waits."
	var bad, newest, ready PromotionView
	for _, p := range l.Promotions {
		switch {
		case p.State == Deploying || p.State == Verifying || p.State == RollingBack || p.State == Attention:
			first = fmt.Sprintf("First comes %s, which is %s. ", short(p.Commit.SHA), p.doing())
			nothing = "Nothing else waits."
		case p.State == Waiting && p.Commit.Place > newest.Commit.Place:
			newest = p
		}
		if p.State == Waiting && p.Decision.Verdict == Allow && p.Commit.Place > ready.Commit.Place {
			ready = p
		}
		if l.Hold != nil && p.Commit.SHA == l.Hold.Undoes || p.State == RollingBack {
			bad = p
		}
	}
	switch {
	case ready.State == Waiting:
		return first + fmt.Sprintf("Next goes %s%s.", short(ready.Commit.SHA), ready.inherits(bad, ""))
	case newest.State == Waiting:
		return first + fmt.Sprintf("%s%s waits: %s", short(newest.Commit.SHA), newest.inherits(bad, ","), ended(lower(newest.Decision.why())))
	}
	return first + nothing
}

// inherits warns that a commit comes after one that was rolled back and is still on the branch, and ends its clause.
func (p PromotionView) inherits(bad PromotionView, end string) string {
	if bad.Commit.SHA == "" || bad.Gone || p.Commit.Place <= bad.Commit.Place {
		return ""
	}
	return fmt.Sprintf(", which has the changes of %s too unless they were reverted%s", short(bad.Commit.SHA), end)
}

// why is what the decision's strictest rules say.
func (d Decision) why() string {
	var whys []string
	for _, r := range d.Reasons {
		if r.Verdict != Allow && r.Sentence != "" {
			whys = append(whys, strings.TrimSuffix(r.Sentence, "."))
		}
	}
	if len(whys) == 0 {
		return "its gate has not been judged yet"
	}
	return strings.Join(whys, ". ")
}
