package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// comment is a comment on a pull request.
type comment struct {
	id                 int64
	pull               *Pull
	author             *account
	byApp              *appInfo // the App that wrote it, if one did
	body               string
	createdAt, updated time.Time
	reactions          []reaction
}

type reaction struct {
	id      int64
	user    *account
	content string
	at      time.Time
}

// Comment is a copy of a comment, with the means to edit and delete it.
type Comment struct {
	ID        int64
	Author    string // login
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time
	Reactions []Reaction
	pull      *Pull
}

// Reaction is one emoji of one user.
type Reaction struct {
	Author  string
	Content string // such as +1 or eyes
}

// maxComment is how many characters a comment may have.
const maxComment = 65536

// Comment comments on the pull request in the name of a user.
func (p *Pull) Comment(login, body string) (Comment, error) {
	var made Comment
	err := p.repo.act(login, "read", func(actor *account) error {
		c, err := p.comment(actor, nil, body)
		if err == nil {
			made = c.public()
		}
		return err
	})
	if err != nil {
		return Comment{}, fmt.Errorf("commenting on #%d: %w", p.number, err)
	}
	return made, nil
}

// Comments lists the comments of the pull request, oldest first.
func (p *Pull) Comments() []Comment { return p.repo.Comments(p.number) }

// Comments lists the comments of a pull request, oldest first.
func (r *Repo) Comments(number int) []Comment {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var all []Comment
	for _, c := range r.commentsOf(number) {
		all = append(all, c.public())
	}
	return all
}

// Edit changes the comment's text in the name of its author or of somebody with write access.
func (c Comment) Edit(login, body string) error {
	return c.change(login, func(actor *account, found *comment) error { return found.edit(actor, body) })
}

// Delete deletes the comment in the name of its author or of somebody with write access.
func (c Comment) Delete(login string) error {
	return c.change(login, func(actor *account, found *comment) error { found.delete(actor); return nil })
}

func (c Comment) change(login string, do func(*account, *comment) error) error {
	return c.pull.repo.act(login, "read", func(actor *account) error {
		found := c.pull.repo.comments[c.ID]
		if found == nil {
			return fmt.Errorf("comment %d is gone", c.ID)
		}
		if actor != found.author && roleRank(c.pull.repo.baseRole(actor)) < roleRank("write") {
			return fmt.Errorf("%s may not change comment %d", login, c.ID)
		}
		return do(actor, found)
	})
}

func (c *comment) public() Comment {
	out := Comment{ID: c.id, Author: c.author.login, Body: c.body, CreatedAt: c.createdAt, UpdatedAt: c.updated, pull: c.pull}
	for _, r := range c.reactions {
		out.Reactions = append(out.Reactions, Reaction{r.user.login, r.content})
	}
	return out
}

func (r *Repo) commentsOf(number int) []*comment {
	var all []*comment
	for _, c := range r.comments {
		if c.pull.number == number {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *comment) int { return int(a.id - b.id) })
	return all
}

func (p *Pull) comment(actor *account, by *appInfo, body string) (*comment, error) {
	if err := commentBody(body); err != nil {
		return nil, err
	}
	// An App has no role in the repository: a locked conversation is closed to it.
	if p.locked && (by != nil || roleRank(p.repo.baseRole(actor)) < roleRank("write")) {
		return nil, refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	now := p.repo.server.now()
	c := &comment{id: p.repo.server.id(), pull: p, author: actor, byApp: by, body: body, createdAt: now, updated: now}
	p.repo.comments[c.id] = c
	p.repo.server.lag.createdNow(c.id)
	p.updatedAt = now
	c.emit("created", actor, nil)
	return c, nil
}

func commentBody(body string) error {
	if strings.TrimSpace(body) == "" {
		return failed("IssueComment", "body", "missing_field", "")
	}
	if len([]rune(body)) > maxComment {
		return failed("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)")
	}
	return nil
}

func (c *comment) edit(actor *account, body string) error {
	if err := commentBody(body); err != nil {
		return err
	}
	if body == c.body {
		return nil
	}
	from := c.body
	c.body, c.updated = body, c.pull.repo.server.now()
	c.emit("edited", actor, object{"changes": object{"body": object{"from": from}}})
	return nil
}

func (c *comment) delete(actor *account) {
	delete(c.pull.repo.comments, c.id)
	c.emit("deleted", actor, nil)
}

func (c *comment) emit(action string, sender *account, more object) {
	body := object{"issue": c.pull.issueJSON(), "comment": c.json()}
	for key, value := range more {
		body[key] = value
	}
	c.pull.repo.emit("issue_comment", action, sender, body)
}

func (c *comment) json() object {
	r := c.pull.repo
	url := fmt.Sprintf("%s/issues/comments/%d", r.apiURL(), c.id)
	o := object{
		"url": url, "html_url": fmt.Sprintf("%s#issuecomment-%d", c.pull.htmlURL(), c.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", r.apiURL(), c.pull.number), "id": c.id, "node_id": nodeID("IC", c.id),
		"user": r.server.userJSON(c.author), "created_at": stamp(c.createdAt), "updated_at": stamp(c.updated),
		"author_association": r.association(c.author), "body": c.body, "performed_via_github_app": nil,
		"reactions": reactionsJSON(url, c.reactions),
	}
	if c.byApp != nil {
		o["performed_via_github_app"] = r.server.appJSON(c.byApp)
	}
	return o
}
