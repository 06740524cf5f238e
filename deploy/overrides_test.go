package deploy

import (
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func (s *story) against(i int, who int64, source string, alone bool) {
	o := app.Override{By: app.Person{ID: who, Login: "p"}, Role: "admin", At: s.at, Source: source, Because: "it burns", Alone: alone}
	s.say(app.Overrode{Commit: sha(i), Key: s.promotion(i).Attempt, Override: o})
}

// overriders is who has spoken against the gate of a commit, as the gate will hear.
func (s *story) overriders(i int) (all []int64) {
	if g := done[Gather](s.lane); g.Commit.SHA == sha(i) {
		for _, o := range g.Overrides {
			all = append(all, o.By.ID)
		}
	}
	return all
}

func (s *story) calledFor(i int, c Cause) bool {
	return slices.ContainsFunc(Wants(s.lane), func(w app.Want) bool {
		n, is := w.Task.(Notify)
		return is && n.Cause == c && n.Commit == sha(i)
	})
}

// An override is for one attempt, each person's counts once, and it is taken back like an approval.
func TestOverrides(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*story)
		want []int64
	}{
		{"one", func(s *story) { s.against(1, 1, "comment/1", false) }, []int64{1}},
		{"two", func(s *story) { s.against(1, 1, "comment/1", false); s.against(1, 2, "comment/2", false) }, []int64{1, 2}},
		{"one comment twice", func(s *story) { s.against(1, 1, "comment/1", false); s.against(1, 2, "comment/1", false) }, []int64{1}},
		{"one person twice", func(s *story) { s.against(1, 1, "comment/1", false); s.against(1, 1, "comment/2", true) }, []int64{1}},
		{"taken back", func(s *story) { s.against(1, 1, "comment/1", false); s.takeBack(1, 1) }, nil},
		{"of what was denied", func(s *story) { s.judge(1, policies.Decision{}); s.against(1, 1, "comment/1", false) }, []int64{1}},
		{"of another attempt", func(s *story) {
			s.say(app.Overrode{Commit: sha(1), Key: 99, Override: app.Override{By: person, Source: "comment/1"}})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t)
			s.ready(1)
			c.do(s)
			s.is(1, Gating)
			if got := s.overriders(1); !slices.Equal(got, c.want) {
				t.Errorf("the gate hears of %v, not of %v", got, c.want)
			}
		})
	}
}

// What goes out against its gate is counted, and one person alone is reported; a second person is called for.
func TestOverridesAreCountedAndReported(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.against(1, 1, "comment/1", false)
	s.judge(1, policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleOverride, Verdict: policies.Hold, Sentence: "@p asks"}}})
	if !s.calledFor(1, ForSecond) || s.calledFor(1, ForOverride) || s.calledFor(1, ForApproval) {
		t.Error("who may second it is not called, or others are")
	}
	s.against(1, 1, "comment/2", true)
	overridden := policies.Decision{Verdict: policies.Allow, Reasons: []policies.Reason{{Rule: policies.RuleOverride, Verdict: policies.Allow, Sentence: "Overridden by @p"}}}
	s.judge(1, overridden)
	s.judge(1, overridden)
	s.is(1, Deploying)
	if s.lane.Overridden != 1 || !s.calledFor(1, ForOverride) || s.calledFor(1, ForSecond) {
		t.Errorf("%d releases went out against the gate, and it is reported: %v", s.lane.Overridden, s.calledFor(1, ForOverride))
	}
}

// How it went against its gate does not change with what the gate says of a later try, and it is counted once.
func TestOnceAgainstTheGateStaysSo(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.against(1, 1, "comment/1", true)
	overridden := policies.Decision{Verdict: policies.Allow, Reasons: []policies.Reason{{Rule: policies.RuleOverride, Verdict: policies.Allow, Sentence: "Overridden by @p"}}}
	s.judge(1, overridden)
	s.judge(1, overridden)
	for _, again := range []policies.Decision{{Verdict: policies.Allow}, overridden} {
		s.deployed(1, app.OutcomeUnknown)
		s.is(1, Attention)
		s.word(app.VerbRetry, 1)
		s.is(1, Retrying)
		s.judge(1, again)
		s.is(1, Deploying)
		if got := s.lane.Promotions[0].Against; got != (Against{"Overridden by @p", true}) || s.lane.Overridden != 1 || !s.calledFor(1, ForOverride) {
			t.Errorf("after a retry that the gate allows so: %v, %+v, counted %d times", again.Reasons, got, s.lane.Overridden)
		}
	}
}
