package audit

import (
	"crypto/ed25519"
	"fmt"
)

// Verifier reads a chain row by row, and says where it is broken first. The zero value knows no heads.
type Verifier struct {
	Key   ed25519.PublicKey // of the operator; nil: signatures are not looked at
	last  Row
	known map[int64][]known
}

// known is a head that the chain has to hold.
type known struct {
	Head
	signed bool // it counts with its signature only
}

// Told adds a head that GitHub was told, which lies where nobody who writes the database can change it. Add all before the first row.
func (v *Verifier) Told(h Head) { v.know(known{h, h.Signature != ""}) }

// Stored adds a head that was kept beside the rows: with the key, it has to be signed. Add all before the first row.
func (v *Verifier) Stored(h Head) { v.know(known{h, true}) }

func (v *Verifier) know(k known) {
	if v.known == nil {
		v.known = map[int64][]known{}
	}
	v.known[k.Row] = append(v.known[k.Row], k)
}

// Broken is the first row that does not fit, and why.
type Broken struct {
	Row int64
	Why string
}

// Error is both.
func (b Broken) Error() string { return fmt.Sprintf("row %d %s", b.Row, b.Why) }

// Next takes the next row. An error is a Broken.
func (v *Verifier) Next(r Row) error {
	switch {
	case r.Row != v.last.Row+1:
		return Broken{v.last.Row + 1, fmt.Sprintf("is missing: after row %d comes row %d", v.last.Row, r.Row)}
	case r.Prev != v.last.Hash:
		return Broken{r.Row, "does not follow the row before it: one of the two was changed, or rows were left out"}
	case r.sum() != r.Hash:
		return Broken{r.Row, "was changed: its text does not have its hash"}
	}
	if _, err := r.Receipt(); err != nil {
		return Broken{r.Row, "can't be read: " + err.Error()}
	}
	for _, h := range v.known[r.Row] {
		switch {
		case h.Hash != r.Hash:
			return Broken{r.Row, "is not the row that was signed, or told to GitHub: the chain was written anew up to there"}
		case v.Key != nil && h.signed && !h.Signed(v.Key):
			return Broken{r.Row, "does not fit its signature: the chain was written anew up to there, or another key has signed it"}
		}
	}
	delete(v.known, r.Row)
	v.last = r
	return nil
}

// End says that there are no more rows. An error is a Broken: a head that lies beyond the last row means that the chain was cut.
func (v *Verifier) End() error {
	first := int64(0)
	for row := range v.known {
		if first == 0 || row < first {
			first = row
		}
	}
	if first != 0 {
		return Broken{v.last.Row + 1, fmt.Sprintf("is missing: row %d was signed, or told to GitHub, and the chain ends before it", first)}
	}
	return nil
}

// Last is the last row that was taken.
func (v *Verifier) Last() Row { return v.last }
