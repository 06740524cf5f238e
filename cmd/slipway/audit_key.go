package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
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
