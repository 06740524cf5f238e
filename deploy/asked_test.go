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
	s.asked(1, 1) // the same run, started again
	other := Ask{Run: 99, Deployment: 99}
	s.say(Asked{commit(1), other})
	s.allow(1)
	s.is(1, Deploying)
	if p := s.promotion(1); p.LetGo != githubAsks(1, 1) || len(p.Questions) != 2 || p.Questions[1] != other {
		t.Errorf("%+v was let go, of %+v", p.LetGo, p.Questions)
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
	if c, waits := s.lane.Awaits(1); !waits || c != sha(1) {
		t.Error("the run does not wait")
	}
	s.say(Judged{sha(1), s.key(1), hold(), s.release, githubAsks(1, 0).Deployment, ""})
	s.is(1, Held)
	if _, waits := s.lane.Awaits(1); waits || s.promotion(1).Ask() != (Ask{}) {
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

// TestQuestionsAreBounded: only the first are remembered.
func TestQuestionsAreBounded(t *testing.T) {
	s := gateAlone(t, "")
	for i := range 3 * maxQuestions {
		s.say(Asked{commit(1), Ask{Run: int64(i), Deployment: int64(i)}})
	}
	if p := s.promotion(1); len(p.Questions) != maxQuestions || p.Ask() != (Ask{}) {
		t.Errorf("%+v", p.Questions)
	}
}

// TestTheWayBackIsAskedOnce: only the first question about what comes back is the way back; others are remembered, to be refused.
func TestTheWayBackIsAskedOnce(t *testing.T) {
	s := gateAlone(t, "")
	for i := 1; i <= 2; i++ {
		s.asked(i, 0)
		s.allow(i)
		s.deployed(i, app.Succeeded)
		s.probed(i, map[int]app.Outcome{1: app.Succeeded, 2: app.Failed}[i])
	}
	s.say(word(app.VerbRollback, s.promotion(2)))
	s.asked(1, 1)
	second := Ask{Run: 98, Deployment: 98}
	s.say(Asked{commit(1), second})
	if p := s.promotion(2); p.BackAsk != githubAsks(1, 1) {
		t.Errorf("%+v took its place", p.BackAsk)
	}
	if _, ask, ok := s.lane.Question(sha(1), 98); !ok || ask != second {
		t.Error("the second question is forgotten")
	}
	s.restored(2, app.Succeeded)
	third := Ask{Run: 97, Deployment: 97}
	s.say(Asked{commit(1), third})
	if _, _, ok := s.lane.Question(sha(1), 97); !ok {
		t.Error("a question while what came back is watched is forgotten")
	}
}

// TestAQuestionOpensAClosedLane: whoever asks has read that the file names it.
func TestAQuestionOpensAClosedLane(t *testing.T) {
	s := gateAlone(t, "")
	s.ready(1)
	s.say(app.Removed{})
	s.asked(2, 0)
	s.is(2, Gating)
	s.is(1, Canceled)
}
