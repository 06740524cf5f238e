package standin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// reviewed is a shop with ben's pull request.
func (w *world) reviewed() (*standin.Repo, *github.Client, *standin.Pull) {
	w.t.Helper()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "one\ntwo\nthree\n"})
	p := w.open(repo, "ben", "Topic", "topic")
	w.hooks()
	return repo, app, p
}

func TestPullRequestReviews(t *testing.T) {
	w, ctx := start(t), context.Background()
	_, app, p := w.reviewed()
	approval, err := p.Review("cy", "approved", "")
	if err != nil || approval.Commit != p.Head() || approval.State != "approved" {
		t.Fatalf("a reader's approval: %+v, %v", approval, err)
	}
	if err := p.EditReview(approval.ID, "cy", "well done"); err != nil {
		t.Fatal(err)
	}
	if err := p.Dismiss(approval.ID, "ben", "too soon"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Review("ana", "changes_requested", "Why?"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Review("ben", "commented", "Because."); err != nil {
		t.Errorf("the author's comment: %v", err)
	}
	heard := w.hooks()
	told := "pull_request_review.submitted pull_request_review.edited pull_request_review.dismissed pull_request_review.submitted pull_request_review.submitted"
	if names(heard) != told {
		t.Fatalf("heard %s\nwant  %s", names(heard), told)
	}
	for i, want := range []struct{ state, sender, user string }{
		{"approved", "cy", "cy"}, {"approved", "cy", "cy"}, {"dismissed", "ben", "cy"}, {"changes_requested", "ana", "ana"}, {"commented", "ben", "ben"},
	} {
		e := heard[i].payload.(*github.PullRequestReviewEvent)
		review := e.GetReview()
		if review.GetState() != want.state || e.GetSender().GetLogin() != want.sender || review.GetUser().GetLogin() != want.user ||
			review.GetCommitID() != p.Head() || !review.GetSubmittedAt().Time.Equal(w.clock.Now()) {
			t.Errorf("review %d says %v, want %v", i, review, want)
		}
	}
	if !strings.Contains(string(heard[0].body), `"body":null`) || !strings.Contains(string(heard[1].body), `"changes":{"body":{"from":""}}`) {
		t.Errorf("texts: %s\n%s", heard[0].body, heard[1].body)
	}
	list, _, err := app.PullRequests.ListReviews(ctx, "acme", "shop", p.Number(), nil)
	if err != nil || len(list) != 3 || list[0].GetState() != "DISMISSED" || list[0].GetBody() != "well done" || list[1].GetState() != "CHANGES_REQUESTED" {
		t.Errorf("reviews: %v, %v", list, err)
	}
	one, _, err := app.PullRequests.GetReview(ctx, "acme", "shop", p.Number(), approval.ID)
	if err != nil || one.GetUser().GetLogin() != "cy" {
		t.Errorf("the review: %v, %v", one, err)
	}
	_, _, err = app.PullRequests.GetReview(ctx, "acme", "shop", p.Number(), 1)
	wantStatus(t, "no review", err, http.StatusNotFound)
}

func TestRefusedReviews(t *testing.T) {
	w := start(t)
	_, _, p := w.reviewed()
	for name, review := range map[string][3]string{
		"the author's approval":           {"ben", "approved", ""},
		"the author's request of changes": {"ben", "changes_requested", "more"},
		"a stranger's":                    {"mallory", "approved", ""},
		"a comment that says nothing":     {"cy", "commented", ""},
		"a request that says nothing":     {"cy", "changes_requested", " "},
		"one in capitals":                 {"cy", "APPROVED", ""},
	} {
		if _, err := p.Review(review[0], review[1], review[2]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	approval, err := p.Review("ana", "approved", "")
	if err != nil {
		t.Fatal(err)
	}
	comment, err := p.Review("cy", "commented", "hm")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a reader's dismissal":       p.Dismiss(approval.ID, "cy", "no"),
		"a dismissal without reason": p.Dismiss(approval.ID, "ben", ""),
		"dismissing a comment":       p.Dismiss(comment.ID, "ben", "no"),
		"dismissing nothing":         p.Dismiss(1, "ben", "no"),
		"a reader's edit":            p.EditReview(approval.ID, "cy", "no"),
		"editing nothing":            p.EditReview(1, "ben", "no"),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := p.Lock("ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Review("cy", "approved", ""); err == nil {
		t.Error("a reader approved a locked pull request")
	}
}

// After a force-push that leaves the patch as it was, GitHub's REST API has an approval at the new head.
func TestApprovalFollowsPatch(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app, p := w.reviewed()
	for login, state := range map[string]string{"ana": "approved", "cy": "changes_requested"} {
		if _, err := p.Review(login, state, "so be it"); err != nil {
			t.Fatal(err)
		}
	}
	first := p.Head()
	at := func(what string, approval, request string) {
		t.Helper()
		list, _, err := app.PullRequests.ListReviews(ctx, "acme", "shop", p.Number(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if want := map[string]string{"APPROVED": approval, "CHANGES_REQUESTED": request}[r.GetState()]; r.GetCommitID() != want {
				t.Errorf("after %s %s's review is of %s, want %s", what, r.GetUser().GetLogin(), r.GetCommitID(), want)
			}
		}
	}
	force := func(onto, text string) string {
		t.Helper()
		w.clock.Advance(time.Second) // or the commit is the one before
		sha, err := repo.ForcePush("ben", "topic", onto, "Topic again", map[string]string{"a": text})
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	base := w.commit(repo, "ana", "main", "Meanwhile", map[string]string{"b": "b\n"})
	rebased := force(base, "one\ntwo\nthree\n")
	at("a rebase", rebased, first)
	w.commit(repo, "ben", "topic", "Nothing new", map[string]string{"a": "one\ntwo\nthree\n"})
	at("a push", rebased, first)
	third := force(base, "one\ntwo\nthree\n")
	at("a push and a rebase", rebased, first)
	if _, err := p.Review("ana", "approved", ""); err != nil {
		t.Fatal(err)
	}
	force(base, "one\ntwo\n three\n")
	list := p.Reviews()
	if last := list[len(list)-1]; last.Commit != third {
		t.Errorf("after a push of something else ana's review is of %s, want %s", last.Commit, third)
	}
	for _, h := range w.hooks() {
		if e, isReview := h.payload.(*github.PullRequestReviewEvent); isReview && e.GetReview().GetCommitID() == rebased {
			t.Errorf("a webhook says %v", e.GetReview())
		}
	}
}
