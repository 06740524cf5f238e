package store

import (
	"context"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/engine"
)

// TestReceiptsStay: the database itself refuses to change receipts and signatures, or to drop them, whoever asks.
func TestReceiptsStay(t *testing.T) {
	at := path(t)
	db := openAt(t, at)
	rows, err := audit.Link(audit.Row{}, []audit.Receipt{{Kind: audit.Held, At: noon}, {Kind: audit.Freed, At: noon}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx engine.Tx) error {
		if err := tx.AddReceipts(rows); err != nil {
			return err
		}
		return tx.SignHead(audit.Head{Row: 2, At: noon, Signature: "c2ln"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE receipts SET body = '{}'`, `DELETE FROM receipts`, `DELETE FROM receipts WHERE id = 2`, `INSERT OR REPLACE INTO receipts SELECT * FROM receipts WHERE id = 2`,
		`UPDATE heads_signed SET signature = 'x'`, `DELETE FROM heads_signed`, `UPDATE receipts SET id = 5 WHERE id = 2`,
	} {
		if _, err := db.writer.Exec(statement); err == nil || !strings.Contains(err.Error(), "never") && !strings.Contains(err.Error(), "follows") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	all, heads, err := Receipts(context.Background(), at)
	if err != nil || len(heads) != 1 || heads[0].Hash != rows[1].Hash {
		t.Fatalf("the signed heads are %+v, %v", heads, err)
	}
	n := 0
	for r, err := range all {
		if err != nil || r != rows[n] {
			t.Errorf("row %d is %+v, %v", n, r, err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d rows are read", n)
	}
}

// TestManyReceipts reads more of them than one look takes.
func TestManyReceipts(t *testing.T) {
	at := path(t)
	db := openAt(t, at)
	rows, err := audit.Link(audit.Row{}, make([]audit.Receipt, 2*batchOfReceipts+1))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(tx engine.Tx) error { return tx.AddReceipts(rows) }); err != nil {
		t.Fatal(err)
	}
	all, _, err := Receipts(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	v := audit.Verifier{}
	for r, err := range all {
		if err == nil {
			err = v.Next(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if v.Last().Row != int64(len(rows)) {
		t.Errorf("the last row read is %d", v.Last().Row)
	}
}
