package deploy

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

var asksPeople = policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "Needs an approval", Asks: true}}}

// waiting is a story in which so many commits wait for a person's yes.
func waiting(t *testing.T, n int) *story {
	s := tell(t)
	for i := 1; i <= n; i++ {
		s.ready(i)
		s.judge(i, asksPeople)
	}
	return s
}

func (s *story) behind(want ...int) {
	s.Helper()
	var got []int
	for i := 1; i <= len(s.lane.Promotions); i++ {
		if s.lane.Behind(s.promotion(i)) {
			got = append(got, i)
		}
	}
	if len(got) != len(want) {
		s.Errorf("behind are %v, not %v", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			s.Errorf("behind are %v, not %v", got, want)
		}
	}
}

// What waits behind the newest two is behind, unless somebody has spoken for it.
func TestBehind(t *testing.T) {
	s := waiting(t, 2)
	s.behind()
	s = waiting(t, 5)
	s.behind(1, 2, 3)
	s.yes(2, 1, "comment/1")
	s.behind(1, 3)
	s.takeBack(2, 1)
	s.judge(2, asksPeople)
	s.behind(1, 2, 3)
	s.against(3, 1, "comment/2", false)
	s.behind(1, 2)
	s.word(app.VerbCancel, 5)
	s.word(app.VerbCancel, 4)
	s.behind(1)
}

// How commits stand elsewhere is no news for what waits behind others for a person's yes, until it comes in sight.
func TestBehindIsAskedOnceInSight(t *testing.T) {
	s := waiting(t, 4)
	before := []app.Key{0, s.key(1), s.key(2), s.key(3), s.key(4)}
	s.say(app.Changed{Standing: true})
	for i := 1; i <= 4; i++ {
		if asked, sight := s.key(i) != before[i], i > 2; asked != sight {
			s.Errorf("commit %d is asked again: %v", i, asked)
		}
	}
	s.judge(3, asksPeople)
	s.judge(4, asksPeople)
	s.word(app.VerbCancel, 4)
	if s.key(2) == before[2] || s.key(1) != before[1] {
		t.Error("what comes in sight is not asked again, or what does not is")
	}
	s.say(app.Changed{})
	if s.key(1) == before[1] {
		t.Error("another gate is no news for what waits behind others")
	}
}

// What waits behind others for time or a fact is asked as ever: it may be the only one that can go.
func TestBehindWithoutPeopleIsAsked(t *testing.T) {
	s := tell(t)
	for i := 1; i <= 4; i++ {
		s.ready(i)
		s.judge(i, policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleAfter, Verdict: policies.Hold, Sentence: "Not proven"}}})
	}
	s.behind(1, 2)
	before := s.key(1)
	s.say(app.Changed{Standing: true})
	if s.key(1) == before {
		t.Error("what may go once it is proven elsewhere is not asked")
	}
	s.allow(1)
	s.is(1, Deploying)
}

// What is shown of what stays behind is not drawn again; what falls behind, and what comes in sight, is.
func TestBehindIsNotDrawn(t *testing.T) {
	s := waiting(t, 4)
	drawn := func(before, after Lane) (all []app.SHA) {
		for _, k := range Redraw(before, after) {
			if k.Kind == app.ViewPromotion {
				all = append(all, k.Commit)
			}
		}
		return all
	}
	before := s.lane
	s.say(app.Said{Verb: app.VerbHold, By: app.Person{ID: 1, Login: "p"}})
	if got := drawn(before, s.lane); len(got) != 2 || got[0] != sha(3) || got[1] != sha(4) {
		t.Errorf("a hold draws %v", got)
	}
	before = s.lane
	s.ready(5)
	if got := drawn(before, s.lane); len(got) != 2 || got[0] != sha(3) || got[1] != sha(5) {
		t.Errorf("a new commit draws %v", got)
	}
}
