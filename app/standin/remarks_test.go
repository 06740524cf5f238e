package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

const shopPulls = "repos/acme/shop/pulls/"

func TestCommentsOnTheChange(t *testing.T) {
	w, ctx := start(t), context.Background()
	_, app, p := w.reviewed()
	said, err := p.RemarkAt("cy", "a", 2, "/approve")
	if err != nil || said.Path != "a" || said.Line != 2 {
		t.Fatalf("a reader's comment: %+v, %v", said, err)
	}
	if err := said.Edit("cy", "/deny"); err != nil {
		t.Fatal(err)
	}
	if err := said.Delete("mallory"); err == nil {
		t.Error("a stranger deleted a comment")
	}
	if _, _, err := app.Reactions.CreatePullRequestCommentReaction(ctx, "acme", "shop", said.ID, "eyes"); err != nil {
		t.Error(err)
	}
	if list, _, err := app.Reactions.ListPullRequestCommentReactions(ctx, "acme", "shop", said.ID, nil); err != nil || len(list) != 1 {
		t.Errorf("reactions: %v, %v", list, err)
	}
	if got := p.Remarks(); len(got) != 1 || got[0].Body != "/deny" || got[0].Reactions[0] != (standin.Reaction{Author: "slipway[bot]", Content: "eyes"}) {
		t.Errorf("comments are %+v", got)
	}
	_, _, err = app.Issues.GetComment(ctx, "acme", "shop", said.ID)
	wantStatus(t, "it as a comment of the conversation", err, http.StatusNotFound)
	if err := said.Delete("ben"); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	told := "pull_request_review.submitted pull_request_review_comment.created pull_request_review_comment.edited pull_request_review_comment.deleted"
	if names(heard) != told || len(p.Remarks()) != 0 {
		t.Fatalf("heard %s\nwant  %s", names(heard), told)
	}
	made := heard[1].payload.(*github.PullRequestReviewCommentEvent)
	review := heard[0].payload.(*github.PullRequestReviewEvent).GetReview()
	if c := made.GetComment(); c.GetPullRequestReviewID() != review.GetID() || review.GetState() != "commented" || c.GetCommitID() != p.Head() ||
		c.GetDiffHunk() != "@@ -0,0 +1,3 @@\n+one\n+two" || c.GetPosition() != 2 || made.GetPullRequest().GetNumber() != p.Number() {
		t.Errorf("created says %v, of review %v", c, review)
	}
	edited := heard[2].payload.(*github.PullRequestReviewCommentEvent)
	if edited.GetChanges().GetBody().GetFrom() != "/approve" || edited.GetComment().GetBody() != "/deny" || edited.GetSender().GetLogin() != "cy" {
		t.Errorf("edited says %+v", edited)
	}
}

func TestCommentsOnTheChangeByHTTP(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app, p := w.reviewed()
	first := p.Head()
	whole, err := p.Remark("cy", "a", "Why?")
	if err != nil {
		t.Fatal(err)
	}
	cy := w.as("cy")
	made, _, err := cy.PullRequests.CreateComment(ctx, "acme", "shop", p.Number(), &github.PullRequestComment{
		Body: github.String("And this?"), CommitID: &first, Path: github.String("a"), Line: github.Int(3), Side: github.String("RIGHT"),
	})
	if err != nil || made.GetLine() != 3 || made.GetPullRequestReviewID() == 0 {
		t.Fatalf("a comment on a line: %v, %v", made, err)
	}
	body := map[string]string{"body": "Because."}
	reply, _, err := send[github.PullRequestComment](app, "POST", fmt.Sprint(shopPulls, p.Number(), "/comments/", made.GetID(), "/replies"), body)
	if err != nil || reply.GetInReplyTo() != made.GetID() || reply.GetUser().GetLogin() != "slipway[bot]" || reply.GetPath() != "a" {
		t.Fatalf("the App's reply: %v, %v", reply, err)
	}
	_, _, err = send[any](app, "POST", fmt.Sprint(shopPulls, p.Number(), "/comments/", reply.GetID(), "/replies"), body)
	wantStatus(t, "a reply to a reply", err, http.StatusUnprocessableEntity)
	w.commit(repo, "ben", "topic", "Elsewhere", map[string]string{"b": "b"})
	second := p.Head()
	if c, _, err := app.PullRequests.GetComment(ctx, "acme", "shop", whole.ID); err != nil || c.GetCommitID() != second || c.GetOriginalCommitID() != first {
		t.Errorf("after a push to another file: %v, %v", c, err)
	}
	w.commit(repo, "ben", "topic", "Here", map[string]string{"a": "a"})
	list, _, err := app.PullRequests.ListComments(ctx, "acme", "shop", p.Number(), &github.PullRequestListCommentsOptions{Sort: "created", Direction: "desc"})
	if err != nil || len(list) != 3 || list[2].GetID() != whole.ID || list[2].GetCommitID() != second {
		t.Errorf("comments: %v, %v", list, err)
	}
	if got, _, err := app.PullRequests.Get(ctx, "acme", "shop", p.Number()); err != nil || got.GetReviewComments() != 3 {
		t.Errorf("the pull request has %d: %v", got.GetReviewComments(), err)
	}
}

// A comment on a line carries its hunk, and its place behind the hunks before.
func TestHunks(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	lines := strings.Split("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", " ")
	w.commit(repo, "ben", "main", "Numbers", map[string]string{"n": strings.Join(lines, "\n") + "\n"})
	lines[0], lines[13] = "one", "fourteen"
	w.commit(repo, "ben", "topic", "Words", map[string]string{"n": strings.Join(lines, "\n") + "\n"})
	p := w.open(repo, "ben", "Words", "topic")
	w.hooks()
	if _, err := p.RemarkAt("cy", "n", 14, "why?"); err != nil {
		t.Fatal(err)
	}
	c := w.hooks()[1].payload.(*github.PullRequestReviewCommentEvent).GetComment()
	if want := "@@ -11,6 +11,6 @@\n 11\n 12\n 13\n-14\n+fourteen"; c.GetDiffHunk() != want || c.GetPosition() != 11 {
		t.Errorf("at %d: %q, want %q at 11", c.GetPosition(), c.GetDiffHunk(), want)
	}
}

func TestRefusedCommentsOnTheChange(t *testing.T) {
	w := start(t, unruly)
	_, app, p := w.reviewed()
	for path, line := range map[string]int{"README.md": 0, "": 0, "*": 0, "a": 4} {
		if _, err := p.RemarkAt("cy", path, line, "here"); err == nil {
			t.Errorf("%s:%d, which is not changed, was commented on", path, line)
		}
	}
	comments := fmt.Sprint(shopPulls, p.Number(), "/comments")
	for name, body := range map[string]map[string]any{
		"no text":         {"commit_id": p.Head(), "path": "a", "line": 1},
		"another commit":  {"body": "x", "commit_id": strings.Repeat("1", 40), "path": "a", "line": 1},
		"no line":         {"body": "x", "commit_id": p.Head(), "path": "a"},
		"what is deleted": {"body": "x", "commit_id": p.Head(), "path": "a", "line": 1, "side": "LEFT"},
	} {
		_, _, err := send[any](app, "POST", comments, body)
		wantStatus(t, name, err, http.StatusUnprocessableEntity)
	}
	_, _, err := send[any](app, "POST", comments+"/1/replies", map[string]string{"body": "x"})
	wantStatus(t, "a reply to nothing", err, http.StatusNotFound)
	if err := p.Lock("ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Remark("cy", "a", "here"); err == nil {
		t.Error("a reader commented on a locked pull request")
	}
	if heard := names(w.hooks()); heard != "" {
		t.Errorf("heard %s", heard)
	}
}

func TestCommitComments(t *testing.T) {
	w, ctx := start(t, func(o *standin.Options) {
		o.App.Permissions = map[string]string{"metadata": "read", "contents": "write"}
	}), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	said, err := repo.CommentOn("cy", sha, "/approve")
	if err != nil {
		t.Fatal(err)
	}
	if err := said.Edit("cy", "/deny"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Reactions.CreateCommentReaction(ctx, "acme", "shop", said.ID, "-1"); err != nil {
		t.Error(err)
	}
	if list, _, err := app.Reactions.ListCommentReactions(ctx, "acme", "shop", said.ID, nil); err != nil || len(list) != 1 {
		t.Errorf("reactions: %v, %v", list, err)
	}
	if _, _, err := app.Repositories.CreateComment(ctx, "acme", "shop", sha, &github.RepositoryComment{Body: github.String("no")}); err != nil {
		t.Error(err)
	}
	list, _, err := app.Repositories.ListCommitComments(ctx, "acme", "shop", sha, nil)
	if err != nil || len(list) != 2 || list[0].GetBody() != "/deny" || list[1].GetUser().GetLogin() != "slipway[bot]" {
		t.Errorf("comments: %v, %v", list, err)
	}
	if one, _, err := app.Repositories.GetComment(ctx, "acme", "shop", said.ID); err != nil || one.GetCommitID() != sha {
		t.Errorf("the comment: %v, %v", one, err)
	}
	if got := repo.CommentsOn(sha); len(got) != 2 || got[0].Reactions[0] != (standin.Reaction{Author: "slipway[bot]", Content: "-1"}) {
		t.Errorf("comments are %+v", got)
	}
	if err := said.Delete("ben"); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if names(heard) != "commit_comment.created commit_comment.created" {
		t.Fatalf("heard %s", names(heard))
	}
	if e := heard[0].payload.(*github.CommitCommentEvent); e.GetComment().GetCommitID() != sha || e.GetSender().GetLogin() != "cy" {
		t.Errorf("created says %v", e)
	}
	if _, err := repo.CommentOn("cy", strings.Repeat("1", 40), "x"); err == nil {
		t.Error("a commit that is not there was commented on")
	}
	_, _, err = app.Repositories.ListCommitComments(ctx, "acme", "shop", strings.Repeat("1", 40), nil)
	wantStatus(t, "comments of nothing", err, http.StatusNotFound)
}

// An App that reads contents, as slipway does, reads comments on commits and is told of them; it neither answers nor reacts.
func TestCommitCommentPermissions(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	said, err := repo.CommentOn("cy", sha, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Reactions.ListCommentReactions(ctx, "acme", "shop", said.ID, nil); err != nil {
		t.Error(err)
	}
	_, _, err = app.Repositories.CreateComment(ctx, "acme", "shop", sha, &github.RepositoryComment{Body: github.String("no")})
	wantStatus(t, "a comment", err, http.StatusForbidden)
	_, _, err = app.Reactions.CreateCommentReaction(ctx, "acme", "shop", said.ID, "+1")
	wantStatus(t, "a reaction", err, http.StatusForbidden)
	if heard := names(w.hooks()); heard != "commit_comment.created" {
		t.Errorf("heard %s", heard)
	}
}

// Reviews and comments on the change take pull requests: an App without is told of none, and reads none.
func TestReviewPermissions(t *testing.T) {
	w, ctx := start(t, func(o *standin.Options) {
		o.App.Permissions = map[string]string{"metadata": "read", "contents": "read", "issues": "write"}
	}), context.Background()
	_, app, p := w.reviewed()
	if _, err := p.Review("cy", "approved", ""); err != nil {
		t.Fatal(err)
	}
	said, err := p.Remark("cy", "a", "hello")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = app.PullRequests.ListReviews(ctx, "acme", "shop", p.Number(), nil)
	wantStatus(t, "reviews", err, http.StatusForbidden)
	_, _, err = app.PullRequests.GetComment(ctx, "acme", "shop", said.ID)
	wantStatus(t, "a comment", err, http.StatusForbidden)
	_, _, err = app.Reactions.CreatePullRequestCommentReaction(ctx, "acme", "shop", said.ID, "+1")
	wantStatus(t, "a reaction", err, http.StatusForbidden)
	if heard := names(w.hooks()); heard != "" {
		t.Errorf("heard %s", heard)
	}
}
