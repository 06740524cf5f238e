package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/handlers/pages"
	"github.com/slipway-cd/slipway/policies"
)

// hostile is what somebody might hope to get into a page. It marks where it came from.
func hostile(where string) string {
	return where + `"'><script>alert(1)</script><img src=x onerror=alert(2)>` + "`**\\<a href=\"javascript:alert(3)\">&lt;b&gt;**`{{.}}\x1b]8;;javascript:alert(4)\a\x00\u202e"
}

func sha(digits string) app.SHA { return app.SHA((digits + strings.Repeat("0123456789", 4))[:40]) }

var head = sha("9b1e2c7d40aa")

// place fills a world with one repository, all of whose words are hostile.
func (w *world) place() {
	h := hostile
	repo := app.Repo{ID: 42, Owner: h("owner"), Name: h("name")}
	run := checks.Run{
		Repo: 42, Commit: head, State: checks.Red, Planned: true, Opened: received.Add(-time.Hour), Ended: received,
		Causes: []checks.Cause{{Kind: checks.PullRequest, Pull: 412}, {Kind: checks.MergeGroup}, {Kind: checks.Push, Place: 4}},
		Plan: checks.Plan{
			Problems: []app.Problem{{File: h("file"), Line: 3, Column: 4, Sentence: h("problem")}}, Notes: []string{h("note")},
			Filtered: []checks.Spec{{Name: h("filtered"), Service: h("service")}},
		},
		Checks: []checks.Check{
			{Spec: checks.Spec{Name: h("failed"), Service: h("service")}, State: checks.Failed, Key: 7, Began: received.Add(-time.Minute), Ended: received,
				Status: app.Status{ExitCode: 3, Reason: h("reason"), Tail: h("tail")}},
			{Spec: checks.Spec{Name: h("waiting"), Needs: []string{h("needs")}}, State: checks.Waiting},
			{Spec: checks.Spec{Name: h("external"), External: checks.External{App: h("app"), Name: h("theirs")}}, State: checks.Running, Key: 8,
				URL: "javascript:alert(5)"},
		},
	}
	w.states.repo, w.states.runs = repo, map[app.Address]checks.Run{run.Address(): run}
	reasons := []policies.Reason{{Verdict: policies.Allow, Sentence: h("allows")}, {Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: h("holds")}, {Sentence: h("denies")}}
	approvals := []app.Approval{{By: app.Person{Login: h("approver")}, Role: h("role"), At: received}}
	promotion := func(c app.SHA, p app.Place, s deploy.State) deploy.Promotion {
		return deploy.Promotion{
			Commit: app.Commit{SHA: c, Place: p}, Attempt: app.Key(p), State: s, Decision: policies.Decision{Reasons: reasons}, Approvals: approvals,
			Why: h("why"), Tail: h("lines"), Put: app.Key(p), Undone: app.Key(p + 100), Arrived: received, To: sha("a0"),
			Release: deploy.Release{Spec: deploy.Spec{URL: "javascript:alert(6)"}},
		}
	}
	lane := deploy.Lane{
		Repo: 42, Service: h("service"), Environment: h("environment"), Live: app.Commit{SHA: sha("a0"), Place: 1}, Newest: 3, Closed: true,
		Hold: deploy.Hold{Key: 9, By: app.Person{Login: h("holder")}, Because: h("because"), Since: received, Until: received.Add(time.Hour)},
		Promotions: []deploy.Promotion{
			promotion(sha("a0"), 1, deploy.Live), promotion(sha("a1"), 2, deploy.RolledBack), promotion(sha("a2"), 3, deploy.Attention),
			promotion(head, 4, deploy.Held), promotion(sha("a3"), 5, deploy.Denied), promotion(sha("a4"), 6, deploy.Superseded),
		},
	}
	other := deploy.Lane{Repo: 42, Environment: h("other"), Hold: deploy.Hold{Key: 1, Because: h("rollback"), Since: received}}
	w.states.lanes = []deploy.Lane{lane, other}
	w.logs.put(pages.LogKey(run.Address(), checks.Execute{}, 7), h("log")+"\nnext line\n", true)
}

// addresses is every page of the world.
func (w *world) addresses() map[string]string {
	l, run := w.states.lanes[0], app.RunAddress(42, head)
	return map[string]string{
		"run": w.Signer.Run(42, head), "lane": w.Signer.Lane(l.Address()), "other lane": w.Signer.Lane(w.states.lanes[1].Address()),
		"repository": w.Signer.Repository(42), "log": w.Signer.Log(pages.LogKey(run, checks.Execute{}, 7)),
		"no log": w.Signer.Log(pages.LogKey(run, checks.Execute{}, 1)), "no run": w.Signer.Run(42, sha("ff")),
	}
}

// TestPagesEscapeEverything: only the tags and attributes that the templates have themselves are in a page, whatever others wrote.
func TestPagesEscapeEverything(t *testing.T) {
	w := newWorld(t)
	w.place()
	tags := regexp.MustCompile(`<[^>]*>?`)
	ours := regexp.MustCompile(`^<(/?(a|b|body|code|dd|div|dl|dt|h1|h2|h3|head|html|li|nav|p|pre|span|strong|style|time|title|ul)|!doctype html|html lang="en"` +
		`|meta charset="utf-8"|meta name="(viewport|robots)" content="[a-z0-9=, .-]+"|meta http-equiv="refresh" content="\d+"` +
		`|(b|body|div|p|span|ul) class="[a-z0-9 -]*"|time datetime="[0-9TZ:-]+"|a href="(https://slipway\.example/[A-Za-z0-9_/-]+|\?from=0|\?raw)")>$`)
	for name, address := range w.addresses() {
		page := w.get(address).Body.String()
		for _, tag := range tags.FindAllString(page, -1) {
			if !ours.MatchString(tag) {
				t.Errorf("%s: %q is none of ours", name, tag)
			}
		}
		if strings.ContainsAny(page, "\x1b\x07\x00\u202e") {
			t.Errorf("%s: control characters get through", name)
		}
	}
}

// wordsOf is what a page says, a line for each heading and paragraph.
func wordsOf(page string) string {
	page = regexp.MustCompile(`<(?:p|h\d|div)[ >]`).ReplaceAllString(page, "\n$0")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, ""))
}

func TestPagesSayWhatIsWhere(t *testing.T) {
	w := newWorld(t)
	w.place()
	for name, words := range map[string][]string{
		"run": {"9b1e2c7d40aa", "red", "pull request #412", "merge queue", "pushed to the default branch", "file", "problem", "note", "filtered", "failed",
			"reason", "tail", "after needs", "until app", "environment", "waiting", "log"},
		"lane": {"environment", "On hold", "holder", "because", "until 10:30:00 UTC", "Closed", "Live now", "a00123456789", "Way back", "On its way",
			"needs a person", "/cancel service", "Waiting", "allows", "holds", "denies", "/approve service", "History", "rolled back", "lines",
			"Approved by @approver", "rollback log", "Other lanes", "other"},
		"other lane": {"A rollback stopped this lane", "rollback", "Nothing has been released here by slipway yet", "None yet", "Nothing has ended here yet"},
		"repository": {"environment", "on hold", "needs a person", "1 waiting", "closed", "Stopped by @holder", "a20123456789", "why", "other"},
		"log":        {"failed", "<script>alert(1)</script>", "next line", "The log ends here.", "plain text"},
		"no log":     {"There is no log yet"},
		"no run":     {"There is nothing of that name"},
	} {
		page := wordsOf(w.get(w.addresses()[name]).Body.String())
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s does not say %q", name, word)
			}
		}
	}
}

func TestPagesKeepToThemselves(t *testing.T) {
	w := newWorld(t)
	w.place()
	for name, address := range w.addresses() {
		rec := w.get(address)
		h, page := rec.Header(), rec.Body.String()
		_, style, _ := strings.Cut(page, "<style>")
		style, _, _ = strings.Cut(style, "</style>")
		sum := sha256.Sum256([]byte(style))
		policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		for key, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
			"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8",
		} {
			if h.Get(key) != want {
				t.Errorf("%s: %s is %q, want %q", name, key, h.Get(key), want)
			}
		}
		if strings.Contains(page, "ZgotmplZ") || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
			t.Errorf("%s holds what it should not", name)
		}
	}
}

func TestPagesAreLoadedAgainWhileSomethingHappens(t *testing.T) {
	w := newWorld(t)
	w.place()
	at := app.RunAddress(42, head)
	run := w.states.runs[at]
	for _, c := range []struct {
		state checks.State
		want  string
	}{{checks.Open, `content="5"`}, {checks.Green, `content="30"`}} {
		run.State = c.state
		w.states.runs[at] = run
		if page := w.get(w.Signer.Run(42, head)).Body.String(); !strings.Contains(page, `http-equiv="refresh" `+c.want) {
			t.Errorf("%s: not %s", c.state, c.want)
		}
	}
	if page := w.get(w.addresses()["log"]).Body.String(); strings.Contains(page, "refresh") {
		t.Error("a log that is shown as it comes is loaded again")
	}
	if page := w.get(w.addresses()["no log"]).Body.String(); !strings.Contains(page, `content="5"`) {
		t.Error("a log that is not there yet is not asked for again")
	}
}

func TestAddressesCanNotBeGuessed(t *testing.T) {
	w := newWorld(t)
	w.place()
	good := strings.TrimPrefix(w.Signer.Lane(w.states.lanes[0].Address()), "https://slipway.example")
	if w.get(good).Code != http.StatusOK {
		t.Fatal("the address itself is not good")
	}
	parts := strings.Split(good, "/") // "", lane, signature, name
	bad := map[string]string{
		"no signature": "/lane//" + parts[3], "no name": "/lane/" + parts[2] + "/", "less": "/lane/" + parts[2][:21] + "/" + parts[3],
		"more": "/lane/" + parts[2] + "A/" + parts[3], "another kind": "/run/" + parts[2] + "/" + parts[3], "a log": "/log/" + parts[2] + "/" + parts[3],
		"nothing": "/lane/x/y", "plain": "/lane/42/payments/production", "padded": good + "=", "escaped": "/lane/" + parts[2] + "/%2e%2e",
		"a name that is not base64": "/lane/" + parts[2] + "/!!!",
	}
	for i := range parts[2] {
		changed := []byte(parts[2])
		changed[i] ^= 1
		bad["signature "+string(rune('A'+i))] = "/lane/" + string(changed) + "/" + parts[3]
	}
	for i := range parts[3] {
		changed := []byte(parts[3])
		changed[i] ^= 1
		bad["name "+string(rune('A'+i))] = "/lane/" + parts[2] + "/" + string(changed)
	}
	for name, address := range bad {
		rec := w.get(address)
		if rec.Code != http.StatusNotFound && rec.Code != http.StatusMovedPermanently || strings.Contains(rec.Body.String(), "environment") {
			t.Errorf("%s (%s): %d", name, address, rec.Code)
		}
	}
	other, _ := NewSigner("https://slipway.example", slices.Repeat([]byte("j"), 32))
	if rec := w.get(other.Lane(w.states.lanes[0].Address())); rec.Code != http.StatusNotFound {
		t.Errorf("another server's address: %d", rec.Code)
	}
	if w.log.String() != "" {
		t.Errorf("guesses fill the log: %s", w.log)
	}
}

func TestAddressesStay(t *testing.T) {
	key := slices.Repeat([]byte("k"), 32)
	one, _ := NewSigner("https://a.example/", key)
	two, _ := NewSigner("https://a.example", slices.Clone(key))
	key[0] = 'x' // the signer has its own
	if a, b := one.Log("x"), two.Log("x"); a != b || !strings.HasPrefix(a, "https://a.example/log/") {
		t.Errorf("%s, %s", a, b)
	}
	if _, err := NewSigner("https://a.example", make([]byte, 15)); err == nil {
		t.Error("a short key is taken")
	}
	seen := map[string]bool{}
	for _, a := range []string{one.Run(1, head), one.Run(2, head), one.Lane(app.LaneAddress(1, "a", "b")), one.Lane(app.LaneAddress(1, "b", "a")), one.Repository(1), one.Log("repository/1")} {
		signature := strings.Split(a, "/")[4]
		if seen[signature] || len(signature) != 22 {
			t.Errorf("signature %s of %s", signature, a)
		}
		seen[signature] = true
	}
}

func TestFrontShowsNothing(t *testing.T) {
	w := newWorld(t)
	w.place()
	rec := w.get("/")
	if body := rec.Body.String(); rec.Code != http.StatusOK || body != "This is slipway 1.2.3. Its pages are linked from GitHub.\n" {
		t.Errorf("%d %q", rec.Code, body)
	}
	for _, path := range []string{"/favicon.ico", "/run", "/lane/", "/repository", "/metrics", "/debug/pprof/", "/.git/config", "/%2e%2e/x"} {
		if rec := w.get(path); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	w.place()
	run := strings.TrimPrefix(w.Signer.Run(42, head), "https://slipway.example")
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/webhook", 405, "POST"}, {"HEAD", "/webhook", 405, "POST"}, {"PUT", "/webhook", 405, "POST"}, {"POST", "/", 405, "GET, HEAD"},
		{"POST", run, 405, "GET, HEAD"}, {"DELETE", run, 405, "GET, HEAD"}, {"HEAD", run, 200, ""}, {"HEAD", "/healthz", 200, ""}, {"POST", "/readyz", 405, "GET, HEAD"},
	} {
		rec := w.send(httptest.NewRequest(c.method, c.path, nil))
		if rec.Code != c.status || rec.Header().Get("Allow") != c.allow {
			t.Errorf("%s %.12s: %d, Allow %q", c.method, c.path, rec.Code, rec.Header().Get("Allow"))
		}
	}
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		problems []string
		ready    bool
		status   int
		body     string
	}{
		{nil, true, 200, "ready\n"},
		{[]string{"the App lacks Checks: write"}, true, 200, "ready\nthe App lacks Checks: write\n"},
		{[]string{"the database can't be written"}, false, 503, "not ready\nthe database can't be written\n"},
	} {
		w.ready = func(context.Context) ([]string, bool) { return c.problems, c.ready }
		if rec := w.get("/readyz"); rec.Code != c.status || rec.Body.String() != c.body {
			t.Errorf("%d %q", rec.Code, rec.Body)
		}
	}
}

// TestPanicIsOneRequestsFailure: what goes wrong in one request is answered, told without the page's secret, and hurts no other.
func TestPanicIsOneRequestsFailure(t *testing.T) {
	w := newWorld(t)
	w.place()
	w.states.panic = true
	address := w.Signer.Run(42, head)
	rec := w.get(address)
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "a mistake") {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	log, signature := w.log.String(), strings.Split(address, "/")[4]
	if !strings.Contains(log, "a mistake") || strings.Contains(log, signature) {
		t.Errorf("log: %s", log)
	}
	w.states.panic = false
	if rec := w.get(address); rec.Code != http.StatusOK {
		t.Error(rec.Code)
	}
}

func TestWhatCanNotBeReadIsSaid(t *testing.T) {
	w := newWorld(t)
	w.place()
	w.states.err = errors.New("disk I/O error at /var/lib/slipway")
	for _, name := range []string{"run", "lane", "repository"} {
		rec := w.get(w.addresses()[name])
		if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "/var/lib") {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if !strings.Contains(w.log.String(), "disk I/O error") {
		t.Error("the log does not say why")
	}
}

func TestLaneTellsWhatIsLiveFromWhatWasGood(t *testing.T) {
	w := newWorld(t)
	good := func(c app.SHA, p app.Place) deploy.Promotion {
		return deploy.Promotion{Commit: app.Commit{SHA: c, Place: p}, State: deploy.Live, Put: app.Key(p), Ended: received}
	}
	waits := deploy.Promotion{Commit: app.Commit{SHA: head, Place: 3}, State: deploy.Held, Arrived: received,
		Decision: policies.Decision{Reasons: []policies.Reason{{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "Nobody has approved."}}}}
	lane := deploy.Lane{Repo: 42, Environment: "production", Live: app.Commit{SHA: sha("a1"), Place: 2}, Newest: 2,
		Promotions: []deploy.Promotion{good(sha("a0"), 1), good(sha("a1"), 2), waits}}
	w.states.repo, w.states.lanes = app.Repo{ID: 42, Owner: "acme", Name: "shop"}, []deploy.Lane{lane}
	page := wordsOf(w.get(w.Signer.Lane(lane.Address())).Body.String())
	_, history, _ := strings.Cut(page, "History")
	live, old := strings.Index(history, "live"), strings.Index(history, "was good")
	if live < strings.Index(history, "a1012") || old < strings.Index(history, "a0012") || live > old {
		t.Errorf("the history is %q", history)
	}
	if n := strings.Count(page, "Nobody has approved."); n != 1 {
		t.Errorf("the reason is given %d times", n)
	}
	lane.Promotions[2].Eligible = true
	if page := wordsOf(w.get(w.Signer.Lane(lane.Address())).Body.String()); !strings.Contains(page, "It may go, once the lane is free.") {
		t.Errorf("what may go is not said to wait for the lane")
	}
}
