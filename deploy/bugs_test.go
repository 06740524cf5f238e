package deploy

import (
	"slices"

	"github.com/slipway-cd/slipway/app"
)

func bugsOfMemory() []bug {
	return []bug{
		{"forgets that a deployment failed", "is not heard", heard(func(_ *Lane, m app.Message) app.Message {
			if d, is := m.(Deployed); is && d.Status.Outcome == app.Failed {
				return nil
			}
			return m
		})},
		{"takes an unclear deployment for a good one", `is "verifying" by`, heard(func(_ *Lane, m app.Message) app.Message {
			if d, is := m.(Deployed); is && d.Status.Outcome == app.OutcomeUnknown {
				d.Status.Outcome = app.Succeeded
				return d
			}
			return m
		})},
		{"takes silence of the probes for health", `is "live" by`, heard(func(_ *Lane, m app.Message) app.Message {
			if p, is := m.(Probed); is && p.Outcome == app.Inconclusive {
				p.Outcome = app.Succeeded
				return p
			}
			return m
		})},
		{"believes what was live before a failed program", "remembers", after(func(before Lane, m app.Message, l *Lane) {
			if d, is := m.(Deployed); is && d.Status.Outcome == app.Failed {
				l.Live = before.Live
			}
		})},
		{"compares with what is there instead of the newest ever started", "remembers", after(func(_ Lane, _ app.Message, l *Lane) {
			l.Newest = l.Last.Place
		})},
		{"lets an older file close the lane", "remembers", heard(func(l *Lane, m app.Message) app.Message {
			if r, is := m.(app.Removed); is && r.Commit.Place != 0 {
				r.Commit.Place = max(r.Commit.Place, l.Seen)
				return r
			}
			return m
		})},
		{"does not notice that a commit is gone", "remembers", heard(func(_ *Lane, m app.Message) app.Message {
			if _, is := m.(app.Gone); is {
				return nil
			}
			return m
		})},
		{"heals a bad commit by a good one that contains it", `"rolled_back" to "superseded"`, after(func(_ Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if p.State.Bad() && p.Commit.Place < l.goodUpTo() {
					p.State = Superseded
				}
			})
		})},
	}
}

func bugsBetweenLanes() []bug {
	return []bug{
		{"does not look again while a question is out", "is not proven in staging", heard(func(l *Lane, m app.Message) app.Message {
			if slices.ContainsFunc(l.Promotions, func(p Promotion) bool {
				return (m == app.Message(app.Changed{}) || m == app.Message(app.Changed{Standing: true})) && p.State == Gating
			}) {
				return nil
			}
			return m
		})},
		{"tells only good news", "never ends", func(l Lane, m app.Message) (Lane, []app.Letter) {
			after, told := honest(l, m)
			if slices.ContainsFunc(after.Promotions, func(p Promotion) bool { return p.State == Live && stateOf(l, p) != Live }) {
				return after, told
			}
			return after, nil
		}},
		{"tells only bad news", "never ends", func(l Lane, m app.Message) (Lane, []app.Letter) {
			after, told := honest(l, m)
			if slices.ContainsFunc(after.Promotions, func(p Promotion) bool { return p.State.Bad() && !stateOf(l, p).Bad() }) {
				return after, told
			}
			return after, nil
		}},
	}
}

func bugsOfPeople() []bug {
	said := func(m app.Message, v app.Verb) bool {
		s, is := m.(app.Said)
		return is && s.Verb == v
	}
	return []bug{
		{"/unhold lifts a later hold", "is late and changes", heard(func(l *Lane, m app.Message) app.Message {
			if said(m, app.VerbUnhold) {
				return app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key}
			}
			return m
		})},
		{"an end by time lifts any hold", "is late and changes", heard(func(l *Lane, m app.Message) app.Message {
			if _, is := m.(Lapsed); is {
				return Lapsed{l.Hold.Key}
			}
			return m
		})},
		{"/hold on a held lane holds it anew", "acts twice", heard(func(l *Lane, m app.Message) app.Message {
			if said(m, app.VerbHold) {
				l.Hold = Hold{}
			}
			return m
		})},
		{"/cancel ends a running deployment", "works and is not offered", after(func(_ Lane, m app.Message, l *Lane) {
			if said(m, app.VerbCancel) {
				each(l, func(p *Promotion) {
					if p.State == Deploying && p.Attempt == m.(app.Said).Key {
						(&step{l, now}).end(p, Failed, "")
					}
				})
			}
		})},
		{"/cancel gives up an attempt that was not shown", "is late and changes", heard(func(l *Lane, m app.Message) app.Message {
			if s, is := m.(app.Said); is && s.Verb == app.VerbCancel {
				if p := l.waiting(s.Commit); p != nil {
					s.Key = p.Attempt
				}
				return s
			}
			return m
		})},
		{"/retry lets in what is not on the branch any more", "works and is not offered", heard(func(l *Lane, m app.Message) app.Message {
			if said(m, app.VerbRetry) {
				each(l, func(p *Promotion) { p.Gone = false })
			}
			return m
		})},
		{"/retry of what is unclear starts without the gate", `"attention" to "deploying"`, after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if p.State == Retrying && stateOf(before, *p) == Attention {
					(&step{l, now}).start(p, p.Release)
				}
			})
		})},
		{"/rollback while a program deploys is forgotten", "does nothing", after(func(_ Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) { p.Back = "" })
		})},
		{"/rollback starts a second program beside the first", "/rollback of a#110 makes", heard(func(l *Lane, m app.Message) app.Message {
			if said(m, app.VerbRollback) {
				each(l, func(p *Promotion) {
					if p.State == Deploying {
						p.State = Verifying
					}
				})
			}
			return m
		})},
	}
}

func bugsOfTheWayBack() []bug {
	begins := func(before Lane, p *Promotion) bool {
		return p.State == RollingBack && stateOf(before, *p) != RollingBack
	}
	return []bug{
		{"goes back to what is being undone", "is not the way back", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if begins(before, p) {
					p.To = p.Commit.SHA
				}
			})
		})},
		{"goes back to the oldest that was good", "is not the way back", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if begins(before, p) {
					p.To = l.Promotions[slices.IndexFunc(l.Promotions, func(q Promotion) bool { return q.State == Live })].Commit.SHA
				}
			})
		})},
		{"goes back although nothing was good", "is not the way back", after(func(before Lane, m app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if _, is := m.(Deployed); is && p.State == Failed {
					(&step{l, now}).enter(p, RollingBack)
				}
			})
		})},
		{"a rollback holds nothing", "holds nothing anew", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if begins(before, p) {
					l.Hold = before.Hold
				}
			})
		})},
		{"loses the way back when another deploys", "vanishes", after(func(_ Lane, _ app.Message, l *Lane) {
			if b := l.busy(); b != nil && b.State == Deploying {
				kept := l.Promotions[:0:0]
				for _, p := range l.Promotions {
					if p.State != Live {
						kept = append(kept, p)
					}
				}
				l.Promotions = kept
			}
		})},
		{"what was undone stays good", `"rolling_back" to "live"`, after(func(_ Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if p.State == RolledBack && p.Commit.Place == l.Newest {
					p.State = Live
				}
			})
		})},
		{"what came back is not what is there", "remembers", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if p.State == RolledBack && stateOf(before, *p) == RollingBack {
					l.Last = before.Last
				}
			})
		})},
		{"a rollback that failed counts as done", "remembers", heard(func(_ *Lane, m app.Message) app.Message {
			if r, is := m.(Restored); is {
				r.Status.Outcome = app.Succeeded
				return r
			}
			return m
		})},
		{"removal ends what has begun", `"deploying" to "canceled"`, after(func(_ Lane, m app.Message, l *Lane) {
			if _, is := m.(app.Removed); is {
				if b := l.busy(); b != nil {
					(&step{l, now}).end(b, Canceled, "")
				}
			}
		})},
	}
}
