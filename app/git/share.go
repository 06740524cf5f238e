package git

import (
	"context"
	"sync"
)

// calls lets callers who want the same share one call, as long as it has not begun. The zero value is ready.
type calls struct {
	mu      sync.Mutex
	waiting map[string]*call // not begun, by what is wanted
}

type call struct {
	callers int // guarded by calls.mu; when the last one leaves the call is canceled
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // read after done
}

// do runs work, or joins a caller whose work has not called begin. The work's context ends when nobody waits for it any more; the last
// caller who leaves sees it end.
func (s *calls) do(ctx context.Context, key string, work func(ctx context.Context, begin func()) error) error {
	c := s.join(ctx, key, work)
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		if s.leave(key, c) {
			<-c.done
		}
		return context.Cause(ctx)
	}
}

func (s *calls) join(ctx context.Context, key string, work func(ctx context.Context, begin func()) error) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.waiting[key]; c != nil {
		c.callers++
		return c
	}
	// Values of the first caller stay, its end does not count: others may wait.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &call{callers: 1, cancel: cancel, done: make(chan struct{})}
	if s.waiting == nil {
		s.waiting = map[string]*call{}
	}
	s.waiting[key] = c
	go func() {
		defer cancel()
		defer close(c.done)
		c.err = work(ctx, func() { s.close(key, c) })
		s.close(key, c)
	}()
	return c
}

// close lets nobody join any more.
func (s *calls) close(key string, c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[key] == c {
		delete(s.waiting, key)
	}
}

// leave reports whether this was the last caller.
func (s *calls) leave(key string, c *call) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.callers--; c.callers > 0 {
		return false
	}
	if s.waiting[key] == c {
		delete(s.waiting, key)
	}
	c.cancel()
	return true
}
