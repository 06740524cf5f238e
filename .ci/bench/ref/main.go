// Command ref is the bare reference for slipway's intake: net/http, HMAC-SHA256 over the raw body, and SQLite with group commit at
// synchronous=FULL before the answer, and nothing else. What a server that also understands events loses against it is what that costs.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

const maxBody = 25 << 20 // as GitHub bounds its payloads

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ref:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:8081", "`host:port` to listen on")
	path := flag.String("db", "ref.db", "the database's `file`")
	pageSize := flag.Int("page-size", 4096, "SQLite's page size in bytes; 4096 is its own default")
	secretFile := flag.String("secret-file", "", "the `file` with the webhook's secret")
	flag.Parse()
	secret, err := os.ReadFile(*secretFile)
	if err != nil {
		return fmt.Errorf("reading the webhook's secret (-secret-file): %w", err)
	}
	store, err := open(*path, *pageSize)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &server{secret: []byte(strings.TrimSpace(string(secret))), store: store}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhook", server.receive)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	return http.Serve(listener, mux)
}

type server struct {
	secret []byte
	store  *store
}

// receive bounds a delivery, verifies it, makes it durable, and answers.
func (s *server) receive(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		http.Error(w, "a delivery says its length, of 25 MB at most", http.StatusRequestEntityTooLarge)
		return
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, "the body is cut off", http.StatusBadRequest)
		return
	}
	if err := verify(s.secret, r.Header.Get("X-Hub-Signature-256"), body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if err := s.store.put(r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event"), body); err != nil {
		http.Error(w, "it could not be stored", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func verify(secret []byte, header string, body []byte) error {
	digits, ok := strings.CutPrefix(header, "sha256=")
	given, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return errors.New("a delivery carries X-Hub-Signature-256")
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	if !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("the signature does not fit")
	}
	return nil
}
