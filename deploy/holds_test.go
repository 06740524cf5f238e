package deploy

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

func (s *story) hold(until time.Time) {
	s.say(app.Said{Verb: app.VerbHold, By: person, Because: "a fair", Until: until})
}

// An end by time is a row that is due then, under the hold's own number, and lifts that hold alone.
func TestHoldUntil(t *testing.T) {
	s := tell(t)
	until := s.at.Add(time.Hour)
	s.hold(until)
	first := s.lane.Hold
	if first.By != person || first.Because != "a fair" || !first.Since.Equal(now) || !first.Until.Equal(until) {
		t.Errorf("held by %+v", first)
	}
	s.wants("lapse/1")
	if due := Wants(s.lane)[0].Due; !due.Equal(until) {
		t.Errorf("lapses %v, not %v", due, until)
	}
	s.say(app.Said{Verb: app.VerbUnhold, Key: first.Key})
	s.wants()
	s.hold(s.at.Add(3 * time.Hour))
	second := s.lane.Hold
	s.say(Lapsed{first.Key})
	if s.lane.Hold != second {
		t.Errorf("the end of another hold makes it %+v", s.lane.Hold)
	}
	s.say(Lapsed{second.Key})
	if s.lane.Hold != (Hold{}) {
		t.Errorf("its own end leaves %+v", s.lane.Hold)
	}
}

// An end never shortens a hold without one.
func TestHoldOnAHeldLane(t *testing.T) {
	s := tell(t)
	s.hold(time.Time{})
	first := s.lane.Hold
	s.hold(s.at.Add(time.Minute))
	if s.lane.Hold != first {
		t.Errorf("a second hold makes it %+v", s.lane.Hold)
	}
	s.wants()
}

// What has begun goes on under a hold; what waits does not start; and an unhold asks once more before it lets go.
func TestHoldStopsWhatWaits(t *testing.T) {
	s := tell(t)
	s.start(1)
	s.hold(time.Time{})
	s.deployed(1, app.Succeeded)
	s.probed(1, app.Succeeded)
	s.is(1, Live)
	s.ready(2)
	s.allow(2)
	s.is(2, Held)
	s.say(app.Said{Verb: app.VerbUnhold, Key: s.lane.Hold.Key})
	s.is(2, Gating)
	if !done[Gather](s.lane).Last {
		t.Error("nobody is told that this answer starts it")
	}
}

// A rollback's hold is another one: the end of the hold before it does not lift it, nor an unhold that was written before.
func TestRollbackHoldsAnew(t *testing.T) {
	s := tell(t)
	s.good(1)
	s.start(2)
	s.hold(s.at.Add(time.Hour))
	first := s.lane.Hold
	s.deployed(2, app.Failed)
	s.is(2, RollingBack)
	h := s.lane.Hold
	if h.Key == first.Key || h.Undoes != sha(2) || h.By != (app.Person{}) || h.Because != "Its deploy step failed." || !h.Until.IsZero() {
		t.Errorf("held by %+v", h)
	}
	s.say(Lapsed{first.Key})
	s.say(app.Said{Verb: app.VerbUnhold, Key: first.Key})
	if s.lane.Hold != h {
		t.Errorf("what was meant for the hold before makes it %+v", s.lane.Hold)
	}
	s.say(app.Said{Verb: app.VerbUnhold, Key: h.Key})
	if s.lane.Hold.Key != 0 {
		t.Errorf("/unhold leaves %+v", s.lane.Hold)
	}
}

// after_rollback: continue holds nothing, but does not lift a hold either.
func TestRollbackThatGoesOn(t *testing.T) {
	for _, held := range []bool{false, true} {
		s := tell(t)
		s.release.HoldAfter = false
		s.good(1)
		s.start(2)
		if held {
			s.hold(s.at.Add(time.Hour))
		}
		s.deployed(2, app.Failed)
		s.is(2, RollingBack)
		if (s.lane.Hold.Key != 0) != held || !s.lane.Hold.Until.IsZero() {
			t.Errorf("held before: %v, now by %+v", held, s.lane.Hold)
		}
	}
}

// A hold, or a removal, returns a retry that is being judged to the person who asked for it.
func TestHoldStopsARetry(t *testing.T) {
	s := tell(t)
	s.good(1)
	s.start(2)
	s.deployed(2, app.OutcomeUnknown)
	s.word(app.VerbRetry, 2)
	s.is(2, Retrying)
	s.hold(time.Time{})
	s.is(2, Attention)
	s.offers(2, app.VerbCancel, app.VerbRollback)
	s.word(app.VerbRetry, 2)
	s.is(2, Attention)
}
