package deploy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// story is a lane to which things happen one after the other, a minute apart.
type story struct {
	*testing.T
	lane    Lane
	at      time.Time
	release Release
}

func tell(t *testing.T) *story {
	t.Helper()
	return &story{T: t, lane: start(), at: now, release: Release{Spec: Spec{Verify: Verify{HTTP: "http://x"}}, HoldAfter: true}}
}

func (s *story) say(m app.Message) {
	s.lane, _ = Step(s.lane, m, s.at)
	s.at = s.at.Add(time.Minute)
}

// promotion is the attempt of a commit that people are shown.
func (s *story) promotion(i int) Promotion {
	p, _ := s.lane.Promotion(sha(i))
	return p
}

func (s *story) key(i int) app.Key { return s.promotion(i).Key }

func (s *story) ready(i int) { s.say(app.Ready{Commit: commit(i), Environments: environments}) }

func (s *story) judge(i int, d policies.Decision) {
	s.say(Judged{sha(i), s.key(i), d, s.release, 0, ""})
}

// start lets a commit in, and through the gate both times.
func (s *story) start(i int) {
	s.ready(i)
	s.allow(i)
	s.is(i, Deploying)
}

func (s *story) allow(i int) {
	s.judge(i, policies.Decision{Verdict: policies.Allow})
	s.judge(i, policies.Decision{Verdict: policies.Allow})
}

func (s *story) deployed(i int, o app.Outcome) {
	s.say(Deployed{sha(i), s.key(i), app.Status{Outcome: o}})
}
func (s *story) probed(i int, o app.Outcome) { s.say(Probed{sha(i), s.key(i), o, "Seen."}) }

func (s *story) restored(i int, o app.Outcome) {
	s.say(Restored{sha(i), s.key(i), app.Status{Outcome: o, Tail: "the last lines"}})
}

// good lets a commit go all its way.
func (s *story) good(i int) {
	s.start(i)
	s.deployed(i, app.Succeeded)
	s.probed(i, app.Succeeded)
	s.is(i, Live)
}

// word is what a person says about what is shown of a commit.
func (s *story) word(v app.Verb, i int) { s.say(word(v, s.promotion(i))) }

func (s *story) is(i int, want State) {
	s.Helper()
	if got := s.promotion(i).State; got != want {
		s.Fatalf("%s is %q, not %q: %s", sha(i), got, want, brief(s.lane))
	}
}

func (s *story) offers(i int, want ...app.Verb) {
	s.Helper()
	if got := s.lane.Offers(s.promotion(i)); !slices.Equal(got, want) {
		s.Errorf("%s in %q offers %v, not %v: %s", sha(i), s.promotion(i).State, got, want, brief(s.lane))
	}
}

// wants is what is to be done, but for questions to the gate.
func (s *story) wants(want ...string) {
	s.Helper()
	var got []string
	for _, w := range Wants(s.lane) {
		if _, is := w.Task.(Gather); !is {
			got = append(got, w.Key)
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("wanted is %q, not %q: %s", got, want, brief(s.lane))
	}
}

// done is a task of this kind that is wanted, or the zero value.
func done[T app.Task](l Lane) (found T) {
	for _, w := range Wants(l) {
		if t, is := w.Task.(T); is {
			found = t
		}
	}
	return found
}

// redraws is what GitHub shows otherwise after a message.
func (s *story) redraws(m app.Message, want ...string) {
	s.Helper()
	before := s.lane
	s.say(m)
	var got []string
	for _, k := range Redraw(before, s.lane) {
		got = append(got, fmt.Sprintf("%s %s %d", k.Kind, k.Commit, k.Key))
	}
	if !slices.Equal(got, want) {
		s.Errorf("%#v redraws %q, not %q", m, got, want)
	}
}
