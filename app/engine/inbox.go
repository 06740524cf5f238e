package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// tries is how often a letter is taken in before it is set aside, visible. Between the tries lie seconds to minutes.
const tries = 6

// A rush is more events than people and programs of a few repositories cause. While it lasts their answers come first: GitHub waits for those,
// and nobody waits for what can be read a moment later.
const (
	rush     = 64  // events since the last look, at least
	rushRate = 500 // a second, at least
	inARush  = 250 * time.Millisecond
)

// pace is what the loop knows of the intake: how many events were stored when it last looked, and when, and until when it reads none.
type pace struct {
	stored int64
	looked time.Time
	until  time.Time
}

// rushed says whether to let events be stored before more of them are read. One batch is read in between.
func (e *Engine) rushed() bool {
	now := e.Clock.Now()
	if e.Stored == nil || e.pace.until.After(now) {
		return e.Stored != nil
	}
	stored := e.Stored()
	more, took := stored-e.pace.stored, now.Sub(e.pace.looked)
	e.pace = pace{stored: stored, looked: now}
	rushing := more >= rush && float64(more) > rushRate*took.Seconds()
	e.rushing.Store(rushing)
	if rushing {
		e.pace.until = now.Add(inARush)
	}
	return false
}

// translate turns queued events into letters, and says whether there were any.
func (e *Engine) translate(ctx context.Context) bool {
	if e.rushed() {
		return false
	}
	var events []app.Event
	now := e.Clock.Now()
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		events, err = tx.Queued(batch, now)
		return err
	})
	if err != nil || len(events) == 0 {
		e.complain("reading the inbox", err)
		e.stumbled = e.stumbled || err != nil
		return false
	}
	meanings := make([]meaning, len(events)) // read before the store is taken: the intake writes meanwhile
	for i, event := range events {
		meanings[i] = e.mean(event)
	}
	err = e.Store.Update(ctx, func(tx Tx) error {
		for _, m := range meanings {
			if err := e.understand(tx, m, now); err != nil {
				return err
			}
		}
		return nil
	})
	e.complain("translating events", err)
	e.stumbled = e.stumbled || err != nil
	return err == nil
}

// meaning is what became of reading one event.
type meaning struct {
	event   app.Event
	letters []app.Letter
	ignored string
	err     error
}

// understand stores an event's letters and settles it, both or neither.
func (e *Engine) understand(tx Tx, m meaning, now time.Time) error {
	switch {
	case m.err != nil:
		e.Log.Warn("an event can't be understood", "delivery", m.event.Delivery, "event", m.event.Name, "error", m.err)
		return tx.SettleEvent(m.event.ID, EventFailed, m.err.Error(), time.Time{})
	case len(m.letters) == 0:
		return tx.SettleEvent(m.event.ID, EventIgnored, m.ignored, time.Time{})
	}
	letters, why, err := e.letIn(tx, m.letters)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		return tx.SettleEvent(m.event.ID, EventIgnored, why, time.Time{})
	}
	if err := tx.Post(letters, now); err != nil {
		return err
	}
	return tx.SettleEvent(m.event.ID, EventDone, "", time.Time{})
}

// mean reads one event. A panic is that event's failure and nobody else's.
func (e *Engine) mean(event app.Event) (m meaning) {
	m.event = event
	defer func() {
		if p := recover(); p != nil {
			m.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	m.letters, m.ignored, m.err = e.Translate(event)
	return m
}

// complain logs what went wrong in a step that is simply done again. That we are stopping is nothing wrong.
func (e *Engine) complain(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		e.Log.Error(what, "error", err)
	}
}
