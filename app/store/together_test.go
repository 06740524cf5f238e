package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
)

// noting is an update that stores a note, and then does something else.
func noting(key string, then func() error) func(engine.Tx) error {
	return func(tx engine.Tx) error {
		if err := tx.SetNote(key, "stored"); err != nil {
			return err
		}
		return then()
	}
}

func fine() error { return nil }

func noted(t *testing.T, db *DB, key string) (text string) {
	t.Helper()
	err := db.View(t.Context(), func(tx engine.Tx) (err error) {
		text, err = tx.Note(key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// allAtOnce makes updates wait for their turn together, lets them go, and returns how each ended.
func allAtOnce(t *testing.T, db *DB, updates ...func(engine.Tx) error) []outcome {
	t.Helper()
	ends := make([]outcome, len(updates))
	release := hold(t, db)
	var wg sync.WaitGroup
	for i, do := range updates {
		wg.Go(func() {
			defer func() { ends[i].panicked = recover() }()
			ends[i].err = db.Update(context.Background(), do)
		})
		until(t, "an update in line", func() bool { return db.line.length() == i+1 })
	}
	release()
	wg.Wait()
	return ends
}

// length is how many updates nobody writes yet.
func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

func TestUpdatesShareTransactions(t *testing.T) {
	db := openAt(t, path(t))
	commits := count(t, db)
	var updates []func(engine.Tx) error
	for i := range sharing {
		updates = append(updates, noting(fmt.Sprint(i), fine))
	}
	for i, end := range allAtOnce(t, db, updates...) {
		if end != (outcome{}) || noted(t, db, fmt.Sprint(i)) != "stored" {
			t.Errorf("update %d: %v", i, end)
		}
	}
	if n := commits.Load(); n != 1 {
		t.Errorf("%d updates that waited together took %d transactions", sharing, n)
	}
}

// TestUpdatesFailAlone holds that of updates which share a transaction one that fails, or panics, is undone alone.
func TestUpdatesFailAlone(t *testing.T) {
	db := openAt(t, path(t))
	failed := errors.New("no")
	ends := allAtOnce(t, db,
		noting("before", fine), noting("failing", func() error { return failed }), noting("panicking", func() error { panic("boom") }),
		noting("behind", fine),
		func(tx engine.Tx) error { // what was undone can't be seen by those behind it
			for _, key := range []string{"failing", "panicking"} {
				if text, err := tx.Note(key); text != "" || err != nil {
					return fmt.Errorf("%s is still there: %q, %v", key, text, err)
				}
			}
			return nil
		})
	want := []outcome{{}, {err: failed}, {panicked: "boom"}, {}, {}}
	for i, end := range ends {
		if !errors.Is(end.err, want[i].err) || end.panicked != want[i].panicked {
			t.Errorf("update %d ended with %v", i, end)
		}
	}
	for key, want := range map[string]string{"before": "stored", "failing": "", "panicking": "", "behind": "stored"} {
		if got := noted(t, db, key); got != want {
			t.Errorf("of %s is stored %q, not %q", key, got, want)
		}
	}
}

// TestUpdatesOnAFullDisk holds that none of the updates of a transaction which can't be stored says that it was, and none is half stored.
func TestUpdatesOnAFullDisk(t *testing.T) {
	db, err := Open(t.Context(), Options{Path: path(t), Clock: apptest.NewClock(noon), MaxPages: 60})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	large := func(tx engine.Tx) error { return tx.SetNote("large", string(make([]byte, 1<<20))) }
	ends := allAtOnce(t, db, noting("before", fine), large, noting("behind", fine))
	if ends[1].err == nil {
		t.Fatal("there was room for everything")
	}
	for i, key := range []string{"before", "large", "behind"} {
		if stored := noted(t, db, key) != ""; stored != (ends[i].err == nil) {
			t.Errorf("%s: stored is %v, and said is %v", key, stored, ends[i].err)
		}
	}
	if err := db.Update(t.Context(), noting("later", fine)); err != nil || noted(t, db, "later") != "stored" {
		t.Error("nothing can be stored any more:", err)
	}
}

// TestUpdateGivenUp holds that an update whose caller left before its turn is not written.
func TestUpdateGivenUp(t *testing.T) {
	db := openAt(t, path(t))
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- db.Update(ctx, noting("given up", fine)) }()
	until(t, "the update in line", func() bool { return db.line.length() == 1 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error("it ended with", err)
	}
	release()
	if err := db.Update(t.Context(), noting("other", fine)); err != nil || noted(t, db, "given up") != "" {
		t.Error("it was written after all;", err)
	}
}
