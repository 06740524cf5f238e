package standin

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pullReview is what somebody thinks of a pull request as it was at one commit.
type pullReview struct {
	id        int64
	pull      *Pull
	author    *account
	state     string // in the words of webhooks, which REST writes in capitals
	body      string
	commit    string
	submitted time.Time
}

// Review is a copy of a review of a pull request.
type Review struct {
	ID          int64
	Author      string // login
	State       string // approved, changes_requested, commented or dismissed
	Body        string
	Commit      string // the head that it is of, as REST tells it now
	SubmittedAt time.Time
}

// Review reviews the pull request's head in the name of a user, who need not have write access. The state is approved, changes_requested or
// commented; the latter two take a text.
func (p *Pull) Review(login, state, body string) (Review, error) {
	var made Review
	err := p.repo.act(login, "read", func(actor *account) error {
		r, err := p.review(actor, state, body)
		if err == nil {
			made = r.public()
		}
		return err
	})
	if err != nil {
		return Review{}, fmt.Errorf("reviewing #%d: %w", p.number, err)
	}
	return made, nil
}

// Reviews lists the reviews of the pull request, oldest first.
func (p *Pull) Reviews() []Review {
	p.repo.server.mu.Lock()
	defer p.repo.server.mu.Unlock()
	var all []Review
	for _, r := range p.reviews {
		all = append(all, r.public())
	}
	return all
}

// Dismiss dismisses a review in the name of a user with write access. GitHub wants to know why.
func (p *Pull) Dismiss(review int64, login, message string) error {
	return p.repo.act(login, "write", func(actor *account) error {
		r := p.reviewByID(review)
		switch {
		case r == nil:
			return fmt.Errorf("#%d has no review %d", p.number, review)
		case strings.TrimSpace(message) == "":
			return failed("PullRequestReview", "message", "missing_field", "")
		case r.state != "approved" && r.state != "changes_requested":
			return refuse(http.StatusUnprocessableEntity, "Can not dismiss a "+r.state+" pull request review")
		}
		r.state = "dismissed"
		r.emit("dismissed", actor, nil)
		return nil
	})
}

// EditReview changes a review's text in the name of its author or of somebody with write access.
func (p *Pull) EditReview(review int64, login, body string) error {
	return p.repo.act(login, "read", func(actor *account) error {
		r := p.reviewByID(review)
		if r == nil || !p.repo.mayAlter(actor, r.author) {
			return fmt.Errorf("%s may not change review %d of #%d, or there is none", login, review, p.number)
		}
		if err := reviewBody(r.state, body); err != nil || body == r.body {
			return err
		}
		from := r.body
		r.body = body
		r.emit("edited", actor, bodyWas(from))
		return nil
	})
}

func (p *Pull) reviewByID(id int64) *pullReview {
	i := slices.IndexFunc(p.reviews, func(r *pullReview) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return p.reviews[i]
}

func (p *Pull) review(actor *account, state, body string) (*pullReview, error) {
	verb, known := map[string]string{"approved": "approve", "changes_requested": "request changes on", "commented": "comment on"}[state]
	switch {
	case !known:
		return nil, fmt.Errorf("%q is no state of a review", state)
	case actor == p.author && state != "commented":
		return nil, refuse(http.StatusUnprocessableEntity, "Can not "+verb+" your own pull request")
	}
	if err := p.openTo(actor, nil); err != nil {
		return nil, err
	}
	if err := reviewBody(state, body); err != nil {
		return nil, err
	}
	return p.submit(actor, state, body), nil
}

// reviewBody refuses a review without a text, unless it approves: so it is in GitHub's API and on its pages.
func reviewBody(state, body string) error {
	if state == "commented" || state == "changes_requested" {
		return commentBody("PullRequestReview", body)
	}
	return notTooLong("PullRequestReview", body)
}

func (p *Pull) submit(actor *account, state, body string) *pullReview {
	s := p.repo.server
	r := &pullReview{id: s.id(), pull: p, author: actor, state: state, body: body, commit: p.headSHA, submitted: s.now()}
	p.reviews, p.updatedAt = append(p.reviews, r), s.now()
	r.emit("submitted", actor, nil)
	return r
}

func (r *pullReview) public() Review {
	return Review{ID: r.id, Author: r.author.login, State: r.state, Body: r.body, Commit: r.commit, SubmittedAt: r.submitted}
}

func (r *pullReview) emit(action string, sender *account, more object) {
	said := r.json()
	said["state"], said["body"] = r.state, nilIfEmpty(r.body)
	body := object{"pull_request": forEvent(r.pull.simpleJSON()), "review": said}
	maps.Copy(body, more)
	r.pull.repo.emit("pull_request_review", action, sender, body)
}

func (r *pullReview) json() object {
	repo := r.pull.repo
	html, pull := fmt.Sprintf("%s#pullrequestreview-%d", r.pull.htmlURL(), r.id), fmt.Sprintf("%s/pulls/%d", repo.apiURL(), r.pull.number)
	return object{
		"id": r.id, "node_id": nodeID("PRR", r.id), "user": repo.server.userJSON(r.author), "body": r.body, "state": strings.ToUpper(r.state),
		"html_url": html, "pull_request_url": pull, "author_association": repo.association(r.author), "commit_id": r.commit,
		"submitted_at": stamp(r.submitted), "_links": object{"html": object{"href": html}, "pull_request": object{"href": pull}},
	}
}

// repoint follows a push to the head in what was said of the one before: approvals after a force-push that leaves the patch as it was, and
// comments on files that the push leaves alone. GitHub does both without a word, so that neither's commit is what its author looked at.
func (p *Pull) repoint(base, before string) {
	if len(p.reviews) == 0 {
		return
	}
	if !p.repo.contains(p.headSHA, before) && p.repo.patch(base, before) == p.repo.patch(p.baseSHA, p.headSHA) {
		for _, r := range p.reviews {
			if r.commit == before && r.state == "approved" {
				r.commit = p.headSHA
			}
		}
	}
	for _, c := range p.remarks() {
		if m := c.on.(*remark); m.commit == before && p.repo.blobName(before, m.path) == p.repo.blobName(p.headSHA, m.path) {
			m.commit = p.headSHA
		}
	}
}

var whereInFiles = regexp.MustCompile(`(?m)^(@@ .*? @@|index ).*$`)

// patch is what a pull request from head into base changes, wherever in its files.
func (r *Repo) patch(base, head string) string {
	text, _ := r.git(nil, "diff", "--binary", r.forkPoint(base, head), head)
	return whereInFiles.ReplaceAllString(text, "")
}

// blobName is git's name of a file's content at a commit, or "" where there is no such file.
func (r *Repo) blobName(sha, path string) string {
	name, _ := r.git(nil, "rev-parse", "--verify", "--quiet", sha+":"+path)
	return name
}

func listReviews(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	var all []any
	for _, r := range p.reviews {
		all = append(all, r.json())
	}
	return c.list(all)
}

func getReview(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	id, _ := strconv.ParseInt(c.vars["review"], 10, 64)
	if r := p.reviewByID(id); r != nil {
		return ok(r.json()), nil
	}
	return nil, notFound()
}
