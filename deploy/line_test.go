package deploy

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// What is older goes out with the newer that starts, and says with whom; so does what comes too late.
func TestSuperseded(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.judge(1, hold())
	s.start(2)
	s.is(1, Superseded)
	if p := s.promotion(1); p.By != commit(2) || p.Why != "Its changes went out with a newer commit." || p.Ended.IsZero() {
		t.Errorf("it is superseded by %v, because %q", p.By, p.Why)
	}
	late := tell(t)
	late.start(3)
	late.deployed(3, app.Failed)
	late.is(3, Failed)
	late.ready(2)
	late.is(2, Superseded)
	if p := late.promotion(2); p.By != commit(3) || p.Why != "A newer commit has been released here already." {
		t.Errorf("it is superseded by %v, because %q", p.By, p.Why)
	}
	late.offers(2)
	late.wants()
}

// A run that is green again may have made something else: what waits is asked again with it, what has begun keeps what it has.
func TestArtifactOfARepeatedReady(t *testing.T) {
	s := tell(t)
	again := func(artifact string) {
		s.say(app.Ready{Commit: commit(1), Artifact: artifact, Environments: environments})
	}
	again("sha256:1")
	first := done[Gather](s.lane)
	again("sha256:2")
	if second := done[Gather](s.lane); first.Artifact != "sha256:1" || second.Artifact != "sha256:2" || second.Key == first.Key {
		t.Errorf("asked about %+v and then about %+v", first, second)
	}
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	s.release.Artifact = done[Gather](s.lane).Artifact
	s.judge(1, policies.Decision{Verdict: policies.Allow})
	again("sha256:3")
	if p := s.promotion(1); p.Release.Artifact != "sha256:2" || p.Artifact != "sha256:2" || p.State != Deploying {
		t.Errorf("what has begun becomes %+v", p)
	}
	s.deployed(1, app.Failed)
	s.word(app.VerbRetry, 1)
	if artifact := done[Gather](s.lane).Artifact; artifact != "sha256:2" {
		t.Errorf("the new attempt is asked about %q", artifact)
	}
}

// A release is pinned as the gate allowed it, with what was live before.
func TestReleaseIsPinned(t *testing.T) {
	s := tell(t)
	s.release.Head, s.release.Artifact = "f00d", "sha256:1"
	s.good(1)
	s.release.Artifact = "sha256:2"
	s.start(2)
	want := s.release
	want.Previous = sha(1)
	if put := done[Put](s.lane); put.Release != want || put.Commit != commit(2) {
		t.Errorf("put is %+v", put)
	}
}

// Times are those of the messages.
func TestTimes(t *testing.T) {
	s := tell(t)
	minute := func(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }
	s.ready(1)                                  // 0
	s.allow(1)                                  // 1, 2
	s.say(Began{Commit: sha(1), Key: s.key(1)}) // 3
	s.deployed(1, app.Succeeded)                // 4
	s.say(Began{Commit: sha(1), Key: s.key(1)}) // 5: late
	s.probed(1, app.Inconclusive)               // 6
	p := s.promotion(1)                         //
	s.probed(1, app.Succeeded)                  // 7
	s.say(word(app.VerbCancel, s.promotion(1))) // 8: does nothing
	q := s.promotion(1)                         //
	if !p.Since.Equal(minute(4)) || !p.Deployed.Equal(minute(4)) || !p.Ended.IsZero() {
		t.Errorf("watched since %v, deployed %v, ended %v", p.Since, p.Deployed, p.Ended)
	}
	if !q.Arrived.Equal(minute(0)) || !q.Began.Equal(minute(3)) || !q.Since.Equal(minute(7)) || !q.Ended.Equal(minute(7)) {
		t.Errorf("arrived %v, began %v, live since %v, ended %v", q.Arrived, q.Began, q.Since, q.Ended)
	}
}

// A removal cancels what waits and says why; what is live is left. An older file says nothing, and a newer commit opens the lane again.
func TestRemoved(t *testing.T) {
	for _, c := range []struct {
		by  app.Removed
		why string
	}{
		{app.Removed{Commit: commit(3)}, "The file does not name this lane any more."},
		{app.Removed{}, "slipway may not serve this repository any more."},
	} {
		s := tell(t)
		s.good(1)
		s.ready(2)
		s.say(app.Removed{Commit: commit(1)})
		s.is(2, Gating)
		s.say(c.by)
		s.is(2, Canceled)
		s.is(1, Live)
		if p := s.promotion(2); p.Why != c.why || !s.lane.Closed {
			t.Errorf("closed: %v, because %q", s.lane.Closed, p.Why)
		}
		s.offers(2)
	}
	s := tell(t)
	s.say(app.Removed{Commit: commit(2)})
	s.ready(1)
	s.is(1, Canceled)
	s.ready(3)
	s.is(3, Gating)
	s.offers(1, app.VerbRetry)
}

// What is gone from the branch is canceled while it waits, also before it has come; a retry of it goes back to the person.
func TestGone(t *testing.T) {
	s := tell(t)
	s.ready(1)
	s.say(app.Gone{Commit: commit(1)})
	s.is(1, Canceled)
	s.offers(1)
	s.say(app.Gone{Commit: commit(2)})
	s.ready(2)
	s.is(2, Canceled)
	s.good(3)
	retried := tell(t)
	retried.good(1)
	retried.start(2)
	retried.deployed(2, app.OutcomeUnknown)
	retried.word(app.VerbRetry, 2)
	retried.say(app.Gone{Commit: commit(2)})
	retried.is(2, Attention)
	retried.offers(2, app.VerbCancel, app.VerbRollback)
}
