package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/deploy"
)

func push(n int64) app.Event {
	return app.Event{Delivery: delivery(n), Name: "push", Body: []byte("{}"), Received: noon}
}

// until waits for something that no channel tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// count counts the transactions that write something from now on.
func count(t *testing.T, db *DB) *atomic.Int64 {
	t.Helper()
	commits := &atomic.Int64{}
	c, err := db.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(conn any) error {
		conn.(*sqlite3.SQLiteConn).RegisterCommitHook(func() int { commits.Add(1); return 0 })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return commits
}

// hold keeps all writers waiting until it is released.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	db.turn.take()
	return db.turn.give
}

// acceptAll accepts deliveries, each in a goroutine of its own, and returns when all are in line, but for one that is next to be written.
func acceptAll(t *testing.T, db *DB, from, to int64) *sync.WaitGroup {
	t.Helper()
	wg := &sync.WaitGroup{}
	for i := from; i < to; i++ {
		wg.Go(func() {
			if stored, err := db.Accept(context.Background(), push(i)); !stored || err != nil {
				t.Errorf("delivery %d: %v, %v", i, stored, err)
			}
		})
	}
	until(t, "deliveries in line", func() bool { return len(db.intake.line) >= min(int(to-from)-1, together) })
	return wg
}

func TestDeliveriesShareTransactions(t *testing.T) {
	db := openAt(t, path(t))
	commits := count(t, db)
	release := hold(t, db)
	wg := acceptAll(t, db, 0, 100)
	release()
	wg.Wait()
	if n := commits.Load(); n != 1 {
		t.Errorf("a hundred deliveries that came together took %d transactions", n)
	}
	if n := queuedNow(t, db); n != 100 {
		t.Errorf("%d deliveries of 100 are queued", n)
	}
	if _, err := db.Accept(t.Context(), push(100)); err != nil || commits.Load() != 2 {
		t.Errorf("one that came alone: %v, after %d transactions", err, commits.Load())
	}
}

func queuedNow(t *testing.T, db *DB) (n int) {
	t.Helper()
	err := db.View(t.Context(), func(tx engine.Tx) error {
		events, err := tx.Queued(1<<20, noon)
		n = len(events)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTurns holds that deliveries and updates take turns, however many of each there are.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openAt(t, path(t))
		release := hold(t, db)
		many := acceptAll(t, db, 0, 2000)
		var seen []int
		updates := updateAll(t, db, 3*sharing, func(tx engine.Tx) error {
			events, err := tx.Queued(1<<20, noon)
			seen = append(seen, len(events))
			return err
		})
		synctest.Wait() // all are in line
		release()
		updates.Wait()
		many.Wait()
		before := 0
		for _, n := range seen {
			if n > before+together {
				t.Errorf("the updates see %v deliveries: deliveries keep them waiting", seen)
			}
			before = n
		}
	})
}

// TestUpdatesLetDeliveriesIn has a delivery come while many updates wait. It need not wait for all of them.
func TestUpdatesLetDeliveriesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openAt(t, path(t))
		release := hold(t, db)
		before := 0
		updates := updateAll(t, db, 10*sharing, func(tx engine.Tx) error {
			known, err := tx.Delivered(delivery(0))
			if !known {
				before++
			}
			return err
		})
		synctest.Wait() // all are in line
		one := acceptAll(t, db, 0, 1)
		synctest.Wait() // and so is it
		release()
		updates.Wait()
		one.Wait()
		if before != sharing {
			t.Errorf("%d updates of %d went before a delivery, not the %d that share a transaction", before, 10*sharing, sharing)
		}
	})
}

// updateAll does one thing in so many updates, each in a goroutine of its own.
func updateAll(t *testing.T, db *DB, n int, do func(engine.Tx) error) *sync.WaitGroup {
	t.Helper()
	wg := &sync.WaitGroup{}
	for range n {
		wg.Go(func() {
			if err := db.Update(t.Context(), do); err != nil {
				t.Error(err)
			}
		})
	}
	return wg
}

// TestOneBadDelivery is refused alone: others that came with it are stored.
func TestOneBadDelivery(t *testing.T) {
	db := openAt(t, path(t))
	release := hold(t, db)
	wg := acceptAll(t, db, 0, 10)
	for _, bad := range []app.Event{{Name: "push", Received: noon}, {Delivery: "x", Received: time.Unix(0, 0)}} {
		if _, err := db.Accept(t.Context(), bad); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	release()
	wg.Wait()
	if n := queuedNow(t, db); n != 10 {
		t.Errorf("%d deliveries of 10 are queued", n)
	}
}

func TestReceivedByTheClock(t *testing.T) {
	db := openAt(t, path(t))
	if _, err := db.Accept(t.Context(), app.Event{Delivery: "a"}); err != nil {
		t.Fatal(err)
	}
	err := db.View(t.Context(), func(tx engine.Tx) error {
		events, err := tx.Queued(1, noon)
		if len(events) != 1 || !events[0].Received.Equal(noon) {
			t.Errorf("stored: %+v", events)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAcceptGivesUp does not wait for longer than its caller does; what it had put in line may be stored all the same.
func TestAcceptGivesUp(t *testing.T) {
	db := openAt(t, path(t))
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := db.Accept(ctx, push(1))
		gaveUp <- err
	}()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	release()
	if _, err := db.Accept(t.Context(), push(2)); err != nil {
		t.Errorf("the next: %v", err)
	}
}

// TestClose answers everybody who is in line, and refuses who comes later.
func TestClose(t *testing.T) {
	p := path(t)
	db := openAt(t, p)
	var acknowledged, refused atomic.Int64
	var wg sync.WaitGroup
	begun := make(chan struct{}, 64)
	for g := range int64(8) {
		wg.Go(func() {
			for i := int64(0); ; i++ {
				stored, err := db.Accept(context.Background(), push(g*1_000_000+i))
				if err != nil {
					if !errors.Is(err, errClosed) {
						t.Errorf("refused with %v", err)
					}
					refused.Add(1)
					return
				}
				if stored {
					acknowledged.Add(1)
				}
				select {
				case begun <- struct{}{}:
				default:
				}
			}
		})
	}
	wg.Go(func() {
		for {
			if err := db.Update(context.Background(), func(tx engine.Tx) error { return tx.SetNote("a", "b") }); err != nil {
				return
			}
		}
	})
	for range 20 {
		<-begun
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if refused.Load() != 8 {
		t.Errorf("%d of 8 were refused", refused.Load())
	}
	if err := db.View(t.Context(), func(engine.Tx) error { return nil }); err == nil {
		t.Error("a view of a closed database works")
	}
	if n := queuedNow(t, openAt(t, p)); int64(n) != acknowledged.Load() {
		t.Errorf("%d were acknowledged, and %d are stored", acknowledged.Load(), n)
	}
}

// TestCheckpoint holds that the log does not grow for ever, and that what is copied is there.
func TestCheckpoint(t *testing.T) {
	db := openAt(t, path(t))
	body := payload()
	for i := range int64(50) {
		var wg sync.WaitGroup
		for j := range int64(64) {
			wg.Go(func() {
				if _, err := db.Accept(t.Context(), app.Event{Delivery: delivery(i*64 + j), Body: body, Received: noon}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	until(t, "a short log", func() bool {
		l, err := db.behind.look("PRAGMA wal_checkpoint(NOOP)")
		if err != nil {
			t.Fatal(err)
		}
		return l.pages-l.copied < copyFrom
	})
	l, err := db.behind.look("PRAGMA wal_checkpoint(NOOP)")
	if err != nil || l.pages > 2*beginAnew {
		t.Errorf("the log has %d pages, and never began anew (%v)", l.pages, err)
	}
	if n := queuedNow(t, db); n != 50*64 {
		t.Errorf("%d deliveries are stored", n)
	}
}

// TestHistory holds that attempts that a lane forgot keep their rows.
func TestHistory(t *testing.T) {
	db := openAt(t, path(t))
	l := deploy.Lane{Repo: 42, Environment: "production"}
	for i := range 4 {
		l.Promotions = append(l.Promotions, deploy.Promotion{Commit: app.Commit{SHA: sha(i), Place: app.Place(i + 1)}, Attempt: app.Key(i + 1),
			Key: app.Key(i + 1), State: deploy.Superseded, Arrived: noon, Ended: noon, Why: "It is history."})
	}
	err := db.Update(t.Context(), func(tx engine.Tx) error {
		if err := tx.SaveLane(l, 0); err != nil {
			return err
		}
		l.Promotions = l.Promotions[2:]
		return tx.SaveLane(l, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	var history string
	err = db.writer.QueryRow(`SELECT group_concat(attempt || ' ' || json_extract(body, '$.Why') || ' ' || kept, ', ') FROM promotions`).Scan(&history)
	if want := "1 It is history. 0, 2 It is history. 0, 3 It is history. 1, 4 It is history. 1"; err != nil || history != want {
		t.Errorf("the rows are %s (%v)", history, err)
	}
}

// TestOnlyWhatChanged holds that saving a lane writes the attempts that changed, and no others.
func TestOnlyWhatChanged(t *testing.T) {
	db := openAt(t, path(t))
	l := walkLane(t, db, 2, 100)
	if len(l.Promotions) < 3 {
		t.Fatalf("only %d attempts", len(l.Promotions))
	}
	if _, err := db.writer.Exec(`CREATE TABLE written (attempt INTEGER);
		CREATE TRIGGER inserted AFTER INSERT ON promotions BEGIN INSERT INTO written VALUES (new.attempt); END;
		CREATE TRIGGER updated AFTER UPDATE ON promotions BEGIN INSERT INTO written VALUES (new.attempt); END`); err != nil {
		t.Fatal(err)
	}
	l.Promotions[1].Why = "because of a test"
	err := db.Update(t.Context(), func(tx engine.Tx) error {
		_, version, err := tx.Lane(l.Address())
		return errors.Join(err, tx.SaveLane(l, version))
	})
	if err != nil {
		t.Fatal(err)
	}
	var written sql.NullString
	if err := db.writer.QueryRow("SELECT group_concat(attempt) FROM written").Scan(&written); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprint(l.Promotions[1].Attempt); written.String != want {
		t.Errorf("written: attempts %s, want %s", written.String, want)
	}
}
