package engine

import (
	"context"
	"sync"
	"time"
)

// stillness knows whether the loop rests. It is safe for concurrent use.
type stillness struct {
	mu      sync.Mutex
	changed *sync.Cond
	resting bool
	nudges  int64     // that the loop has seen
	due     time.Time // for which it waits too; zero is nothing
}

func newStillness() *stillness {
	s := &stillness{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stillness) set(resting bool, nudges int64, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resting, s.nudges, s.due = resting, nudges, due
	s.changed.Broadcast()
}

// isStill says whether the loop rests, has seen every nudge, and waits for nothing that is due already.
func (e *Engine) isStill() bool {
	s := e.still
	return s.resting && s.nudges == e.nudges.Load() && (s.due.IsZero() || s.due.After(e.Clock.Now())) && len(e.free) == workers && e.slots.none()
}

// Quiet waits until there is nothing to do before time goes on: no letter, no row that is due, no worker and no program under way. It is for
// tests, which move the clock only then.
func (e *Engine) Quiet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { e.still.mu.Lock(); defer e.still.mu.Unlock(); e.still.changed.Broadcast() })
	defer stop()
	e.still.mu.Lock()
	defer e.still.mu.Unlock()
	for ctx.Err() == nil {
		if e.isStill() {
			return nil
		}
		e.still.changed.Wait()
	}
	return ctx.Err()
}
