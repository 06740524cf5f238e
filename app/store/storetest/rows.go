package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

func want(t *testing.T, s Store, key, task string, due time.Time) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.Want(key, lane("a"), task, due) })
}

func nudge(t *testing.T, s Store, key, task string, due time.Time) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.Nudge(key, lane("a"), task, due) })
}

// taking is how the tests' holder takes rows.
func taking(at time.Time) engine.Taking {
	return engine.Taking{Now: at, Limit: 100, Holder: "me", Lease: at.Add(time.Hour)}
}

func take(t *testing.T, s Store, g engine.Taking) (rows []engine.Row) {
	t.Helper()
	update(t, s, func(tx engine.Tx) (err error) {
		rows, err = tx.Take(g)
		return err
	})
	return rows
}

// takeOne takes the only row that is due.
func takeOne(t *testing.T, s Store, at time.Time) engine.Row {
	t.Helper()
	rows := take(t, s, taking(at))
	if len(rows) != 1 {
		t.Fatalf("taken: %s, want one row", keys(rows))
	}
	return rows[0]
}

func settle(t *testing.T, s Store, r engine.Row) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.Settle(r) })
}

func row(t *testing.T, s Store, key string) engine.Row {
	t.Helper()
	return read(t, s, func(tx engine.Tx) (engine.Row, error) { return tx.Row(key) })
}

func keys(rows []engine.Row) string {
	var found []string
	for _, r := range rows {
		found = append(found, r.Key)
	}
	return strings.Join(found, " ")
}

func testWant(t *testing.T, s Store) {
	want(t, s, "a", "put", after(time.Hour))
	fresh := engine.Row{Key: "a", Machine: lane("a"), Task: "put", Due: after(time.Hour), State: engine.RowOpen}
	same(t, "a new row", row(t, s, "a"), fresh)
	want(t, s, "a", "other", noon())
	same(t, "a row that is wanted again", row(t, s, "a"), fresh)
	r := takeOne(t, s, after(time.Hour))
	r.State, r.Outcome, r.Due = engine.RowDone, "succeeded", time.Time{}
	settle(t, s, r)
	want(t, s, "b", "put", noon())
	update(t, s, func(tx engine.Tx) error { return tx.Unwant("b") })
	for key, state := range map[string]engine.RowState{"a": engine.RowDone, "b": engine.RowCanceled} {
		want(t, s, key, "put", noon())
		nudge(t, s, key, "put", noon())
		same(t, key+" after it is wanted and nudged again", row(t, s, key).State, state)
	}
	same(t, "what is due", keys(take(t, s, taking(after(time.Hour)))), "")
	update(t, s, func(tx engine.Tx) error { return tx.Want("everywhere", app.Address{}, "sweep", noon()) })
	same(t, "the machine of what concerns none", row(t, s, "everywhere").Machine, app.Address{})
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { _, err := tx.Row("never"); return err })
}

func testRefused(t *testing.T, s Store) {
	outcomes := map[string]string{"a": engine.Refused + "it is locked", "b": "refused", "c": "", "d": engine.Refused, "e": engine.Refused + "for good"}
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		nudge(t, s, key, "show", noon())
		r := takeOne(t, s, noon())
		r.Outcome, r.Due = outcomes[key], time.Time{}
		if key == "e" {
			r.State = engine.RowDone
		}
		settle(t, s, r)
	}
	refused := func() string {
		return keys(read(t, s, func(tx engine.Tx) ([]engine.Row, error) { return tx.Refused() }))
	}
	same(t, "what is refused", refused(), "a d")
	nudge(t, s, "a", "show", noon())
	r := takeOne(t, s, noon())
	r.Outcome, r.Due = "", time.Time{}
	settle(t, s, r)
	same(t, "once one was taken", refused(), "d")
}

func testTake(t *testing.T, s Store) {
	for key, d := range map[string]time.Duration{"c": 3, "a": 1, "b": 2, "later": 60} {
		want(t, s, key, "task of "+key, after(d*time.Second))
	}
	for _, key := range []string{"d", "e"} {
		want(t, s, key, "same", after(4*time.Second))
	}
	want(t, s, "idle", "put", time.Time{})
	same(t, "before anything is due", keys(take(t, s, taking(after(time.Second-1)))), "")
	few := taking(after(4 * time.Second))
	few.Limit = 2
	rows := take(t, s, few)
	same(t, "the two oldest", keys(rows), "a b")
	same(t, "what is known of one", rows[0], engine.Row{Key: "a", Machine: lane("a"), Task: "task of a", Due: after(time.Second),
		State: engine.RowOpen, Holder: "me", Lease: few.Lease, Fence: 1})
	same(t, "it is stored", row(t, s, "a"), rows[0])
	same(t, "the next, and of one time in the order in which they were made", keys(take(t, s, taking(after(4*time.Second)))), "c d e")
	same(t, "the rest", keys(take(t, s, taking(after(4*time.Second)))), "")
	nudge(t, s, "idle", "put", after(5*time.Second))
	same(t, "what was nudged", keys(take(t, s, taking(after(5*time.Second)))), "idle")
	same(t, "with time", keys(take(t, s, taking(after(time.Minute)))), "later")
}

func testLease(t *testing.T, s Store) {
	want(t, s, "a", "put", noon())
	first := takeOne(t, s, noon())
	other := taking(after(time.Minute))
	other.Holder = "other"
	same(t, "for another, while the lease lasts", keys(take(t, s, other)), "")
	same(t, "for the same one, while the lease lasts", keys(take(t, s, taking(after(time.Minute)))), "")
	other.Alone = true
	rows := take(t, s, other)
	same(t, "for another that is alone", keys(rows), "a")
	same(t, "its fence", rows[0].Fence, first.Fence+1)
	same(t, "whether it may have been done", []bool{first.Tried, rows[0].Tried, row(t, s, "a").Tried}, []bool{false, true, true})
	same(t, "for the same one that is alone, while the lease lasts", keys(take(t, s, other)), "")
	late := taking(other.Lease)
	rows = take(t, s, late)
	same(t, "when the lease has ended", keys(rows), "a")
	same(t, "its holder and fence", []any{rows[0].Holder, rows[0].Fence}, []any{"me", first.Fence + 2})
}

func testFull(t *testing.T, s Store) {
	for _, key := range []string{"x1", "x2", "y1"} {
		want(t, s, key, key[:1], noon())
	}
	full := taking(noon())
	full.Full = []string{"x", "z"}
	same(t, "when x is full", keys(take(t, s, full)), "y1")
	full.Full, full.Limit = nil, 1
	running := take(t, s, full)[0]
	running.Running, running.Due = true, after(time.Second)
	settle(t, s, running)
	full = taking(after(time.Minute))
	full.Full = []string{"x"}
	same(t, "when x is full, but one of it runs", keys(take(t, s, full)), "x1")
	full.Full = nil
	same(t, "when nothing is full", keys(take(t, s, full)), "x2")
}

func testSettle(t *testing.T, s Store) {
	want(t, s, "a", "put", noon())
	r := takeOne(t, s, noon())
	r.Due, r.Attempts, r.Outcome, r.Reason = after(time.Hour), 3, "so so", "it did not work"
	r.GitHub, r.External, r.Shown, r.ShownAt = 1<<50, "ours", "hash", after(time.Second)
	r.Progress, r.Running, r.Tried, r.Sent = []byte{0, 1, 255}, true, true, after(time.Second)
	settle(t, s, r)
	r.Holder, r.Lease = "", time.Time{}
	same(t, "what was settled", row(t, s, "a"), r)
	next := takeOne(t, s, after(time.Hour))
	next.Due, next.Progress, next.Running, next.Tried = time.Time{}, nil, false, false
	settle(t, s, next)
	same(t, "what is idle is due", keys(take(t, s, taking(after(1000*time.Hour)))), "")
	nudge(t, s, "a", "put", after(2*time.Hour))
	done := takeOne(t, s, after(2*time.Hour))
	done.State = engine.RowDone // with its due time left as it was
	settle(t, s, done)
	same(t, "what is done is due", keys(take(t, s, taking(after(1000*time.Hour)))), "")
	same(t, "when it is due", row(t, s, "a").Due, time.Time{})
}

func testFence(t *testing.T, s Store) {
	want(t, s, "a", "put", noon())
	lost := takeOne(t, s, noon())
	nudge(t, s, "a", "put", after(time.Minute))
	holds := takeOne(t, s, after(time.Hour)) // who takes it over sees what it was nudged for
	lost.State, lost.Outcome = engine.RowDone, "lost"
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.Settle(lost) })
	same(t, "after who lost it", row(t, s, "a"), holds)
	holds.Due = after(2 * time.Hour)
	settle(t, s, holds)
	same(t, "when it is due after who holds it", row(t, s, "a").Due, after(2*time.Hour))
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.Settle(holds) })
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.Settle(engine.Row{Key: "never", State: engine.RowOpen}) })
}

func testNudge(t *testing.T, s Store) {
	nudge(t, s, "view/a", "show", after(time.Minute))
	same(t, "a row made by a nudge", row(t, s, "view/a").Due, after(time.Minute))
	nudge(t, s, "view/a", "show", after(time.Hour))
	same(t, "nudged for later", row(t, s, "view/a").Due, after(time.Minute))
	nudge(t, s, "view/a", "show", noon())
	same(t, "nudged for earlier", row(t, s, "view/a").Due, noon())
	r := takeOne(t, s, noon())
	same(t, "how often it was nudged", r.Nudges, 3)
	r.Due = time.Time{}
	settle(t, s, r)
	same(t, "settled without a nudge", row(t, s, "view/a").Due, time.Time{})
	nudge(t, s, "view/a", "show", noon())
	r = takeOne(t, s, noon())
	nudge(t, s, "view/a", "show", after(time.Second))
	same(t, "held and nudged", keys(take(t, s, taking(after(time.Second)))), "")
	for _, due := range []time.Time{{}, after(time.Hour)} {
		r.Due = due
		settle(t, s, r)
		same(t, "settled after a nudge", row(t, s, "view/a").Due, after(time.Second))
		r = takeOne(t, s, after(time.Second))
		nudge(t, s, "view/a", "show", after(time.Second))
	}
	r.Due = noon()
	settle(t, s, r)
	same(t, "due before the nudge", row(t, s, "view/a").Due, noon())
	r = takeOne(t, s, noon())
	nudge(t, s, "view/a", "show", noon())
	r.State = engine.RowDone
	settle(t, s, r)
	same(t, "done, and nudged meanwhile", []any{row(t, s, "view/a").State, row(t, s, "view/a").Due}, []any{engine.RowDone, time.Time{}})
	fails(t, s, app.ErrInvalid, func(tx engine.Tx) error { return tx.Nudge("view/b", lane("a"), "show", time.Time{}) })
}

func testUnwant(t *testing.T, s Store) {
	want(t, s, "a", "put", noon())
	want(t, s, "b", "put", noon())
	want(t, s, "c", "put", noon())
	held := take(t, s, engine.Taking{Now: noon(), Limit: 1, Holder: "me", Lease: after(time.Hour)})[0]
	update(t, s, func(tx engine.Tx) error { return tx.Unwant("a", "b", "never") })
	same(t, "what is due after two are canceled", keys(take(t, s, taking(noon()))), "c")
	held.State, held.Outcome, held.GitHub = engine.RowDone, "succeeded", 7
	settle(t, s, held)
	r := row(t, s, "a")
	same(t, "canceled while it was worked on", []any{r.State, r.Holder, r.Due, r.GitHub}, []any{engine.RowCanceled, "", time.Time{}, int64(7)})
	same(t, "when the lease would have ended", keys(take(t, s, taking(after(time.Minute)))), "")
	update(t, s, func(tx engine.Tx) error { return tx.Unwant() })
}

func testNextDue(t *testing.T, s Store) {
	next := func(full ...string) time.Time {
		t.Helper()
		g := taking(noon())
		g.Full = full
		return read(t, s, func(tx engine.Tx) (time.Time, error) { return tx.NextDue(g) })
	}
	same(t, "at first", next(), time.Time{})
	want(t, s, "idle", "put", time.Time{})
	accept(t, s, event("a"))
	post(t, s, numbered(lane("a"), 1), numbered(lane("a"), 2))
	same(t, "with an idle row and what is not delayed", next(), time.Time{})
	want(t, s, "x", "x", after(5*time.Hour))
	want(t, s, "y", "y", after(4*time.Hour))
	same(t, "with two rows", next(), after(4*time.Hour))
	same(t, "with one row that may be taken", next("y"), after(5*time.Hour))
	same(t, "with none that may be taken", next("y", "x"), time.Time{})
	mail := mailAt(t, s, 1, noon())[0]
	update(t, s, func(tx engine.Tx) error { return tx.Delay(mail.ID, "later", after(3*time.Hour)) })
	same(t, "with a delayed letter", next(), after(3*time.Hour))
	id := read(t, s, queuedAt(1, noon()))[0].ID
	update(t, s, func(tx engine.Tx) error { return tx.SettleEvent(id, engine.EventQueued, "later", after(2*time.Hour)) })
	same(t, "with a delayed event", next(), after(2*time.Hour))
	update(t, s, func(tx engine.Tx) error {
		return errors.Join(tx.SettleEvent(id, engine.EventDone, "", time.Time{}), tx.Stepped(mail.ID))
	})
	same(t, "when those are gone", next(), after(4*time.Hour))
	y := take(t, s, engine.Taking{Now: after(4 * time.Hour), Limit: 1, Holder: "me", Lease: after(9 * time.Hour)})[0]
	same(t, "when one is held", next(), after(5*time.Hour))
	y.Running, y.Due = true, after(4*time.Hour)
	settle(t, s, y)
	same(t, "when it runs it needs no slot", next("x", "y"), after(4*time.Hour))
}

func testOpenRows(t *testing.T, s Store) {
	for _, key := range []string{"b", "a", "done", "gone"} {
		want(t, s, key, "task of "+key, noon())
	}
	nudge(t, s, "view/a", "show", after(time.Hour))
	update(t, s, func(tx engine.Tx) error {
		return errors.Join(tx.Want("other", lane("b"), "task", after(time.Hour)), tx.Unwant("gone"))
	})
	for _, r := range take(t, s, taking(noon())) {
		r.Due, r.Running = time.Time{}, r.Key == "b" || r.Key == "done"
		if r.Key == "done" {
			r.State = engine.RowDone
		}
		settle(t, s, r)
	}
	open := read(t, s, func(tx engine.Tx) ([]engine.Row, error) { return tx.OpenRows(lane("a")) })
	same(t, "a machine's open rows, in the order in which they were made", keys(open), "b a")
	running := read(t, s, func(tx engine.Tx) ([]engine.Row, error) { return tx.RunningRows() })
	same(t, "what runs", keys(running), "b")
}
