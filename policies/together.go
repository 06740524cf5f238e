package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// once is the lines of a comment with every repeat left out, and how each is called: all of its spellings.
func once(lines []Line) (kept []Line, titles []string) {
	for _, l := range lines {
		same := func(k Line) bool {
			return k.Command == l.Command && k.Problem == l.Problem && (l.Problem == "" || k.Text == l.Text)
		}
		i := slices.IndexFunc(kept, same)
		if i < 0 {
			kept, titles = append(kept, l), append(titles, Quote(l.Text))
		} else if title := Quote(l.Text); !strings.Contains(titles[i], title) {
			titles[i] += ", " + title
		}
	}
	return kept, titles
}

// contradictions is why lines are not carried out because of others of the same comment, by their index. Of two that want opposite things
// neither is, for nobody can tell which was meant; but nothing stands in the way of a way back.
func (a Asked) contradictions(titles []string) map[int]part {
	refused := map[int]part{}
	if len(a.Lines) < 2 || a.late() {
		return refused
	}
	parts := make([]part, len(a.Lines))
	for i, l := range a.Lines {
		parts[i] = a.line(l)
	}
	for i, l := range a.Lines {
		for j, m := range a.Lines {
			if i > j && repeats(parts[j], parts[i]) {
				refused[i] = idle("%s in the same comment says that already", titles[j])
			}
			if i == j || !a.contradict(l, m, parts[i], parts[j]) {
				continue
			}
			switch {
			case m.Command.Verb == app.VerbRollback && len(parts[j].letters) > 0:
				refused[i] = idle("%s in the same comment goes before, so this was not carried out. If you still mean it afterwards, say it again",
					titles[j])
			case l.Command.Verb != app.VerbRollback && m.Command.Verb != app.VerbRollback:
				refused[i] = refuse("this and %s in the same comment contradict each other, so neither was carried out. Say the one that you mean",
					titles[j])
			}
		}
	}
	return refused
}

// contradict says whether two lines want opposite things of the same lane or run, and at least one would be carried out.
func (a Asked) contradict(l, m Line, p, q part) bool {
	c, d := l.Command, m.Command
	if l.Problem != "" || m.Problem != "" || len(p.letters)+len(q.letters) == 0 {
		return false
	}
	if c.Verb == d.Verb && (c.At != d.At || c.Alone != d.Alone || c.Verb == app.VerbOverride) && !repeats(p, q) { // of two words of one kind the lane would take the first
		return slices.ContainsFunc(p.letters, func(x app.Letter) bool {
			return slices.ContainsFunc(q.letters, func(y app.Letter) bool { return about(x) == about(y) && commitOf(x) == commitOf(y) })
		})
	}
	if !opposite(c.Verb, d.Verb) {
		return false
	}
	if x, y := a.reach(c, p), a.reach(d, q); len(x) > 0 && len(y) > 0 {
		return slices.ContainsFunc(x, func(x app.Letter) bool {
			return slices.ContainsFunc(y, func(y app.Letter) bool { return about(x) == about(y) && together(commitOf(x), commitOf(y)) })
		})
	}
	return together(c.Service, d.Service) && together(c.Environment, d.Environment) && together(c.Commit, d.Commit)
}

// repeats says whether a line comes to nothing but what another comes to.
func repeats(p, q part) bool {
	return len(q.letters) > 0 && !slices.ContainsFunc(q.letters, func(l app.Letter) bool {
		return !slices.ContainsFunc(p.letters, func(k app.Letter) bool { return reflect.DeepEqual(k, l) })
	})
}

// reach is the letters of a command that is carried out, and of a hold also those that it spares because the lane is held already.
func (a Asked) reach(c Command, p part) []app.Letter {
	letters := slices.Clone(p.letters)
	if c.Verb != app.VerbHold || a.mayNot(c.Verb) != "" {
		return letters
	}
	lanes, _ := a.lanes(c)
	for _, l := range lanes {
		letters = append(letters, app.Letter{To: a.address(l)})
	}
	return letters
}

// opposite says whether two verbs undo each other. A rollback holds its lane, and ends what waits there for the same commit.
func opposite(v, w app.Verb) bool {
	pairs := [][2]app.Verb{
		{app.VerbHold, app.VerbUnhold}, {app.VerbApprove, app.VerbUnapprove}, {app.VerbApprove, app.VerbCancel}, {app.VerbRetry, app.VerbCancel}, {app.VerbOverride, app.VerbCancel}, {app.VerbOverride, app.VerbUnapprove},
		{app.VerbRollback, app.VerbUnhold}, {app.VerbRollback, app.VerbRetry}, {app.VerbRollback, app.VerbCancel},
	}
	return slices.Contains(pairs, [2]app.Verb{v, w}) || slices.Contains(pairs, [2]app.Verb{w, v})
}

// together says whether two names may mean the same: one that is not said means any.
func together[T ~string](x, y T) bool { return x == "" || y == "" || x == y }

// about is the lane or the run that a letter changes. One that is sent to the repository names the lane that will have the commit.
func about(l app.Letter) app.Address {
	switch m := l.Message.(type) {
	case app.ApprovedAhead:
		return app.LaneAddress(l.To.Repo, m.Service, m.Environment)
	case app.UnapprovedAhead:
		return app.LaneAddress(l.To.Repo, m.Service, m.Environment)
	}
	return l.To
}

// commitOf is the commit that a letter is about; "" is the whole lane.
func commitOf(l app.Letter) app.SHA {
	switch m := l.Message.(type) {
	case app.Approved:
		return m.Commit
	case app.ApprovedAhead:
		return m.Pin.Commit
	case app.Overrode:
		return m.Commit
	case app.Unapproved:
		return m.Commit
	case app.Said:
		return m.Commit
	}
	return ""
}

// with is what is asked with the lanes as these letters will leave them, so that the next line of the comment is answered by that.
func (a Asked) with(letters []app.Letter) Asked {
	a.Lanes = slices.Clone(a.Lanes)
	for _, letter := range letters {
		for i := range a.Lanes {
			if l := &a.Lanes[i]; a.address(*l) == about(letter) {
				l.Promotions = slices.Clone(l.Promotions)
				a.take(l, letter)
			}
		}
	}
	return a
}

// take does to a lane's view what a letter will do to the lane.
func (a Asked) take(l *LaneView, letter app.Letter) {
	p := &PromotionView{}
	if i := slices.IndexFunc(l.Promotions, func(p PromotionView) bool { return p.Commit.SHA == commitOf(letter) }); i >= 0 {
		p = &l.Promotions[i]
	}
	switch m := letter.Message.(type) {
	case app.Approved:
		p.approve(m.Approval, a.Role)
	case app.ApprovedAhead:
		p.approve(m.Approval, a.Role)
	case app.Overrode:
		p.Facts.Overrides = append(slices.Clip(p.Facts.Overrides), Override{Override: m.Override, RoleNow: a.Role})
		p.Decision = Judge(p.Facts)
	case app.Unapproved:
		p.takeBack(a.By)
	case app.UnapprovedAhead:
		p.takeBack(a.By)
	case app.Said:
		a.obey(l, p, m)
	}
}

func (p *PromotionView) approve(yes app.Approval, role app.Fact[string]) {
	p.Facts = p.Facts.With(Approval{Approval: yes, RoleNow: role})
	p.Decision = Judge(p.Facts)
}

func (p *PromotionView) takeBack(by app.Person) {
	p.Facts = p.Facts.without(by)
	p.Facts.Overrides = slices.DeleteFunc(slices.Clone(p.Facts.Overrides), func(o Override) bool { return same(o.By.ID, o.By.Login, by) })
	p.Decision = Judge(p.Facts)
}

func (a Asked) obey(l *LaneView, p *PromotionView, m app.Said) {
	switch m.Verb {
	case app.VerbHold:
		l.Hold = &HoldView{By: m.By, Because: m.Because, Since: a.Written, Until: m.Until}
	case app.VerbUnhold:
		l.Hold = nil
	case app.VerbRollback:
		p.Back, p.Rollbackable, p.Retryable, p.Cancelable = l.WayBack, false, false, false
		if p.State == Deploying {
			return
		}
		if p.State = RollingBack; p.HoldsAfter || l.Hold != nil {
			l.Hold = &HoldView{Because: fmt.Sprintf("@%s rolled it back.", m.By.Login), Undoes: m.Commit, Since: a.Written}
		}
	case app.VerbCancel:
		was := p.State
		if p.State, p.Cancelable = Canceled, false; was == Attention {
			p.State = Failed
		}
	}
}
