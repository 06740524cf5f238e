package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
)

const lastReceipt = `SELECT id, prev, hash, body FROM receipts ORDER BY id DESC LIMIT 1`

// LastReceipt is the newest row; the zero row if there is none.
func (t *tx) LastReceipt() (r audit.Row, err error) {
	if _, err := t.one([]any{&r.Row, &r.Prev, &r.Hash, &r.Body}, lastReceipt); err != nil {
		return r, fmt.Errorf("reading the last receipt: %w", err)
	}
	return r, nil
}

const decisions = `SELECT id, prev, hash, body FROM receipts WHERE body ->> 'Kind' = 'decided' AND body ->> 'Repo' = ?1 ORDER BY id DESC LIMIT ?2`

// Decisions is the newest decisions of a repository, the newest first.
func (t *tx) Decisions(repo app.RepoID, limit int) ([]audit.Row, error) {
	rows, err := all(t, scanReceipt, decisions, repo, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the decisions of repository %d: %w", repo, err)
	}
	return rows, nil
}

const addReceipt = `INSERT INTO receipts (id, prev, hash, body) VALUES (?1, ?2, ?3, ?4)`

// AddReceipts puts rows behind the last one.
func (t *tx) AddReceipts(rows []audit.Row) error {
	for _, r := range rows {
		if _, err := t.exec(addReceipt, r.Row, r.Prev, r.Hash, r.Body); err != nil {
			return fmt.Errorf("adding receipt %d: %w", r.Row, err)
		}
	}
	return nil
}

const (
	signedHead  = `SELECT h.id, r.hash, h.at, h.signature FROM heads_signed h JOIN receipts r ON r.id = h.id ORDER BY h.id DESC LIMIT 1`
	addSigned   = `INSERT INTO heads_signed (id, at, signature) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING`
	allReceipts = `SELECT id, prev, hash, body FROM receipts WHERE id > ?1 ORDER BY id LIMIT ?2`
	allSigned   = `SELECT h.id, coalesce(r.hash, ''), h.at, h.signature FROM heads_signed h LEFT JOIN receipts r ON r.id = h.id ORDER BY h.id` // of cut ones too
)

// SignedHead is the newest row that was signed, with its signature; the zero head if none was.
func (t *tx) SignedHead() (h audit.Head, err error) {
	found, err := all(t, scanHead, signedHead)
	if err != nil || len(found) == 0 {
		return h, err
	}
	return found[0], nil
}

// SignHead keeps a row's signature. One that is there stays.
func (t *tx) SignHead(h audit.Head) error {
	if _, err := t.exec(addSigned, h.Row, stamp(h.At), h.Signature); err != nil {
		return fmt.Errorf("keeping the signature of receipt %d: %w", h.Row, err)
	}
	return nil
}

// Receipts reads all rows of a database in order, and the heads that were signed, also while a server uses it. What can't be read ends the rows with
// an error.
func Receipts(ctx context.Context, path string) (iter.Seq2[audit.Row, error], []audit.Head, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("opening the database: %w", err)
	}
	p, err := pool(readerDSN(Options{Path: path}), 1)
	if err != nil {
		return nil, nil, err
	}
	t, err := p.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // all of it is of one moment
	if err != nil {
		return nil, nil, fmt.Errorf("opening the database %s: %w", path, errors.Join(explain(err), p.Close()))
	}
	read := &tx{sql: t}
	heads, err := all(read, scanHead, allSigned)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the signatures in %s: %w", path, errors.Join(err, p.Close()))
	}
	return func(yield func(audit.Row, error) bool) {
		defer p.Close()
		for last := int64(0); ; {
			rows, err := all(read, scanReceipt, allReceipts, last, batchOfReceipts)
			if err != nil {
				yield(audit.Row{}, fmt.Errorf("reading the receipts in %s: %w", path, err))
				return
			}
			for _, r := range rows {
				if last = r.Row; !yield(r, nil) {
					return
				}
			}
			if len(rows) < batchOfReceipts {
				return
			}
		}
	}, heads, nil
}

// batchOfReceipts is how many rows are read at once.
const batchOfReceipts = 500

func scanReceipt(s scanner) (r audit.Row, err error) {
	return r, s.Scan(&r.Row, &r.Prev, &r.Hash, &r.Body)
}

func scanHead(s scanner) (h audit.Head, err error) {
	var at int64
	err = s.Scan(&h.Row, &h.Hash, &at, &h.Signature)
	h.At = unstamp(at)
	return h, err
}

// Placed is a commit of a repository's default branch.
type Placed struct {
	Repo   app.RepoID
	Commit app.Commit
}

// FindPlaced is the commits whose names begin so, in all repositories of a database, also while a server uses it.
func FindPlaced(ctx context.Context, path, prefix string) ([]Placed, error) {
	p, err := pool(readerDSN(Options{Path: path}), 1)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	t, err := p.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, explain(err))
	}
	scan := func(s scanner) (c Placed, err error) { return c, s.Scan(&c.Repo, &c.Commit.Place, &c.Commit.SHA) }
	return all(&tx{sql: t}, scan, `SELECT repo, place, sha FROM places WHERE sha >= ?1 AND sha < ?1 || 'g' ORDER BY repo, place`, prefix)
}
