package standin

import (
	"slices"
	"time"
)

// HookMatch picks the webhooks that a fault hits.
type HookMatch struct {
	Event  string // empty: any
	Action string // empty: any
	Skip   int    // let the first ones pass
	Times  int    // how many are hit; 0 means one, negative all
}

// HookFault is what goes wrong with a webhook.
type HookFault struct {
	Lose     bool          // it is never sent, and logged as failed with Status
	Status   int           // what the log shows for a lost one: 0, or such as 500
	Copies   int           // how many times more it is sent, under the same GUID
	Delay    time.Duration // it is sent that much later by the server's clock; others pass it
	HoldBack int           // how many later webhooks overtake it
}

type hookFault struct {
	match HookMatch
	do    HookFault
	seen  int
	left  int
}

// BreakWebhooks lets something go wrong with webhooks from now on, until it has happened often enough or is lifted.
func (s *Server) BreakWebhooks(match HookMatch, fault HookFault) (lift func()) {
	f := &hookFault{match: match, do: fault, left: times(match.Times)}
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.faults = append(s.hooks.faults, f)
	return func() {
		s.hooks.mu.Lock()
		defer s.hooks.mu.Unlock()
		s.hooks.faults = slices.DeleteFunc(s.hooks.faults, func(other *hookFault) bool { return other == f })
	}
}

// times reads how often: 0 is once, and less is for ever.
func times(n int) int {
	switch {
	case n == 0:
		return 1
	case n < 0:
		return -1
	}
	return n
}

func (f *hookFault) hits(d *delivery) bool {
	if f.match.Event != "" && f.match.Event != d.event || f.match.Action != "" && f.match.Action != d.action || f.left == 0 || d.redelivery {
		return false
	}
	f.seen++
	if f.seen <= f.match.Skip {
		return false
	}
	f.left--
	return true
}
