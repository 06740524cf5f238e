package audit

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// chain is so many rows, of which the third is signed, and the key.
func chain(t *testing.T, n int) ([]Row, []Head, ed25519.PrivateKey) {
	t.Helper()
	var all []Receipt
	for i := range n {
		all = append(all, Receipt{Kind: Held, At: noon, Repository: fmt.Sprint("acme/shop-", i), Environment: "production", Because: "<a & b> \u2028"})
	}
	first, err := Link(Row{}, all[:2])
	if err != nil {
		t.Fatal(err)
	}
	rest, err := Link(first[1], all[2:])
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	rows := append(first, rest...)
	return rows, []Head{Sign(key, Head{Row: 3, Hash: rows[2].Hash}, noon)}, key
}

// verify takes the first head as one that was stored, and the others as told to GitHub.
func verify(rows []Row, heads []Head, key ed25519.PublicKey) error {
	v := Verifier{Key: key}
	for i, h := range heads {
		if i == 0 {
			v.Stored(h)
			continue
		}
		v.Told(h)
	}
	for _, r := range rows {
		if err := v.Next(r); err != nil {
			return err
		}
	}
	return v.End()
}

// anew is the rows with their hashes made to fit: what whoever can write the database would do.
func anew(rows []Row) []Row {
	last := Row{}
	for i := range rows {
		rows[i].Row, rows[i].Prev = last.Row+1, last.Hash
		rows[i].Hash = rows[i].sum()
		last = rows[i]
	}
	return rows
}

// TestTampering does to a chain what somebody might, and holds that the first broken row is named.
func TestTampering(t *testing.T) {
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
	for _, c := range []struct {
		name string
		do   func([]Row, []Head) ([]Row, []Head)
		want string
	}{
		{"nothing", func(r []Row, h []Head) ([]Row, []Head) { return r, h }, ""},
		{"a text", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			return r, h
		}, "row 2 was changed"},
		{"a text and its hash", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			r[1].Hash = r[1].sum()
			return r, h
		}, "row 3 does not follow"},
		{"a number", func(r []Row, h []Head) ([]Row, []Head) { r[1].Row = 7; return r, h }, "row 2 is missing"},
		{"a row is left out", func(r []Row, h []Head) ([]Row, []Head) { return append(r[:1], r[2:]...), h }, "row 2 is missing"},
		{"a row is left out, and the others renumbered", func(r []Row, h []Head) ([]Row, []Head) {
			r = append(r[:1], r[2:]...)
			for i := range r {
				r[i].Row = int64(i + 1)
			}
			return r, h
		}, "row 2 does not follow"},
		{"two change places", func(r []Row, h []Head) ([]Row, []Head) { r[1], r[2] = r[2], r[1]; return r, h }, "row 2 is missing"},
		{"all of it anew", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			return anew(r), h
		}, "row 3 is not the row that was signed, or told to GitHub"},
		{"all of it anew, and the stored hash", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			r = anew(r)
			h[0].Hash = r[2].Hash
			return r, h
		}, "row 3 does not fit its signature"},
		{"all of it anew, signed with another key", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			r = anew(r)
			return r, []Head{Sign(other, Head{Row: 3, Hash: r[2].Hash}, noon)}
		}, "row 3 does not fit its signature"},
		{"all of it anew, and no signature", func(r []Row, h []Head) ([]Row, []Head) {
			r[1].Body = strings.Replace(r[1].Body, "acme", "evil", 1)
			r = anew(r)
			return r, []Head{{Row: 3, Hash: r[2].Hash}}
		}, "row 3 does not fit its signature"},
		{"a signature of what GitHub was told", func(r []Row, h []Head) ([]Row, []Head) {
			forged := Sign(other, Head{Row: 5, Hash: r[4].Hash}, noon)
			return r, append(h, forged)
		}, "row 5 does not fit its signature"},
		{"what GitHub was told has no signature", func(r []Row, h []Head) ([]Row, []Head) { return r, append(h, Head{Row: 5, Hash: r[4].Hash}) }, ""},
		{"a signature's time", func(r []Row, h []Head) ([]Row, []Head) { h[0].At = noon.Add(1); return r, h }, "row 3 does not fit its signature"},
		{"cut after what was signed", func(r []Row, h []Head) ([]Row, []Head) { return r[:3], h }, ""}, // that takes a head which GitHub was told
		{"cut before what was signed", func(r []Row, h []Head) ([]Row, []Head) { return r[:2], h }, "row 3 is missing: row 3 was signed"},
		{"cut before what GitHub was told", func(r []Row, h []Head) ([]Row, []Head) {
			return r[:3], append(h, Head{Row: 5, Hash: r[4].Hash})
		}, "row 4 is missing: row 5 was signed, or told to GitHub"},
		{"what GitHub was told is another", func(r []Row, h []Head) ([]Row, []Head) {
			return r, append(h, Head{Row: 5, Hash: r[3].Hash})
		}, "row 5 is not the row that was signed, or told to GitHub"},
		{"no JSON", func(r []Row, h []Head) ([]Row, []Head) { r[1].Body = "{"; return anew(r), nil }, "row 2 can't be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, heads, key := chain(t, 5)
			rows, heads = c.do(rows, heads)
			err := verify(rows, heads, key.Public().(ed25519.PublicKey))
			if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("it is said that %v, and not %q", err, c.want)
			}
		})
	}
}

// A head without a key is held by its hash alone.
func TestWithoutAKey(t *testing.T) {
	rows, heads, _ := chain(t, 5)
	if err := verify(rows, heads, nil); err != nil {
		t.Error(err)
	}
	if (Head{Row: 1, Hash: rows[0].Hash}).Signed(nil) || heads[0].Signed(nil) {
		t.Error("a signature counts without a key")
	}
}
