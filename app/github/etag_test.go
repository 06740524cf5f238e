package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

// tagged answers with a tag that stands for the body, and 304 to who has it.
func tagged(body func() string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`W/"%x"`, body())
		w.Header().Set("Etag", tag)
		w.Header().Set("Cache-Control", "private, max-age=60, s-maxage=60")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(304)
			return
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		fmt.Fprint(w, body())
	}
}

func statuses(f *fake) []int {
	var list []int
	for _, c := range f.calls {
		if c.Kind == CallRead {
			list = append(list, c.Status)
		}
	}
	return list
}

// Well-known caches answer by themselves within max-age: a gate would decide on a minute-old truth.
func TestReadsAlwaysAskGitHub(t *testing.T) {
	f := newFake(t)
	title := "one"
	f.replies("GET /repos/acme/shop/pulls/1", tagged(func() string { return `{"number": 1, "title": "` + title + `"}` }))
	c := f.client()
	for i, want := range []string{"one", "one", "two", "two"} {
		title = want
		pull, err := c.Pull(t.Context(), shop, 1)
		if err != nil || pull.Title != want {
			t.Errorf("read %d: %q, %v", i, pull.Title, err)
		}
	}
	if diff := cmp.Diff([]int{200, 304, 200, 304}, statuses(f)); diff != "" {
		t.Error(diff)
	}
}

func TestConfirmedAnswerKeepsItsPages(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/pulls", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "2" {
			tagged(func() string { return `[{"number": 2}]` })(w, r)
			return
		}
		tagged(func() string { return `[{"number": 1}]` }, "Link", `<`+f.http.URL+`/repos/acme/shop/pulls?page=2>; rel="next"`)(w, r)
	})
	c := f.client()
	for range 2 {
		pulls, err := c.OpenPulls(t.Context(), shop)
		if err != nil || len(pulls) != 2 {
			t.Errorf("%d pull requests, %v", len(pulls), err)
		}
	}
	if diff := cmp.Diff([]int{200, 200, 304, 304}, statuses(f)); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersNeverCrossInstallations(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/pulls/1", tagged(func() string { return `{"number": 1}` }))
	c := f.client()
	other := shop
	other.Installation++
	c.Pull(t.Context(), shop, 1)
	c.Pull(t.Context(), other, 1)
	for _, r := range f.requests() {
		if r.header.Get("If-None-Match") != "" {
			t.Error("one installation's tag was sent for another")
		}
	}
}

func TestAnswerThatIsGoneIsForgotten(t *testing.T) {
	f := newFake(t)
	there := tagged(func() string { return `{"number": 1}` })
	f.replies("GET /repos/acme/shop/pulls/1", there, says(500, ""), there, says(404, "{}"), there)
	c := f.client()
	for range 5 {
		c.Pull(t.Context(), shop, 1)
	}
	if diff := cmp.Diff([]int{200, 500, 304, 404, 200}, statuses(f)); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenAnswerIsNotKept(t *testing.T) {
	f := newFake(t)
	whole := tagged(func() string { return `{"number": 1}` })
	f.replies("GET /repos/acme/shop/pulls/1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		whole(w, r)
	}, whole)
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrUnreachable)
	pull, err := c.Pull(t.Context(), shop, 1)
	if err != nil || pull.Number != 1 || f.requests()[1].header.Get("If-None-Match") != "" {
		t.Errorf("%v, %v", pull, err)
	}
}

func TestLargeAnswerIsReadButNotKept(t *testing.T) {
	f := newFake(t)
	title := strings.Repeat("x", entryBytes)
	f.replies("GET /repos/acme/shop/pulls/1", tagged(func() string { return `{"title": "` + title + `"}` }))
	c := f.client()
	for range 2 {
		pull, err := c.Pull(t.Context(), shop, 1)
		if err != nil || pull.Title != title {
			t.Errorf("%d bytes, %v", len(pull.Title), err)
		}
	}
	if c.answers.size != 0 {
		t.Errorf("%d bytes kept", c.answers.size)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := newAnswers(10_000)
	key := func(i int) answerKey { return answerKey{1, fmt.Sprint(i), ""} }
	for i := range 100 {
		s.put(&answer{key: key(i), body: make([]byte, 1000)})
		s.get(key(0)) // used all the time, so it stays
	}
	if s.size > 10_000 || len(s.byKey) != s.recent.Len() || len(s.byKey) != 4 {
		t.Errorf("%d bytes in %d answers", s.size, len(s.byKey))
	}
	if s.get(key(0)) == nil || s.get(key(99)) == nil || s.get(key(50)) != nil {
		t.Error("what was used last is not what stayed")
	}
	s.put(&answer{key: key(0)})
	s.remove(key(99))
	s.put(&answer{key: answerKey{2, "x", ""}})
	s.drop(1)
	if len(s.byKey) != 1 || s.size != s.get(answerKey{2, "x", ""}).size() {
		t.Errorf("%d bytes in %d answers", s.size, len(s.byKey))
	}
}
