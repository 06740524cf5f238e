package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// An override lets a commit go although its gate does not: two people say so, one of them an admin, or an admin alone, which is reported. It skips
// what is about time, order and approvals, and names it; it never skips what makes a deployment possible at all, nor the checks unless the file lets
// it.

// Override is a person's word against the gate, with their role as it was read for this question.
type Override struct {
	app.Override
	RoleNow app.Fact[string]
}

// skips says whether these people's override skips what a rule finds. What would be lost has to be known, and they have to have seen it.
func (f Facts) skips(found finding, by []Override) bool {
	switch found.Rule {
	case RuleAfter, RuleWait, RuleWindow, RuleFirstRelease, RuleApproval, RuleDate:
		return true
	case RuleContainsLive:
		blind := func(o Override) bool { return o.Pin.Commit == "" || o.Pin.Live != f.Pin.Live }
		return f.Contains.Known && !slices.ContainsFunc(by, blind)
	case RuleChecks:
		all := f.Gate.policies()
		return f.Green.Known && len(all) > 0 && !slices.ContainsFunc(all, func(p Policy) bool { return !p.OverrideChecks })
	}
	return false
}

// said is the overrides that count, each person's once: of what would go out, by people who still may.
func (f Facts) said() (all []Override) {
	for _, o := range f.Overrides {
		again := slices.ContainsFunc(all, func(b Override) bool { return same(b.By.ID, b.By.Login, o.By) })
		if !again && !isBot(o.By) && f.another(o.Pin) == "" && o.RoleNow.Known && atLeast(o.RoleNow.Value, "maintain", f.Personal) {
			all = append(all, o)
		}
	}
	return all
}

func (f Facts) isAdmin(o Override) bool { return atLeast(o.RoleNow.Value, "admin", f.Personal) }

// override is by whom the gate is overridden, and whether that is enough: an admin alone, or an admin and somebody else who may approve here by the
// rules about whose change it is.
func (f Facts) override() (by []Override, enough bool) {
	by = f.said()
	first := slices.IndexFunc(by, f.isAdmin)
	if first < 0 {
		return by, false
	}
	by = by[first:] // who spoke before any admin has seconded nothing
	for _, o := range by {
		if !f.isAdmin(o) {
			continue
		}
		second := func(s Override) bool { return !same(s.By.ID, s.By.Login, o.By) && f.excluded(s.By) == barNone }
		if o.Alone || slices.ContainsFunc(by, second) {
			return by, true
		}
	}
	return by, false
}

// overridden is what the rules find once an override has its way. Where nothing stands in the way, there is nothing to override.
func (f Facts) overridden(all []finding) []finding {
	if len(f.Overrides) == 0 {
		return all
	}
	by, enough := f.override()
	var rules []string
	for _, found := range all {
		if found.Verdict != Allow && f.skips(found, by) && !slices.Contains(rules, found.Rule) {
			rules = append(rules, found.Rule)
		}
	}
	if len(by) == 0 || len(rules) == 0 {
		return all
	}
	skips := both(rules)
	if !enough {
		return append(f.skipping(all, Hold, by), finds(Hold, RuleOverride, "%s %s to skip %s. %s", whose(by), asksFor(len(by)), skips, f.seconds(by)))
	}
	return append(f.skipping(all, Allow, by), finds(Allow, RuleOverride, "Overridden by %s: %s skipped", whose(by), skips+" "+isAre(len(rules))))
}

// skipping is what the rules find where those that an override skips say no less than that: what denies waits for a second person.
func (f Facts) skipping(all []finding, least Verdict, by []Override) []finding {
	all = slices.Clone(all)
	for i := range all {
		found := &all[i]
		if found.Verdict >= least || !f.skips(*found, by) {
			continue
		}
		if found.Verdict = least; least == Allow {
			found.Skipped, found.Asks, found.Unread = true, false, false
		}
	}
	return all
}

func asksFor(n int) string {
	if n == 1 {
		return "asks"
	}
	return "ask"
}

// whose is who overrides, and why.
func whose(by []Override) string {
	var all []string
	for _, o := range by {
		said := "@" + o.By.Login
		if o.Because != "" {
			said += " (" + Quote(o.Because) + ")"
		}
		all = append(all, said)
	}
	return both(all)
}

// seconds says who can second an override, and how.
func (f Facts) seconds(by []Override) string {
	words := []string{"/override"}
	for _, w := range []string{f.Service, f.Environment, f.Commit.Short()} {
		if w != "" {
			words = append(words, w)
		}
	}
	say := "`" + strings.Join(words, " ") + " because …`"
	if who := f.couldSecond(by); len(who) > 0 {
		return fmt.Sprintf("%s can second it: %s", people(who, "or"), say)
	}
	if !slices.ContainsFunc(by, f.isAdmin) {
		return "An admin has to say so too: " + say
	}
	return "A second maintainer can say so too: " + say
}

// couldSecond is who may second an override, as far as GitHub tells.
func (f Facts) couldSecond(by []Override) (logins []string) {
	admin := slices.ContainsFunc(by, f.isAdmin)
	for _, c := range f.Candidates.Value {
		did := slices.ContainsFunc(by, func(o Override) bool { return same(o.By.ID, o.By.Login, c.Person) })
		need := "maintain"
		if !admin {
			need = "admin"
		}
		if !did && f.excluded(c.Person) == barNone && atLeast(c.Role, need, f.Personal) {
			logins = append(logins, c.Login)
		}
	}
	slices.Sort(logins)
	return logins
}

// WantsSecond says that an override waits until a second person says so too.
func (d Decision) WantsSecond() bool {
	return slices.ContainsFunc(d.Reasons, func(r Reason) bool { return r.Rule == RuleOverride && r.Verdict == Hold })
}

// Overridden is the reason that says by whom a gate was overridden, if it was.
func (d Decision) Overridden() (Reason, bool) {
	i := slices.IndexFunc(d.Reasons, func(r Reason) bool { return r.Rule == RuleOverride && r.Verdict == Allow })
	if i < 0 {
		return Reason{}, false
	}
	return d.Reasons[i], true
}

// override is a person's word against the gate of one promotion: it asks for a second person, or is enough with those before it.
func (a Asked) override(c Command, lanes []LaneView) part {
	if c.Because == "" {
		return refuse("`/override` wants a reason after `because`, which everybody will read. Nothing changed")
	}
	commit := app.SHA(c.Commit)
	if commit == "" {
		var none string
		if commit, none = a.pullCommit(); none != "" {
			return refuse("%s", none)
		}
	}
	here := of(targets(lanes, target.overridable), commit)
	switch {
	case len(here) == 0:
		return refuse("nothing of %s waits for its gate here, so there is nothing to override", short(commit))
	case a.unseen(c, here) != "":
		return refuse("%s, so nothing was overridden. If you mean what waits now, say:%s", a.unseen(c, here), eachOverride(here))
	case len(here) > 1:
		return refuse("%s waits in %d places, so nothing was overridden. Say which:%s", short(commit), len(here), eachOverride(here))
	}
	return a.overrideOne(c, here[0])
}

// overridable says that an override could make a difference.
func (t target) overridable() bool {
	return t.State == Waiting || t.State == Attention || t.State == Denied && t.Retryable
}

func eachOverride(all []target) string {
	s := ""
	for _, t := range all {
		s += "\n- " + overriding(t)
	}
	return s
}

// overriding is the command that goes against the gate, as people type it.
func overriding(t target) string {
	return Quote(strings.Trim(t.say(app.VerbOverride), "`") + " because …")
}

func (a Asked) overrideOne(c Command, t target) part {
	f := t.Facts
	if t.State == Denied { // it is let in again as a new attempt, for which nobody has said anything
		f.Approvals, f.Overrides = nil, nil
	}
	if !f.Candidates.Known {
		f.Candidates = a.Candidates
	}
	by, enough := f.override()
	asked := slices.ContainsFunc(by, f.isAdmin) && !enough
	switch {
	case (c.Alone || !asked) && a.mayNot(c.Verb) != "":
		return refuse("%s", a.mayNot(c.Verb))
	case !a.Role.Known:
		return refuse("%s", a.mayNot(c.Verb))
	case !atLeast(a.Role.Value, "maintain", a.Personal):
		return refuse("to second an override takes a maintainer, and your role is %s. Nothing changed", Quote(a.Role.Value))
	case Judge(f).Verdict == Allow:
		return refuse("nothing stands in the way of %s in %s, so there is nothing to override", short(t.Commit.SHA), t.lane.name())
	}
	word := app.Override{By: a.By, Role: a.Role.Value, At: a.Received, Source: a.Source, Text: a.Text, Event: a.Event, Because: c.Because, Alone: c.Alone, Pin: f.Pin}
	mine := Override{Override: word, RoleNow: a.Role}
	if others := len(f.couldSecond([]Override{mine})) > 0 || !f.Candidates.Known; c.Alone && t.Pull == 0 && others {
		return refuse("%s came without a pull request, so there is nowhere to tell all approvers of an override by one person alone. A second person has "+
			"to say so too. You can ask with %s", short(t.Commit.SHA), overriding(t))
	}
	f.Overrides = append(slices.DeleteFunc(slices.Clone(f.Overrides), func(o Override) bool { return same(o.By.ID, o.By.Login, a.By) }), mine)
	d := Judge(f)
	_, enough = f.override()
	if b := f.excluded(a.By); asked && !enough && b != barNone {
		return refuse("your word does not second it: %s. Nothing changed", f.yours(b, a.By, a.Role))
	}
	m := app.Overrode{Commit: t.Commit.SHA, Key: t.Attempt, Override: word}
	return part{mood: moodDone, text: t.against(f, d, enough), letters: []app.Letter{{To: a.address(t.lane), Message: m}}}
}

// against says what an override has done: whom it asks, or what it skips and what still stands.
func (t target) against(f Facts, d Decision, enough bool) string {
	if !enough {
		return fmt.Sprintf("%s goes against the gate of %s once a second person says so. %s. An admin alone says %s, which all approvers are told of",
			short(t.Commit.SHA), t.lane.name(), f.seconds(f.said()), Quote(strings.Trim(t.say(app.VerbOverride), "`")+" alone because …"))
	}
	s := fmt.Sprintf("%s goes against the gate of %s: ", short(t.Commit.SHA), t.lane.name())
	if r, ok := d.Overridden(); ok {
		s += lower(r.Sentence)
	}
	s += fmt.Sprintf(". Once it goes out, it counts as override number %d of this lane", t.lane.Overrides+1)
	if d.Verdict != Allow {
		s += ". What it does not skip still stands: " + lower(d.why())
	}
	if t.lane.Hold != nil {
		s += ". " + t.lane.heldUp()
	}
	return s
}
