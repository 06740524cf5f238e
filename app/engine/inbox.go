package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// tries is how often a letter is taken in before it is set aside, visible. Between the tries lie seconds to minutes.
const tries = 6

// translate turns queued events into letters, and says whether there were any.
func (e *Engine) translate(ctx context.Context) bool {
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
	err = e.Store.Update(ctx, func(tx Tx) error {
		for _, event := range events {
			if err := e.understand(tx, event, now); err != nil {
				return err
			}
		}
		return nil
	})
	e.complain("translating events", err)
	e.stumbled = e.stumbled || err != nil
	return err == nil
}

// understand stores an event's letters and settles it, both or neither.
func (e *Engine) understand(tx Tx, event app.Event, now time.Time) error {
	letters, ignored, err := e.meaning(event)
	switch {
	case err != nil:
		e.Log.Warn("an event can't be understood", "delivery", event.Delivery, "event", event.Name, "error", err)
		return tx.SettleEvent(event.ID, EventFailed, err.Error(), time.Time{})
	case len(letters) == 0:
		return tx.SettleEvent(event.ID, EventIgnored, ignored, time.Time{})
	}
	if err := tx.Post(letters, now); err != nil {
		return err
	}
	return tx.SettleEvent(event.ID, EventDone, "", time.Time{})
}

// meaning translates one event. A panic is that event's failure and nobody else's.
func (e *Engine) meaning(event app.Event) (letters []app.Letter, ignored string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return e.Translate(event)
}

// complain logs what went wrong in a step that is simply done again.
func (e *Engine) complain(what string, err error) {
	if err != nil {
		e.Log.Error(what, "error", err)
	}
}
