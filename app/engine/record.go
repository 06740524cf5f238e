package engine

import (
	"crypto/ed25519"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
)

// What was decided and done leaves a receipt, in the same transaction.

// record puts receipts behind the last one, and signs the newest when so many have come since the last that was signed.
func (e *Engine) record(tx Tx, receipts []audit.Receipt, now time.Time) error {
	if len(receipts) == 0 {
		return nil
	}
	repo, err := tx.Repo(receipts[0].Repo)
	if ignoreMissing(err) != nil {
		return err
	}
	for i := range receipts {
		receipts[i].Repository = repo.FullName()
	}
	last, err := tx.LastReceipt()
	if err != nil {
		return err
	}
	rows, err := audit.Link(last, receipts)
	if err != nil {
		return err
	}
	if err := tx.AddReceipts(rows); err != nil || len(e.AuditKey) == 0 {
		return err
	}
	signed, err := tx.SignedHead()
	if newest := rows[len(rows)-1]; err == nil && newest.Row-signed.Row >= e.AuditEvery {
		_, err = e.sign(tx, newest, now)
	}
	return err
}

func (e *Engine) sign(tx Tx, r audit.Row, now time.Time) (audit.Head, error) {
	h := audit.Sign(e.AuditKey, audit.Head{Row: r.Row, Hash: r.Hash}, now)
	return h, tx.SignHead(h)
}

// head is the newest receipt, signed if there is a key: what a deployment tells GitHub, so that the chain can't be cut or written anew below it.
func (e *Engine) head(tx Tx, now time.Time) (h audit.Head, err error) {
	last, err := tx.LastReceipt()
	if err != nil || last.Row == 0 || len(e.AuditKey) == 0 {
		return audit.Head{Row: last.Row, Hash: last.Hash}, err
	}
	if h, err = tx.SignedHead(); err != nil || h.Row == last.Row {
		return h, err
	}
	return e.sign(tx, last, now)
}

// aheadReceipt is the receipt of something that was said of a pull request before its merge.
func aheadReceipt(c audit.Receipt, repo app.RepoID, pull int, service, environment string, now time.Time) []audit.Receipt {
	c.At, c.Repo, c.Pull, c.Service, c.Environment = now, repo, pull, service, environment
	return []audit.Receipt{c}
}

// AuditKey is the operator's.
type AuditKey = ed25519.PrivateKey
