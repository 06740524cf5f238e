package deploy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// bug is a Step that breaks one rule, and a part of what the walks must say of it.
type bug struct {
	name   string
	caught string
	step   func(Lane, app.Message) (Lane, []app.Letter)
}

// findings is the first thing that was found.
type findings struct{ first string }

func (f *findings) Errorf(format string, args ...any) {
	if f.first == "" {
		f.first = fmt.Sprintf(format, args...)
	}
}

func (f *findings) Failed() bool { return f.first != "" }

// TestPlantedBugs shows that the walks bite: each bug of the list is one that somebody has made, or easily could.
func TestPlantedBugs(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	oneLane := func(w world) { w.walk(&counts{}, moves{}) }
	for _, b := range slices.Concat(bugsOfTheGate(), bugsOfMemory(), bugsOfPeople(), bugsOfTheWayBack()) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			hunt(t, b, oneLane, append(allTerms(2)[:4], allTerms(commits)[:3]...))
		})
	}
	for _, b := range bugsBetweenLanes() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			hunt(t, b, twoLanes, allTerms(2)[:4])
		})
	}
}

func twoLanes(w world) {
	g := w.explore()
	g.walkAfter()
	g.walkBoth()
}

// hunt looks for a bug, under one terms after the other.
func hunt(t *testing.T, b bug, walk func(world), all []terms) {
	for _, terms := range all {
		f := &findings{}
		if walk(world{f, terms, b.step}); !f.Failed() {
			continue
		}
		if !strings.Contains(f.first, b.caught) {
			t.Errorf("found as %s", f.first)
		}
		return
	}
	t.Error("not found")
}

// after breaks the state that the real Step makes.
func after(spoil func(before Lane, m app.Message, l *Lane)) func(Lane, app.Message) (Lane, []app.Letter) {
	return func(before Lane, m app.Message) (Lane, []app.Letter) {
		l, told := honest(before, m)
		spoil(before, m, &l)
		return l, told
	}
}

// heard breaks the message before the real Step takes it.
func heard(spoil func(l *Lane, m app.Message) app.Message) func(Lane, app.Message) (Lane, []app.Letter) {
	return func(l Lane, m app.Message) (Lane, []app.Letter) {
		l.Promotions = slices.Clone(l.Promotions)
		before := l
		if m = spoil(&l, m); m == nil {
			return before, nil
		}
		return honest(l, m)
	}
}

func bugsOfTheGate() []bug {
	return []bug{
		{"starts from an allow that was stored", `"held" to "deploying"`, after(func(before Lane, _ app.Message, l *Lane) {
			if p := l.waiting(l.Chosen); p != nil && before.Chosen != l.Chosen {
				(&step{l, now}).start(p, Release{Spec: Spec{Verify: Verify{HTTP: "http://x"}}})
			}
		})},
		{"keeps the number when it starts", "under an old number", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if p.State == Deploying && attempt(before, *p).State == Gating {
					p.Key = attempt(before, *p).Key
				}
			})
		})},
		{"takes any answer for the one it waits for", "is late and changes", heard(func(l *Lane, m app.Message) app.Message {
			if j, is := m.(Judged); is {
				if p := l.waiting(j.Commit); p != nil {
					j.Key = p.Key
				}
				return j
			}
			return m
		})},
		{"does not take in a refusal", "is not heard", heard(func(_ *Lane, m app.Message) app.Message {
			if j, is := m.(Judged); is && j.Decision.Verdict == policies.Deny {
				return nil
			}
			return m
		})},
		{"a hold does not undo the choice", "starts by", despite(func(l *Lane) func() {
			hold := l.Hold
			if hold.Key == 0 {
				return nil
			}
			l.Hold = Hold{}
			return func() { l.Hold = hold }
		})},
		{"lets an older one in over a newer", "comes by", heard(func(l *Lane, m app.Message) app.Message {
			if r, is := m.(app.Ready); is && r.Commit.Place < l.Newest && l.newest(r.Commit.SHA) == nil {
				(&step{l, now}).arrive(r)
			}
			return m
		})},
		{"leaves the older ones waiting when a newer starts", "should have won", after(func(before Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) {
				if was := attempt(before, *p); p.State == Superseded && open(was) {
					*p = was
				}
			})
		})},
		{"forgets when to look again", "is stuck", after(func(_ Lane, _ app.Message, l *Lane) {
			each(l, func(p *Promotion) { p.Decision.Recheck = time.Time{} })
		})},
		{"lets another go while a retry is judged", "one pair", despite(func(l *Lane) func() {
			b := l.busy()
			if b == nil || b.State != Retrying {
				return nil
			}
			b.State = Failed
			return func() { b.State = Retrying }
		})},
	}
}

// despite chooses although something stands in the way, which is hidden meanwhile.
func despite(hide func(*Lane) (show func())) func(Lane, app.Message) (Lane, []app.Letter) {
	return after(func(before Lane, _ app.Message, l *Lane) {
		show := hide(l)
		if show == nil {
			return
		}
		defer show()
		if p := l.waiting(before.Chosen); l.Chosen == "" && p != nil && p.Eligible && p.Key == attempt(before, *p).Key {
			*p, l.Chosen = attempt(before, *p), before.Chosen
			return
		}
		(&step{l, now}).choose()
	})
}

func each(l *Lane, do func(*Promotion)) {
	for i := range l.Promotions {
		do(&l.Promotions[i])
	}
}
