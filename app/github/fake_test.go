package github

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
)

const (
	sha     = app.SHA("9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e")
	appID   = 7
	install = 11
)

var (
	start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	shop  = app.Repo{ID: 42, Owner: "acme", Name: "shop", Installation: install}
)

// testKey is one RSA key for all tests: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func keyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testKey())})
}

// request is one that arrived.
type request struct {
	line   string // method, path and query
	body   string
	header http.Header
}

func (r request) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%s: body %q: %v", r.line, r.body, err)
	}
	return v
}

// fake is a server that answers as told. It gives out tokens ghs_1, ghs_2 and so on.
type fake struct {
	t     *testing.T
	http  *httptest.Server
	mux   *http.ServeMux
	clock *apptest.Clock

	mu     sync.Mutex
	seen   []request
	calls  []Call
	minted int
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, mux: http.NewServeMux(), clock: apptest.NewClock(start)}
	f.http = httptest.NewServer(f)
	t.Cleanup(f.http.Close)
	f.mux.HandleFunc("POST /app/installations/{id}/access_tokens", f.mint) // a test can name one more exactly
	return f
}

func (f *fake) mint(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.minted++
	n := f.minted
	f.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": "ghs_secret%d", "expires_at": %q}`, n, f.clock.Now().Add(time.Hour).Format(time.RFC3339))
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	f.seen = append(f.seen, request{r.Method + " " + r.URL.RequestURI(), strings.TrimSpace(string(body)), r.Header.Clone()})
	f.mu.Unlock()
	f.mux.ServeHTTP(w, r)
}

// reply answers a route with the same each time.
func (f *fake) reply(route string, status int, body string, headers ...string) {
	f.replies(route, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// replies answers a route with one handler after the other; the last stays.
func (f *fake) replies(route string, handlers ...http.HandlerFunc) {
	n := 0
	f.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		f.mu.Unlock()
		h(w, r)
	})
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// lines is what arrived, but for tokens.
func (f *fake) lines() []string {
	var lines []string
	for _, r := range f.requests() {
		lines = append(lines, r.line)
	}
	return lines
}

func (f *fake) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []request
	for _, r := range f.seen {
		if !strings.HasSuffix(r.line, "/access_tokens") {
			list = append(list, r)
		}
	}
	return list
}

func (f *fake) tokens() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.minted
}

func (f *fake) client(change ...func(*Options)) *Client {
	f.t.Helper()
	o := Options{
		BaseURL: f.http.URL, AppID: appID, PrivateKey: keyPEM(), Clock: f.clock,
		Observe: func(c Call) { f.mu.Lock(); f.calls = append(f.calls, c); f.mu.Unlock() },
	}
	for _, c := range change {
		c(&o)
	}
	c, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

func wantKind(t *testing.T, err error, kind app.ErrorKind) {
	t.Helper()
	if err == nil || app.KindOf(err) != kind {
		t.Errorf("error %v has kind %d, want %d", err, app.KindOf(err), kind)
	}
	if err != nil && strings.Contains(err.Error(), "ghs_") {
		t.Errorf("a token is in the error: %v", err)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
