package deploy

import (
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// yes is a person's approval of the attempt that is shown.
func (s *story) yes(i int, who int64, source string) {
	by := app.Person{ID: who, Login: "p"}
	s.say(app.Approved{Commit: sha(i), Key: s.promotion(i).Attempt, Approval: app.Approval{By: by, Role: "maintain", At: s.at, Source: source}})
}

func (s *story) takeBack(i int, who int64) {
	s.say(app.Unapproved{Commit: sha(i), By: app.Person{ID: who}})
}

// counts is whose approvals the gate will hear of.
func (s *story) counts(i int, want ...int64) {
	s.Helper()
	var got []int64
	if of := done[Gather](s.lane).Commit.SHA; of != sha(i) {
		s.Fatalf("%q is asked about, not %s: %s", of, sha(i), brief(s.lane))
	}
	for _, a := range done[Gather](s.lane).Approvals {
		got = append(got, a.By.ID)
	}
	if !slices.Equal(got, want) {
		s.Errorf("the gate of %s hears of %v, not of %v: %s", sha(i), got, want, brief(s.lane))
	}
}

func TestApprovals(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*story)
		want []int64
	}{
		{"one", func(s *story) { s.yes(2, 1, "comment/1") }, []int64{1}},
		{"two people", func(s *story) { s.yes(2, 1, "comment/1"); s.yes(2, 2, "comment/2") }, []int64{1, 2}},
		{"one person twice", func(s *story) { s.yes(2, 1, "comment/1"); s.yes(2, 1, "button/2") }, []int64{1}},
		{"one comment twice", func(s *story) { s.yes(2, 1, "comment/1"); s.yes(2, 2, "comment/1") }, []int64{1}},
		{"taken back", func(s *story) { s.yes(2, 1, "comment/1"); s.yes(2, 2, "comment/2"); s.takeBack(2, 1) }, []int64{2}},
		{"taken back by somebody else", func(s *story) { s.yes(2, 1, "comment/1"); s.takeBack(2, 3) }, []int64{1}},
		{"taken back, as far as it came by a review", func(s *story) {
			s.yes(2, 1, "comment/1")
			s.yes(2, 2, "review/2")
			for _, who := range []int64{1, 2} {
				s.say(app.Unapproved{Commit: sha(2), By: app.Person{ID: who}, Door: app.DoorReview})
			}
		}, []int64{1}},
		{"edited since", func(s *story) {
			s.yes(2, 1, "comment/1")
			s.say(app.Altered{Source: "comment/1", Edited: app.Edited{By: person, Deleted: true, At: s.at}})
		}, []int64{1}},
		{"given again", func(s *story) { s.yes(2, 1, "comment/1"); s.takeBack(2, 1); s.yes(2, 1, "comment/2") }, []int64{1}},
		{"of an attempt that was not shown", func(s *story) {
			s.say(app.Approved{Commit: sha(2), Key: s.promotion(1).Attempt, Approval: app.Approval{By: person, Source: "comment/1"}})
		}, nil},
		{"of a commit that is live", func(s *story) { s.yes(1, 1, "comment/1") }, nil},
		{"while it is held", func(s *story) { s.judge(2, hold()); s.yes(2, 1, "comment/1") }, []int64{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t)
			s.good(1)
			s.ready(2)
			c.do(s)
			s.counts(2, c.want...)
		})
	}
}

// What was written when somebody approved counts as it was; that it was altered is noted, once, and the gate is asked again for its words alone.
func TestAlteredApproval(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.yes(1, 1, "comment/1")
	altered := app.Altered{Source: "comment/1", Edited: app.Edited{By: app.Person{ID: 5, Login: "eve"}, At: s.at}}
	before := s.key(1)
	s.say(altered)
	if got := s.promotion(1).Approvals[0].Edited; got != altered.Edited || s.key(1) == before {
		t.Errorf("the approval is noted as %+v, and the question is %d after %d", got, s.key(1), before)
	}
	before = s.key(1)
	s.say(altered)
	s.say(app.Altered{Source: "comment/2", Edited: altered.Edited})
	if s.key(1) != before {
		t.Error("what was known already, or concerns nobody here, is a reason to ask again")
	}
}

// An approval is a reason to ask again, under a new number, and so is taking it back, until the deployment starts.
func TestApprovalsAskAgain(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.judge(1, hold())
	s.is(1, Held)
	s.yes(1, 1, "comment/1")
	s.is(1, Gating)
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	chosen := s.key(1)
	s.takeBack(1, 1)
	if s.key(1) == chosen {
		t.Error("a yes was taken back and the question is still the old one")
	}
	s.say(Judged{sha(1), chosen, policies.Decision{Verdict: policies.Allow}, s.release, 0, ""})
	s.is(1, Gating)
	s.allow(1)
	s.is(1, Deploying)
	before := s.lane
	s.yes(1, 2, "comment/2")
	s.takeBack(1, 1)
	if !same(before, s.lane) {
		t.Errorf("a yes for what has begun makes %s", brief(s.lane))
	}
}

// A new attempt asks for approvals again; in attention they still count, and are heard by the gate of the retry.
func TestApprovalsCountForOneAttempt(t *testing.T) {
	s := tell(t)
	s.good(1)
	s.ready(2)
	s.yes(2, 1, "comment/1")
	s.allow(2)
	s.deployed(2, app.OutcomeUnknown)
	s.is(2, Attention)
	s.yes(2, 2, "comment/2")
	s.word(app.VerbRetry, 2)
	s.is(2, Retrying)
	s.counts(2, 1, 2)
	old := s.key(2)
	s.yes(2, 3, "comment/3")
	if s.key(2) == old {
		t.Error("a yes while a retry is judged does not ask again")
	}
	s.counts(2, 1, 2, 3)
	s.word(app.VerbCancel, 2)
	s.is(2, Failed)
	s.word(app.VerbRetry, 2)
	s.is(2, Gating)
	s.counts(2)
}

// Whom to ask is called once for an attempt, however often the gate is asked, and only where a person's yes is what is missing.
func TestApproversAreCalledOnce(t *testing.T) {
	asks := policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleApproval, Verdict: policies.Hold, Asks: true}}}
	unknown := policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleContainsLive, Verdict: policies.Hold}}}
	s := tell(t)
	s.ready(1)
	s.calls()
	s.judge(1, unknown)
	s.calls()
	s.say(app.Changed{})
	s.judge(1, asks)
	s.calls("notify-approval/1")
	s.say(app.Changed{})
	s.is(1, Gating)
	s.calls("notify-approval/1")
	s.judge(1, asks)
	s.calls("notify-approval/1")
	s.yes(1, 1, "comment/1")
	s.allow(1)
	s.calls()
}

// calls is how people are called.
func (s *story) calls(want ...string) {
	s.Helper()
	var got []string
	for _, w := range Wants(s.lane) {
		if _, is := w.Task.(Notify); is {
			got = append(got, w.Key)
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("people are called by %q, not %q: %s", got, want, brief(s.lane))
	}
}
