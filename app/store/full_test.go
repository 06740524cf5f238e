package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
)

// fill accepts deliveries until there is no room for any more, and returns those that were acknowledged.
func fill(t *testing.T, db *DB) (acknowledged []string) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	body := payload()
	for g := range int64(8) {
		wg.Go(func() {
			for i := int64(0); i < 10000; i++ {
				e := app.Event{Delivery: delivery(g*10000 + i), Body: body, Received: noon}
				stored, err := db.Accept(t.Context(), e)
				if err != nil {
					if stored || !strings.Contains(err.Error(), "no room left") {
						t.Errorf("a full disk: %v, %v", stored, err)
					}
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, e.Delivery)
				mu.Unlock()
			}
			t.Error("there is no end of the room")
		})
	}
	wg.Wait()
	return acknowledged
}

// stillThere holds that what was acknowledged is there, and nothing of what was refused.
func stillThere(t *testing.T, db *DB, acknowledged []string) {
	t.Helper()
	err := db.View(t.Context(), func(tx engine.Tx) error {
		for _, d := range acknowledged {
			if known, err := tx.Delivered(d); !known || err != nil {
				t.Errorf("delivery %s was acknowledged and is not there: %v", d, err)
			}
		}
		queued, err := tx.Queued(1<<20, noon)
		if len(queued) != len(acknowledged) {
			t.Errorf("%d were acknowledged and %d are there", len(acknowledged), len(queued))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// large is an update that needs more room than there is.
func large(tx engine.Tx) error {
	for i := range 100 {
		if err := tx.SetNote(fmt.Sprint("large/", i), strings.Repeat("x", 100_000)); err != nil {
			return err
		}
	}
	return nil
}

func TestFullDatabase(t *testing.T) {
	p := path(t)
	db, err := Open(t.Context(), Options{Path: p, Clock: apptest.NewClock(noon), MaxPages: 300})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	acknowledged := fill(t, db)
	if len(acknowledged) < 50 {
		t.Fatalf("only %d deliveries found room", len(acknowledged))
	}
	if err := db.Update(t.Context(), large); err == nil || !strings.Contains(err.Error(), "no room left") {
		t.Errorf("an update without room: %v", err)
	}
	stillThere(t, db, acknowledged)
	if _, err := db.writer.Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if stored, err := db.Accept(t.Context(), app.Event{Delivery: "afterwards", Body: payload(), Received: noon}); !stored || err != nil {
		t.Errorf("when there is room: %v, %v", stored, err)
	}
	if err := db.Update(t.Context(), large); err != nil {
		t.Errorf("an update when there is room: %v", err)
	}
	stillThere(t, db, append(acknowledged, "afterwards"))
}

// TestFullDisk fills a real file system, where the log runs out of room as well.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small file system can't be made here: %v", err)
	}
	defer syscall.Unmount(folder, syscall.MNT_DETACH)
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(folder, "slipway.db")
	db, err := Open(t.Context(), Options{Path: p, Clock: apptest.NewClock(noon)})
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := fill(t, db)
	if err := db.Update(t.Context(), large); err == nil || !strings.Contains(err.Error(), "no room left") {
		t.Errorf("an update without room: %v", err)
	}
	stillThere(t, db, acknowledged)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if stored, err := db.Accept(t.Context(), app.Event{Delivery: "afterwards", Received: noon}); !stored || err != nil {
		t.Errorf("when there is room: %v, %v", stored, err)
	}
	acknowledged = append(acknowledged, "afterwards")
	stillThere(t, db, acknowledged)
	if err := db.Close(); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	db = openAt(t, p)
	stillThere(t, db, acknowledged)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
