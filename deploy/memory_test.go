package deploy

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
)

// TestForget holds that a lane that forgets and one that never does answer alike, whatever is said, also about commits of long ago.
func TestForget(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := NewWanderer(seed)
			full := w.Start()
			kept, dropped := full, 0
			for range 600 {
				m := w.Message(full)
				if g, is := m.(app.Gone); is && kept.newest(g.Commit.SHA) == nil {
					continue // nobody will ask how it stands: wherever it waits it is canceled
				}
				f, fromFull := Step(full, m, w.At)
				k, fromKept := Step(kept, m, w.At)
				full, kept = f, forget(k, 1, 15)
				dropped += len(k.Promotions) - len(kept.Promotions)
				if !reflect.DeepEqual(fromFull, fromKept) || !alike(full, kept, w) {
					t.Fatalf("%#v\ntells %v and makes %.500s\nand not %v and %.500s", m, fromKept, brief(kept), fromFull, brief(full))
				}
			}
			if dropped == 0 {
				t.Error("nothing was forgotten")
			}
		})
	}
}

// alike says whether two lanes want, show and offer the same.
func alike(full, kept Lane, w *Wanderer) bool {
	if !reflect.DeepEqual(Wants(full), Wants(kept)) {
		return false
	}
	for i := 1; i <= w.Commits; i++ {
		if c := w.Commit(i); full.Standing(c) != kept.Standing(c) {
			return false
		}
	}
	for _, p := range kept.Promotions {
		f, _ := full.Promotion(p.Commit.SHA)
		k, _ := kept.Promotion(p.Commit.SHA)
		if !reflect.DeepEqual(f, k) || !slices.Equal(full.Offers(p), kept.Offers(p)) {
			return false
		}
	}
	kept.Promotions, kept.Forgotten, full.Promotions = nil, 0, nil
	return reflect.DeepEqual(full, kept)
}

// What a lane remembers is bounded: by what it keeps, and by what went wrong.
func TestForgetIsBounded(t *testing.T) {
	w := NewWanderer(1)
	l, most := w.Start(), 0
	for range 6_000 {
		l, _ = Step(l, w.Message(l), w.At)
		l = Forget(l)
		free := 0
		for _, p := range l.Promotions {
			if p.State.Ended() && !p.State.Bad() && !p.Gone && p.Commit.Place < l.Newest {
				free++
			}
		}
		most = max(most, free)
	}
	if w.Commits < 5*keepAll || most > keepAll+keepGood {
		t.Errorf("of %d commits it remembered %d that it need not", w.Commits, most)
	}
	t.Logf("%d commits, %d attempts remembered, %d at most that need not be", w.Commits, len(l.Promotions), most)
}

// What was forgotten is not let in again, and not taken for something that never was.
func TestForgotten(t *testing.T) {
	s := tell(t)
	s.good(1)
	s.good(2)
	s.good(3)
	s.lane = forget(s.lane, 1, 2)
	s.is(1, Absent)
	before := s.lane
	s.ready(1)
	s.say(app.Gone{Commit: commit(1)})
	if !reflect.DeepEqual(s.lane, before) || s.lane.Forgotten != 1 {
		t.Errorf("forgotten up to %d, and it is now %s", s.lane.Forgotten, brief(s.lane))
	}
}
