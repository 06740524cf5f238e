// Package storetest says what a store must do, as tests that any implementation of the engine's port has to pass.
package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// Store is the engine's port together with the intake of deliveries, which fills the inbox that the engine reads.
type Store interface {
	engine.Store
	// Accept stores a delivery to be translated, durable when it returns. One that is there already is not stored again, but if its event
	// had failed or been ignored it is queued again.
	Accept(ctx context.Context, e app.Event) (stored bool, err error)
	// Ignore stores a delivery that nobody is to look at, with the reason.
	Ignore(ctx context.Context, e app.Event, reason string) error
}

// Run holds a store to its contract. Open makes an empty one for a test, and sees to it that it is closed afterwards.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, Store){
		"an update is all or nothing":                  testAtomic,
		"a view writes nothing":                        testViewWrites,
		"a view sees one moment":                       testViewMoment,
		"updates are serial":                           testSerial,
		"nobody waits for longer than they want":       testGivesUp,
		"a delivery is stored once":                    testAcceptOnce,
		"what failed or was ignored is queued again":   testAcceptAgain,
		"many accept the same delivery":                testAcceptTogether,
		"events are taken in order and when due":       testQueued,
		"events are forgotten":                         testForget,
		"letters are stepped in order":                 testMail,
		"a delayed letter holds back its own machine":  testDelay,
		"a letter is set aside":                        testAside,
		"every kind of message comes back as it was":   testMessages,
		"a run is saved by comparing and setting":      testRunVersions,
		"runs are found":                               testRuns,
		"the last green commit of a service":           testLastGreen,
		"a lane is saved by comparing and setting":     testLaneVersions,
		"a lane comes back as it was":                  testLanes,
		"a lane forgets":                               testLaneForgets,
		"impossible lanes are refused":                 testImpossible,
		"a key is wanted once for ever":                testWant,
		"what GitHub refuses is found again":           testRefused,
		"rows are taken when due, oldest first":        testTake,
		"a lease is respected until it ends":           testLease,
		"tasks without a slot wait":                    testFull,
		"a row keeps what it is settled with":          testSettle,
		"a holder that lost its lease settles nothing": testFence,
		"a nudge while a row is held is not lost":      testNudge,
		"a canceled row stays canceled":                testUnwant,
		"a store knows when it is due next":            testNextDue,
		"open rows and running rows":                   testOpenRows,
		"repositories keep their first name":           testRepositories,
		"an older pull request changes nothing":        testPulls,
		"places are given once":                        testPlaces,
		"receipts follow each other":                   testReceipts,
		"notes":                                        testNotes,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// noon is when tests begin. Its nanoseconds must survive.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC) }

func after(d time.Duration) time.Time { return noon().Add(d) }

// sha is a commit's name of one digit.
func sha(digit byte) app.SHA {
	var b [40]byte
	for i := range b {
		b[i] = digit
	}
	return app.SHA(b[:])
}

func update(t *testing.T, s Store, do func(engine.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// fails is an update that must fail with an error of that kind.
func fails(t *testing.T, s Store, kind app.ErrorKind, do func(engine.Tx) error) {
	t.Helper()
	err := s.Update(t.Context(), do)
	if err == nil || app.KindOf(err) != kind {
		t.Fatalf("the update ends with %v, want an error of kind %d", err, kind)
	}
}

// read is what a view finds.
func read[T any](t *testing.T, s Store, ask func(engine.Tx) (T, error)) (found T) {
	t.Helper()
	err := s.View(t.Context(), func(tx engine.Tx) (err error) {
		found, err = ask(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// same compares, taking no slice for an empty one.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (- is wanted, + is there):\n%s", what, d)
	}
}

func note(key string) func(engine.Tx) (string, error) {
	return func(tx engine.Tx) (string, error) { return tx.Note(key) }
}

var errRegretted = errors.New("regretted")

func testAtomic(t *testing.T, s Store) {
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return errors.Join(tx.SetNote("a", "1"), errRegretted) }); !errors.Is(err, errRegretted) {
		t.Fatalf("an update that regrets ends with %v", err)
	}
	same(t, "the note of an update that failed", read(t, s, note("a")), "")
	func() {
		defer func() { _ = recover() }()
		_ = s.Update(t.Context(), func(tx engine.Tx) error {
			if err := tx.SetNote("a", "2"); err != nil {
				t.Error(err)
			}
			panic("a bug")
		})
	}()
	same(t, "the note of an update that panicked", read(t, s, note("a")), "")
	update(t, s, func(tx engine.Tx) error { return tx.SetNote("a", "3") })
	same(t, "the note after that", read(t, s, note("a")), "3")
}

func testViewWrites(t *testing.T, s Store) {
	if err := s.View(t.Context(), func(tx engine.Tx) error { return tx.SetNote("a", "1") }); err == nil {
		t.Error("a view may write")
	}
	same(t, "the note", read(t, s, note("a")), "")
}

func testViewMoment(t *testing.T, s Store) {
	update(t, s, func(tx engine.Tx) error { return tx.SetNote("a", "before") })
	err := s.View(t.Context(), func(tx engine.Tx) error {
		before, err := tx.Note("a")
		if err != nil {
			return err
		}
		update(t, s, func(tx engine.Tx) error { return tx.SetNote("a", "after") })
		meanwhile, err := tx.Note("a")
		same(t, "what a view sees", []string{before, meanwhile}, []string{"before", "before"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what the next view sees", read(t, s, note("a")), "after")
}

func testSerial(t *testing.T, s Store) {
	const writers, times = 8, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range times {
				err := s.Update(t.Context(), func(tx engine.Tx) error {
					before, err := tx.Note("count")
					return errors.Join(err, tx.SetNote("count", before+"|"))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "how many updates were counted", len(read(t, s, note("count"))), writers*times)
}

func testGivesUp(t *testing.T, s Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	fail := func(engine.Tx) error { t.Error("it runs all the same"); return nil }
	if err := s.Update(ended, fail); !errors.Is(err, context.Canceled) {
		t.Errorf("an update after the end of its context: %v", err)
	}
	if err := s.View(ended, fail); !errors.Is(err, context.Canceled) {
		t.Errorf("a view after the end of its context: %v", err)
	}
	update(t, s, func(engine.Tx) error {
		waits, cancel := context.WithCancel(t.Context())
		cancelled := make(chan error)
		go func() { cancelled <- s.Update(waits, fail) }()
		cancel()
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Errorf("an update that waits for another: %v", err)
		}
		return nil
	})
}
