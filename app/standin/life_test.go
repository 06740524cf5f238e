package standin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

func TestWebhookAddressCanBeSetLater(t *testing.T) {
	heard := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("X-GitHub-Event") }))
	defer receiver.Close()
	w := start(t, func(o *standin.Options) { o.Webhook = standin.Webhook{} })
	repo, _ := w.shop()
	w.pushes(repo, 1)
	w.quiet()
	if len(w.gh.Deliveries()) != 0 {
		t.Errorf("without an address these were logged: %v", w.gh.Deliveries())
	}
	w.gh.SetWebhook(standin.Webhook{URL: receiver.URL, Secret: secret})
	w.pushes(repo, 1)
	w.quiet()
	if got := len(heard); got != 2 {
		t.Errorf("%d webhooks came, want push and check suite", got)
	}
}

// An unanswered webhook is given up and logged; the next one goes out.
func TestWebhookToNowhere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w := start(t, func(o *standin.Options) { o.Webhook = standin.Webhook{URL: gone.URL, Secret: secret} })
	repo, _ := w.shop()
	w.pushes(repo, 1)
	w.quiet()
	for _, d := range w.gh.Deliveries() {
		if d.StatusCode != 0 {
			t.Errorf("%s is logged with %d", d.Event, d.StatusCode)
		}
	}
	if n := len(w.gh.Deliveries()); n != 3 {
		t.Errorf("%d deliveries, want installation, push and check suite", n)
	}
}

func TestEditingPullRequests(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "next", "Next", map[string]string{"n": "n"})
	first := w.commit(repo, "ben", "topic", "One", map[string]string{"a": "a"})
	w.commit(repo, "ben", "topic", "Two", map[string]string{"b": "b"})
	p := w.open(repo, "ben", "Topic", "topic")
	w.hooks()
	edited, _, err := w.as("ben").PullRequests.Edit(ctx, "acme", "shop", p.Number(), &github.PullRequest{
		Title: github.String("Better"), Body: github.String("because"), Base: &github.PullRequestBranch{Ref: github.String("next")},
	})
	if err != nil || edited.GetTitle() != "Better" || edited.GetBase().GetRef() != "next" || edited.GetBase().GetSHA() != repo.Head("next") {
		t.Errorf("edited: %v, %v", edited, err)
	}
	if got := names(w.hooks()); got != "pull_request.edited" {
		t.Errorf("editing sends %q", got)
	}
	pulls, _, err := app.PullRequests.ListPullRequestsWithCommit(ctx, "acme", "shop", first, nil)
	if err != nil || len(pulls) != 1 {
		t.Errorf("pull requests with a commit that is not their head: %v, %v", pulls, err)
	}
	found, known := repo.Pull(p.Number())
	if !known || found != p {
		t.Errorf("found %v", found)
	}
	w.commit(repo, "ana", "next", "Moves on", map[string]string{"m": "m"})
	merge, err := p.UpdateBranch("ben")
	if err != nil || merge != repo.Head("topic") {
		t.Errorf("updating the branch made %s, %v", merge, err)
	}
	if _, err := p.UpdateBranch("ben"); err == nil {
		t.Error("a branch without anything new was updated")
	}
}

func TestRemovedRepository(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	if err := repo.SetRole("eve", "read"); err != nil {
		t.Fatal(err)
	}
	fork, err := repo.Fork("eve")
	if err != nil {
		t.Fatal(err)
	}
	w.commit(fork, "eve", "topic", "From outside", map[string]string{"a": "a"})
	p := w.open(repo, "eve", "From outside", "eve:topic")
	w.hooks()
	if err := fork.Remove("eve"); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "pull_request.closed" || p.State() != "closed" {
		t.Fatalf("removing a fork sends %q, and the pull request is %s", got, p.State())
	}
	if head := heard[0].payload.(*github.PullRequestEvent).GetPullRequest().GetHead(); head.Repo != nil {
		t.Errorf("the head is %v", head)
	}
	if err := repo.Remove("root"); err != nil {
		t.Fatal(err)
	}
	_, _, err = app.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "what was removed", err, http.StatusNotFound)
}

func TestCommentsSince(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	for range 3 {
		if _, err := p.Comment("ben", "hello"); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute)
	}
	since := w.clock.Now().Add(-time.Minute)
	for want, options := range map[int]*github.IssueListCommentsOptions{3: {}, 1: {Since: &since}, 2: {ListOptions: github.ListOptions{PerPage: 2}}} {
		list, _, err := app.Issues.ListComments(ctx, "acme", "shop", p.Number(), options)
		if err != nil || len(list) != want {
			t.Errorf("%d comments, want %d: %v", len(list), want, err)
		}
	}
}
