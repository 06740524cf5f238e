package engine

import (
	"context"
	"sync"
)

// stillness knows whether the loop rests. It is safe for concurrent use.
type stillness struct {
	mu      sync.Mutex
	changed *sync.Cond
	resting bool
}

func newStillness() *stillness {
	s := &stillness{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stillness) set(resting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resting = resting
	s.changed.Broadcast()
}

// Quiet waits until there is nothing to do before time goes on: no letter, no row that is due, no worker and no program under way. It is for
// tests, which move the clock only then.
func (e *Engine) Quiet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { e.still.set(false) })
	defer stop()
	e.still.mu.Lock()
	defer e.still.mu.Unlock()
	for ctx.Err() == nil {
		if e.still.resting && len(e.nudged) == 0 && len(e.free) == workers && e.slots.none() {
			return nil
		}
		e.still.changed.Wait()
	}
	return ctx.Err()
}
