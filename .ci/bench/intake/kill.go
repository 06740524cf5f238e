package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	_ "github.com/mattn/go-sqlite3" // registers the driver

	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/product"
)

// killed is what was left of what a server had acknowledged before it was killed.
type killed struct {
	Server string `json:"server"`
	Kills  int    `json:"kills"`
	Acked  int    `json:"acknowledged"`
	Lost   int    `json:"lost"`
	Beyond int    `json:"stored_unacknowledged"` // stored, but killed before the answer: GitHub will send these again, which does nothing
}

// killTest kills each server in the middle of a load, several times, and counts what is in its database.
func (b *bench) killTest(ctx context.Context) ([]killed, error) {
	var all []killed
	for _, server := range []struct {
		name, ids string
		start     func(string) (*product.Server, error)
	}{
		{"reference", "SELECT guid FROM deliveries", b.reference},
		{"slipway", "SELECT delivery FROM events", b.slipway},
	} {
		k := killed{Server: server.name}
		for i := range b.kills {
			s, err := server.start(fmt.Sprintf("killed-%s-%d", server.name, i))
			if err != nil {
				return nil, err
			}
			if err := b.killOnce(ctx, s, server.ids, &k); err != nil {
				return nil, err
			}
		}
		all = append(all, k)
	}
	return all, nil
}

// killOnce kills a server at some moment of a load.
func (b *bench) killOnce(ctx context.Context, s *product.Server, ids string, into *killed) error {
	defer s.Kill()
	if err := s.Ready(ctx); err != nil {
		return err
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var acked bytes.Buffer
	ended := make(chan error, 1)
	load := hook.Load{Address: s.Address, Path: "/webhook", Source: b.kinds[len(b.kinds)-1].source, Connections: 64, Acked: &acked}
	go func() {
		_, err := load.Run(loading)
		ended <- err
	}()
	select {
	case <-time.After(300*time.Millisecond + rand.N(700*time.Millisecond)):
	case <-ctx.Done():
	}
	s.Kill()
	stop()
	if err := errors.Join(<-ended, ctx.Err()); err != nil {
		return err
	}
	stored, err := stored(s.Database, ids)
	if err != nil {
		return fmt.Errorf("reading what the %s has stored: %w", s.Name, err)
	}
	into.Kills++
	into.Beyond += len(stored)
	for lines := bufio.NewScanner(&acked); lines.Scan(); {
		into.Acked++
		if stored[lines.Text()] {
			into.Beyond--
		} else {
			into.Lost++
		}
	}
	return nil
}

// stored is the ids in a database that its server left as it was when it was killed. It is read from a copy, without the memory that the
// server shared: what counts is what is in the files.
func stored(path, query string) (map[string]bool, error) {
	dir, err := os.MkdirTemp(os.TempDir(), "slipway-bench-copy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, dir+"/copy.db"+suffix); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite3", "file:"+dir+"/copy.db")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all[id] = true
	}
	return all, rows.Err()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
