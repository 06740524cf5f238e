package probe

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/deploy"
)

func TestAnswers(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			w.WriteHeader(http.StatusNoContent)
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/sick":
			w.WriteHeader(http.StatusInternalServerError)
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/cut":
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		case "/hang":
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}
	}))
	defer s.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	l.Close()
	clock := apptest.NewClock(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	for _, test := range []struct {
		address string
		want    app.Outcome
		detail  string
	}{
		{s.URL + "/ok", app.Succeeded, "answered 204"},
		{s.URL + "/moved", app.Failed, "answered 302"},
		{s.URL + "/sick", app.Failed, "answered 500"},
		{s.URL + "/gone", app.Failed, "answered 404"},
		{s.URL + "/cut", app.Failed, "the connection was cut"},
		{s.URL + "/hang", app.Inconclusive, "no answer in time"},
		{nobody, app.Failed, "connection refused"},
		{secure.URL, app.Failed, "its certificate is not valid"},
		{"http://no-such-name.invalid/", app.Inconclusive, "its name was not found"},
	} {
		patience := 20 * time.Second // a busy machine is no finding
		if test.detail == "no answer in time" {
			patience = 300 * time.Millisecond
		}
		got := New(clock).Sample(t.Context(), deploy.Verify{HTTP: test.address, Timeout: patience})
		if got.Outcome != test.want || got.Detail != test.detail || !got.At.Equal(clock.Now()) {
			t.Errorf("%s: %+v, want %s, %s", test.address, got, test.want, test.detail)
		}
	}
}
