package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What people write, and what they make of pull requests.

// maxComment is how many characters GitHub lets a comment have.
const maxComment = 65536

// writtenEvent is what is read of an event about something that somebody wrote. go-github does not read what was edited of a review, and
// has as many types of comments as there are places for them.
type writtenEvent struct {
	Action  string `json:"action"`
	Comment struct {
		written
		CreatedAt time.Time `json:"created_at"`
	} `json:"comment"`
	Review struct {
		written
		SubmittedAt time.Time       `json:"submitted_at"`
		State       app.ReviewState `json:"state"`
	} `json:"review"`
	Issue struct {
		Number int       `json:"number"`
		Pull   *struct{} `json:"pull_request"` // of an issue that is one
	} `json:"issue"`
	Pull struct {
		Number int `json:"number"`
	} `json:"pull_request"`
	Changes struct {
		Body *struct{} `json:"body"`
	} `json:"changes"`
	Sender       *github.User         `json:"sender"`
	Repo         *github.Repository   `json:"repository"`
	Installation *github.Installation `json:"installation"`
}

// written is what comments and reviews have in common.
type written struct {
	ID     int64        `json:"id"`
	User   *github.User `json:"user"`
	Body   string       `json:"body"`
	Commit string       `json:"commit_id"`
}

// written reads an event of a repository that is served.
func (t Translator) written(e app.Event) (p writtenEvent, repo app.Repo, err error) {
	if p, err = readAs[writtenEvent](e); err != nil {
		return p, repo, err
	}
	repo, err = t.served(p.Repo, p.Installation)
	return p, repo, err
}

// comment is what a person wrote at a door, or what became of it.
func (t Translator) comment(e app.Event, door app.Door) ([]app.Letter, error) {
	p, repo, err := t.written(e)
	if err != nil {
		return nil, err
	}
	if door == app.DoorComment && p.Issue.Pull == nil {
		return nil, ignorance("it is not on a pull request")
	}
	m := app.Commented{Repo: repo, Door: door, Written: p.Comment.CreatedAt.UTC(), Received: e.Received, Delivery: e.Delivery}
	if err := p.fill(&m, p.Comment.written); err != nil {
		return nil, err
	}
	switch p.Action {
	case "created":
		return p.created(m)
	case "edited", "deleted":
		return p.altered(m)
	}
	return nil, nothingWhen("a comment", p.Action)
}

// review is what a person makes of a pull request, and the text with it, or what became of them.
func (t Translator) review(e app.Event) ([]app.Letter, error) {
	p, repo, err := t.written(e)
	if err != nil {
		return nil, err
	}
	text := app.Commented{Repo: repo, Door: app.DoorReviewComment, Review: true, Written: p.Review.SubmittedAt.UTC(), Received: e.Received, Delivery: e.Delivery}
	if err := p.fill(&text, p.Review.written); err != nil {
		return nil, err
	}
	switch p.Action {
	case "submitted":
		return p.submitted(text)
	case "dismissed":
		return p.dismissed(text)
	case "edited":
		return p.altered(text)
	}
	return nil, nothingWhen("a review", p.Action)
}

// fill adds what any event says of what was written. Bots are not obeyed, and so it does not matter what becomes of their words.
func (p writtenEvent) fill(m *app.Commented, w written) error {
	m.Pull, m.Comment, m.By, m.Body = cmp.Or(p.Issue.Number, p.Pull.Number), w.ID, person(w.User), w.Body
	switch {
	case m.By.Bot:
		return ignorance("it is by a bot")
	case m.Comment <= 0:
		return errors.New("what was written has no number")
	case m.Pull <= 0 && m.Door != app.DoorCommitComment:
		return errors.New("the pull request has no number")
	}
	return nil
}

// created is a comment, as it was written.
func (p writtenEvent) created(m app.Commented) (_ []app.Letter, err error) {
	if m.Door != app.DoorComment {
		if m.Commit, err = commit("its commit", p.Comment.Commit); err != nil {
			return nil, err
		}
	}
	if err := p.byItsAuthor(m); err != nil {
		return nil, err
	}
	return to(m.Repo.ID, m), nil
}

// submitted is a review: the verdict, if it has one, and then its text, if it has any.
func (p writtenEvent) submitted(text app.Commented) (letters []app.Letter, err error) {
	if p.Review.Commit == "" {
		return nil, ignorance("the review does not say which commit it is of, and so it counts for nothing")
	}
	if text.Commit, err = commit("its commit", p.Review.Commit); err != nil {
		return nil, err
	}
	if err := p.byItsAuthor(text); err != nil {
		return nil, err
	}
	if s := p.Review.State; s == app.ReviewApproved || s == app.ReviewChangesRequested {
		letters = append(letters, reviewed(text, s)...)
	}
	if strings.TrimSpace(text.Body) != "" {
		letters = append(letters, to(text.Repo.ID, text)...)
	}
	if len(letters) == 0 {
		return nil, ignorance("the review has no text, and neither approves nor asks for changes")
	}
	return letters, nil
}

// dismissed is a review that does not count any more, whoever dismissed it. Its commit may be gone: GitHub names none then.
func (p writtenEvent) dismissed(text app.Commented) (_ []app.Letter, err error) {
	if p.Review.Commit != "" {
		if text.Commit, err = commit("its commit", p.Review.Commit); err != nil {
			return nil, err
		}
	}
	if err := authored(text); err != nil {
		return nil, err
	}
	return reviewed(text, app.ReviewDismissed), nil
}

// reviewed is the verdict of a review, of which all but the verdict is known from its text.
func reviewed(text app.Commented, s app.ReviewState) []app.Letter {
	return to(text.Repo.ID, app.PullReviewed{
		Repo: text.Repo, Pull: text.Pull, Review: text.Comment, State: s, Commit: text.Commit, By: text.By,
		Written: text.Written, Received: text.Received, Delivery: text.Delivery,
	})
}

// byItsAuthor holds that a person wrote something and sent it.
func (p writtenEvent) byItsAuthor(m app.Commented) error {
	switch {
	case p.Sender.GetType() == "Bot":
		return ignorance("it is by a bot")
	case p.Sender.GetID() != m.By.ID:
		return errors.New("it was not sent by its author")
	case utf8.RuneCountInString(m.Body) > maxComment:
		return fmt.Errorf("it is longer than GitHub's %d characters", maxComment)
	}
	return authored(m)
}

// authored holds that it is known who wrote something, and when.
func authored(m app.Commented) error {
	switch {
	case m.By.ID <= 0 || m.By.Login == "":
		return errors.New("it has no author")
	case m.Written.IsZero():
		return errors.New("it does not say when it was written")
	}
	return nil
}

// altered is something written that is not there any more as it was. Whose hand that was does not matter, a bot's is as good as a
// person's; nor does what it was written on, which may be gone.
func (p writtenEvent) altered(was app.Commented) ([]app.Letter, error) {
	m := app.CommentAltered{Repo: was.Repo, Pull: was.Pull, Source: was.Source(), By: person(p.Sender), Deleted: p.Action == "deleted", At: was.Received}
	switch {
	case !m.Deleted && p.Changes.Body == nil:
		return nil, ignorance("the edit has left the text as it was")
	case m.By.ID <= 0 || m.By.Login == "":
		return nil, errors.New("it does not say who altered it")
	}
	return to(m.Repo.ID, m), nil
}
