package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// secrets are the webhook's: one, or two while it is changed. No secret, and an empty one, verifies nothing.
type secrets [][]byte

func newSecrets(texts []string) secrets {
	var s secrets
	for _, t := range texts {
		if t != "" {
			s = append(s, []byte(t))
		}
	}
	return s
}

// readSignature reads X-Hub-Signature-256. The older X-Hub-Signature, which is SHA-1, is not looked at.
func readSignature(header string) (given [sha256.Size]byte, ok bool) {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok || len(digits) != hex.EncodedLen(sha256.Size) {
		return given, false
	}
	_, err := hex.Decode(given[:], []byte(digits))
	return given, err == nil
}

// signed says whether one of the secrets made this signature. It takes the same time whichever it is, and however much of it is right.
func (s secrets) signed(given [sha256.Size]byte, body []byte) bool {
	valid := false
	for _, secret := range s {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		var sum [sha256.Size]byte
		valid = hmac.Equal(given[:], mac.Sum(sum[:0])) || valid
	}
	return valid
}
