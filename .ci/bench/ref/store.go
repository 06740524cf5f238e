package main

import (
	"database/sql"
	"fmt"
	"time"

	_ "github.com/mattn/go-sqlite3" // registers the driver
)

// store makes deliveries durable, all that wait at one time in one transaction.
type store struct {
	db     *sql.DB
	insert *sql.Stmt
	line   chan *delivery
}

type delivery struct {
	guid, event string
	body        []byte
	done        chan error
}

const together = 256 // deliveries in a transaction at most

func open(path string, pageSize int) (*store, error) {
	if err := create(path, pageSize); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_txlock=immediate&_cache_size=-8000")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE, event TEXT NOT NULL,
		received INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
		CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (id) WHERE state = 0`); err != nil {
		return nil, fmt.Errorf("making the table: %w", err)
	}
	s := &store{db: db, line: make(chan *delivery, together)}
	s.insert, err = db.Prepare(`INSERT INTO deliveries (guid, event, received, body) VALUES (?, ?, ?, ?) ON CONFLICT (guid) DO NOTHING`)
	if err != nil {
		return nil, fmt.Errorf("preparing to insert: %w", err)
	}
	go s.run()
	return s, nil
}

// create makes the file: its page size can only be chosen while nothing is in it, and by a connection that is not in WAL mode yet.
func create(path string, pageSize int) error {
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL", pageSize)); err != nil {
		return fmt.Errorf("making the file: %w", err)
	}
	return nil
}

// put returns once the delivery is durable.
func (s *store) put(guid, event string, body []byte) error {
	d := &delivery{guid, event, body, make(chan error, 1)}
	s.line <- d
	return <-d.done
}

func (s *store) run() {
	for first := range s.line {
		group := s.gather(first)
		err := s.write(group)
		for _, d := range group {
			d.done <- err
		}
	}
}

func (s *store) gather(first *delivery) []*delivery {
	group := []*delivery{first}
	for len(group) < together {
		select {
		case d := <-s.line:
			group = append(group, d)
		default:
			return group
		}
	}
	return group
}

func (s *store) write(group []*delivery) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	insert, now := tx.Stmt(s.insert), time.Now().UnixNano()
	for _, d := range group {
		if _, err := insert.Exec(d.guid, d.event, now, d.body); err != nil {
			return err
		}
	}
	return tx.Commit()
}
