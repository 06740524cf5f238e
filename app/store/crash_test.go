package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
)

// victim names the database that this process is to write until it is killed.
const victim = "SLIPWAY_STORE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if p := os.Getenv(victim); p != "" {
		write(p)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write stores deliveries and updates for ever, and says each that was acknowledged.
func write(path string) {
	db, err := Open(context.Background(), Options{Path: path, Clock: apptest.NewClock(noon)})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var say sync.Mutex
	acknowledged := func(what string, n any) {
		say.Lock()
		defer say.Unlock()
		fmt.Println(what, n)
	}
	var wg sync.WaitGroup
	body := payload()
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				d := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				if _, err := db.Accept(context.Background(), app.Event{Delivery: d, Body: body, Received: noon}); err != nil {
					acknowledged("error", err)
					return
				}
				acknowledged("delivery", d)
			}
		})
	}
	wg.Go(func() {
		for {
			n := 0
			err := db.Update(context.Background(), func(tx engine.Tx) error {
				was, err := tx.Note("count")
				if err != nil {
					return err
				}
				n, _ = strconv.Atoi(was)
				n++
				if err := tx.Nudge(fmt.Sprint("row/", n), app.Address{}, "task", noon); err != nil {
					return err
				}
				return tx.SetNote("count", strconv.Itoa(n))
			})
			if err != nil {
				acknowledged("error", err)
				return
			}
			acknowledged("update", n)
		}
	})
	wg.Wait()
}

// TestKilled kills a process in the middle of its writing, again and again: whatever it acknowledged is there.
func TestKilled(t *testing.T) {
	p := path(t)
	var deliveries []string
	updates := 0
	for _, after := range []int{1, 500, 1500, 700} {
		d, u := kill(t, p, after)
		deliveries, updates = append(deliveries, d...), max(updates, u)
		db := openAt(t, p)
		err := db.View(t.Context(), func(tx engine.Tx) error {
			for _, d := range deliveries {
				if known, err := tx.Delivered(d); !known || err != nil {
					t.Errorf("delivery %s was acknowledged and is not there: %v", d, err)
				}
			}
			count, err := tx.Note("count")
			if n, _ := strconv.Atoi(count); n < updates {
				t.Errorf("update %d was acknowledged, and %s are there", updates, count)
			}
			if count != "" {
				_, err = tx.Row("row/" + count) // an update is there as a whole
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var sound string
		if err := db.writer.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
			t.Errorf("the database is damaged: %s (%v)", sound, err)
		}
		db.Close()
	}
	if len(deliveries) < 2700 || updates == 0 {
		t.Errorf("only %d deliveries and %d updates were acknowledged", len(deliveries), updates)
	}
}

// kill starts a process that writes, kills it after so many acknowledged deliveries, and returns all that it acknowledged.
func kill(t *testing.T, path string, after int) (deliveries []string, updates int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victim+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, n, whole := strings.Cut(lines.Text(), " ")
		switch {
		case what == "delivery" && whole:
			if deliveries = append(deliveries, n); len(deliveries) == after {
				cmd.Process.Kill()
			}
		case what == "update":
			updates, _ = strconv.Atoi(n)
		default:
			t.Errorf("the process says %q", lines.Text())
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	return deliveries, updates
}
