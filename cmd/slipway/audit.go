package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/store"
)

// auditCommand reads receipts, from the database of a server that may run or from a file that was exported. It writes nothing there.
type auditCommand struct {
	Data    string   `long:"data" env:"SLIPWAY_DATA" default:"/var/lib/slipway" description:"Where the server keeps everything."`
	File    string   `long:"file" description:"Receipts that were exported, in place of the server's."`
	Heads   []string `long:"head" description:"What GitHub was told: ROW:HASH, or the JSON of a deployment's payload under audit. The receipts have to hold it."`
	KeyFile string   `long:"audit-key-file" env:"SLIPWAY_AUDIT_KEY_FILE" description:"The Ed25519 key (PEM): the public one to verify, the private one to sign statements."`
	InToto  bool     `long:"in-toto" description:"Export a signed in-toto statement of each release that became live, in place of the receipts."`
	Args    struct {
		Do     string `positional-arg-name:"verify|show|export" required:"yes"`
		Commit string `positional-arg-name:"COMMIT" description:"Of show: at least 7 digits."`
	} `positional-args:"yes"`
}

// Run does what the first argument says.
func (c auditCommand) Run(s streams) error {
	switch c.Args.Do {
	case "verify":
		return c.verify(s.out)
	case "show":
		return c.show(s.out)
	case "export":
		return c.export(s.out)
	}
	return failure{exitUsage, fmt.Sprintf("audit does not know %q: it verifies, shows or exports", c.Args.Do)}
}

// keys are those of the file that is named, if any is.
func (c auditCommand) keys() (ed25519.PrivateKey, ed25519.PublicKey, error) {
	if c.KeyFile == "" {
		return nil, nil, nil
	}
	data, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, nil, failure{exitUsage, fmt.Sprintf("reading the key: %v", err)}
	}
	private, public, err := auditKeys(data)
	if err != nil {
		return nil, nil, failure{exitUsage, fmt.Sprintf("reading the key %s: %v", c.KeyFile, err)}
	}
	return private, public, nil
}

// known are the heads that the command line names.
func (c auditCommand) known() (heads []audit.Head, err error) {
	for _, text := range c.Heads {
		var h audit.Head
		row, hash, plain := strings.Cut(text, ":")
		if h.Row, err = strconv.ParseInt(row, 10, 64); err == nil && plain && len(hash) == 64 {
			h.Hash = strings.ToLower(hash)
		} else if err = json.Unmarshal([]byte(text), &h); err != nil || h.Row <= 0 || len(h.Hash) != 64 {
			return nil, failure{exitUsage, fmt.Sprintf("%q is no head. Write ROW:HASH, or what stands under audit in the payload of a deployment on GitHub", text)}
		}
		heads = append(heads, h)
	}
	return heads, nil
}

// databaseFile is the database in the folder of a server.
const databaseFile = "slipway.db"

func (c auditCommand) database() string { return filepath.Join(c.Data, databaseFile) }

// receipts reads all rows, and the heads that were signed.
func (c auditCommand) receipts() (iter.Seq2[audit.Row, error], []audit.Head, error) {
	if c.File != "" {
		return exported(c.File)
	}
	rows, heads, err := store.Receipts(context.Background(), c.database())
	if err != nil {
		return nil, nil, failure{exitUsage, fmt.Sprintf("%v. Name the server's folder with --data", err)}
	}
	return rows, heads, nil
}

// verify says whether the chain holds, or its first broken row.
func (c auditCommand) verify(out io.Writer) error {
	known, err := c.known()
	if err != nil {
		return err
	}
	_, key, err := c.keys()
	if err != nil {
		return err
	}
	rows, heads, err := c.receipts()
	if err != nil {
		return err
	}
	v := audit.Verifier{Key: key}
	for _, h := range known {
		v.Told(h)
	}
	for _, h := range heads {
		v.Stored(h)
	}
	last, err := held(&v, rows)
	var broken audit.Broken
	switch {
	case errors.As(err, &broken):
		return failure{exitFailed, fmt.Sprintf("the receipts do not hold: %v", broken)}
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%d receipts hold.%s\n", last.Row, signed(heads, key))
	if last.Row > 0 {
		fmt.Fprintf(out, "The newest is %d:%s\n", last.Row, last.Hash)
	}
	return nil
}

// held takes all rows in, and gives the last.
func held(v *audit.Verifier, rows iter.Seq2[audit.Row, error]) (audit.Row, error) {
	for r, err := range rows {
		if err == nil {
			err = v.Next(r)
		}
		if err != nil {
			return v.Last(), err
		}
	}
	return v.Last(), v.End()
}

func signed(heads []audit.Head, key ed25519.PublicKey) string {
	switch {
	case len(heads) == 0:
		return " None of them is signed: whoever can write the database could write all of them anew. Hold them against --head from GitHub."
	case key == nil:
		return fmt.Sprintf(" %d are signed, which was not looked at without --audit-key-file.", len(heads))
	}
	return fmt.Sprintf(" %d are signed with the key, the last of them row %d: what is up to there nobody has changed who does not have the key.", len(heads), heads[len(heads)-1].Row)
}

// line is one line of an export: a row, or a head that was signed.
type line struct {
	Row     int64           `json:"row,omitzero"`
	Prev    string          `json:"prev,omitzero"`
	Hash    string          `json:"hash,omitzero"`
	Receipt json.RawMessage `json:"receipt,omitempty"`
	Signed  *audit.Head     `json:"signed,omitempty"`
}

// export writes a line of JSON for each row, and one for each signature, so that the file can be verified without the database.
func (c auditCommand) export(out io.Writer) error {
	if c.InToto {
		return c.statements(out)
	}
	rows, heads, err := c.receipts()
	if err != nil {
		return err
	}
	write := json.NewEncoder(out)
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := write.Encode(line{Row: r.Row, Prev: r.Prev, Hash: r.Hash, Receipt: json.RawMessage(r.Body)}); err != nil {
			return fmt.Errorf("writing row %d: %w", r.Row, err)
		}
	}
	for _, h := range heads {
		if err := write.Encode(line{Signed: &h}); err != nil {
			return fmt.Errorf("writing a signature: %w", err)
		}
	}
	return nil
}

// exported reads what export wrote.
func exported(path string) (iter.Seq2[audit.Row, error], []audit.Head, error) {
	data, err := os.Open(path)
	if err != nil {
		return nil, nil, failure{exitUsage, fmt.Sprintf("reading what was exported: %v", err)}
	}
	defer data.Close()
	var rows []audit.Row
	var heads []audit.Head
	lines := bufio.NewScanner(data)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, nil, failure{exitFailed, fmt.Sprintf("%s:%d: it is no line of an export: %v", path, n, err)}
		}
		if l.Signed != nil {
			heads = append(heads, *l.Signed)
			continue
		}
		rows = append(rows, audit.Row{Row: l.Row, Prev: l.Prev, Hash: l.Hash, Body: string(l.Receipt)})
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return func(yield func(audit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}, heads, nil
}
