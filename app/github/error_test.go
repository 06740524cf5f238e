package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// halfAnswer promises more than it sends.
func halfAnswer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"id": 5, "number": 5,`)
}

func TestKindOfEveryAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   app.ErrorKind
	}{
		"400":              {says(400, `{"message": "Problems parsing JSON"}`), app.ErrInvalid},
		"401":              {says(401, `{"message": "Bad credentials"}`), app.ErrDenied},
		"403":              {says(403, `{"message": "Resource not accessible by integration"}`), app.ErrDenied},
		"404":              {says(404, `{"message": "Not Found"}`), app.ErrNotFound},
		"409":              {says(409, `{"message": "Git Repository is empty."}`), app.ErrConflict},
		"410":              {says(410, `{"message": "Issues are disabled"}`), app.ErrNotFound},
		"418":              {says(418, ``), app.ErrOther},
		"422":              {says(422, `{"message": "Validation Failed"}`), app.ErrInvalid},
		"429":              {says(429, ``), app.ErrLimited},
		"451":              {says(451, `{}`), app.ErrDenied},
		"500":              {says(500, `<html>`), app.ErrUnreachable},
		"502":              {says(502, ``), app.ErrUnreachable},
		"503":              {says(503, ``), app.ErrUnreachable},
		"not JSON":         {says(200, `<html>ghs_secret9`), app.ErrUnreachable},
		"no answer":        {hangUp, app.ErrUnreachable},
		"half an answer":   {halfAnswer, app.ErrUnreachable},
		"quotes the token": {says(403, `{"message": "ghs_secret1 may not"}`), app.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.replies("GET /repos/acme/shop/pulls/1", c.answer)
			f.replies("POST /repos/acme/shop/issues/1/comments", c.answer)
			_, err := f.client().Pull(t.Context(), shop, 1)
			wantKind(t, err, c.want)
			if !strings.Contains(err.Error(), "acme/shop") || !strings.Contains(err.Error(), "#1") {
				t.Errorf("%q does not say what was being done", err)
			}
			_, err = f.client().EnsureComment(t.Context(), shop, app.Comment{Pull: 1, Marker: "m"}, 0, false)
			wantKind(t, err, c.want)
			writes := strings.Count(strings.Join(f.lines(), "\n"), "POST ")
			if writes != 1 { // Go's own transport repeats a read whose connection broke
				t.Errorf("the write was sent %d times", writes)
			}
		})
	}
}

func TestUnreachableServer(t *testing.T) {
	f := newFake(t)
	c := f.client()
	f.http.Close()
	_, err := c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrUnreachable)
}

func TestServerThatNeverAnswers(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/pulls/1", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := f.client(func(o *Options) { o.Timeout = 50 * time.Millisecond }).Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrUnreachable)
}

func TestCanceledCallSaysSo(t *testing.T) {
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.replies("GET /repos/acme/shop/pulls/1", func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := f.client().Pull(ctx, shop, 1)
	wantKind(t, err, app.ErrUnreachable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v can't be told from a failure", err)
	}
}

func TestUnknownCommitIsNotFound(t *testing.T) {
	f := newFake(t)
	f.reply("GET /", 422, `{"message": "No commit found for SHA: 9b1e"}`)
	c := f.client()
	_, err := c.PullsOfCommit(t.Context(), shop, sha)
	wantKind(t, err, app.ErrNotFound)
	_, err = c.ForeignCheck(t.Context(), shop, sha, 3, "lint")
	wantKind(t, err, app.ErrNotFound)
}

func TestHalfACommitIsNotSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	_, err := c.PullsOfCommit(t.Context(), shop, "9b1e2c7")
	wantKind(t, err, app.ErrInvalid)
	_, err = c.ForeignCheck(t.Context(), shop, "", 3, "lint")
	wantKind(t, err, app.ErrInvalid)
	_, err = c.EnsureCheckRun(t.Context(), shop, app.CheckRun{Name: "a", External: "e", Status: "queued"}, 0, false)
	wantKind(t, err, app.ErrInvalid)
	_, err = c.EnsureDeployment(t.Context(), shop, app.Deployment{Environment: "e", Task: "deploy", Marker: "m", State: "queued"}, 0, false)
	wantKind(t, err, app.ErrInvalid)
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}
