package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// deliver steps letters in stored order, many in a transaction, and says whether there were any. If one fails they are taken one by one,
// so that a bad one holds back only its own machine.
func (e *Engine) deliver(ctx context.Context) bool {
	var mail []Mail
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		mail, err = tx.Mail(batch, e.Clock.Now())
		return err
	})
	if err != nil || len(mail) == 0 {
		e.complain("reading letters", err)
		e.stumbled = e.stumbled || err != nil
		return false
	}
	err = e.Store.Update(ctx, func(tx Tx) error {
		for _, m := range mail {
			if err := e.take(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return true
	}
	held := map[app.Address]bool{}
	for _, m := range mail {
		if !held[m.To] {
			held[m.To] = !e.single(ctx, m)
		}
	}
	return !e.stumbled
}

// single steps one letter in a transaction of its own, and delays it or sets it aside if it fails.
func (e *Engine) single(ctx context.Context, m Mail) bool {
	err := e.Store.Update(ctx, func(tx Tx) error { return e.take(tx, m) })
	if err == nil || ctx.Err() != nil {
		return err == nil
	}
	e.Log.Error("stepping a letter", "to", m.To, "message", name(m), "attempt", m.Attempts+1, "error", err)
	again := e.Store.Update(ctx, func(tx Tx) error {
		if m.Err == nil && m.Attempts+1 < tries {
			return tx.Delay(m.ID, err.Error(), e.Clock.Now().Add(backoff(m.Attempts)))
		}
		e.Observe.SetAside(name(m))
		return tx.SetAside(m.ID, err.Error())
	})
	e.complain("putting a letter off", again)
	e.stumbled = e.stumbled || again != nil
	return false
}

func name(m Mail) string {
	if m.Message == nil {
		return "unreadable"
	}
	return m.Message.Name()
}

// take steps one letter. A panic is that letter's failure and nobody else's.
func (e *Engine) take(tx Tx, m Mail) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if m.Err != nil {
		return fmt.Errorf("reading a stored letter: %w", m.Err)
	}
	if err := e.step(tx, m); err != nil {
		return err
	}
	e.Observe.Stepped(m.Message.Name())
	return tx.Stepped(m.ID)
}

func (e *Engine) step(tx Tx, m Mail) error {
	now := latest(m.At, e.Clock.Now())
	switch m.To.Kind {
	case app.KindRun:
		return e.stepRun(tx, m, now)
	case app.KindLane:
		return e.stepLane(tx, m, now)
	case app.KindRepository:
		return e.stepRepository(tx, m, now)
	}
	return fmt.Errorf("a letter for %q, which is no machine", m.To.Kind)
}

// latest keeps time from running backwards when the machine's clock was set back.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
