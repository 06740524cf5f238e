package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// later says that a verb belongs to a later issue: it is answered "not yet", whatever follows it.
func later(v app.Verb) bool {
	return v == app.VerbOKToTest
}

// parseCommand reads what follows a verb, and says what is wrong with it.
func parseCommand(verb app.Verb, w words, names Names) (Command, string) {
	c := Command{Verb: verb}
	if later(verb) || verb == app.VerbHelp {
		return c, ""
	}
	if verb == app.VerbWhatIf {
		problem := c.takeWhatIf(&w, names)
		return c, problem
	}
	for {
		word := w.nextBare()
		if word == "" {
			return c, ""
		}
		if problem := c.take(word, &w, names); problem != "" {
			return Command{}, problem
		}
	}
}

// take takes in one word, with those that belong to it.
func (c *Command) take(word string, w *words, names Names) string {
	switch strings.ToLower(word) {
	case "all":
		c.All = true
		return c.fitsAll()
	case "because":
		return c.takeBecause(w)
	case "until":
		return c.takeUntil(w)
	case "at":
		return c.takeAt(w, names)
	case "alone":
		c.Alone = true
		return c.fitsAlone()
	}
	if digits := strings.ToLower(word); len(digits) >= 7 && app.IsHex(digits) {
		return c.takeCommit(word)
	}
	return c.takeName(word, names)
}

func (c *Command) fitsAll() string {
	if slices.Contains([]app.Verb{app.VerbApprove, app.VerbUnapprove, app.VerbHold, app.VerbUnhold, app.VerbStatus, app.VerbWhatIf}, c.Verb) {
		return ""
	}
	return fmt.Sprintf("`all` does not go with `/%s`: name the service, the environment or the commit", c.Verb)
}

func (c *Command) fitsAlone() string {
	if c.Verb == app.VerbOverride {
		return ""
	}
	return fmt.Sprintf("`alone` goes with `/override` only, not with `/%s`", c.Verb)
}

func (c *Command) takeBecause(w *words) string {
	c.Because = cut(strings.Join(strings.Fields(w.rest), " "), maxBecause)
	w.rest = ""
	if c.Because == "" {
		return "`because` wants a reason after it"
	}
	return ""
}

// takeCommit takes 12 digits or more. Fewer can be forged in a minute.
func (c *Command) takeCommit(word string) string {
	switch {
	case !app.IsHex(word):
		return "a commit is written in small letters"
	case len(word) < app.ShortLen:
		return fmt.Sprintf("`%s` is too short: a commit needs at least %d digits, because a shorter name can be forged in a minute", word,
			app.ShortLen)
	case len(word) > 40:
		return fmt.Sprintf("%s is longer than a commit's name, which has 40 digits", Quote(word))
	case c.Verb == app.VerbHold:
		return "`/hold` stops a lane, not a single commit, which could leave inside a newer one. Leave the commit out"
	case c.Verb == app.VerbUnhold:
		return "`/unhold` frees a lane, not a single commit. Leave the commit out"
	case c.Commit != "" && c.Commit != word:
		return fmt.Sprintf("it names two commits, `%s` and `%s`. Write a line for each", c.Commit, word)
	}
	c.Commit = word
	return ""
}

// takeName takes a service, an environment, or both as GitHub names an environment: payments/production.
func (c *Command) takeName(word string, names Names) string {
	if slices.Contains(names.Services, word) {
		return c.set(&c.Service, word, "services")
	}
	if slices.Contains(names.Environments, word) {
		return c.set(&c.Environment, word, "environments")
	}
	service, environment, ok := strings.Cut(word, "/")
	if ok && slices.Contains(names.Services, service) && slices.Contains(names.Environments, environment) {
		if problem := c.set(&c.Service, service, "services"); problem != "" {
			return problem
		}
		return c.set(&c.Environment, environment, "environments")
	}
	return unknownWord(word, names)
}

func (c *Command) set(field *string, word, kind string) string {
	if *field != "" && *field != word {
		return fmt.Sprintf("it names two %s, %s and %s. Write a line for each", kind, Quote(*field), Quote(word))
	}
	*field = word
	return ""
}

// slips is how many edits a word may be away from the one that was meant: of a short word little would be left.
func slips(word string) int {
	switch {
	case len(word) < 2:
		return 0
	case len(word) <= 4:
		return 1
	}
	return 2
}

// nearWord is the name or the word of ours that a word was most likely meant to be, or "". It never guesses all: a slip would become a yes to
// everything.
func nearWord(word string, names Names) string {
	return nearest(strings.ToLower(word), append(slices.Concat(names.Services, names.Environments), "until", "because"), slips(word))
}

// unknownWord says what there is in place of a word.
func unknownWord(word string, names Names) string {
	known := slices.Concat(names.Services, names.Environments)
	if nearWord(word, names) != "" {
		return fmt.Sprintf("there is no %s", Quote(word))
	}
	if len(known) == 0 {
		return fmt.Sprintf("there is no service or environment %s, or any other", Quote(word))
	}
	for i, k := range known {
		known[i] = "`" + k + "`"
	}
	if more := len(known) - 20; more > 0 {
		known = append(known[:20:20], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("there is no service or environment %s. There are %s", Quote(word), both(known))
}

// takeUntil takes when a hold ends: 45m, 2h, 3d, a time by RFC 3339, or 2027-03-01 09:00, which is UTC.
func (c *Command) takeUntil(w *words) string {
	if c.Verb != app.VerbHold {
		return fmt.Sprintf("`until` goes with `/hold` only, not with `/%s`", c.Verb)
	}
	if c.Until != (Until{}) {
		return "it says `until` twice"
	}
	word := w.nextBare()
	if d, ok := duration(word); ok {
		if d <= 0 || d > maxHold*24*time.Hour {
			return fmt.Sprintf("a hold lasts longer than nothing and at most %d days. Without `until` it lasts until somebody lifts it", maxHold)
		}
		c.Until.For = d
		return ""
	}
	if t, ok := instant(word); ok {
		c.Until.At = t
		return ""
	}
	if day, err := time.Parse("2006-01-02", word); err == nil {
		return c.takeHour(day, w)
	}
	return "after `until` comes how long (`45m`, `2h`, `3d`) or when (`2027-03-01 09:00`, which is UTC, or `2027-03-01T09:00:00+01:00`)"
}

// takeAt takes when an approval begins to count: 2027-03-01 09:00 on the gate's clock, or in a zone that is named, or a time by RFC 3339.
func (c *Command) takeAt(w *words, names Names) string {
	if c.Verb != app.VerbApprove {
		return fmt.Sprintf("`at` goes with `/approve` only, not with `/%s`", c.Verb)
	}
	if c.At != (Moment{}) {
		return "it says `at` twice"
	}
	word := w.nextBare()
	if t, ok := instant(word); ok && t.Year() > 1 {
		c.At.At = t
		return ""
	}
	day, err := time.Parse("2006-01-02", word)
	if err != nil || day.Year() <= 1 {
		return "after `at` comes when: `2027-03-01 09:00`, by the clock of the gate, or `2027-03-01 09:00 Europe/Berlin`, or `2027-03-01T09:00:00+01:00`"
	}
	hour, err := time.Parse("15:04", w.nextBare())
	if err != nil {
		return fmt.Sprintf("after a day comes an hour: `at %s 09:00`", day.Format("2006-01-02"))
	}
	c.At.Wall = day.Add(time.Duration(hour.Hour())*time.Hour + time.Duration(hour.Minute())*time.Minute)
	ahead := *w
	zone := ahead.nextBare()
	if zone = strings.TrimSpace(zone); strings.EqualFold(zone, "UTC") || zone == "Z" {
		c.At.Zone, *w = "UTC", ahead
	} else if _, err := LoadZone(zone); err == nil && strings.Contains(zone, "/") && (&Command{}).takeName(zone, names) != "" {
		c.At.Zone, *w = zone, ahead
	}
	return ""
}

// instant reads a time by RFC 3339, with or without seconds.
func instant(word string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, word); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// takeHour takes the hour after a day, and the zone if it says UTC: no other can be told from its name.
func (c *Command) takeHour(day time.Time, w *words) string {
	hour := w.nextBare()
	t, err := time.Parse("15:04", hour)
	if err != nil {
		return fmt.Sprintf("after a day comes an hour, in UTC: `until %s 09:00`", day.Format("2006-01-02"))
	}
	c.Until.At = time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	ahead := *w
	if zone := ahead.nextBare(); strings.EqualFold(zone, "UTC") || zone == "Z" {
		*w = ahead
	}
	return ""
}

// duration reads what Go reads, and days before it: 3d, 1d12h.
func duration(s string) (time.Duration, bool) {
	var days time.Duration
	if before, after, ok := strings.Cut(s, "d"); ok {
		n, err := time.ParseDuration(before + "h")
		if err != nil || n > 10*maxHold*time.Hour || n < -maxHold*time.Hour {
			return 0, false
		}
		if days = 24 * n; after == "" {
			return days, true
		}
		s = after
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, false
	}
	return days + d, true
}
