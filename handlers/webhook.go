package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// maxBody is the largest webhook that GitHub sends.
const maxBody = 25 << 20

// Inbox stores events. Both return once the event is durable; a repeat is not stored again.
type Inbox interface {
	Accept(ctx context.Context, e app.Event) (stored bool, err error)
	Ignore(ctx context.Context, e app.Event, reason string) error
}

// receive takes one delivery: bounded, verified over its raw bytes before anything is parsed, stored, and only then answered.
func (w *Web) receive(rw http.ResponseWriter, r *http.Request) {
	status, text := w.take(r)
	w.Answered(status)
	http.Error(rw, text, status)
}

func (w *Web) take(r *http.Request) (status int, text string) {
	if w.draining.Load() {
		return http.StatusServiceUnavailable, "slipway is stopping; GitHub lists this delivery as failed and it is asked for again"
	}
	delivery, name := r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event")
	if delivery == "" || name == "" || len(delivery) > 200 || len(name) > 100 {
		return http.StatusBadRequest, "a delivery has X-GitHub-Delivery and X-GitHub-Event"
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType, "set the webhook's content type to application/json"
	}
	body, status, text := read(r)
	if status != 0 {
		return status, text
	}
	if !signed(w.Secrets, r.Header.Get("X-Hub-Signature-256"), body) {
		return http.StatusUnauthorized, "X-Hub-Signature-256 does not fit the body and the webhook's secret"
	}
	return w.store(r.Context(), app.Event{Delivery: delivery, Name: name, Body: body, Received: w.Clock.Now()})
}

// read reads a body up to its bound. Its announced length sizes the buffer, and is not believed beyond a megabyte.
func read(r *http.Request) (body []byte, status int, text string) {
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge, "a webhook has at most 25 MB"
	}
	buffer := make([]byte, 0, max(512, min(r.ContentLength+1, 1<<20)))
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > maxBody:
			return nil, http.StatusRequestEntityTooLarge, "a webhook has at most 25 MB"
		case errors.Is(err, io.EOF):
			return buffer, 0, ""
		case err != nil:
			return nil, http.StatusBadRequest, "the body ended too early"
		}
	}
}

// signed says whether one of the secrets made this signature, in constant time.
func signed(secrets []string, header string, body []byte) bool {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok {
		return false
	}
	given, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	valid := false
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(body)
		valid = hmac.Equal(given, mac.Sum(nil)) && s != "" || valid
	}
	return valid
}

// store makes an event durable. What nobody handles is kept as ignored, with the reason, so that it can be looked up.
func (w *Web) store(ctx context.Context, e app.Event) (status int, text string) {
	if !handled(e.Name) {
		if err := w.Inbox.Ignore(ctx, e, "slipway does not handle "+e.Name+" events"); err != nil {
			return w.refused(err)
		}
		return http.StatusAccepted, "stored, and ignored: slipway does not handle this event"
	}
	stored, err := w.Inbox.Accept(ctx, e)
	if err != nil {
		return w.refused(err)
	}
	if !stored {
		return http.StatusAccepted, "known already"
	}
	w.Nudge()
	return http.StatusAccepted, "stored"
}

// refused is the answer when an event could not be made durable: GitHub lists it as failed, and it is asked for again.
func (w *Web) refused(err error) (status int, text string) {
	w.Log.Error("storing a webhook", "error", err)
	return http.StatusInternalServerError, "it could not be stored"
}

// Drain lets intake answer 503 from now on: the server stops.
func (w *Web) Drain() { w.draining.Store(true) }
