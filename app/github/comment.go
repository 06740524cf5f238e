package github

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// Comment is a comment on a pull request or an issue, as GitHub holds it.
type Comment struct {
	ID                   int64
	Author               app.Person
	Body                 string
	CreatedAt, UpdatedAt time.Time // by GitHub's clock
}

// Comment reads one comment.
func (c *Client) Comment(ctx context.Context, r app.Repo, id int64) (Comment, error) {
	found, _, err := c.as(r.Installation).Issues.GetComment(ctx, r.Owner, r.Name, id)
	if err != nil {
		return Comment{}, c.failRepo(r, err, "reading comment %d", id)
	}
	return Comment{id, person(found.User), found.GetBody(), found.GetCreatedAt().Time, found.GetUpdatedAt().Time}, nil
}

// EnsureComment makes GitHub hold the comment that is wanted, and gives its number. known and retry are as for EnsureCheckRun: with
// retry it is looked for by its marker among our own App's comments first. One that was deleted is made anew. ErrDenied: the
// conversation is locked, or the App may not.
func (c *Client) EnsureComment(ctx context.Context, r app.Repo, want app.Comment, known int64, retry bool) (int64, error) {
	if want.Pull <= 0 || want.Marker == "" || strings.ContainsAny(want.Marker, "<>\n") || strings.Contains(want.Marker, "--") {
		return 0, refuse("a comment needs a pull request and a marker that fits into an HTML comment: #%d, %q", want.Pull, want.Marker)
	}
	w := &commentWriter{client: c.as(r.Installation), ours: c.ours, repo: r, pull: want.Pull, marker: "<!-- slipway:" + want.Marker + " -->"}
	w.body = cut(w.marker + "\n" + want.Body) // in front, so that cutting leaves it
	id, err := w.ensure(ctx, known, retry)
	return id, c.failRepo(r, err, "writing the comment on #%d", want.Pull)
}

type commentWriter struct {
	client       *gh.Client
	ours         ownership
	repo         app.Repo
	pull         int
	marker, body string
}

// issueComment is what go-github leaves out of a comment: the App that wrote it.
type issueComment struct {
	ID   int64    `json:"id"`
	Body string   `json:"body"`
	User *gh.User `json:"user"`
	App  *gh.App  `json:"performed_via_github_app"`
}

func (w *commentWriter) ensure(ctx context.Context, known int64, retry bool) (int64, error) {
	if known != 0 {
		err := w.edit(ctx, known)
		if !gone(err) {
			return known, err
		}
	}
	if retry {
		there, err := w.look(ctx)
		switch {
		case err != nil:
			return 0, err
		case there != nil && there.Body == w.body:
			return there.ID, nil
		case there != nil:
			return there.ID, w.edit(ctx, there.ID)
		}
	}
	return w.create(ctx)
}

// look finds the first comment with the marker that our App wrote. Others may quote the marker, and people can act through an App.
func (w *commentWriter) look(ctx context.Context) (*issueComment, error) {
	found, err := collect(func(n int) (page []issueComment, resp *gh.Response, err error) {
		path := repoPath(w.repo, "/issues/%d/comments?per_page=%d&page=%d", w.pull, perPage, n)
		resp, err = send(ctx, w.client, http.MethodGet, path, nil, &page)
		return page, resp, err
	})
	if err != nil {
		return nil, err
	}
	for _, there := range found {
		if !strings.HasPrefix(there.Body, w.marker) {
			continue
		}
		if ours, err := w.ours(ctx, there.User, there.App); ours || err != nil {
			return &there, err
		}
	}
	return nil, nil
}

func (w *commentWriter) edit(ctx context.Context, id int64) error {
	_, err := send(ctx, w.client, http.MethodPatch, repoPath(w.repo, "/issues/comments/%d", id), map[string]string{"body": w.body}, nil)
	return err
}

func (w *commentWriter) create(ctx context.Context) (int64, error) {
	var made issueComment
	_, err := send(ctx, w.client, http.MethodPost, repoPath(w.repo, "/issues/%d/comments", w.pull), map[string]string{"body": w.body}, &made)
	if err == nil && made.ID == 0 {
		err = errors.New("GitHub's answer holds no comment")
	}
	return made.ID, err
}

// React puts our reaction to a comment, which is numbered among those of its door: +1, -1, laugh, confused, heart, hooray, rocket or eyes.
// GitHub holds each once, however often it is asked. It takes none for a review nor for the text of one: both are said to be by DoorReview.
func (c *Client) React(ctx context.Context, r app.Repo, door app.Door, comment int64, content string) error {
	reactions := c.as(r.Installation).Reactions
	react := reactions.CreateIssueCommentReaction
	switch door {
	case "", app.DoorComment:
	case app.DoorReviewComment:
		react = reactions.CreatePullRequestCommentReaction
	case app.DoorCommitComment:
		react = reactions.CreateCommentReaction
	case app.DoorReview:
		return nil
	default:
		return refuse("nothing that comes by the door %q takes a reaction", door)
	}
	_, _, err := react(ctx, r.Owner, r.Name, comment, content)
	return c.failRepo(r, err, "reacting to comment %d", comment)
}
