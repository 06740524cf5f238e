package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// recheckAfter is when to look again at a fact that could not be read: nobody may ever tell us that it can be now.
const recheckAfter = time.Minute

// finding is what a rule says, whether that is only because a fact could not be read, and how long it lasts. One without a sentence has nothing to
// say but that.
type finding struct {
	Reason
	Unread bool
	Until  time.Time // when it may say otherwise, by time alone; zero is never
}

// until is a finding that time changes.
func until(found finding, at time.Time) finding {
	found.Until = at
	return found
}

func finds(v Verdict, rule, format string, args ...any) finding {
	return finding{Reason: Reason{Rule: rule, Verdict: v, Sentence: fmt.Sprintf(format, args...)}}
}

// unread holds for a fact that is not known: false is not unknown.
func unread(rule, what, why string) finding {
	if why = oneLine(why); why == "" {
		why = "nobody has said why"
	}
	return finding{Reason: Reason{Rule: rule, Verdict: Hold, Sentence: fmt.Sprintf("Not known: %s (%s)", what, why)}, Unread: true}
}

// rule is one rule: what it finds in the facts. One that does not concern the promotion finds nothing.
type rule func(Facts) []finding

// rules are all there are, in the order in which they speak.
func rules() []rule {
	return []rule{judgeGate, judgeExtended, judgeBlocked, judgeChecks, judgeBranch, judgeContains, judgeAfter, judgeWait, judgeWindows, judgeApprovals, judgeStarted,
		judgeReview}
}

// Judge says whether the commit may go. Every rule speaks for itself, and the strictest counts that nobody has overridden.
func Judge(f Facts) Decision { return judgeBy(rules(), f) }

func judgeBy(rules []rule, f Facts) Decision {
	all := make([]finding, 0, 4*len(rules))
	for _, r := range rules {
		all = append(all, r.judge(f)...)
	}
	d := sum(f.overridden(all), f.Now)
	d.Doors = f.Gate.Doors()
	return d
}

// judge is what the rule finds. One that fails denies this promotion, and nobody else's.
func (r rule) judge(f Facts) (found []finding) {
	defer func() {
		if p := recover(); p != nil {
			found = []finding{finds(Deny, RuleFailed, "A rule of slipway failed: %s. Please report it; `/retry` asks again", oneLine(fmt.Sprint(p)))}
		}
	}()
	return r(f)
}

// sum is the strictest of all findings. None at all denies.
func sum(all []finding, now time.Time) Decision {
	if len(all) == 0 {
		return Decision{}
	}
	d := Decision{Verdict: Allow, Reasons: make([]Reason, 0, len(all))}
	for _, found := range all {
		d.Verdict = min(d.Verdict, found.Verdict)
		if found.Sentence != "" {
			d.Reasons = append(d.Reasons, found.Reason)
		}
		if found.Unread {
			found.Until = now.Add(recheckAfter)
		}
		if u := found.Until; u.After(now) && (d.Recheck.IsZero() || u.Before(d.Recheck)) {
			d.Recheck = u
		}
	}
	return d
}

// judgeGate wants both files read, and a policy that it knows in each. It says nothing of what is as it should be.
func judgeGate(f Facts) []finding {
	var all []finding
	at := place(f.Service, f.Environment)
	if !f.Gate.Head.Known {
		all = append(all, unread(RuleGate, "the gate in the default branch's file", f.Gate.Head.Why))
	} else if m := f.Gate.Head.Value.Mode; !m.valid() {
		all = append(all, finds(Deny, RuleGate, "The default branch's file has no policy for %s that slipway knows", at))
	}
	switch live := f.Gate.Live; {
	case !live.Known:
		all = append(all, unread(RuleGate, "the gate in the file of what is live", live.Why))
	case live.Value.Mode == ModeUnknown && f.Live == "":
		// Nothing is live, or nobody can say: a maintainer is asked, see asks.
	case !live.Value.Mode.valid():
		all = append(all, finds(Deny, RuleGate, "The file of what is live, %s, has no policy for %s that slipway knows", short(f.Live), at))
	}
	return all
}

// judgeExtended names what the files extend, and at which commit: whoever changes that changes the gate.
func judgeExtended(f Facts) (all []finding) {
	g := f.Gate
	if g.HeadShared.From != "" {
		all = append(all, finds(Allow, RuleGate, "The default branch's file extends %s", g.HeadShared))
	}
	if g.LiveShared.From != "" && g.LiveShared != g.HeadShared {
		all = append(all, finds(Allow, RuleGate, "The file of what is live extends %s", g.LiveShared))
	}
	return all
}

func (m Mode) valid() bool { return m == Deployment || m == Delivery }

// judgeBlocked holds while slipway itself must not deploy here.
func judgeBlocked(f Facts) []finding {
	if f.Blocked == "" {
		return nil
	}
	found := finds(Hold, RuleBlocked, "%s", oneLine(f.Blocked))
	found.Unread = true // an operator mends it, and tells nobody
	return []finding{found}
}

// judgeChecks wants the commit green for the service. Red holds: the run says so when it turns green.
func judgeChecks(f Facts) []finding {
	switch {
	case !f.Green.Known:
		return []finding{unread(RuleChecks, "whether the checks passed", f.Green.Why)}
	case !f.Green.Value:
		return []finding{finds(Hold, RuleChecks, "Checks have not passed")}
	}
	return []finding{finds(Allow, RuleChecks, "Checks passed")}
}

// judgeBranch wants the commit on the default branch. It says nothing of one that is.
func judgeBranch(f Facts) []finding {
	switch {
	case !f.OnBranch.Known:
		return []finding{unread(RuleBranch, "whether the commit is still on the default branch", f.OnBranch.Why)}
	case !f.OnBranch.Value:
		return []finding{finds(Deny, RuleBranch, "No longer on the default branch")}
	}
	return nil
}

// judgeContains wants nothing that is live to be lost. It says nothing where nothing would be; asks says who may accept a loss.
func judgeContains(f Facts) []finding {
	if f.Live != "" && !f.Contains.Known {
		return []finding{unread(RuleContainsLive, "whether the commit contains what is live", f.Contains.Why)}
	}
	return nil
}

// loses says that what is live is known to hold changes that the commit does not.
func (f Facts) loses() bool { return f.Live != "" && f.Contains.Known && !f.Contains.Value }

// lost is what would be lost, as part of a sentence.
func (f Facts) lost() string {
	if len(f.Lost) == 0 {
		return "changes that nobody could list"
	}
	var lines []string
	for _, l := range f.Lost {
		lines = append(lines, Quote(l))
	}
	if more := len(lines) - 10; more > 0 {
		lines = append(lines[:10:10], fmt.Sprintf("%d more", more))
	}
	return both(lines)
}

// judgeAfter wants the commit proven in the environments that come before.
func judgeAfter(f Facts) []finding {
	var all []finding
	for _, name := range f.Gate.After() {
		all = append(all, f.judgeStanding(name, f.Standings[name]))
	}
	return all
}

// soaked wants a commit that is proven to have been good for as long as either file says.
func (f Facts) soaked(name string) finding {
	soak, since := f.Gate.Soak(name), f.GoodSince[name]
	switch {
	case soak == 0:
		return finds(Allow, RuleAfter, "Healthy in %s", name)
	case !since.Known || since.Value.IsZero():
		return unread(RuleAfter, "since when the commit does well in "+name, since.Why)
	}
	if end := since.Value.Add(soak); f.Now.Before(end) {
		return until(finds(Hold, RuleAfter, "Healthy in %s since %s, and has to be for %s: until %s", name, clock(since.Value), app.Span(soak), clock(end)), end)
	}
	return finds(Allow, RuleAfter, "Healthy in %s since %s, for more than %s", name, clock(since.Value), app.Span(soak))
}

func (f Facts) judgeStanding(name string, s app.Fact[Standing]) finding {
	switch {
	case !s.Known:
		return unread(RuleAfter, "how the commit does in "+name, s.Why)
	case s.Value == StandingProven:
		return f.soaked(name)
	case s.Value == StandingLost:
		return finds(Deny, RuleAfter, "Failed in %s. A fix has to go through %s first, or `/retry` there", name, name)
	case s.Value == StandingRemoved:
		return finds(Allow, RuleAfter, "Can't be proven in %s, which is not in the file any more: a maintainer is asked instead", name)
	}
	return finds(Hold, RuleAfter, "Waits until it is healthy in %s", name)
}

// unprovable is the environments before this one that are not in the file any more.
func (f Facts) unprovable() []string {
	var names []string
	for _, name := range f.Gate.After() {
		if s := f.Standings[name]; s.Known && s.Value == StandingRemoved {
			names = append(names, name)
		}
	}
	return names
}

// emails is the addresses of what goes out that belong to no login, so that nobody is excluded for them, as a sentence.
func (f Facts) emails() string {
	var list []string
	for _, c := range f.Excluded.Value {
		address := Quote(c.Email)
		listed := func(s string) bool { return strings.EqualFold(s, address) }
		if c.Login == "" && c.ID == 0 && c.Email != "" && !slices.ContainsFunc(list, listed) {
			list = append(list, address)
		}
	}
	if len(list) == 0 {
		return ""
	}
	if more := len(list) - named; more > 0 {
		list = append(list[:named:named], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf(" Nobody could be excluded for %s, which no login has.", strings.Join(list, ", "))
}
