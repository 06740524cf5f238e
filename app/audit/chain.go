package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Row is a receipt in its place in the chain.
type Row struct {
	Row  int64  // counted from 1, without gaps
	Prev string // the hash of the row before, in hex; of the first one ""
	Hash string // in hex
	Body string // the receipt in JSON, as it was hashed
}

// Receipt is what the row holds.
func (r Row) Receipt() (c Receipt, err error) {
	if err := json.Unmarshal([]byte(r.Body), &c); err != nil {
		return c, fmt.Errorf("reading row %d: %w", r.Row, err)
	}
	return c, nil
}

// sum is the hash that the row must have: of its number, the hash before it and its text, each of which ends in a way that it can't hold.
func (r Row) sum() string {
	h := sha256.New()
	fmt.Fprintf(h, "slipway receipt 1\n%d\n%s\n%s", r.Row, r.Prev, r.Body)
	return hex.EncodeToString(h.Sum(nil))
}

// Link puts receipts behind the last row; the zero row is before the first.
func Link(last Row, receipts []Receipt) ([]Row, error) {
	rows := make([]Row, 0, len(receipts))
	for _, c := range receipts {
		body, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("writing a receipt of what was %s: %w", c.Kind, err)
		}
		last = Row{Row: last.Row + 1, Prev: last.Hash, Body: string(body)}
		last.Hash = last.sum()
		rows = append(rows, last)
	}
	return rows, nil
}

// Head is a row that was the newest, by its hash. Whoever has seen it knows all rows up to it.
type Head struct {
	Row       int64     `json:"row"`
	Hash      string    `json:"hash"`
	At        time.Time `json:"at,omitzero"`        // when it was signed
	Signature string    `json:"signature,omitzero"` // Ed25519 of the operator's key, in base64; "" if it is not signed
}

func (h Head) text() []byte {
	return fmt.Appendf(nil, "slipway audit head 1\n%d\n%s\n%s", h.Row, h.Hash, h.At.UTC().Format(time.RFC3339Nano))
}

// Sign is the head, signed.
func Sign(key ed25519.PrivateKey, h Head, at time.Time) Head {
	h.At = at.UTC()
	h.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, h.text()))
	return h
}

// Signed says whether it was signed with the key.
func (h Head) Signed(key ed25519.PublicKey) bool {
	signature, err := base64.StdEncoding.DecodeString(h.Signature)
	return err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, h.text(), signature)
}
