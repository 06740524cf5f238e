package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// auditKeys reads an Ed25519 key in PEM: a private one with its public one, or a public one alone.
func auditKeys(data []byte) (ed25519.PrivateKey, ed25519.PublicKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, nil, errors.New("it holds no PEM")
	}
	if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, is := parsed.(ed25519.PrivateKey); is {
			return key, key.Public().(ed25519.PublicKey), nil
		}
	}
	if parsed, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		if key, is := parsed.(ed25519.PublicKey); is {
			return nil, key, nil
		}
	}
	return nil, nil, errors.New("it holds no Ed25519 key")
}

// newAuditKey is a new private key in PEM, as `openssl genpkey -algorithm ed25519` makes it.
func newAuditKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key that signs receipts: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing the key that signs receipts: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
