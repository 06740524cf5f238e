package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// grown is a database in its third year: a million events; a million rows, of which two thirds are done and the others views that nobody
// nudged lately; a hundred thousand checks that wait for a slot; ten thousand letters behind one that failed; a thousand lanes that wait.
func grown(b *testing.B) *DB {
	b.Helper()
	db := openAt(b, path(b))
	const many = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `
	for _, s := range []string{
		fmt.Sprintf(many, 1_000_000) + `INSERT INTO events (delivery, name, received, state)
			SELECT lower(hex(randomblob(16))), 'push', ?1 - 1000000 + i, 'done' FROM n`,
		fmt.Sprintf(many, 1_000_000) + `INSERT INTO rows (key, machine, task, due, state)
			SELECT CASE WHEN i % 3 = 0 THEN 'view/check/7/' ELSE 'run/7/' END || lower(hex(randomblob(20))) || '/' || i,
			'run/7/' || i % 1000, CASE WHEN i % 3 = 0 THEN 'show' ELSE 'execute' END, 0, CASE WHEN i % 3 = 0 THEN 'open' ELSE 'done' END
			FROM n WHERE ?1 > 0`,
		fmt.Sprintf(many, 100_000) + `INSERT INTO rows (key, machine, task, due)
			SELECT 'waits for a slot/' || i, 'run/7/' || i % 1000, 'execute', ?1 - 100000 + i FROM n`,
		fmt.Sprintf(many, 1000) + `INSERT INTO rows (key, machine, task, due)
			SELECT 'lane/7/' || i || '/production#wake/1', 'lane/7/' || i || '/production', 'wake', ?1 + 3600000000000 + i FROM n`,
		fmt.Sprintf(many, 10_000) + `INSERT INTO letters (machine, name, body, at) SELECT 'lane/7//stuck', 'changed', '{}', ?1 FROM n`,
		`UPDATE letters SET attempts = 1, reason = 'x', due = ?1 + 1000000000 WHERE id = 1`,
	} {
		if _, err := db.writer.Exec(s, noon.UnixNano()); err != nil {
			b.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

// slots is how the engine takes rows while no check can begin.
func slots() engine.Taking {
	return engine.Taking{Now: noon, Limit: 24, Holder: "me", Lease: noon.Add(time.Hour), Alone: true, Full: []string{"execute"}}
}

func BenchmarkGrown(b *testing.B) {
	db := grown(b)
	view := func(do func(tx engine.Tx) error) func(b *testing.B) {
		return func(b *testing.B) {
			spread(b, 1, func(int64) error { return db.View(context.Background(), do) })
		}
	}
	b.Run("take-one", func(b *testing.B) {
		spread(b, 1, func(i int64) error {
			return db.Update(context.Background(), func(tx engine.Tx) error {
				if err := tx.Nudge("view/aggregate/7/abc", app.Address{}, "show", noon); err != nil {
					return err
				}
				rows, err := tx.Take(slots())
				if err != nil || len(rows) != 1 {
					return fmt.Errorf("%d rows: %w", len(rows), err)
				}
				rows[0].Due = time.Time{}
				return tx.Settle(rows[0])
			})
		})
	})
	b.Run("next-due", view(func(tx engine.Tx) error { _, err := tx.NextDue(slots()); return err }))
	b.Run("queued", view(func(tx engine.Tx) error { _, err := tx.Queued(64, noon); return err }))
	b.Run("mail", view(func(tx engine.Tx) error { _, err := tx.Mail(64, noon.Add(time.Minute)); return err }))
	b.Run("mail-behind-ten-thousand", view(func(tx engine.Tx) error { _, err := tx.Mail(64, noon); return err }))
	b.Run("step", func(b *testing.B) {
		if _, err := db.writer.Exec("DELETE FROM letters"); err != nil {
			b.Fatal(err)
		}
		run := exampleRun()
		spread(b, 1, func(i int64) error {
			return db.Update(context.Background(), func(tx engine.Tx) error { return stepOnce(tx, run, i) })
		})
	})
	b.Run("accept", func(b *testing.B) {
		body := payload()
		spread(b, 16, func(i int64) error {
			e := app.Event{Delivery: delivery(time.Now().UnixNano() + i<<40), Name: "push", Body: body, Received: noon}
			_, err := db.Accept(context.Background(), e)
			return err
		})
	})
}

// BenchmarkLane steps a lane that remembers a hundred attempts, of which one changes.
func BenchmarkLane(b *testing.B) {
	db := openAt(b, path(b))
	l := deploy.Lane{Repo: 7, Service: "payments", Environment: "production"}
	for i := range 100 {
		l.Promotions = append(l.Promotions, deploy.Promotion{Commit: app.Commit{SHA: sha(i), Place: app.Place(i + 1)}, Attempt: app.Key(i*10 + 1),
			Key: app.Key(i*10 + 5), State: deploy.Live, Put: app.Key(i*10 + 4), Arrived: noon, Deployed: noon, Ended: noon,
			Release: deploy.Release{Artifact: strings.Repeat("0", 64), Spec: deploy.Spec{Run: "./deploy.sh", Timeout: time.Minute}},
			Decision: policies.Decision{Verdict: policies.Allow, Reasons: []policies.Reason{
				{Rule: policies.RuleChecks, Verdict: policies.Allow, Sentence: "Checks passed"},
				{Rule: policies.RuleAfter, Verdict: policies.Allow, Sentence: "Proven in staging since 10:12"}}}})
	}
	if err := db.Update(b.Context(), func(tx engine.Tx) error { return tx.SaveLane(l, 0) }); err != nil {
		b.Fatal(err)
	}
	spread(b, 1, func(i int64) error {
		return db.Update(context.Background(), func(tx engine.Tx) error {
			l, version, err := tx.Lane(l.Address())
			if err != nil {
				return err
			}
			l.Promotions[99].Why = fmt.Sprint("step ", i)
			return tx.SaveLane(l, version)
		})
	})
}
