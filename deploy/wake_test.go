package deploy

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// wakes is the keys of the wants to look again, with when.
func wakes(l Lane) map[string]time.Time {
	all := map[string]time.Time{}
	for _, w := range Wants(l) {
		if _, is := w.Task.(Wake); is {
			all[w.Key] = w.Due
		}
	}
	return all
}

// TestAWindowClosesWhileGitHubAsks: an allow that time takes back is looked at again while a request is out, each time under another key, and
// the request is taken back.
func TestAWindowClosesWhileGitHubAsks(t *testing.T) {
	s := tell(t)
	s.release.Review, s.release.Spec.Workflow = true, "deploy.yml"
	until := func(d time.Duration) policies.Decision {
		return policies.Decision{Verdict: policies.Allow, Recheck: now.Add(d)}
	}
	s.ready(1)
	s.judge(1, until(time.Hour))
	if len(wakes(s.lane)) > 0 {
		t.Error("what is chosen is looked at already")
	}
	s.judge(1, until(time.Hour))
	s.is(1, Reviewing)
	first := wakes(s.lane)
	s.say(app.Changed{Commit: sha(1)})
	if len(wakes(s.lane)) > 0 {
		t.Error("it is asked twice at once")
	}
	s.say(Judged{sha(1), s.promotion(1).Again, until(2 * time.Hour), s.release, 0, ""})
	second := wakes(s.lane)
	if len(first) != 1 || len(second) != 1 {
		t.Fatal(first, second)
	}
	for key := range first {
		if _, same := second[key]; same {
			t.Error("a wake is a want that is done already:", key)
		}
	}
	s.say(app.Changed{Commit: sha(1)})
	s.say(Judged{sha(1), s.promotion(1).Again, hold(), s.release, 0, ""})
	if p := s.promotion(1); p.Then != Gating {
		t.Error("the request stays although the window has closed")
	}
}

// TestGoodSince: a soak goes on through what contains the commit, and begins with nothing that was rolled back.
func TestGoodSince(t *testing.T) {
	s := tell(t)
	if _, ok := s.lane.GoodSince(commit(1)); ok {
		t.Error("nothing is good")
	}
	for i := 1; i <= 3; i++ {
		s.start(i)
		s.deployed(i, app.Succeeded)
		s.probed(i, map[bool]app.Outcome{true: app.Succeeded, false: app.Failed}[i != 2])
		if i == 2 {
			s.restored(2, app.Succeeded)
			s.probed(2, app.Succeeded)
			s.say(app.Said{Verb: app.VerbUnhold, Key: s.lane.Hold.Key})
		}
	}
	one, _ := s.lane.GoodSince(commit(1))
	two, _ := s.lane.GoodSince(commit(2))
	if one != s.promotion(1).Ended || two != s.promotion(3).Ended || !one.Before(two) {
		t.Errorf("one since %s, two since %s", one, two)
	}
}
