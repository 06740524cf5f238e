package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

// Signer makes the addresses of our pages, which nobody can guess: they are linked from GitHub alone. It is safe for concurrent use.
type Signer struct {
	base string
	key  []byte
}

// NewSigner signs with a key of at least 16 bytes. Base is the public address, without a slash at its end.
func NewSigner(base string, key []byte) (*Signer, error) {
	if len(key) < 16 {
		return nil, errors.New("the key of the pages' addresses is too short; remove its file, and addresses made so far end")
	}
	return &Signer{base: base, key: key}, nil
}

// The kinds of pages.
const (
	pageLog  = "log"
	pageRun  = "run"
	pageLane = "lane"
)

// Log is the address of a program's log.
func (s *Signer) Log(key string) string { return s.address(pageLog, key) }

// Run is the address of a run's page.
func (s *Signer) Run(repo app.RepoID, commit app.SHA) string {
	return s.address(pageRun, app.RunAddress(repo, commit).String())
}

// Lane is the address of a lane's page.
func (s *Signer) Lane(at app.Address) string { return s.address(pageLane, at.String()) }

func (s *Signer) address(kind, subject string) string {
	name := base64.RawURLEncoding.EncodeToString([]byte(subject))
	return fmt.Sprintf("%s/%s/%s/%s", s.base, kind, s.signature(kind, subject), name)
}

// signature is 128 bits over the kind and the subject.
func (s *Signer) signature(kind, subject string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(kind + "\x00" + subject))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// subject is what an address is about, if it was made with our key.
func (s *Signer) subject(kind, signature, name string) (string, bool) {
	subject, err := base64.RawURLEncoding.DecodeString(name)
	if err != nil {
		return "", false
	}
	return string(subject), hmac.Equal([]byte(signature), []byte(s.signature(kind, string(subject))))
}
