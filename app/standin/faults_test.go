package standin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// report creates a check run on main.
func report(app *github.Client, sha string) error {
	_, _, err := app.Checks.CreateCheckRun(context.Background(), "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha})
	return err
}

func TestAnsweredFaults(t *testing.T) {
	w := start(t)
	repo, app := w.shop()
	sha := repo.Head("main")
	match := standin.Match{Method: "POST", Path: "/repos/*/*/check-runs", Skip: 1}
	for _, code := range []int{401, 404, 409, 422, 429, 500, 502} {
		broken := w.gh.Break(match, standin.Fault{Status: code})
		before := len(repo.CheckRuns(sha))
		wantStatus(t, "the first passes", report(app, sha), 0)
		wantStatus(t, "the second is hit", report(app, sha), code)
		wantStatus(t, "the third passes", report(app, sha), 0)
		if n := len(repo.CheckRuns(sha)) - before; n != 2 || broken.Hits() != 1 {
			t.Errorf("%d: %d check runs were made, %d hits", code, n, broken.Hits())
		}
	}
	w.gh.Break(standin.Match{Path: "/repos/acme/shop/**"}, standin.SecondaryLimit(7))
	var limited *github.AbuseRateLimitError
	if err := report(app, sha); !errors.As(err, &limited) || limited.GetRetryAfter() != 7*time.Second {
		t.Errorf("secondary limit: %v", err)
	}
}

func TestDroppedConnections(t *testing.T) {
	w := start(t)
	repo, app := w.shop()
	sha := repo.Head("main")
	match := standin.Match{Method: "POST", Path: "/repos/*/*/check-runs"}
	w.gh.Break(match, standin.Fault{Drop: true})
	if err := report(app, sha); err == nil || len(repo.CheckRuns(sha)) != 0 {
		t.Errorf("dropped before applying: %v, %d check runs", err, len(repo.CheckRuns(sha)))
	}
	w.gh.Break(match, standin.Fault{DropAnswer: true})
	if err := report(app, sha); err == nil || len(repo.CheckRuns(sha)) != 1 {
		t.Errorf("dropped after applying: %v, %d check runs", err, len(repo.CheckRuns(sha)))
	}
	broken := w.gh.Break(match, standin.Fault{Hang: true})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha})
		done <- err
	}()
	<-broken.Struck()
	cancel()
	if err := <-done; err == nil || len(repo.CheckRuns(sha)) != 1 {
		t.Errorf("hung: %v, %d check runs", err, len(repo.CheckRuns(sha)))
	}
}

func TestDelay(t *testing.T) {
	w := start(t)
	repo, app := w.shop()
	set := w.clock.Set()
	w.gh.Break(standin.Match{Method: "POST"}, standin.Fault{Delay: time.Minute})
	done := make(chan error)
	go func() { done <- report(app, repo.Head("main")) }()
	<-set
	if n := len(repo.CheckRuns(repo.Head("main"))); n != 0 {
		t.Errorf("%d check runs before the delay was over", n)
	}
	w.clock.Advance(time.Minute)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestFaultsSpareOthers(t *testing.T) {
	w, ctx := start(t), context.Background()
	w.shop()
	ana := w.as("ana")
	w.gh.Break(standin.Match{Times: -1}, standin.Fault{Status: 500})
	_, _, err := ana.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "a person's request under a fault for the App", err, 0)
	broken := w.gh.Break(standin.Match{By: "user", Times: -1}, standin.Fault{Status: 500})
	_, _, err = ana.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "a person's request under a fault for people", err, 500)
	broken.Lift()
	_, _, err = ana.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "after lifting", err, 0)
}

func TestWriteHooks(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	var heard []string
	say := func(moment string, write standin.Write) {
		if write.Path != "/repos/acme/shop/check-runs" || write.Kind != standin.CheckRunWrite {
			t.Errorf("write %+v", write)
		}
		heard = append(heard, moment+string(rune('0'+write.Number)))
	}
	w.gh.OnWrite(standin.WriteHooks{
		Before:            func(write standin.Write) bool { say("before", write); return write.Number != 2 },
		AppliedUnanswered: func(write standin.Write) bool { say("applied", write); return write.Number != 3 },
		Answered:          func(write standin.Write) { say("answered", write) },
	})
	var failures []int
	for i := 1; i <= 4; i++ {
		if report(app, sha) != nil {
			failures = append(failures, i)
		}
		if _, _, err := app.Repositories.Get(ctx, "acme", "shop"); err != nil { // reads are not counted
			t.Error(err)
		}
	}
	w.gh.OnWrite(standin.WriteHooks{})
	if got := strings.Join(heard, " "); got != "before1 applied1 answered1 before2 before3 applied3 before4 applied4 answered4" {
		t.Errorf("heard %s", got)
	}
	if len(failures) != 2 || len(repo.CheckRuns(sha)) != 3 {
		t.Errorf("failed: %v, %d check runs", failures, len(repo.CheckRuns(sha)))
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	w := start(t)
	repo, app := w.shop()
	w.gh.ForgetRequests()
	if err := report(app, repo.Head("main")); err != nil {
		t.Fatal(err)
	}
	w.clone(repo, "ana")
	all := w.gh.Requests()
	for kind, want := range map[string]int{standin.Token: 1, standin.CheckRunWrite: 1, standin.Read: 0, standin.OtherWrite: 0} {
		if got := count(all, kind); got != want {
			t.Errorf("%d of kind %s, want %d", got, kind, want)
		}
	}
	if count(all, standin.Git) < 2 {
		t.Errorf("git asked %d times", count(all, standin.Git))
	}
	for _, r := range all {
		if r.Kind == standin.CheckRunWrite && (r.Status != http.StatusCreated || r.Path != "/repos/acme/shop/check-runs" || !strings.HasPrefix(r.By, "installation:") || !r.Time.Equal(w.clock.Now())) {
			t.Errorf("remembered %+v", r)
		}
	}
}

func TestRateLimits(t *testing.T) {
	w, ctx := start(t, func(o *standin.Options) { o.Limits = standin.Limits{PerHour: 6, ContentPerMinute: 2} }), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	for range 2 {
		wantStatus(t, "content below the limit", report(app, sha), 0)
	}
	var limited *github.AbuseRateLimitError
	if err := report(app, sha); !errors.As(err, &limited) {
		t.Errorf("content beyond the limit: %v", err)
	}
	people := w.as("ana")
	for range 6 {
		if _, _, err := people.Repositories.Get(ctx, "acme", "shop"); err != nil {
			t.Fatal(err)
		}
	}
	_, answer, err := people.Repositories.Get(ctx, "acme", "shop")
	var primary *github.RateLimitError
	if !errors.As(err, &primary) || answer.Rate.Remaining != 0 || !answer.Rate.Reset.After(w.clock.Now()) {
		t.Errorf("beyond the primary limit: %v, %+v", err, answer)
	}
	w.clock.Advance(time.Hour)
	fresh := w.as("ana")
	if _, _, err := fresh.Repositories.Get(ctx, "acme", "shop"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestUnchangedAnswersAreFree(t *testing.T) {
	w := start(t)
	w.shop()
	ana, err := w.gh.AddUser("ana")
	if err != nil {
		t.Fatal(err)
	}
	get := func(tag string) *http.Response {
		request, err := http.NewRequest("GET", w.gh.URL()+"/repos/acme/shop", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "token "+ana.Token)
		request.Header.Set("If-None-Match", tag)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	first := get("")
	second := get(first.Header.Get("ETag"))
	if second.StatusCode != http.StatusNotModified || second.Header.Get("X-RateLimit-Used") != first.Header.Get("X-RateLimit-Used") {
		t.Errorf("the second answer is %d, used %s after %s", second.StatusCode, second.Header.Get("X-RateLimit-Used"), first.Header.Get("X-RateLimit-Used"))
	}
	repo, _ := w.gh.Repository("acme", "shop")
	w.clock.Advance(time.Second)
	w.pushes(repo, 1)
	if third := get(first.Header.Get("ETag")); third.StatusCode != http.StatusOK {
		t.Errorf("after a push the answer is %d", third.StatusCode)
	}
}
