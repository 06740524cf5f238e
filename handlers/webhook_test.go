package handlers

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestDeliveryIsStoredAsItCame(t *testing.T) {
	w := newWorld(t)
	body := []byte("{\"not\": parsed\xff before it is answered")
	rec := w.send(delivery("d-1", "push", body))
	if rec.Code != http.StatusAccepted {
		t.Fatal(rec.Code, rec.Body)
	}
	e := w.inbox.stored["d-1"]
	if e.Name != "push" || !bytes.Equal(e.Body, body) || !e.Received.Equal(received) || w.nudges != 1 {
		t.Errorf("stored %+v, %d nudges", e, w.nudges)
	}
	if w.log.String() != "" {
		t.Errorf("intake logs each delivery: %s", w.log)
	}
}

func TestRepeatDoesNothing(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		if rec := w.send(delivery("d-1", "push", []byte("{}"))); rec.Code != http.StatusAccepted {
			t.Fatal(rec.Code)
		}
	}
	if len(w.inbox.stored) != 1 || w.nudges != 1 {
		t.Errorf("%d stored, %d nudges", len(w.inbox.stored), w.nudges)
	}
}

func TestExamplesGoThroughSignatureAndStorage(t *testing.T) {
	w := newWorld(t)
	for _, name := range events() {
		for i, body := range examples(t, name) {
			id := fmt.Sprintf("%s-%d", name, i)
			if rec := w.send(delivery(id, name, body)); rec.Code != http.StatusAccepted {
				t.Errorf("%s: %d %s", id, rec.Code, rec.Body)
			}
			e, ok := w.inbox.stored[id]
			if !ok || !bytes.Equal(e.Body, body) {
				t.Errorf("%s was not stored as it came", id)
			}
			if _, _, err := translator().Translate(e); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
}

func TestUnhandledEventsAreIgnoredWithAReason(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"ping", "star", "deployment", "status", "pull_request_review_thread", "workflow_job", "nobody_heard_of_it"} {
		bodies := examples(t, name)
		body := []byte("{}")
		if len(bodies) > 0 {
			body = bodies[0]
		}
		if rec := w.send(delivery(name, name, body)); rec.Code != http.StatusAccepted {
			t.Errorf("%s: %d", name, rec.Code)
		}
		if !strings.Contains(w.inbox.ignored[name], name) {
			t.Errorf("%s was ignored with %q", name, w.inbox.ignored[name])
		}
	}
	if len(w.inbox.stored) != 0 || w.nudges != 0 {
		t.Errorf("%d stored, %d nudges", len(w.inbox.stored), w.nudges)
	}
}

// TestRefused is the security row about signatures, and bad input.
func TestRefused(t *testing.T) {
	body := []byte(`{"zen":"x"}`)
	old := hmac.New(sha1.New, []byte(secret))
	old.Write(body)
	sha1Only := "sha1=" + hex.EncodeToString(old.Sum(nil))
	set := func(key, value string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(key, value) } }
	without := func(key string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(key) } }
	const signature = "X-Hub-Signature-256"
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"unsigned", without(signature), 401},
		{"SHA-1 alone", func(r *http.Request) { r.Header.Del(signature); r.Header.Set("X-Hub-Signature", sha1Only) }, 401},
		{"SHA-1 in SHA-256's place", set(signature, sha1Only), 401},
		{"another secret", set(signature, sign("guess", body)), 401},
		{"no secret", set(signature, sign("", body)), 401},
		{"another body", set(signature, sign(secret, []byte("{}"))), 401},
		{"one digit wrong", func(r *http.Request) {
			s := []byte(r.Header.Get(signature))
			s[len(s)-1] ^= 1
			r.Header.Set(signature, string(s))
		}, 401},
		{"a digit less", func(r *http.Request) { s := r.Header.Get(signature); r.Header.Set(signature, s[:len(s)-1]) }, 401},
		{"two digits more", func(r *http.Request) { r.Header.Set(signature, r.Header.Get(signature)+"00") }, 401},
		{"no prefix", func(r *http.Request) { r.Header.Set(signature, strings.TrimPrefix(r.Header.Get(signature), "sha256=")) }, 401},
		{"no hex", set(signature, "sha256="+strings.Repeat("zz", 32)), 401},
		{"empty", set(signature, "sha256="), 401},
		{"a second signature", func(r *http.Request) {
			good := r.Header.Get(signature)
			r.Header[signature] = []string{"sha256=" + strings.Repeat("00", 32), good}
		}, 401},
		{"body changed under way", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"zen":"y"}`)) }, 401},
		{"cut off", func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), failing{})) }, 400},
		{"no delivery id", without("X-GitHub-Delivery"), 400},
		{"no event", without("X-GitHub-Event"), 400},
		{"an endless delivery id", set("X-GitHub-Delivery", strings.Repeat("x", 201)), 400},
		{"an endless event", set("X-GitHub-Event", strings.Repeat("x", 101)), 400},
		{"an event of two lines", set("X-GitHub-Event", "push\nx"), 400},
		{"a form", set("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"no content type", without("Content-Type"), 415},
		{"text", set("Content-Type", "text/plain; x=application/json"), 415},
		{"too large", func(r *http.Request) { r.ContentLength = maxBody + 1 }, 413},
		{"too large, unsaid", func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(io.LimitReader(zeros{}, maxBody+1)) }, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := delivery("d-1", "push", body)
			c.change(r)
			rec := w.send(r)
			if rec.Code != c.status || rec.Body.Len() < 10 {
				t.Errorf("got %d %q, want %d and a sentence", rec.Code, rec.Body, c.status)
			}
			if len(w.inbox.stored)+len(w.inbox.ignored)+w.nudges != 0 {
				t.Error("something was stored")
			}
			if len(w.counts) != 1 || w.counts[0] != c.status {
				t.Errorf("counted %v", w.counts)
			}
			if w.log.String() != "" {
				t.Errorf("strangers fill the log: %s", w.log)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestContentTypeWithParameters(t *testing.T) {
	w := newWorld(t)
	r := delivery("d-1", "push", []byte("{}"))
	r.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	if rec := w.send(r); rec.Code != http.StatusAccepted {
		t.Error(rec.Code, rec.Body)
	}
}

func TestTwoSecretsWhileRotating(t *testing.T) {
	body := []byte("{}")
	for _, c := range []struct {
		secrets []string
		status  int
	}{
		{[]string{"new", secret}, 202}, {[]string{secret, "new"}, 202}, {[]string{"new"}, 401}, {[]string{"", secret}, 202}, {nil, 401}, {[]string{""}, 401},
	} {
		w := newWorld(t)
		w.Web.secrets = newSecrets(c.secrets)
		if rec := w.send(delivery("d-1", "push", body)); rec.Code != c.status {
			t.Errorf("%q: %d, want %d", c.secrets, rec.Code, c.status)
		}
		r := delivery("d-2", "push", body)
		r.Header.Set("X-Hub-Signature-256", sign("", body))
		if rec := w.send(r); rec.Code != http.StatusUnauthorized {
			t.Errorf("%q: signed with nothing: %d", c.secrets, rec.Code)
		}
	}
}

func TestBodiesOfAllSizes(t *testing.T) {
	for _, size := range []int{0, 1, 511, 4096, smallBody - 1, smallBody, smallBody + 1, 5 << 20, maxBody} {
		body := bytes.Repeat([]byte("x"), size)
		for _, announced := range []int64{int64(size), -1} {
			w := newWorld(t)
			r := delivery("d-1", "push", body)
			r.ContentLength = announced
			if rec := w.send(r); rec.Code != http.StatusAccepted || !bytes.Equal(w.inbox.stored["d-1"].Body, body) {
				t.Errorf("%d bytes, %d announced: %d %s", size, announced, rec.Code, rec.Body)
			}
		}
	}
}

// TestManyAtOnce: what holds one body holds others later, and none is mixed up with another.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	w.Nudge, w.Answered = func() {}, nil
	body := func(i int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("%04d", i)), 1+i*37%20_000) }
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := worker; i < 400; i += 8 {
				if rec := w.send(delivery(fmt.Sprint(i), "push", body(i))); rec.Code != http.StatusAccepted {
					t.Errorf("%d was answered %d", i, rec.Code)
				}
			}
		})
	}
	all.Wait()
	for i := range 400 {
		if e := w.inbox.stored[fmt.Sprint(i)]; !bytes.Equal(e.Body, body(i)) {
			t.Errorf("%d was stored with another body", i)
		}
	}
}

// TestOverTheWire lets net/http cut bodies as it does.
func TestOverTheWire(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	body := bytes.Repeat([]byte("y"), 300<<10)
	for _, chunked := range []bool{false, true} {
		id := fmt.Sprint("chunked-", chunked)
		r := delivery(id, "push", body)
		out, _ := http.NewRequest(http.MethodPost, server.URL+"/webhook", bytes.NewReader(body))
		out.Header = r.Header
		if chunked {
			out.ContentLength, out.Body = -1, io.NopCloser(bytes.NewReader(body))
		}
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted || !bytes.Equal(w.inbox.stored[id].Body, body) {
			t.Errorf("%s: %d, %d bytes stored", id, res.StatusCode, len(w.inbox.stored[id].Body))
		}
	}
}

// TestAnnouncedLengthIsNotBelieved: a stranger who announces 25 MB and sends nothing costs a megabyte, not 25.
func TestAnnouncedLengthIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	r := delivery("d-1", "push", nil)
	r.ContentLength, r.Body = maxBody, io.NopCloser(failing{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rec := w.send(r)
	runtime.ReadMemStats(&after)
	if rec.Code != http.StatusBadRequest {
		t.Error(rec.Code)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2*smallBody {
		t.Errorf("%d bytes were taken", used)
	}
}

func TestLargeBodiesTakeTurns(t *testing.T) {
	w := newWorld(t)
	for range bigBodies {
		w.bodies.turns <- struct{}{}
	}
	body := bytes.Repeat([]byte("x"), smallBody+1)
	ctx, leave := context.WithCancel(context.Background())
	leave()
	if rec := w.send(delivery("d-1", "push", body).WithContext(ctx)); rec.Code != http.StatusBadRequest || len(w.inbox.stored) != 0 {
		t.Errorf("no turn was free, and it was answered %d", rec.Code)
	}
	if rec := w.send(delivery("d-2", "push", body[:smallBody-1])); rec.Code != http.StatusAccepted {
		t.Errorf("a small one waits for the large: %d", rec.Code)
	}
	<-w.bodies.turns
	ctx, leave = context.WithTimeout(context.Background(), patience)
	defer leave()
	for _, id := range []string{"d-3", "d-4"} { // the turn is given back
		if rec := w.send(delivery(id, "push", body).WithContext(ctx)); rec.Code != http.StatusAccepted {
			t.Errorf("%s: %d", id, rec.Code)
		}
	}
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.inbox.err = errors.New("database or disk is full")
	for _, name := range []string{"push", "star"} {
		if rec := w.send(delivery("d-"+name, name, []byte("{}"))); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	log := w.log.String()
	if w.nudges != 0 || !strings.Contains(log, "d-push") || !strings.Contains(log, "disk is full") || strings.Contains(log, secret) {
		t.Errorf("%d nudges, log %s", w.nudges, log)
	}
}

func TestDrainingRefusesDeliveries(t *testing.T) {
	w := newWorld(t)
	w.Drain()
	w.Drain()
	if rec := w.send(delivery("d-1", "push", []byte("{}"))); rec.Code != http.StatusServiceUnavailable || len(w.inbox.stored) != 0 {
		t.Error(rec.Code)
	}
	if rec := w.get("/readyz"); rec.Code != http.StatusServiceUnavailable {
		t.Error("ready while it stops")
	}
	if rec := w.get("/healthz"); rec.Code != http.StatusOK {
		t.Error("dead while it stops")
	}
}

func BenchmarkIntake(b *testing.B) {
	w := newWorld(b)
	w.Web.Inbox, w.Web.Answered, w.Web.Nudge = forgetful{}, nil, func() {}
	body := bytes.Repeat([]byte("x"), 14<<10)
	signature := sign(secret, body)
	reader := bytes.NewReader(body)
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		r := httptest.NewRequest(http.MethodPost, "/webhook", reader)
		r.Header = http.Header{"X-Github-Delivery": {"d"}, "X-Github-Event": {"push"}, "Content-Type": {"application/json"}, "X-Hub-Signature-256": {signature}}
		w.Web.ServeHTTP(httptest.NewRecorder(), r)
	}
}
