package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// approve is a yes for one commit: in the one lane where it waits, in the lanes that are named, or in all where this person may.
func (a Asked) approve(c Command, lanes []LaneView) part {
	commit := app.SHA(c.Commit)
	if commit == "" {
		var none string
		if commit, none = a.pullCommit(); none != "" {
			return refuse("%s", none)
		}
	}
	here := of(targets(lanes, func(target) bool { return true }), commit)
	open := slices.DeleteFunc(slices.Clone(here), func(t target) bool { return !t.approvable() && !a.onlyReviewed(t) })
	switch {
	case len(open) == 0:
		return refuse("%s", a.nothingToApprove(commit, here, targets(lanes, target.approvable)))
	case a.unseen(c, open) != "":
		return refuse("%s, so nothing was approved. If you mean what waits now, say:%s", a.unseen(c, open), each(app.VerbApprove, open))
	case c.All:
		return a.approveAll(c, open)
	case len(open) > 1:
		return refuse("%s waits in %d places, so nothing was approved. Say which, or `/approve all`:%s", short(commit), len(open),
			each(app.VerbApprove, open))
	}
	return a.approveOne(c, open[0])
}

// unseen says why whoever names no commit can't have meant these, or "".
func (a Asked) unseen(c Command, some []target) string {
	switch {
	case c.Commit != "":
		return ""
	case a.Written.Before(a.Pull.MergedAt):
		return "nothing waited yet when you wrote this"
	case slices.ContainsFunc(some, a.replaced):
		return "what the card offers was replaced just before you wrote this, or since"
	}
	return ""
}

// approvable says that an approval could make a difference, as far as can be told now.
func (t target) approvable() bool {
	if t.State != Waiting && t.State != Attention && !t.ahead() {
		return false
	}
	if t.Facts.Now.IsZero() { // nobody asks about it, so that its facts were not gathered
		return slices.ContainsFunc(t.Decision.Reasons, func(r Reason) bool { return r.Asks })
	}
	return t.Facts.wantsApproval() || len(judgeGate(t.Facts)) > 0 || len(judgeContains(t.Facts)) > 0
}

// replaced says that the card offered another commit until shortly before the comment was written, or does so by now: whoever wrote it may
// have meant that one.
func (a Asked) replaced(t target) bool {
	offers := t.lane.Offers
	if t.ahead() && a.On != "" && a.On != t.Commit.SHA {
		return true
	}
	if len(offers) == 0 {
		return false
	}
	last := offers[len(offers)-1]
	if last.Commit != t.Commit.SHA {
		return true
	}
	fresh := last.From.After(a.Written.Add(-a.Guard))
	return fresh && len(offers) > 1 && offers[len(offers)-2].Commit != last.Commit
}

// gave says whether this person has approved or overridden the promotion at any time, whether or not that counts now.
func (a Asked) gave(t target) bool {
	by := func(g app.Approval) bool { return same(g.By.ID, g.By.Login, a.By) }
	return slices.ContainsFunc(t.Facts.Approvals, func(g Approval) bool { return by(g.Approval) }) ||
		slices.ContainsFunc(t.Facts.Overrides, func(o Override) bool { return same(o.By.ID, o.By.Login, a.By) })
}

// onlyReviewed says that this person's approval of the promotion is a review, in whose place they put their word now: a review may be dismissed.
func (a Asked) onlyReviewed(t target) bool {
	waits := t.State == Waiting || t.State == Attention || t.ahead()
	return waits && a.door() != app.DoorReview && slices.ContainsFunc(t.Facts.Approvals, func(g Approval) bool { return g.reviewed() && same(g.By.ID, g.By.Login, a.By) })
}

// given says whether this person has approved the promotion, as it is now, from this moment on; zero is at once.
func (a Asked) given(t target, from time.Time) bool {
	return slices.ContainsFunc(t.Facts.Approvals, func(g Approval) bool {
		end := t.Facts.expires(g.Approval)
		return t.Facts.another(g.Pin) == "" && g.From.Equal(from) && !a.onlyReviewed(t) && same(g.By.ID, g.By.Login, a.By) && (end.IsZero() || t.Facts.Now.Before(end))
	})
}

func (a Asked) approveOne(c Command, t target) part {
	from, problem := a.from(c.At, t)
	if problem != "" {
		return refuse("%s", problem)
	}
	if ok, why := MayApprove(t.Facts, a.By, a.Role); !ok {
		return refuse("this approval doesn't count: %s. %s Nothing else changed", strings.TrimSuffix(why, "."), t.whoElse(a.By))
	}
	if shut := t.Facts.shut(a.door()); shut != "" {
		return refuse("this approval doesn't count: it %s. Nothing else changed", shut)
	}
	if a.given(t, from) {
		return idle("you have approved %s for %s already, so nothing changed. %s", short(t.Commit.SHA), t.lane.name(), t.whoElse(a.By))
	}
	yes := a.yes(t, from)
	return part{mood: moodDone, text: a.approved(t, yes), letters: []app.Letter{a.approval(t, yes)}}
}

// yes is this person's approval of a promotion, bound to what they were shown.
func (a Asked) yes(t target, from time.Time) app.Approval {
	return app.Approval{
		By: a.By, Role: a.Role.Value, At: a.Received, From: from, Source: a.Source, Text: a.Text, Event: a.Event, Proof: t.Facts.proof(a.By, a.Role),
		Pin: t.Facts.Pin,
	}
}

func (a Asked) approval(t target, yes app.Approval) app.Letter {
	if t.ahead() {
		return a.letterAhead(t, yes)
	}
	return app.Letter{To: a.address(t.lane), Message: app.Approved{Commit: t.Commit.SHA, Key: t.Attempt, Approval: yes}}
}

// approved says what an approval has done, and what still stands in the way of people.
func (a Asked) approved(t target, yes app.Approval) string {
	f := t.Facts.With(Approval{Approval: yes, RoleNow: a.Role})
	s := fmt.Sprintf("%s is approved for %s", short(t.Commit.SHA), t.lane.name())
	if !yes.From.IsZero() {
		s += fmt.Sprintf(" from %s on", moment(yes.From, f.Gate.Zone()))
	}
	switch {
	case f.wantsMore():
		s += ". One more approval is needed: " + (target{t.lane, PromotionView{Facts: f}}).whoElse(a.By)
		if t.lane.Hold != nil {
			s += " " + t.lane.heldUp()
		}
		return s
	case t.State == Attention:
		return s + fmt.Sprintf(". It counts once somebody says %s", t.say(app.VerbRetry))
	case t.ahead():
		return s + a.untilMerged()
	case t.lane.Hold != nil:
		return s + ". " + t.lane.heldUp()
	}
	if !yes.From.IsZero() {
		return s + ". It goes then, or as soon after as the rest of its gate allows" + t.closed(yes.From)
	}
	return s + ". It goes as soon as the rest of its gate allows" + stillHolds(f)
}

// stillHolds is the first rule that holds what no more approval is wanted for, as the end of a sentence.
func stillHolds(f Facts) string {
	for _, r := range Judge(f).Reasons {
		if r.Verdict == Hold && !r.Asks {
			return ": " + lower(r.Sentence)
		}
	}
	return ""
}

// approveAll approves what this person may, and lists the rest with who can.
func (a Asked) approveAll(c Command, open []target) part {
	p := part{mood: moodRefused, text: "nothing was approved:"}
	var done, rest []string
	refused := false
	for _, t := range open {
		ok, why := MayApprove(t.Facts, a.By, a.Role)
		if shut := t.Facts.shut(a.door()); ok && shut != "" {
			ok, why = false, "it "+shut
		}
		from, problem := a.from(c.At, t)
		if problem != "" {
			ok, why = false, problem
		}
		yes := a.yes(t, from)
		switch {
		case ok && a.given(t, from):
			rest = append(rest, fmt.Sprintf("\n- %s: you have approved it already. %s", t.lane.name(), t.whoElse(a.By)))
		case ok:
			done = append(done, "\n- "+a.approved(t, yes))
			p.letters = append(p.letters, a.approval(t, yes))
		default:
			refused = true
			rest = append(rest, fmt.Sprintf("\n- %s: %s. %s", t.lane.name(), strings.TrimSuffix(why, "."), t.whoElse(a.By)))
		}
	}
	if len(done) > 0 {
		p.mood = moodDone
		p.text = fmt.Sprintf("%d of %d:%s", len(done), len(open), strings.Join(done, ""))
		if len(rest) > 0 {
			p.text += "\n\nNot approved:"
		}
	}
	p.text += strings.Join(rest, "")
	p.fails = len(done) == 0 && refused
	return p
}

// whoElse says who can approve instead, or that nobody can.
func (t target) whoElse(not app.Person) string {
	logins := slices.DeleteFunc(Approvers(t.Facts), func(l string) bool { return strings.EqualFold(l, not.Login) })
	if len(logins) > 0 {
		return people(logins, "or") + " can approve."
	}
	for _, a := range t.Facts.asks() {
		if nobody := t.Facts.nobody(a.need); nobody != "" {
			return strings.TrimSpace(nobody)
		}
	}
	if who := t.Facts.asked(); who != "" {
		return "It takes " + who + "."
	}
	return "It takes somebody else."
}

// nothingToApprove says why no approval of a commit is waited for.
func (a Asked) nothingToApprove(commit app.SHA, here, others []target) string {
	switch {
	case len(here) == 0 && a.merged(commit) != "":
		s := a.merged(commit)
		if now := of(others, a.Pull.Commit); len(now) > 0 {
			s += ". What waits:" + each(app.VerbApprove, now)
		}
		return s
	case len(here) == 0 && a.wasHead(commit):
		return a.nowHead(commit)
	case len(here) == 0 && len(others) > 0:
		return a.notHere(commit) + ". What waits:" + each(app.VerbApprove, others)
	case len(here) == 0:
		return a.notHere(commit)
	}
	var whys []string
	for _, t := range here {
		whys = append(whys, t.notApprovable())
	}
	if len(whys) == 1 {
		return whys[0]
	}
	return "nothing waits for an approval:\n- " + strings.Join(whys, "\n- ")
}

// merged says of a pull request's head what it became, or "": people look it up there, and after a squash no lane knows it.
func (a Asked) merged(commit app.SHA) string {
	if p := a.Pull; commit != p.Head || p.Commit == "" || p.Commit == p.Head {
		return ""
	}
	return fmt.Sprintf("%s is #%d before its merge: it was merged as %s", short(commit), a.Pull.Number, short(a.Pull.Commit))
}

// notHere says where a commit is that no lane has.
func (a Asked) notHere(commit app.SHA) string {
	for _, r := range a.Runs {
		if r.Commit == commit && !r.Green {
			return fmt.Sprintf("%s does not wait: %s", short(commit), r.checks())
		}
	}
	return fmt.Sprintf("%s does not wait here: it changes nothing that is deployed, or slipway has not come to it yet", short(commit))
}

// notApprovable says why a promotion needs no approval.
func (t target) notApprovable() string {
	s := fmt.Sprintf("%s in %s", short(t.Commit.SHA), t.lane.name())
	switch t.State {
	case Waiting, Attention:
		if asks := t.Facts.asks(); len(asks) > 0 {
			s += " has the approval that it needs: " + lower(t.Facts.judgeAsk(asks[0]).Sentence)
			if t.lane.Hold != nil {
				s += ". " + t.lane.heldUp()
			}
			return s
		}
		switch {
		case t.State == Attention:
			return s + " waits for no approval: it is " + t.doing()
		case t.lane.Hold != nil:
			return s + " waits for no approval. " + t.lane.heldUp()
		case t.Decision.Verdict == Allow && t.Facts.Gate.Review():
			return s + " asks nobody here: the reviewers of its environment decide, on GitHub's page of the workflow's run"
		case t.Decision.Verdict == Allow:
			return s + " waits for no approval, only for its turn"
		}
		return s + " waits for no approval: " + lower(t.Decision.why())
	case Ahead:
		if asks := t.Facts.asks(); len(asks) > 0 {
			return s + " has the approval that it needs: " + lower(t.Facts.judgeAsk(asks[0]).Sentence)
		}
		return s + " needs no approval"
	case Superseded:
		return s + t.newer()
	}
	return s + " does not wait for an approval: it is " + t.doing()
}

// newer names the commit that took this one along, and how to approve that, if it waits.
func (t target) newer() string {
	newer, ok := t.lane.find(t.SupersededBy)
	for range t.lane.Promotions {
		next, more := t.lane.find(newer.SupersededBy)
		if newer.State != Superseded || !more {
			break
		}
		newer = next
	}
	switch {
	case !ok && t.SupersededBy == "":
		return " was superseded by a newer commit"
	case !ok:
		return fmt.Sprintf(" was superseded by %s", short(t.SupersededBy))
	case newer.approvable():
		return fmt.Sprintf(" was superseded by %s, which waits: %s", short(newer.Commit.SHA), newer.say(app.VerbApprove))
	}
	return fmt.Sprintf(" was superseded by %s, which is %s", short(newer.Commit.SHA), newer.doing())
}

// unapprove takes this person's own approvals of a commit back, wherever its deployment has not started; of a pull request also those that were
// given before its merge, whatever became of it since.
func (a Asked) unapprove(c Command, lanes []LaneView) part {
	commit, none := app.SHA(c.Commit), ""
	if commit == "" {
		commit, none = a.pullCommit()
	}
	p := part{mood: moodDone}
	var names []string
	take := func(t target) {
		if !slices.Contains(names, t.lane.name()) {
			names = append(names, t.lane.name())
		}
		p.letters = append(p.letters, a.takesBack(t, ""))
	}
	for _, g := range a.Given {
		meant := c.Commit == "" || commit == g.Commit || commit == a.Pull.Commit || commit == a.Pull.Head
		if meant && same(g.By.ID, g.By.Login, a.By) && together(c.Service, g.Service) && together(c.Environment, g.Environment) {
			take(target{LaneView{Service: g.Service, Environment: g.Environment}, PromotionView{State: Ahead}})
		}
	}
	here := of(targets(lanes, func(target) bool { return true }), commit)
	for _, t := range here {
		if (t.State == Waiting || t.State == Attention) && a.gave(t) {
			take(t)
		}
	}
	what := short(commit)
	if commit == "" {
		what = fmt.Sprintf("#%d", a.Pull.Number)
	}
	switch {
	case len(names) > 0:
		p.text = fmt.Sprintf("your approval of %s for %s is taken back", what, both(names))
		return p
	case none != "":
		return idle("%s", none)
	}
	for _, t := range here {
		if t.State == Deploying || t.State == Verifying {
			return refuse("the deployment of %s in %s has started, so nothing can be taken back. %s undoes it", short(commit), t.lane.name(),
				t.say(app.VerbRollback))
		}
	}
	return idle("you have approved nothing of %s that still waits", short(commit))
}

// With is the facts with one more approval, in place of what its giver had given before.
func (f Facts) With(yes Approval) Facts {
	f.Approvals = append(f.without(yes.By).Approvals, yes)
	return f
}

// without is the facts without what somebody has said for or against the gate.
func (f Facts) without(by app.Person) Facts {
	f.Approvals = slices.DeleteFunc(slices.Clone(f.Approvals), func(g Approval) bool { return same(g.By.ID, g.By.Login, by) })
	return f
}

// takesBack takes this person's approval back, if it came by this door; "" is by any.
func (a Asked) takesBack(t target, door app.Door) app.Letter {
	if t.ahead() {
		m := app.UnapprovedAhead{Pull: a.Pull.Number, Service: t.lane.Service, Environment: t.lane.Environment, By: a.By, Door: door}
		return app.Letter{To: app.RepositoryAddress(a.Repo), Message: m}
	}
	return app.Letter{To: a.address(t.lane), Message: app.Unapproved{Commit: t.Commit.SHA, By: a.By, Door: door}}
}
