package handlers

import (
	"context"
	"io"
	"mime"
	"net/http"

	"github.com/slipway-cd/slipway/app"
)

// Inbox stores events. Both methods return once the event is durable, and keep nothing of its body then; when they fail they may. A repeat is not stored again: that is the store's to see, by the
// delivery's id, and stored is false.
type Inbox interface {
	Accept(ctx context.Context, e app.Event) (stored bool, err error)
	Ignore(ctx context.Context, e app.Event, reason string) error
}

// answer is what a delivery is answered with.
type answer struct {
	status int
	text   string
}

// receive takes one delivery in. It logs nothing of those that are well or that strangers send, for there may be thousands in a second.
func (w *Web) receive(rw http.ResponseWriter, r *http.Request) {
	a := w.take(r)
	if w.Answered != nil {
		w.Answered(a.status)
	}
	h := rw.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(a.status)
	io.WriteString(rw, a.text)
}

// take bounds a delivery, verifies it over its raw bytes before anything of it is believed, stores it, and only then has a good answer.
func (w *Web) take(r *http.Request) answer {
	if w.stopped.Err() != nil {
		return answer{http.StatusServiceUnavailable, "slipway is stopping; GitHub lists this delivery as failed, and slipway asks for it again\n"}
	}
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	given, ok := readSignature(r.Header.Get("X-Hub-Signature-256"))
	if !ok {
		return answer{http.StatusUnauthorized, "a delivery carries X-Hub-Signature-256; set a secret for the webhook\n"}
	}
	body, refused := w.bodies.read(r)
	if refused != nil {
		return *refused
	}
	if !w.secrets.signed(given, body) {
		return answer{http.StatusUnauthorized, "X-Hub-Signature-256 does not fit the body and the webhook's secret\n"}
	}
	delivery, name := r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event")
	if !isToken(delivery, 200) || !isToken(name, 100) {
		return answer{http.StatusBadRequest, "a delivery carries X-GitHub-Delivery and X-GitHub-Event\n"}
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return answer{http.StatusUnsupportedMediaType, "set the webhook's content type to application/json\n"}
	}
	return w.store(r.Context(), app.Event{Delivery: delivery, Name: name, Body: body, Received: w.Clock.Now()})
}

// store makes an event durable. What nobody handles is kept as ignored, with the reason, so that it can be looked up. Whether its
// repository is served is asked when it is understood: that takes reading the body, and GitHub waits for the answer.
func (w *Web) store(ctx context.Context, e app.Event) answer {
	if !handled(e.Name) {
		if err := w.Inbox.Ignore(ctx, e, notHandled(e.Name)); err != nil {
			return w.unstored(e, err)
		}
		w.bodies.giveBack(e.Body)
		return answer{http.StatusAccepted, "stored and ignored: " + notHandled(e.Name) + "\n"}
	}
	stored, err := w.Inbox.Accept(ctx, e)
	if err != nil {
		return w.unstored(e, err)
	}
	w.bodies.giveBack(e.Body)
	if !stored {
		return answer{http.StatusAccepted, "known already\n"}
	}
	w.Nudge()
	return answer{http.StatusAccepted, "stored\n"}
}

// unstored is the answer when an event is not known to be durable: GitHub lists it as failed, and it is asked for again.
func (w *Web) unstored(e app.Event, err error) answer {
	w.Log.Error("storing a webhook", "delivery", e.Delivery, "event", e.Name, "error", err)
	return answer{http.StatusServiceUnavailable, "it could not be stored; slipway's log says why\n"}
}

// isToken says whether a header is printable ASCII without spaces, of a length between 1 and most.
func isToken(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isJSON says whether a content type is JSON. GitHub's other choice, a form, is refused: its bytes are not the event's.
func isJSON(contentType string) bool {
	if contentType == "application/json" { // as GitHub sends it
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/json"
}
