package deploy

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// gateAlone is a story of a lane in which the team's own workflows deploy.
func gateAlone(t *testing.T, back string) *story {
	s := tell(t)
	s.release.Spec.GateOnly, s.release.Spec.BackWorkflow = true, back
	return s
}

func (s *story) asked(i, again int) { s.say(Asked{commit(i), githubAsks(i, again)}) }

// TestNothingGoesUnasked: what the gate allows goes only once somebody has started its workflow, and with the newest question.
func TestNothingGoesUnasked(t *testing.T) {
	s := gateAlone(t, "")
	s.ready(1)
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	s.is(1, Held)
	if p := s.promotion(1); p.Eligible {
		t.Error("it may go")
	}
	s.asked(1, 0)
	s.asked(1, 1)
	s.allow(1)
	s.is(1, Deploying)
	if p := s.promotion(1); p.LetGo != githubAsks(1, 1) {
		t.Errorf("%+v was let go", p.LetGo)
	}
}

// TestAskedFirst: a question opens the promotion of a commit of which nobody has said yet that it is green; one that comes too late is
// superseded, and what failed is let in again.
func TestAskedFirst(t *testing.T) {
	s := gateAlone(t, "")
	s.asked(2, 0)
	s.is(2, Gating)
	s.allow(2)
	s.deployed(2, app.Succeeded)
	s.probed(2, app.Succeeded)
	s.is(2, Live)
	s.asked(1, 0)
	s.is(1, Superseded)
	if _, ask, ok := s.lane.Question(sha(1), githubAsks(1, 0).Deployment); !ok || ask != githubAsks(1, 0) {
		t.Error("the question is forgotten")
	}
	s.asked(3, 0)
	s.judge(3, policies.Decision{})
	s.is(3, Denied)
	s.asked(3, 1)
	s.is(3, Gating)
}

// TestMoot: a run that ends before it is let go asks nothing any more.
func TestMoot(t *testing.T) {
	s := gateAlone(t, "")
	s.ready(1)
	s.asked(1, 0)
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	s.say(Moot{Run: 1})
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	s.is(1, Held)
	if s.lane.Awaits(1) {
		t.Error("a run that has ended waits")
	}
}

// TestAPersonGoesBack: a bad release waits for a person, whose /rollback waits for the workflow that a person starts, and may be given up.
func TestAPersonGoesBack(t *testing.T) {
	bad := func(back string) *story {
		s := gateAlone(t, back)
		for i := 1; i <= 2; i++ {
			s.asked(i, 0)
			s.allow(i)
			s.deployed(i, app.Succeeded)
			s.probed(i, map[int]app.Outcome{1: app.Succeeded, 2: app.Failed}[i])
		}
		return s
	}
	s := bad("")
	s.is(2, Attention)
	s.say(word(app.VerbRollback, s.promotion(2)))
	s.is(2, RollingBack)
	if !s.lane.AwaitsStart(s.promotion(2)) {
		t.Error("it awaits nobody")
	}
	given := *s
	given.say(word(app.VerbCancel, given.promotion(2)))
	given.is(2, Failed)
	s.asked(1, 1)
	if p := s.promotion(2); p.BackAsk != githubAsks(1, 1) || s.lane.AwaitsStart(p) {
		t.Errorf("the way back's question is %+v", p.BackAsk)
	}
	s.say(word(app.VerbCancel, s.promotion(2)))
	s.is(2, RollingBack)
	s = bad("back.yml")
	s.is(2, RollingBack)
	if s.lane.AwaitsStart(s.promotion(2)) {
		t.Error("a workflow goes back, and a person is waited for")
	}
}

// TestQuestionsAreBounded: only the newest are remembered.
func TestQuestionsAreBounded(t *testing.T) {
	s := gateAlone(t, "")
	for i := range 3 * most {
		s.asked(1, i)
	}
	if p := s.promotion(1); len(p.Questions) != most || p.Ask() != githubAsks(1, 3*most-1) {
		t.Errorf("%+v", p.Questions)
	}
}
