package contract

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
)

// Wrap checks every request that h is asked and every answer that it gives. An answer is held back until it was checked, so that
// a violation is told before whoever asked goes on; a Flush sends it early. Nothing is said of an answer that was not given: h
// panicked or took over the connection, as a stand-in does that plays dead.
func (c *Contract) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.reporter.Helper()
		x := c.begin(r)
		if x == nil {
			h.ServeHTTP(w, r)
			return
		}
		held := &heldAnswer{ResponseWriter: w}
		h.ServeHTTP(held, r)
		if held.hijacked {
			return
		}
		c.finish(x, held.statusOr200(), w.Header(), held.body.Bytes())
		held.send()
	})
}

// heldAnswer keeps an answer until it is sent.
type heldAnswer struct {
	http.ResponseWriter
	status   int
	body     bytes.Buffer
	sent     int // bytes of body that went out
	begun    bool
	hijacked bool
}

// WriteHeader keeps the status. Interim answers (1xx) are not kept: they are no part of GitHub's API.
func (a *heldAnswer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

// Write keeps a part of the body.
func (a *heldAnswer) Write(data []byte) (int, error) {
	a.status = a.statusOr200()
	return a.body.Write(data)
}

// Flush sends what is held.
func (a *heldAnswer) Flush() {
	a.send()
	_ = http.NewResponseController(a.ResponseWriter).Flush() // it fails when the other side is gone: there is nobody to tell
}

// Hijack hands over the connection, with nothing of the answer sent.
func (a *heldAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("taking over the connection: %w", err)
	}
	a.hijacked = true
	return conn, rw, nil
}

// send sends what is held and was not sent yet. An error means that the other side is gone: there is nobody to tell.
func (a *heldAnswer) send() {
	if !a.begun {
		a.begun = true
		a.ResponseWriter.WriteHeader(a.statusOr200())
	}
	n, _ := a.ResponseWriter.Write(a.body.Bytes()[a.sent:])
	a.sent += n
}

func (a *heldAnswer) statusOr200() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// Transport checks every request that is sent through t and every answer that comes back. It is for clients whose server can't
// be wrapped.
func (c *Contract) Transport(t http.RoundTripper) http.RoundTripper {
	return transport{contract: c, next: t}
}

type transport struct {
	contract *Contract
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper. It checks a copy of the request, since a round-tripper must not change its own.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	x := t.contract.begin(sent)
	answer, err := t.next.RoundTrip(sent)
	if err != nil || x == nil {
		return answer, err
	}
	body, err := takeBody(&answer.Body)
	if err != nil {
		return answer, nil // the caller meets the same error when it reads
	}
	t.contract.finish(x, answer.StatusCode, answer.Header, body)
	return answer, nil
}
