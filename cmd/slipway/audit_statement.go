package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
)

// statement is an in-toto Statement, version 1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     release   `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// release is what is said of a subject: where it went, who let it go, and which receipts say so.
type release struct {
	Environment string          `json:"environment"`
	Service     string          `json:"service,omitempty"`
	Receipts    []audit.Receipt `json:"receipts"`
	Head        audit.Head      `json:"head"` // the row that says it became live
}

const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://github.com/slipway-cd/slipway/attestation/release/v1"
	payloadType   = "application/vnd.in-toto+json"
)

// statements writes a signed statement of each release that became live, a line each.
func (c auditCommand) statements(out io.Writer) error {
	key, _, err := c.keys()
	switch {
	case err != nil:
		return err
	case key == nil:
		return failure{exitUsage, "statements are signed: name the private key with --audit-key-file"}
	}
	signer, err := dsse.NewEnvelopeSigner(keySigner{key})
	if err != nil {
		return fmt.Errorf("preparing to sign: %w", err)
	}
	type attempt struct {
		repo                 app.RepoID
		service, environment string
		commit               app.SHA
		attempt              app.Key
	}
	open := map[attempt][]audit.Receipt{}
	write := json.NewEncoder(out)
	var failed error
	err = c.each(func(row audit.Row, r audit.Receipt) {
		at := attempt{r.Repo, r.Service, r.Environment, r.Commit, r.Attempt}
		if r.Attempt == 0 || failed != nil {
			return
		}
		r.Facts = nil // the row has them
		if open[at] = append(open[at], r); r.Kind != audit.Became || r.State != "live" {
			return
		}
		failed = attest(signer, write, live(row, r, open[at]))
		delete(open, at)
	})
	if err != nil {
		return err
	}
	return failed
}

// live is the statement of a release that became live.
func live(row audit.Row, r audit.Receipt, receipts []audit.Receipt) statement {
	s := statement{Type: statementType, PredicateType: predicateType, Predicate: release{
		Environment: r.Environment, Service: r.Service, Receipts: receipts, Head: audit.Head{Row: row.Row, Hash: row.Hash},
	}}
	s.Subject = []subject{{"git+https://github.com/" + r.Repository + "@" + string(r.Commit), map[string]string{"gitCommit": string(r.Commit)}}}
	for _, c := range receipts {
		if digest, is := strings.CutPrefix(c.Pin.Artifact, "sha256:"); is && c.Kind == audit.Started {
			s.Subject = append(s.Subject, subject{"artifact of " + r.Repository, map[string]string{"sha256": digest}})
		}
	}
	return s
}

func attest(signer *dsse.EnvelopeSigner, write *json.Encoder, s statement) error {
	payload, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing a statement: %w", err)
	}
	envelope, err := signer.SignPayload(context.Background(), payloadType, payload)
	if err != nil {
		return fmt.Errorf("signing a statement: %w", err)
	}
	if err := write.Encode(envelope); err != nil {
		return fmt.Errorf("writing a statement: %w", err)
	}
	return nil
}

// keySigner signs with the operator's key.
type keySigner struct{ key ed25519.PrivateKey }

// Sign is the signature of data.
func (k keySigner) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(k.key, data), nil
}

// KeyID is the SHA-256 of the public key.
func (k keySigner) KeyID() (string, error) {
	sum := sha256.Sum256(k.key.Public().(ed25519.PublicKey))
	return hex.EncodeToString(sum[:]), nil
}
