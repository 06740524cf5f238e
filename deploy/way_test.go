package deploy

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// What may be run again is started three times in all, each time under a new number; then a person is asked. Anything else is never
// started twice by itself.
func TestTriesOfAnUnclearDeployment(t *testing.T) {
	for tries, idempotent := range map[int]bool{Tries: true, 1: false} {
		s := tell(t)
		s.release.Spec.Idempotent = idempotent
		s.start(1)
		var puts []app.Key
		for s.promotion(1).State == Deploying {
			p := s.promotion(1)
			if p.Put != p.Key || slices.Contains(puts, p.Put) {
				t.Fatalf("put under %d, with %d asked, after %v", p.Put, p.Key, puts)
			}
			puts = append(puts, p.Put)
			s.deployed(1, app.OutcomeUnknown)
		}
		if len(puts) != tries {
			t.Errorf("idempotent: %v, and started %d times", idempotent, len(puts))
		}
		s.is(1, Attention)
		s.word(app.VerbRetry, 1)
		s.judge(1, policies.Decision{Verdict: policies.Allow})
		s.is(1, Deploying)
		s.deployed(1, app.OutcomeUnknown)
		if again := s.promotion(1).State == Deploying; again != idempotent {
			t.Errorf("idempotent: %v, and after a person's retry it is %q", idempotent, s.promotion(1).State)
		}
	}
}

// A retry that the gate refuses, or holds, is back with the person, who is told why and called again.
func TestRetryThatTheGateDoesNotAllow(t *testing.T) {
	for _, v := range []policies.Verdict{policies.Deny, policies.Hold} {
		s := tell(t)
		s.start(1)
		s.deployed(1, app.OutcomeUnknown)
		calls := s.promotion(1).Calls
		s.word(app.VerbRetry, 1)
		s.judge(1, policies.Decision{Verdict: v, Reasons: []policies.Reason{
			{Verdict: policies.Allow, Sentence: "Green"}, {Verdict: v, Sentence: "Not in staging yet"}}})
		s.is(1, Attention)
		if p := s.promotion(1); !strings.HasSuffix(p.Why, "Not in staging yet") || p.Calls != calls+1 {
			t.Errorf("%v: called %d times because %q", v, p.Calls, p.Why)
		}
	}
}

// rollback: never leaves what is bad to a person, who may still go back.
func TestNeverBack(t *testing.T) {
	for _, fail := range []func(*story){
		func(s *story) { s.deployed(2, app.Failed) },
		func(s *story) { s.deployed(2, app.Succeeded); s.probed(2, app.Failed) },
	} {
		s := tell(t)
		s.release.Spec.NeverBack = true
		s.good(1)
		s.start(2)
		fail(s)
		s.is(2, Attention)
		if s.lane.Hold.Key != 0 {
			t.Error("it is held, and nothing was rolled back")
		}
		s.offers(2, app.VerbCancel, app.VerbRetry, app.VerbRollback)
		s.word(app.VerbRollback, 2)
		s.is(2, RollingBack)
	}
}

// A first deployment that fails is failed: there is nothing to go back to, and nothing to hold the lane for.
func TestFirstDeploymentFails(t *testing.T) {
	s := tell(t)
	s.start(1)
	s.say(Deployed{sha(1), s.key(1), app.Status{Outcome: app.Failed, Reason: "timed out", Tail: "the last lines"}})
	s.is(1, Failed)
	p := s.promotion(1)
	if p.Why != "Its deploy step timed out." || p.Tail != "the last lines" || p.Ended.IsZero() {
		t.Errorf("it ended at %v because %q, and wrote %q", p.Ended, p.Why, p.Tail)
	}
	if s.lane.Hold.Key != 0 || s.lane.Live != (app.Commit{}) || p.Undone != 0 {
		t.Errorf("held by %+v, live is %v, undone by %d", s.lane.Hold, s.lane.Live, p.Undone)
	}
	s.wants()
	s.offers(1, app.VerbRetry)
	s.good(2)
}

// What comes back is looked at, by its own verification, until it answers well once.
func TestWhatComesBackIsLookedAt(t *testing.T) {
	s := tell(t)
	s.release.Artifact, s.release.Spec.Verify.HTTP = "sha256:1", "http://old"
	s.good(1)
	s.release.Artifact, s.release.Spec.Verify.HTTP = "sha256:2", "http://new"
	s.start(2)
	s.deployed(2, app.Succeeded)
	s.probed(2, app.Failed)
	s.is(2, RollingBack)
	p, back := s.promotion(2), done[Restore](s.lane)
	if back.To != commit(1) || back.Commit != sha(2) || back.Release.Artifact != "sha256:1" || back.Key != p.Undone || p.Why != "Seen." {
		t.Errorf("%q, and so goes back by %+v", p.Why, back)
	}
	s.restored(2, app.Succeeded)
	s.is(2, RollingBack)
	look := done[Watch](s.lane)
	if look.Commit != sha(2) || look.Verify.HTTP != "http://old" || !look.Brief || look.Key == back.Key || s.lane.Live != commit(1) {
		t.Errorf("live is %v, and looked at by %+v", s.lane.Live, look)
	}
	s.probed(2, app.Succeeded)
	s.is(2, RolledBack)
	if p := s.promotion(2); s.lane.Last != commit(1) || p.To != sha(1) || p.Why != "Seen." || p.Undone != back.Key {
		t.Errorf("it is %+v, and there is %v", p, s.lane.Last)
	}
}

// Without a verification of its own, what came back is there when its program says so.
func TestWhatComesBackUnwatched(t *testing.T) {
	s := tell(t)
	verify := s.release.Spec.Verify
	s.release.Spec.Verify = Verify{}
	s.start(1)
	s.deployed(1, app.Succeeded)
	s.is(1, Live)
	s.release.Spec.Verify = verify
	s.start(2)
	s.deployed(2, app.Failed)
	s.restored(2, app.Succeeded)
	s.is(2, RolledBack)
}

// A way back that fails, can't be known, or brings back what is sick, goes to a person, who can send it again under a new number.
func TestWayBackThatFails(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*story)
		why  string
		live app.Commit
	}{
		{"failed", func(s *story) { s.restored(2, app.Failed) }, "The way back failed.", app.Commit{}},
		{"unclear", func(s *story) { s.restored(2, app.OutcomeUnknown) }, "Nobody knows how the way back ended.", app.Commit{}},
		{"sick", func(s *story) { s.restored(2, app.Succeeded); s.probed(2, app.Failed) }, "The release that came back is sick: Seen.", commit(1)},
		{"silent", func(s *story) {
			s.restored(2, app.Succeeded)
			first := s.key(2)
			s.probed(2, app.Inconclusive)
			s.is(2, RollingBack)
			if look := done[Watch](s.lane); look.Key == first || !look.Brief {
				s.Errorf("it is not looked at again but %+v", look)
			}
			s.probed(2, app.Inconclusive)
		}, "Watching it twice said neither good nor bad: Seen.", commit(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t)
			s.good(1)
			s.start(2)
			s.deployed(2, app.Failed)
			undone := s.promotion(2).Undone
			c.do(s)
			s.is(2, Attention)
			if p := s.promotion(2); p.Why != c.why || s.lane.Live != c.live {
				t.Errorf("live is %v because %q", s.lane.Live, p.Why)
			}
			s.offers(2, app.VerbCancel, app.VerbRetry, app.VerbRollback)
			s.word(app.VerbRetry, 2)
			s.is(2, RollingBack)
			if p := s.promotion(2); p.Undone == undone || p.Undone != done[Restore](s.lane).Key {
				t.Errorf("it goes back again by %+v, and was by %d", done[Restore](s.lane), undone)
			}
		})
	}
}

// A bake that says nothing is extended once, and then a person is asked; a retry watches again.
func TestInconclusiveBake(t *testing.T) {
	s := tell(t)
	s.start(1)
	s.deployed(1, app.Succeeded)
	first := done[Watch](s.lane)
	s.probed(1, app.Inconclusive)
	s.is(1, Verifying)
	if second := done[Watch](s.lane); second.Key == first.Key || second.Brief {
		t.Errorf("it is watched anew by %+v", second)
	}
	s.probed(1, app.Inconclusive)
	s.is(1, Attention)
	s.word(app.VerbRetry, 1)
	s.is(1, Verifying)
	s.probed(1, app.Inconclusive)
	s.is(1, Verifying)
	s.probed(1, app.Succeeded)
	s.is(1, Live)
}

// A person's rollback says who and why, quoted; while a program deploys it waits for the outcome, whatever that is, and the first word
// stands.
func TestRollbackByAPerson(t *testing.T) {
	for _, o := range []app.Outcome{app.Succeeded, app.Failed, app.OutcomeUnknown} {
		s := tell(t)
		s.good(1)
		s.start(2)
		said := word(app.VerbRollback, s.promotion(2))
		said.Because = "it *smells*"
		s.say(said)
		s.is(2, Deploying)
		s.offers(2)
		said.By.Login, said.Because = "eve", ""
		s.say(said)
		s.deployed(2, o)
		s.is(2, RollingBack)
		if want := "@dana rolled it back: " + policies.Quote("it *smells*") + "."; s.promotion(2).Why != want {
			t.Errorf("after %q it goes back because %q, not %q", o, s.promotion(2).Why, want)
		}
	}
}

// What is rolled back while a new attempt of it waits ends as rolled back; the new attempt was given up for it, and tells nothing.
func TestRollbackWhileANewAttemptWaits(t *testing.T) {
	s := tell(t)
	s.release.Spec.NeverBack = true
	s.good(1)
	s.start(2)
	s.deployed(2, app.Failed)
	s.word(app.VerbCancel, 2)
	s.is(2, Failed)
	s.word(app.VerbRetry, 2)
	s.is(2, Gating)
	s.word(app.VerbRollback, 2)
	s.is(2, RollingBack)
	s.restored(2, app.Succeeded)
	s.probed(2, app.Succeeded)
	s.is(2, RolledBack)
	s.word(app.VerbRetry, 2)
	s.is(2, Gating)
}
