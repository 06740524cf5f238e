package contract

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target, body string
		want                 string // a part of the violation; none for what is right
	}{
		{"GET", "/app", "", ""},
		{"GET", "/api/v3/app", "", ""},
		{"HEAD", repo, "", ""},
		{"GET", "/repositories/42", "", ""},
		{"GET", "/repositories/42/pulls/7", "", ""},
		{"GET", repo + "/contents/.github/slipway.yml?ref=main", "", ""},
		{"GET", repo + "/contents/", "", ""},
		{"GET", repo + "/commits/feature/x", "", ""},
		{"GET", repo + "/commits/feature%2Fx/check-runs?per_page=100&page=2&filter=all", "", ""},
		{"GET", repo + "/compare/main...feature/x", "", ""},
		{"GET", repo + "/git/ref/heads/feature/x", "", ""},
		{"GET", repo + "/environments/a%2Fb", "", ""},
		{"POST", "/app/installations/1/access_tokens", "null", ""},
		{"POST", "/app/installations/1/access_tokens", `{"repository_ids":[1],"permissions":{"checks":"write"}}`, ""},
		{"POST", repo + "/actions/workflows/release.yml/dispatches", `{"ref":"main","inputs":{"sha":"x"}}`, ""},
		{"PATCH", repo + "/check-runs/1", `{"status":"completed","conclusion":"success"}`, ""},
		{"POST", repo + "/pulls/1/reviews", `{"event":"APPROVE"}`, ""},

		{"GET", "/repo/acme/shop", "", "no such path"},
		{"GET", repo + "/check-run", "", "no such path"},
		{"GET", repo + "/environments/a/b", "", "no such path"}, // a slash in a name has to be escaped
		{"PUT", repo + "/check-runs/1", `{}`, "PUT is not described"},
		{"GET", "/repos/acme//pulls", "", "path parameter repo is empty"},
		{"GET", repo + "/pulls/first", "", "path parameter pull_number"},
		{"GET", repo + "/pulls?per_page=500", "", "per_page=500"},
		{"GET", repo + "/pulls?per_page=0", "", "per_page=0"},
		{"GET", repo + "/pulls?perpage=50", "", `"perpage" is not described`},
		{"GET", repo + "/pulls?state=merged", "", "query parameter state"},
		{"POST", repo + "/check-runs", "", "no body"},
		{"POST", repo + "/check-runs", "{", "no JSON"},
		{"POST", repo + "/check-runs/1/rerequest", `{"a":1}`, "none is described"},
		{"POST", "/app/installations/1/access_tokens", `{"permissions":{"checks":"admin"}}`, "/permissions/checks"},
		{"POST", "/app/installations/1/access_tokens", `{"permissions":{"check":"write"}}`, "/permissions/check: the property is not described"},
		{"POST", repo + "/statuses/" + someSHA, `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, "141 characters"},
		{"POST", repo + "/statuses/9b1e2c7", `{"state":"success"}`, "full name of a commit"},
		{"POST", repo + "/deployments", `{"ref":""}`, "ref is empty"},
		{"POST", repo + "/deployments", `{"ref":"main","environment":"` + strings.Repeat("x", 256) + `"}`, "256 characters"},
		{"POST", repo + "/deployments/1/statuses", `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, "141 characters"},
		{"POST", repo + "/deployments/1/statuses", `{"state":"done"}`, "/state"},
		{"POST", repo + "/git/refs", `{"ref":"heads/x","sha":"` + someSHA + `"}`, "not refs/"},
		{"POST", repo + "/git/refs", `{"ref":"refs/heads/x","sha":"9b1e2c7"}`, "full name of a commit"},
		{"PATCH", repo + "/git/refs/refs/heads/x", `{"sha":"` + someSHA + `"}`, "begins with refs/"},
		{"POST", repo + "/check-suites", `{"head_sha":""}`, `head_sha is ""`},
		{"PATCH", repo + "/check-runs/1", `{"status":"waiting"}`, "not an App's to set"},
		{"PATCH", repo + "/check-runs/1", `{"output":{"summary":"s"}}`, "no title"},
		{"PATCH", repo + "/check-runs/1", `{"head_sha":"` + someSHA + `"}`, "/head_sha: the property is not described"},
		{"POST", repo + "/issues/1/comments", `{"body":""}`, "body is empty"},
		{"POST", repo + "/issues/1/comments", `{"body":"` + strings.Repeat("x", 65537) + `"}`, "65537 characters"},
		{"POST", repo + "/pulls/1/reviews", `{"event":"COMMENT"}`, "has no body"},
		{"POST", repo + "/actions/workflows/1/dispatches", `{"ref":"` + someSHA + `"}`, "not a branch or tag"},
		{"POST", repo + "/actions/runs/1/deployment_protection_rule",
			`{"environment_name":"e","comment":"` + strings.Repeat("x", 1025) + `"}`, "1025 characters"},
	}
	for _, test := range tests {
		r := &recorder{}
		send(New(r), answerWith(http.StatusNotFound, anyError), test.method, test.target, test.body)
		told := strings.Join(r.take(), "\n")
		if test.want == "" && told != "" || !strings.Contains(told, test.want) {
			t.Errorf("%s %s %.80s: told %q, want a violation with %q", test.method, test.target, test.body, told, test.want)
		}
	}
}

func TestWhatIsAnswered(t *testing.T) {
	t.Parallel()
	pull := `{"total_count":0,"check_runs":[]}`
	tests := []struct {
		name, method, target, request string
		status                        int
		answer                        string
		want                          string
	}{
		{"right", "GET", repo + "/commits/main/check-runs", "", 200, pull, ""},
		{"properties left out", "GET", repo + "/commits/main/check-runs", "", 200, `{"total_count":0}`, ""},
		{"what it is about left out", "GET", repo + "/commits/main/check-runs", "", 200, `{}`, "missing property 'total_count'"},
		{"wrong type", "GET", repo + "/commits/main/check-runs", "", 200, `{"total_count":"0"}`, "/total_count: got string"},
		{"wrong name", "GET", repo + "/commits/main/check-runs", "", 200, `{"total_count":0,"runs":[]}`, "/runs: the property is not described"},
		{"wrong enum", "GET", repo + "/check-runs/1", "", 200, `{"id":1,"head_sha":"x","name":"n","status":"done","conclusion":null}`, "/status"},
		{"completed without conclusion", "GET", repo + "/check-runs/1", "", 200,
			`{"id":1,"head_sha":"x","name":"n","status":"completed","conclusion":null}`, "do not go together"},
		{"no JSON", "GET", repo + "/check-runs/1", "", 200, `ok`, "no JSON"},
		{"undescribed status", "GET", repo + "/check-runs/1", "", 418, `{"message":"m"}`, "not described"},
		{"201 for 200", "GET", repo + "/check-runs/1", "", 201, `{}`, "not described"},
		{"refused", "POST", repo + "/check-runs", checkRun(nil), 422, `{"message":"Validation Failed","errors":[]}`, ""},
		{"refused without a word", "POST", repo + "/check-runs", checkRun(nil), 422, `{}`, "no message"},
		{"rate limit", "GET", repo, "", 429, `{"message":"You have exceeded a secondary rate limit"}`, ""},
		{"ill", "GET", repo, "", 502, `<html>`, ""},
		{"moved to nowhere", "GET", repo, "", 301, `{"message":"Moved Permanently"}`, "no Location"},
		{"head", "HEAD", repo, "", 200, ``, ""},
		{"nothing to say", "DELETE", repo + "/issues/comments/1", "", 204, ``, ""},
		{"too much to say", "DELETE", repo + "/issues/comments/1", "", 204, `{}`, "none is described"},
		{"too many on a page", "GET", repo + "/pulls", "", 200, "[" + strings.Repeat("{},", 100) + "{}]", "101 items"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			c := New(r)
			answer := send(c, answerWith(test.status, test.answer), test.method, test.target, test.request)
			told := strings.Join(r.take(), "\n")
			if test.want == "" && told != "" || !strings.Contains(told, test.want) {
				t.Errorf("told %q, want a violation with %q", told, test.want)
			}
			if answer.Code != test.status || answer.Body.String() != test.answer {
				t.Errorf("the answer went out as %d %q", answer.Code, answer.Body)
			}
			if len(c.Seen()) != 1 {
				t.Errorf("seen %v", c.Seen())
			}
		})
	}
}

func TestRawFilesAndDiffs(t *testing.T) {
	t.Parallel()
	raw := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
	})
	for accept, want := range map[string]string{"application/vnd.github.raw": "", "application/vnd.github+json": "not JSON"} {
		r := &recorder{}
		request := httptest.NewRequest("GET", repo+"/contents/README.md", nil)
		request.Header.Set("Accept", accept)
		New(r).Wrap(raw).ServeHTTP(httptest.NewRecorder(), request)
		r.want(t, want)
	}
}

func TestOtherThanTheAPIPassesThrough(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := New(r)
	for _, test := range []struct{ target, accept string }{
		{"/acme/shop.git/info/refs?service=git-upload-pack", "*/*"},
		{"/acme/shop.git/git-receive-pack", "application/x-git-receive-pack-result"},
		{"/acme/shop/pull/1", "text/html,application/xhtml+xml"},
		{"/acme/shop/pull/1", ""},
		{"/login/oauth/access_token", "application/json"},
	} {
		request := httptest.NewRequest("GET", test.target, nil)
		request.Header.Set("Accept", test.accept)
		w := httptest.NewRecorder()
		c.Wrap(answerWith(http.StatusTeapot, "tea")).ServeHTTP(w, request)
		if w.Code != http.StatusTeapot || w.Body.String() != "tea" {
			t.Errorf("%s: %d %q", test.target, w.Code, w.Body)
		}
	}
	r.want(t, "")
	if len(c.Seen()) != 0 {
		t.Errorf("seen %v", c.Seen())
	}
}

// The handler reads what was sent, and the client what was answered, as if nobody had looked.
func TestTransport(t *testing.T) {
	t.Parallel()
	received := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- string(body)
		answerWith(http.StatusCreated, `{"id":"one"}`).ServeHTTP(w, r)
	}))
	defer server.Close()
	r := &recorder{}
	client := &http.Client{Transport: New(r).Transport(http.DefaultTransport)}
	sent := checkRun(map[string]any{"head_sha": ""})
	answer, err := client.Post(server.URL+repo+"/check-runs", "application/json", strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != `{"id":"one"}` {
		t.Errorf("read %q, %v", body, err)
	}
	if got := <-received; got != sent {
		t.Errorf("the server read %q", got)
	}
	told := r.take()
	if len(told) < 2 || !strings.Contains(told[0], "head_sha") || !strings.Contains(strings.Join(told, "\n"), "/id: got string") {
		t.Errorf("told %q", told)
	}
}

// A handler that plays dead, in each of the ways it can, is not judged; one that answers early is, once it has ended.
func TestHandlersThatPlayDead(t *testing.T) {
	t.Parallel()
	flushed := make(chan struct{})
	ways := map[string]http.HandlerFunc{
		"panic": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hijack": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		},
		"flush": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "{}")
			_ = http.NewResponseController(w).Flush()
			<-flushed
		},
	}
	for name, handler := range ways {
		r := &recorder{}
		server := httptest.NewServer(New(r).Wrap(handler))
		answer, err := http.Get(server.URL + "/app")
		if name == "flush" {
			if err != nil {
				t.Fatalf("an answer that was flushed did not arrive: %v", err)
			}
			answer.Body.Close()
			close(flushed)
		} else if err == nil {
			answer.Body.Close()
			t.Errorf("%s: answered %d", name, answer.StatusCode)
		}
		server.Close() // waits for the handler
		if told := r.take(); (len(told) > 0) != (name == "flush") {
			t.Errorf("%s: told %q", name, told)
		}
	}
}

// A client that goes away in the middle of its request is no violation, and the handler meets the same error.
func TestRequestThatIsCutShort(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	r := &recorder{}
	server := httptest.NewServer(New(r).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		failed <- err
	})))
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST "+repo+"/check-runs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	conn.Close()
	if err := <-failed; err == nil {
		t.Error("the handler read a whole body")
	}
	r.want(t, "")
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := New(r)
	for _, test := range []struct{ event, body, want string }{
		{"push", `{`, "no JSON object"},
		{"push", `[]`, "no JSON object"},
		{"push", `{"ref":7}`, "/ref: got number"},
		{"check_run", `{"action":"sung"}`, `no action "sung"`},
		{"check_run", `{}`, `no action ""`},
		{"sponsorship", `{"action":"created"}`, ""},
	} {
		c.Webhook(test.event, []byte(test.body))
		if told := strings.Join(r.take(), "\n"); test.want == "" && told != "" || !strings.Contains(told, test.want) {
			t.Errorf("%s %s: told %q, want a violation with %q", test.event, test.body, told, test.want)
		}
	}
	if unknown := c.Unknown(); len(unknown) != 1 || unknown[0] != "sponsorship" {
		t.Errorf("unknown events %q", unknown)
	}
	if examples := c.Examples("sponsorship"); examples != nil {
		t.Errorf("%d examples of an event that slipway does not read", len(examples))
	}
}

// Each violation is told once, and none after the test.
func TestReportsOnceAndNotAfterTheEnd(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := New(r)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { send(c, answerWith(http.StatusNotFound, anyError), "GET", repo+"/pulls?per_page=500", "") })
	}
	group.Wait()
	r.want(t, "per_page=500")
	if n := c.Seen()["GET /repos/{owner}/{repo}/pulls 404"]; n != 8 {
		t.Errorf("seen %d times, want 8", n)
	}
	for _, cleanup := range r.cleanups {
		cleanup()
	}
	send(c, answerWith(http.StatusNotFound, anyError), "GET", repo+"/pulls?per_page=600", "")
	r.want(t, "")
}

// Loading, and compiling what a usual test needs, has to stay cheap: every test with a stand-in pays it.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d, err := load()
		if err != nil {
			b.Fatal(err)
		}
		for _, target := range []string{"/check-runs", "/issues/1/comments", "/deployments"} {
			found, err := d.find("POST", repo+target)
			if err != nil {
				b.Fatal(err)
			}
			if err := compileAll(d.schemas, found.operation); err != nil {
				b.Fatal(err)
			}
		}
	}
}
