package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func openAt(tb testing.TB, path string) *DB {
	tb.Helper()
	db, err := Open(tb.Context(), Options{Path: path, Clock: apptest.NewClock(noon)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// payload is as large as a usual webhook.
func payload() []byte { return bytes.Repeat([]byte(`{"id": 123456789, "node": "MDQ6VXNlcjE="}`), 300) }

// delivery is an id as GitHub gives them: in no order.
func delivery(i int64) string {
	h := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(i)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms-p99")
}

// spread runs b.N calls in n goroutines, and reports the rate and how long the slowest hundredth took.
func spread(b *testing.B, n int, call func(i int64) error) {
	var next atomic.Int64
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				began := time.Now()
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
				took[i-1] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	report(b, took)
}

func BenchmarkAccept(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := openAt(b, filepath.Join(b.TempDir(), "slipway.db"))
			body := payload()
			spread(b, n, func(i int64) error {
				_, err := db.Accept(context.Background(), app.Event{Delivery: delivery(i), Name: "push", Body: body, Received: noon})
				return err
			})
		})
	}
}

// BenchmarkStep is what the engine does for one letter: load a run, save it, take the letter out, post one, want a row, nudge two views.
func BenchmarkStep(b *testing.B) {
	db := openAt(b, filepath.Join(b.TempDir(), "slipway.db"))
	run := exampleRun()
	spread(b, 1, func(i int64) error {
		return db.Update(context.Background(), func(tx engine.Tx) error {
			return stepOnce(tx, run, i)
		})
	})
}

// stepOnce steps a run of the hundred that take turns.
func stepOnce(tx engine.Tx, like checks.Run, i int64) error {
	commit := app.SHA(fmt.Sprintf("%040x", i%100))
	at := app.RunAddress(7, commit)
	_, version, err := tx.Run(7, commit)
	if err != nil {
		return err
	}
	like.Commit = commit
	like.Asked = app.Key(i)
	mail, err := tx.Mail(1, noon)
	if err != nil {
		return err
	}
	for _, m := range mail {
		if err := tx.Stepped(m.ID); err != nil {
			return err
		}
	}
	key := app.RowKey(at, fmt.Sprint("execute/", i))
	view := app.ViewKey{Kind: app.ViewCheck, Repo: 7, Commit: commit, Check: "build"}
	return errors.Join(
		tx.SaveRun(like, version),
		tx.Post([]app.Letter{{To: at, Message: checks.Began{Check: "build", Key: 3}}}, noon),
		tx.Want(key, at, "execute", noon),
		tx.Unwant(key),
		tx.Nudge(view.String(), at, "show", noon),
		tx.Nudge("view/aggregate/7/"+string(commit), at, "show", noon))
}

// exampleRun is a run of five checks.
func exampleRun() checks.Run {
	r := checks.Run{
		Repo: 7, State: checks.Open, Planned: true, Opened: noon, Asked: 9,
		Causes: []checks.Cause{{Kind: checks.Push, Place: 12}},
	}
	for i := range 5 {
		spec := checks.Spec{Name: fmt.Sprint("check-", i), Run: "go test ./...", Timeout: 15 * time.Minute}
		r.Plan.Checks = append(r.Plan.Checks, spec)
		r.Checks = append(r.Checks, checks.Check{Spec: spec, State: checks.Passed, Key: app.Key(i + 1), Began: noon, Ended: noon,
			Status: app.Status{Outcome: app.Succeeded, Began: noon, Ended: noon, Tail: strings.Repeat("ok  \tgithub.com/acme/payments\t0.3s\n", 20)}})
	}
	r.Plan.Services = []checks.Service{{Name: "payments", Environments: []string{"staging", "production"}}}
	return r
}
