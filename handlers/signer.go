package handlers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Signer makes the addresses of our pages, which nobody can guess: they are linked from GitHub alone. It is safe for concurrent use.
type Signer struct {
	base string
	key  []byte
}

// minKey is how many bytes a signer's key has at least.
const minKey = 16

// NewSigner signs with a key of at least 16 random bytes; 32 is a good number. Base is the public address of this server. Addresses stay
// good for as long as the key does.
func NewSigner(base string, key []byte) (*Signer, error) {
	if len(key) < minKey {
		return nil, errors.New("the key of the pages' addresses is too short; remove its file, and the addresses made so far end")
	}
	return &Signer{base: strings.TrimRight(base, "/"), key: bytes.Clone(key)}, nil
}

// The kinds of pages. A signature is good for its kind alone.
const (
	pageLog        = "log"
	pageRun        = "run"
	pageLane       = "lane"
	pageRepository = "repository"
	pageFacts      = "facts"
)

// Log is the address of a program's log, by the name of its row.
func (s *Signer) Log(key string) string { return s.address(pageLog, key) }

// Run is the address of a run's page.
func (s *Signer) Run(repo app.RepoID, commit app.SHA) string {
	return s.address(pageRun, app.RunAddress(repo, commit).String())
}

// Lane is the address of a lane's page.
func (s *Signer) Lane(at app.Address) string { return s.address(pageLane, at.String()) }

// Repository is the address of the page of all lanes of a repository.
func (s *Signer) Repository(repo app.RepoID) string {
	return s.address(pageRepository, app.RepositoryAddress(repo).String())
}

// Facts is where it is told on what a commit is judged now.
func (s *Signer) Facts(repo app.RepoID, commit app.SHA) string {
	return s.address(pageFacts, app.RunAddress(repo, commit).String())
}

func (s *Signer) address(kind, subject string) string {
	return s.base + "/" + kind + "/" + s.signature(kind, subject) + "/" + base64.RawURLEncoding.EncodeToString([]byte(subject))
}

// signature is 128 bits over the kind and the subject: no more can be guessed than a key of that length.
func (s *Signer) signature(kind, subject string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(kind + "\x00" + subject))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// subject is what an address is about, if it was made with our key. It takes the same time however much of a signature is right.
func (s *Signer) subject(kind, signature, name string) (string, bool) {
	subject, err := base64.RawURLEncoding.Strict().DecodeString(name)
	if err != nil {
		return "", false
	}
	return string(subject), hmac.Equal([]byte(signature), []byte(s.signature(kind, string(subject))))
}
