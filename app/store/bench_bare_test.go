package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkBare is what Accept is measured against: the least that stores a delivery durably, shared transactions included.
func BenchmarkBare(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			bare := newBare(b)
			body := payload()
			spread(b, n, func(i int64) error {
				a := &bareItem{guid: delivery(i), body: body, done: make(chan error, 1)}
				bare <- a
				return <-a.done
			})
		})
	}
}

type bareItem struct {
	guid string
	body []byte
	done chan error
}

func newBare(b *testing.B) chan *bareItem {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "bare.db")+
		"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate&_cache_size=-8000")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		`CREATE TABLE deliveries (id INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE, event TEXT NOT NULL, received_at INTEGER NOT NULL,
			state INTEGER NOT NULL DEFAULT 0, enc INTEGER NOT NULL, body BLOB NOT NULL)`,
		`CREATE INDEX pending ON deliveries (id) WHERE state = 0`,
	} {
		if _, err := db.Exec(s); err != nil {
			b.Fatal(err)
		}
	}
	insert, err := db.Prepare(`INSERT INTO deliveries (guid, event, received_at, enc, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (guid) DO NOTHING`)
	if err != nil {
		b.Fatal(err)
	}
	line, done := make(chan *bareItem, 1024), make(chan struct{})
	go func() {
		defer close(done)
		for first := range line {
			group := []*bareItem{first}
			for more := true; more && len(group) < 256; {
				select {
				case a, ok := <-line:
					if more = ok; ok {
						group = append(group, a)
					}
				default:
					more = false
				}
			}
			err := bareStore(db, insert, group)
			for _, a := range group {
				a.done <- err
			}
		}
	}()
	b.Cleanup(func() { close(line); <-done; db.Close() })
	return line
}

func bareStore(db *sql.DB, insert *sql.Stmt, group []*bareItem) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s := tx.Stmt(insert)
	for _, a := range group {
		if _, err := s.Exec(a.guid, "push", noon.UnixMicro(), 0, a.body); err != nil {
			return err
		}
	}
	return tx.Commit()
}
