package handlers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/handlers/pages"
)

func (w *world) logAddress() (key, path string) {
	key = pages.LogKey(app.RunAddress(42, head), checks.Execute{}, 7)
	return key, strings.TrimPrefix(w.Signer.Log(key), "https://slipway.example")
}

// until reads lines until one holds mark.
func until(t *testing.T, r *bufio.Reader, mark string) {
	t.Helper()
	found := make(chan error, 1)
	go func() {
		for {
			line, err := r.ReadString('\n')
			if strings.Contains(line, mark) {
				found <- nil
				return
			}
			if err != nil {
				found <- err
				return
			}
		}
	}()
	select {
	case err := <-found:
		if err != nil {
			t.Fatalf("%q never came: %v", mark, err)
		}
	case <-time.After(patience):
		t.Fatalf("%q did not come in time", mark)
	}
}

// follow asks a real server for a log, for a connection has to hand on what there is.
func follow(t *testing.T, w *world, query string) (*bufio.Reader, *http.Response, context.CancelFunc) {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	_, path := w.logAddress()
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path+query, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return bufio.NewReader(res.Body), res, leave
}

func TestLogIsShownWhileItGrows(t *testing.T) {
	for _, query := range []string{"", "?raw", "?from=0"} {
		w := newWorld(t)
		w.place()
		key, _ := w.logAddress()
		log := w.logs.put(key, "first\n", false)
		in, _, _ := follow(t, w, query)
		until(t, in, "first")
		log.grow("second\n", false)
		until(t, in, "second")
		log.grow("the end without a newline", true)
		rest, err := io.ReadAll(in)
		if err != nil || !strings.Contains(string(rest), "the end without a newline") {
			t.Errorf("%q: %v, %q", query, err, rest)
		}
		if html := strings.Contains(string(rest), "The log ends here."); html == (query == "?raw") {
			t.Errorf("%q ends as %q", query, rest)
		}
	}
}

func TestDrainEndsReaders(t *testing.T) {
	w := newWorld(t)
	w.place()
	key, _ := w.logAddress()
	w.logs.put(key, "first\n", false)
	in, _, _ := follow(t, w, "")
	until(t, in, "first")
	w.Drain()
	until(t, in, "load the page again")
}

func TestReaderWhoLeavesIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.place()
	key, _ := w.logAddress()
	w.logs.put(key, "first\n", false)
	served := make(chan struct{})
	inner := w.Web
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer close(served)
		inner.ServeHTTP(rw, r)
	}))
	defer server.Close()
	_, path := w.logAddress()
	ctx, leave := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	until(t, bufio.NewReader(res.Body), "first")
	leave()
	select {
	case <-served:
	case <-time.After(patience):
		t.Fatal("it is still being served")
	}
	if w.logs.open() != 0 || len(w.readers) != 0 {
		t.Errorf("%d logs are open, %d readers counted", w.logs.open(), len(w.readers))
	}
}

func TestReadersAreCounted(t *testing.T) {
	w := newWorld(t)
	w.place()
	for range maxReaders {
		w.readers <- struct{}{}
	}
	if rec := w.get(w.addresses()["log"]); rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "Too many") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	<-w.readers
	if rec := w.get(w.addresses()["log"]); rec.Code != http.StatusOK {
		t.Error(rec.Code)
	}
}

// TestLongLogBeginsAtItsLastPart, whether its program runs or has ended.
func TestLongLogBeginsAtItsLastPart(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < 5<<20; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	whole := b.String()
	for _, c := range []struct {
		name   string
		size   int
		cut    bool
		atMost int
	}{
		{"nothing", 0, false, 0}, {"short", 1000, false, 1000}, {"a part", lastPart, false, lastPart}, {"almost two", 2*lastPart - 1, false, 2 * lastPart},
		{"just more", 2*lastPart + 1, true, 2 * lastPart}, {"long", 5 << 20, true, 2 * lastPart}, {"odd", 3<<20 + 12345, true, 2 * lastPart},
	} {
		w := newWorld(t)
		w.place()
		key, path := w.logAddress()
		w.logs.put(key, whole[:c.size], true)
		page := w.get(path).Body.String()
		shown := page[strings.Index(page, "<pre>")+5 : strings.LastIndex(page, "</pre>")]
		if linked := strings.Contains(page, "?from=0"); linked != c.cut {
			t.Errorf("%s: linked to the whole: %v", c.name, linked)
		}
		want := strings.TrimRight(whole[:c.size], " ")
		if c.cut && (len(shown) < lastPart-100 || len(shown) > c.atMost) || !strings.HasSuffix(want, strings.TrimSuffix(shown, "\n")) && !strings.HasSuffix(want+"\n", shown) {
			t.Errorf("%s: %d of %d bytes are shown, from %.30q on", c.name, len(shown), c.size, shown)
		}
		if c.cut && !strings.HasPrefix(shown, "line ") {
			t.Errorf("%s begins inside a line: %.30q", c.name, shown)
		}
		if raw := w.get(path + "?raw").Body.String(); raw != whole[:c.size] {
			t.Errorf("%s: plain text is %d of %d bytes", c.name, len(raw), c.size)
		}
		if w.logs.open() != 0 {
			t.Errorf("%s: %d logs are left open", c.name, w.logs.open())
		}
	}
	w := newWorld(t)
	w.place()
	key, _ := w.logAddress()
	log := w.logs.put(key, whole, false)
	in, _, _ := follow(t, w, "")
	until(t, in, "last part of a long log")
	log.grow("and more\n", true)
	until(t, in, "and more")
}

func TestLogOffsets(t *testing.T) {
	w := newWorld(t)
	w.place()
	key, path := w.logAddress()
	w.logs.put(key, "0123\n4567\n89\n", true)
	for query, want := range map[string]string{
		"?raw&from=5": "4567\n89\n", "?raw&from=0": "0123\n4567\n89\n", "?raw&from=-5": "0123\n4567\n89\n", "?raw&from=x": "0123\n4567\n89\n",
		"?raw&from=99999999999999999999": "0123\n4567\n89\n", "?raw&from=1000": "",
	} {
		rec := w.get(path + query)
		if rec.Body.String() != want || rec.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %q", query, rec.Body)
		}
	}
	if page := w.get(path + "?from=2").Body.String(); !strings.Contains(page, "<pre>4567\n89\n</pre>") || !strings.Contains(page, "from byte 2 on") {
		t.Errorf("inside a line: %s", page)
	}
	if rec := w.send(httptest.NewRequest(http.MethodHead, path, nil)); rec.Code != http.StatusOK || rec.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", rec.Code, rec.Body.Len())
	}
}

func TestMissingLogIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.place()
	rec := w.get(w.addresses()["no log"])
	if rec.Code != http.StatusNotFound || w.log.String() != "" || len(w.readers) != 0 {
		t.Errorf("%d, log %q", rec.Code, w.log)
	}
}

// TestLogWithoutItsRun: a log is shown although nothing else is known of it.
func TestLogWithoutItsRun(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"run/42/" + string(head) + "#execute/1", "lane/42/a/b#put/1", "lane/42/a/b#restore/1", "odd", "#", "run/x#/"} {
		w.logs.put(key, "hello\n", true)
		if page := w.get(w.Signer.Log(key)).Body.String(); !strings.Contains(page, "hello") {
			t.Errorf("%q: %s", key, page)
		}
	}
}

// TestEndlessLine: a line without an end is broken, not kept in memory.
func TestEndlessLine(t *testing.T) {
	w := newWorld(t)
	w.place()
	key, path := w.logAddress()
	w.logs.put(key, strings.Repeat("x", 10*maxLine+7), true)
	page := w.get(path + "?from=0").Body.String()
	if n := strings.Count(page[strings.Index(page, "<pre>"):strings.Index(page, "</pre>")], "x"); n != 10*maxLine+7 {
		t.Errorf("%d of %d characters are shown", n, 10*maxLine+7)
	}
}
