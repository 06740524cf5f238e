package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// tones are the colors of states and verdicts.
const (
	toneGood = "good"
	toneBad  = "bad"
	toneWait = "wait"
	toneCalm = "calm"
)

// tone is the color of a state or a verdict.
func tone(state any) string {
	switch state {
	case deploy.Live, checks.Green, checks.Passed, policies.Allow:
		return toneGood
	case deploy.RolledBack, deploy.Failed, deploy.Denied, deploy.Attention, checks.Red, checks.Failed, policies.Deny:
		return toneBad
	case deploy.Gating, deploy.Held, deploy.Reviewing, deploy.Deploying, deploy.Verifying, deploy.RollingBack, deploy.Retrying, checks.Open, checks.Running,
		checks.Waiting, policies.Hold, onHold:
		return toneWait
	}
	return toneCalm
}

// word is a state that no machine has, but that people see.
type word string

const (
	onHold  = word("on hold")
	wasGood = word("was good")
)

// words is a state in words.
func words(state any) string {
	switch state {
	case deploy.Gating:
		return "asking the gate"
	case deploy.Held:
		return "waiting"
	case deploy.Reviewing:
		return "in GitHub's review"
	case deploy.Attention:
		return "needs a person"
	case checks.Open:
		return "running"
	case checks.Absent:
		return "not begun"
	}
	return strings.ReplaceAll(fmt.Sprint(state), "_", " ")
}

// mark is a rule's verdict as one sign.
func mark(v policies.Verdict) string {
	switch v {
	case policies.Allow:
		return "✓"
	case policies.Hold:
		return "•"
	}
	return "✗"
}

// moment tells times to people, as seen from now.
type moment struct{ now time.Time }

// day is a time as short as it can be told apart: always in UTC, which says so.
func (m moment) day(t time.Time) string {
	t, now := t.UTC(), m.now.UTC()
	switch {
	case t.IsZero():
		return ""
	case t.Year() != now.Year():
		return t.Format("2 Jan 2006 15:04 UTC")
	case t.YearDay() != now.YearDay():
		return t.Format("2 Jan 15:04 UTC")
	}
	return t.Format("15:04:05 UTC")
}

// when is a time, and how long ago it was.
func (m moment) when(t time.Time) string {
	text := m.day(t)
	if ago := m.now.Sub(t); ago >= 0 && ago < 48*time.Hour {
		text += ", " + span(ago) + " ago"
	}
	return text
}

// lasted is how long something took; "" of what has not begun or not ended.
func lasted(from, to time.Time) string {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return ""
	}
	return span(to.Sub(from))
}

// span is a length of time in one or two units.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 48*time.Hour:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return two(int(d.Hours())/24, "days", int(d.Hours())%24, "h")
}

func two(n int, unit string, rest int, smaller string) string {
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, rest, smaller)
}
