package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

// doors are the events of comments, and where they stand.
var doors = map[string]app.Door{
	"issue_comment": app.DoorComment, "pull_request_review_comment": app.DoorReviewComment, "commit_comment": app.DoorCommitComment,
}

// commentOn is an example of a comment, on a pull request where its event is told of other issues too.
func commentOn(t *testing.T, name string) []byte {
	return change(t, example(t, name, action("created")), func(b map[string]any) {
		if name == "issue_comment" {
			at(b, "issue")["pull_request"] = map[string]any{"url": "https://api.github.com/repos/a/b/pulls/1"}
		}
		b["sender"] = at(b, "comment", "user")
	})
}

// edited is an edit, of the text or of nothing.
func edited(changes map[string]any) func(map[string]any) {
	return func(b map[string]any) { b["action"], b["changes"] = "edited", changes }
}

var (
	itsText = map[string]any{"body": map[string]any{"from": "as it was"}}
	aBot    = map[string]any{"id": 5, "login": "x[bot]", "type": "Bot"}
	another = map[string]any{"id": 5, "login": "x", "type": "User"}
)

// all is some changes, one after the other.
func all(changes ...func(map[string]any)) func(map[string]any) {
	return func(b map[string]any) {
		for _, f := range changes {
			f(b)
		}
	}
}

func TestComments(t *testing.T) {
	deleted := set("deleted", "action")
	for name := range doors {
		for _, u := range []understood{
			{"created", same, "repo.commented"},
			{"edited", edited(itsText), "repo.altered"},
			{"edited by another", all(edited(itsText), set(another, "sender")), "repo.altered"},
			{"edited by a bot", all(edited(itsText), set(aBot, "sender")), "repo.altered"},
			{"edited by nobody", all(edited(itsText), set(nil, "sender")), "error"},
			{"edited, and nothing of its text", edited(map[string]any{}), "ignored: the edit has left the text as it was"},
			{"edited, and nobody says what", edited(nil), "ignored: the edit has left the text as it was"},
			{"edited in a wrong way", edited(map[string]any{"body": "x"}), "error"},
			{"a bot's, edited by a person", all(edited(itsText), set("Bot", "comment", "user", "type")), "ignored: it is by a bot"},
			{"deleted", deleted, "repo.altered"},
			{"deleted by a bot", all(deleted, set(aBot, "sender")), "repo.altered"},
			{"deleted by nobody", all(deleted, set(nil, "sender")), "error"},
			{"deleted, and its author is gone", all(deleted, set(nil, "comment", "user")), "repo.altered"},
			{"deleted, and has no number", all(deleted, set(nil, "comment", "id")), "error"},
			{"a bot's, deleted", all(deleted, set("Bot", "comment", "user", "type")), "ignored: it is by a bot"},
			{"unheard of", set("pinned", "action"), "ignored: slipway does nothing when a comment"},
			{"by a bot", set("Bot", "comment", "user", "type"), "ignored: it is by a bot"},
			{"sent by a bot", set(aBot, "sender"), "ignored: it is by a bot"},
			{"sent by another", set(another, "sender"), "error"},
			{"no author", set(nil, "comment", "user"), "error"},
			{"no author and no sender", all(set(nil, "comment", "user"), set(nil, "sender")), "error"},
			{"no number", set(nil, "comment", "id"), "error"},
			{"no time", set(nil, "comment", "created_at"), "error"},
			{"a wrong time", set("yesterday", "comment", "created_at"), "error"},
			{"as long as GitHub allows", set(strings.Repeat("ä", 65536), "comment", "body"), "repo.commented"},
			{"longer", set(strings.Repeat("ä", 65537), "comment", "body"), "error"},
			{"text of a wrong type", set(5, "comment", "body"), "error"},
			{"no repository", set(nil, "repository"), "error"},
			{"no installation", set(nil, "installation"), "ignored: it does not come from an installation"},
			{"a discussion's", set(map[string]any{"number": 1}, "discussion"), "error"},
		} {
			u.name = name + " " + u.name
			u.run(t, translator(), name, commentOn(t, name))
		}
	}
}

func TestWhereCommentsStand(t *testing.T) {
	for _, u := range []understood{
		{"on an issue", func(b map[string]any) { delete(at(b, "issue"), "pull_request") }, "ignored: it is not on a pull request"},
		{"an issue's, deleted", func(b map[string]any) { b["action"] = "deleted"; delete(at(b, "issue"), "pull_request") }, "ignored: it is not on"},
		{"no number", set(nil, "issue", "number"), "error"},
	} {
		u.run(t, translator(), "issue_comment", commentOn(t, "issue_comment"))
	}
	for _, u := range []understood{
		{"no number", set(nil, "pull_request", "number"), "error"},
		{"deleted, and no number", all(set("deleted", "action"), set(0, "pull_request", "number")), "error"},
	} {
		u.run(t, translator(), "pull_request_review_comment", commentOn(t, "pull_request_review_comment"))
	}
	for _, name := range []string{"pull_request_review_comment", "commit_comment"} {
		for _, u := range []understood{
			{"no commit", set(nil, "comment", "commit_id"), "error"},
			{"zero commit", set(strings.Repeat("0", 40), "comment", "commit_id"), "error"},
			{"short commit", set("ec26c3e", "comment", "commit_id"), "error"},
			{"deleted, and its commit is gone", all(set("deleted", "action"), set(nil, "comment", "commit_id")), "repo.altered"},
		} {
			u.run(t, translator(), name, commentOn(t, name))
		}
	}
}

// only is the one message of an event.
func only[M app.Message](t *testing.T, name string, body []byte) M {
	t.Helper()
	letters, ignored, err := translator().Translate(event(name, body))
	if err != nil || len(letters) != 1 {
		t.Fatalf("%s: %d letters, ignored %q, error %v", name, len(letters), ignored, err)
	}
	m, ok := letters[0].Message.(M)
	if !ok {
		t.Fatalf("%s: got %T", name, letters[0].Message)
	}
	return m
}

var octocat = app.Person{ID: 21031067, Login: "Codertocat"}

func TestCommentIsRead(t *testing.T) {
	for name, door := range doors {
		body := change(t, commentOn(t, name), all(set("/approve", "comment", "body"), set(1<<53+1, "comment", "id"), set("2026-11-24T10:29:00+01:00", "comment", "created_at")))
		got := only[app.Commented](t, name, body)
		want := app.Commented{
			Repo: got.Repo, Door: door, Comment: 1<<53 + 1, By: octocat, Body: "/approve", Written: received.Add(-time.Minute), Received: received, Delivery: "d-1",
		}
		switch door {
		case app.DoorComment:
			want.Pull = 1
		case app.DoorReviewComment:
			want.Pull, want.Commit = 2, "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
		case app.DoorCommitComment:
			want.Commit = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAlterationIsRead(t *testing.T) {
	for name, door := range doors {
		body := change(t, commentOn(t, name), all(edited(itsText), set(aBot, "sender"), set(7, "comment", "id")))
		got := only[app.CommentAltered](t, name, body)
		want := app.CommentAltered{Repo: got.Repo, Source: fmt.Sprintf("%s/7", door), By: app.Person{ID: 5, Login: "x[bot]", Bot: true}, At: received}
		switch door {
		case app.DoorComment:
			want.Pull = 1
		case app.DoorReviewComment:
			want.Pull = 2
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !only[app.CommentAltered](t, name, change(t, body, set("deleted", "action"))).Deleted {
			t.Errorf("%s: it was deleted", name)
		}
	}
}

// TestAlteredHasTheNameOfWhatWasWritten: what is altered has the name that it had when it was written.
func TestAlteredHasTheNameOfWhatWasWritten(t *testing.T) {
	for name := range doors {
		body := commentOn(t, name)
		wrote, altered := only[app.Commented](t, name, body), only[app.CommentAltered](t, name, change(t, body, set("deleted", "action")))
		if wrote.Source() != altered.Source {
			t.Errorf("%s: %q was altered as %q", name, wrote.Source(), altered.Source)
		}
	}
	body := reviewOf(t, "commented", "/approve")
	wrote, altered := only[app.Commented](t, "pull_request_review", body), only[app.CommentAltered](t, "pull_request_review", change(t, body, edited(itsText)))
	if wrote.Source() != altered.Source || wrote.Source() != "review_comment/review-237895671" {
		t.Errorf("%q was altered as %q", wrote.Source(), altered.Source)
	}
}

// reviewOf is an example of a review.
func reviewOf(t *testing.T, state string, body any) []byte {
	return change(t, example(t, "pull_request_review", action("submitted")), func(b map[string]any) {
		at(b, "review")["state"], at(b, "review")["body"] = state, body
	})
}

func TestReviews(t *testing.T) {
	review := func(v any, key string) func(map[string]any) { return set(v, "review", key) }
	dismissed := all(set("dismissed", "action"), review("dismissed", "state"), set(another, "sender"))
	for _, u := range []understood{
		{"approves", same, "repo.reviewed"},
		{"asks for changes", review("changes_requested", "state"), "repo.reviewed"},
		{"comments without a text", review("commented", "state"), "ignored: the review has no text, and neither approves"},
		{"comments with blanks", all(review("commented", "state"), review(" \n", "body")), "ignored: the review has no text, and neither approves"},
		{"comments with a text", all(review("commented", "state"), review("/approve", "body")), "repo.commented"},
		{"approves with a text", review("/approve", "body"), "repo.reviewed repo.commented"},
		{"asks for changes with a text", all(review("changes_requested", "state"), review("no", "body")), "repo.reviewed repo.commented"},
		{"state unheard of", review("applauded", "state"), "ignored: the review has no text, and neither approves"},
		{"state of a wrong type", review(1, "state"), "error"},
		{"text of a wrong type", review(1, "body"), "error"},
		{"text longer than GitHub allows", review(strings.Repeat("ä", 65537), "body"), "error"},
		{"no commit", review(nil, "commit_id"), "ignored: the review does not say which commit it is of"},
		{"short commit", review("ec26c3e", "commit_id"), "error"},
		{"zero commit", review(strings.Repeat("0", 40), "commit_id"), "error"},
		{"by a bot", set("Bot", "review", "user", "type"), "ignored: it is by a bot"},
		{"sent by a bot", set(aBot, "sender"), "ignored: it is by a bot"},
		{"sent by another", set(another, "sender"), "error"},
		{"no author", review(nil, "user"), "error"},
		{"no number", review(nil, "id"), "error"},
		{"no time", review(nil, "submitted_at"), "error"},
		{"a wrong time", review("yesterday", "submitted_at"), "error"},
		{"no pull request", set(nil, "pull_request"), "error"},
		{"pull request without a number", set(nil, "pull_request", "number"), "error"},
		{"dismissed by another", dismissed, "repo.reviewed"},
		{"dismissed by a bot", all(dismissed, set(aBot, "sender")), "repo.reviewed"},
		{"dismissed with a text", all(dismissed, review("/approve", "body")), "repo.reviewed"},
		{"dismissed, and its commit is gone", all(dismissed, review(nil, "commit_id")), "repo.reviewed"},
		{"dismissed, short commit", all(dismissed, review("ec26c3e", "commit_id")), "error"},
		{"dismissed, no author", all(dismissed, review(nil, "user")), "error"},
		{"a bot's, dismissed", all(dismissed, set("Bot", "review", "user", "type")), "ignored: it is by a bot"},
		{"edited", edited(itsText), "repo.altered"},
		{"edited by a bot", all(edited(itsText), set(aBot, "sender")), "repo.altered"},
		{"edited, and nothing of its text", edited(map[string]any{}), "ignored: the edit has left the text as it was"},
		{"edited, and its commit is gone", all(edited(itsText), review(nil, "commit_id")), "repo.altered"},
		{"a bot's, edited", all(edited(itsText), set("Bot", "review", "user", "type")), "ignored: it is by a bot"},
		{"edited, pull request without a number", all(edited(itsText), set(0, "pull_request", "number")), "error"},
		{"unheard of", set("applauded", "action"), "ignored: slipway does nothing when a review"},
		{"a comment's body", set(map[string]any{"id": 1}, "comment"), "error"},
	} {
		t.Run(u.name, func(t *testing.T) {
			letters, ignored, err := translator().Translate(event("pull_request_review", change(t, reviewOf(t, "approved", nil), u.change)))
			sound(t, letters)
			if got := verdict(letters, ignored, err); !strings.HasPrefix(got, u.want) || len(letters) != strings.Count(u.want, "repo.") {
				t.Errorf("got %q, want %q", got, u.want)
			}
		})
	}
}

func TestReviewIsRead(t *testing.T) {
	body := reviewOf(t, "approved", "LGTM\n/approve")
	letters, ignored, err := translator().Translate(event("pull_request_review", body))
	if err != nil || len(letters) != 2 {
		t.Fatalf("%d letters, ignored %q, error %v", len(letters), ignored, err)
	}
	repo, written := letters[0].Message.(app.PullReviewed).Repo, time.Date(2019, 5, 15, 15, 20, 38, 0, time.UTC)
	const commit = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
	review := app.PullReviewed{
		Repo: repo, Pull: 2, Review: 237895671, State: app.ReviewApproved, Commit: commit, By: octocat, Written: written, Received: received, Delivery: "d-1",
	}
	text := app.Commented{
		Repo: repo, Door: app.DoorReviewComment, Pull: 2, Comment: 237895671, Review: true, Commit: commit, By: octocat, Body: "LGTM\n/approve",
		Written: written, Received: received, Delivery: "d-1",
	}
	want := []app.Letter{{To: app.RepositoryAddress(repo.ID), Message: review}, {To: app.RepositoryAddress(repo.ID), Message: text}}
	if diff := cmp.Diff(want, letters); diff != "" {
		t.Error(diff)
	}
	review.State = app.ReviewDismissed
	got := only[app.PullReviewed](t, "pull_request_review", change(t, body, all(set("dismissed", "action"), set(another, "sender"))))
	if diff := cmp.Diff(review, got); diff != "" {
		t.Errorf("dismissed by another: %s", diff)
	}
}
