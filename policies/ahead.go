package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// An approval may be given while its pull request is open. It is for what the pull request holds then, and for the gate that judged it: it goes
// along with the change, over a rebase and into the default branch, for as long as both stay what they were, and else people are asked again.

// Earlier is an approval that was given before the merge, and what became of what it was for.
type Earlier struct {
	app.Approval
	Drift Drift
}

// Drift is how a commit differs from the one that was approved, as far as it concerns one service in one environment. The zero value is that
// nothing differs, so whoever can't compare says so in Unread.
type Drift struct {
	Unread  string    // why it can't be told now
	Lost    bool      // nobody has the commit any more that was approved
	Section bool      // how the service is built or deployed: its section of the file
	Files   []string  // of the service, those that differ
	Gate    bool      // the gate judges otherwise
	More    bool      // more is asked than was when it was given: what is live would be lost, say
	Commits Rewritten // of the pull request; only for words
}

// Rewritten is how a pull request's commits differ from what they were. Commits are named by their titles.
type Rewritten struct {
	Same                    int
	Changed, Added, Dropped []string
}

// None says that an approval counts for the commit as it did for the one before.
func (d Drift) None() bool {
	return d.Unread == "" && !d.Lost && !d.Section && len(d.Files) == 0 && !d.Gate && !d.More
}

// Why says what changed since an approval was given, after a colon.
func (d Drift) Why() string {
	switch {
	case d.Unread != "":
		return "it can't be told now what changed since (" + oneLine(d.Unread) + ")"
	case d.Lost:
		return "GitHub does not have that commit any more"
	}
	var all []string
	if len(d.Files) > 0 {
		differ := "differ"
		if len(d.Files) == 1 {
			differ = "differs"
		}
		all = append(all, codes(d.Files)+" "+differ)
	}
	if d.Section {
		all = append(all, "how it is built or deployed changed")
	}
	if d.Gate {
		all = append(all, "its gate changed")
	}
	if d.More {
		all = append(all, "more is asked of people")
	}
	s := both(all) + " since"
	if moved := d.Commits.words(); moved != "" {
		s += " (" + moved + ")"
	}
	return s
}

// words says which commits are not what they were: 2 commits stayed the same, 1 is new.
func (r Rewritten) words() string {
	var all []string
	if r.Same > 0 && len(r.Changed)+len(r.Added)+len(r.Dropped) > 0 {
		all = append(all, fmt.Sprintf("of its commits %d stayed the same", r.Same))
	}
	for _, part := range []struct {
		what   string
		titles []string
	}{{"changed", r.Changed}, {"new", r.Added}, {"dropped", r.Dropped}} {
		if len(part.titles) > 0 {
			all = append(all, part.what+": "+codes(part.titles))
		}
	}
	return strings.Join(all, "; ")
}

// codes is texts that others wrote, three of them at most.
func codes(list []string) string {
	var all []string
	for _, s := range list {
		all = append(all, Quote(s))
	}
	if more := len(all) - 3; more > 0 {
		all = append(all[:3:3], fmt.Sprintf("%d more", more))
	}
	return both(all)
}

// lapsed says of each approval that was given before and does not count for this commit, why, as sentences to go on with. One who has approved
// again is not told of the first.
func (f Facts) lapsed() string {
	s := ""
	for _, e := range f.Earlier {
		again := slices.ContainsFunc(f.Approvals, func(a Approval) bool { return same(a.By.ID, a.By.Login, e.By) })
		if !again && !e.Drift.None() {
			s += fmt.Sprintf(" @%s approved %s%s, which does not count here: %s.", e.By.Login, short(e.Pin.Commit), on(e.Ahead.Pull), e.Drift.Why())
		}
	}
	return s
}

// AsksMore says that people are asked for what the facts of the moment bring, beside what the files want: an approval that was given before does not
// answer that.
func (f Facts) AsksMore() bool {
	return f.loses() || len(f.unprovable()) > 0 || !f.First && f.Live == "" && f.Gate.Live.Known && f.Gate.Live.Value.Mode == ModeUnknown
}

// uncompared says that it can't be told of an approval whether it counts.
func (f Facts) uncompared() bool {
	return slices.ContainsFunc(f.Earlier, func(e Earlier) bool { return e.Drift.Unread != "" })
}

func on(pull int) string {
	if pull == 0 {
		return ""
	}
	return fmt.Sprintf(" on #%d", pull)
}

// ahead says that a promotion is what an open pull request would bring.
func (t target) ahead() bool { return t.State == Ahead }

// waitsForMerge says how far what an open pull request would bring is approved, after its commit.
func (p PromotionView) waitsForMerge() string {
	s := " is not merged yet"
	for _, a := range p.Facts.asks() {
		s += ". " + p.Facts.judgeAsk(a).Sentence
	}
	return s
}

// wasHead says whether a commit was the head of the open pull request before another was pushed.
func (a Asked) wasHead(commit app.SHA) bool {
	return a.Pull.Open && commit != a.Pull.Head && slices.Contains(a.Pull.Heads, commit)
}

// nowHead says what the head of the open pull request is now, for whoever meant another.
func (a Asked) nowHead(was app.SHA) string {
	s := fmt.Sprintf("%s was the head of #%d until something else was pushed", short(was), a.Pull.Number)
	now := of(targets(a.Lanes, target.ahead), a.Pull.Head)
	switch {
	case len(now) > 0:
		return s + ". Now it is:" + each(app.VerbApprove, now)
	case a.Pull.Unread:
		return s + fmt.Sprintf(". What its new head, %s, changes is being found out: look at that before you approve it", short(a.Pull.Head))
	}
	return s + fmt.Sprintf(", and its new head, %s, changes nothing that is deployed", short(a.Pull.Head))
}

// letterAhead is an approval of what an open pull request would bring.
func (a Asked) letterAhead(t target, yes app.Approval) app.Letter {
	yes.Ahead = app.Ahead{Pull: a.Pull.Number, Pin: yes.Pin}
	m := app.ApprovedAhead{Pull: a.Pull.Number, Service: t.lane.Service, Environment: t.lane.Environment, Approval: yes}
	return app.Letter{To: app.RepositoryAddress(a.Repo), Message: m}
}

// untilMerged says what an approval that was given ahead is good for.
func (a Asked) untilMerged() string {
	return fmt.Sprintf(". It counts once #%d is merged, if its files and its gate are then what they are now", a.Pull.Number)
}
