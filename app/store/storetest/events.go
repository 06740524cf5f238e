package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

func event(delivery string) app.Event {
	return app.Event{Delivery: delivery, Name: "push", Body: []byte("the body of " + delivery + "\x00\xff"), Received: noon()}
}

func accept(t *testing.T, s Store, e app.Event) bool {
	t.Helper()
	stored, err := s.Accept(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func queuedAt(limit int, at time.Time) func(engine.Tx) ([]app.Event, error) {
	return func(tx engine.Tx) ([]app.Event, error) { return tx.Queued(limit, at) }
}

func deliveries(events []app.Event) (names []string) {
	for _, e := range events {
		names = append(names, e.Delivery)
	}
	return names
}

func testAcceptOnce(t *testing.T, s Store) {
	e := event("a")
	same(t, "a new delivery is stored", accept(t, s, e), true)
	again := e
	again.Body = []byte("another body")
	same(t, "a repeat is stored", accept(t, s, again), false)
	found := read(t, s, queuedAt(10, noon()))
	if len(found) != 1 {
		t.Fatalf("%d events are queued", len(found))
	}
	e.ID = found[0].ID
	same(t, "the event", found[0], e)
	update(t, s, func(tx engine.Tx) error { return tx.SettleEvent(e.ID, engine.EventDone, "", time.Time{}) })
	same(t, "a repeat of what is done is stored", accept(t, s, e), false)
	same(t, "queued events", read(t, s, queuedAt(10, noon())), nil)
	same(t, "it is known as delivered", read(t, s, delivered("a")), true)
	same(t, "another is known as delivered", read(t, s, delivered("b")), false)
	empty := event("empty")
	empty.Body = nil
	accept(t, s, empty)
	same(t, "an empty body", len(read(t, s, queuedAt(10, noon()))[0].Body), 0)
	for _, bad := range []app.Event{{Name: "push", Received: noon()}} {
		if stored, err := s.Accept(t.Context(), bad); stored || err == nil {
			t.Errorf("%+v is accepted: %v", bad, err)
		}
	}
}

func delivered(d string) func(engine.Tx) (bool, error) {
	return func(tx engine.Tx) (bool, error) { return tx.Delivered(d) }
}

func testAcceptAgain(t *testing.T, s Store) {
	accept(t, s, event("failed"))
	accept(t, s, event("done"))
	ignored := event("ignored")
	if err := s.Ignore(t.Context(), ignored, "nobody handles it"); err != nil {
		t.Fatal(err)
	}
	found := read(t, s, queuedAt(10, noon()))
	same(t, "queued, of one that is ignored and two that are not", deliveries(found), []string{"failed", "done"})
	update(t, s, func(tx engine.Tx) error {
		if err := tx.SettleEvent(found[0].ID, engine.EventQueued, "try", after(time.Minute)); err != nil {
			return err
		}
		if err := tx.SettleEvent(found[0].ID, engine.EventFailed, "it makes no sense", time.Time{}); err != nil {
			return err
		}
		return tx.SettleEvent(found[1].ID, engine.EventDone, "", time.Time{})
	})
	same(t, "queued, of one that failed, one that is done and one that is ignored", read(t, s, queuedAt(10, noon())), nil)
	for _, e := range []app.Event{ignored, event("done")} {
		if err := s.Ignore(t.Context(), e, "for another reason"); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "queued after something is ignored once more", read(t, s, queuedAt(10, noon())), nil)
	repeat := event("failed")
	repeat.Body, repeat.Received = []byte("sent again"), after(time.Hour)
	same(t, "what had failed is stored again", accept(t, s, repeat), true)
	same(t, "what was ignored is stored again", accept(t, s, ignored), true)
	same(t, "what is queued again is stored again", accept(t, s, repeat), false)
	same(t, "what is done is stored again", accept(t, s, event("done")), false)
	found = read(t, s, queuedAt(10, noon()))
	same(t, "queued again", deliveries(found), []string{"failed", "ignored"})
	repeat.ID = found[0].ID
	same(t, "what is queued again, as new", found[0], repeat)
}

func testAcceptTogether(t *testing.T, s Store) {
	var stored atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			ok, err := s.Accept(t.Context(), event(string(rune('a'+i%4))))
			if err != nil {
				t.Error(err)
			}
			if ok {
				stored.Add(1)
			}
		})
	}
	wg.Wait()
	same(t, "how many were told that they stored one of four", stored.Load(), 4)
	same(t, "how many are queued", len(read(t, s, queuedAt(100, noon()))), 4)
}

func testQueued(t *testing.T, s Store) {
	for _, d := range []string{"c", "a", "d", "b"} {
		accept(t, s, event(d))
	}
	found := read(t, s, queuedAt(3, noon()))
	same(t, "the oldest three", deliveries(found), []string{"c", "a", "d"})
	later := after(time.Minute)
	update(t, s, func(tx engine.Tx) error {
		return tx.SettleEvent(found[0].ID, engine.EventQueued, "GitHub is down", later)
	})
	same(t, "while the oldest waits", deliveries(read(t, s, queuedAt(3, noon()))), []string{"a", "d", "b"})
	same(t, "just before it is due", deliveries(read(t, s, queuedAt(3, later.Add(-1)))), []string{"a", "d", "b"})
	found = read(t, s, queuedAt(3, later))
	same(t, "when it is due", deliveries(found), []string{"c", "a", "d"})
	same(t, "how often it failed", found[0].Attempts, 1)
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.SettleEvent(1<<40, engine.EventDone, "", time.Time{}) })
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.SettleEvent(found[0].ID, "lost", "", time.Time{}) }); err == nil {
		t.Error("an event may be in a state that does not exist")
	}
}

func testForget(t *testing.T, s Store) {
	for i, d := range []string{"old", "old and queued", "middle", "new"} {
		e := event(d)
		e.Received = after(time.Duration(max(i-1, 0)) * time.Hour)
		accept(t, s, e)
	}
	found := read(t, s, queuedAt(10, noon()))
	update(t, s, func(tx engine.Tx) error {
		for _, i := range []int{0, 2, 3} {
			if err := tx.SettleEvent(found[i].ID, engine.EventFailed, "for a test", time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	forget := func(bodies, ids time.Time) {
		t.Helper()
		update(t, s, func(tx engine.Tx) error { return tx.ForgetEvents(bodies, ids) })
	}
	forget(after(90*time.Minute), after(time.Minute))
	for d, known := range map[string]bool{"old": false, "old and queued": true, "middle": true, "new": true} {
		same(t, d+" is known", read(t, s, delivered(d)), known)
	}
	same(t, "what was queued keeps its body", read(t, s, queuedAt(10, noon()))[0].Body, event("old and queued").Body)
	accept(t, s, event("middle"))
	same(t, "what is sent again has a body again", read(t, s, queuedAt(10, noon()))[1].Body, event("middle").Body)
	same(t, "what was forgotten is new", accept(t, s, event("old")), true)
}
