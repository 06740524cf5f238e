package standin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// comment is what somebody wrote about a subject.
type comment struct {
	id                 int64
	repo               *Repo
	on                 subject
	author             *account
	byApp              *appInfo // the App that wrote it, if one did
	body               string
	createdAt, updated time.Time
	reactions          []reaction
}

// subject is what a comment is on: a pull request's conversation, a place in its change, or a commit.
type subject interface {
	tell(c *comment, action string, sender *account, more object) // sends the webhook, if GitHub has one
	commentJSON(c *comment) object
	resource() string // what GitHub's refusals call a comment on it
}

type reaction struct {
	id      int64
	user    *account
	content string
	at      time.Time
}

// Comment is a copy of a comment of any kind, with the means to edit and delete it.
type Comment struct {
	ID        int64
	Author    string // login
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time
	Reactions []Reaction
	Path      string // of a comment on a pull request's change: the file
	Line      int    // the line in it; 0: the whole file
	repo      *Repo
}

// Reaction is one emoji of one user.
type Reaction struct {
	Author  string
	Content string // such as +1 or eyes
}

// maxComment is how many characters a comment may have.
const maxComment = 65536

// inName comments in the name of a user: to read is enough.
func (r *Repo) inName(login string, do func(actor *account) (*comment, error)) (Comment, error) {
	var made Comment
	err := r.act(login, "read", func(actor *account) error {
		c, err := do(actor)
		if err == nil {
			made = c.public()
		}
		return err
	})
	return made, err
}

func published(list []*comment) []Comment {
	var all []Comment
	for _, c := range list {
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
	return c.repo.act(login, "read", func(actor *account) error {
		found := c.repo.comments[c.ID]
		if found == nil {
			return fmt.Errorf("comment %d is gone", c.ID)
		}
		if !c.repo.mayAlter(actor, found.author) {
			return fmt.Errorf("%s may not change comment %d", login, c.ID)
		}
		return do(actor, found)
	})
}

// mayAlter says whether a user may edit or delete what the author wrote.
func (r *Repo) mayAlter(user, author *account) bool { return user == author || r.writes(user) }

func (r *Repo) writes(user *account) bool { return roleRank(r.baseRole(user)) >= roleRank("write") }

func (c *comment) public() Comment {
	out := Comment{ID: c.id, Author: c.author.login, Body: c.body, CreatedAt: c.createdAt, UpdatedAt: c.updated, repo: c.repo}
	for _, r := range c.reactions {
		out.Reactions = append(out.Reactions, Reaction{r.user.login, r.content})
	}
	if m, placed := c.on.(*remark); placed {
		out.Path, out.Line = m.path, m.line
	}
	return out
}

// commentsOn lists the comments on subjects of one kind that fit, oldest first.
func commentsOn[S subject](r *Repo, fits func(S) bool) []*comment {
	var all []*comment
	for _, c := range r.comments {
		if on, kind := c.on.(S); kind && fits(on) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *comment) int { return int(a.id - b.id) })
	return all
}

func (r *Repo) comment(on subject, actor *account, by *appInfo, body string) (*comment, error) {
	if err := commentBody(on.resource(), body); err != nil {
		return nil, err
	}
	now := r.server.now()
	c := &comment{id: r.server.id(), repo: r, on: on, author: actor, byApp: by, body: body, createdAt: now, updated: now}
	r.comments[c.id] = c
	r.server.lag.createdNow(c.id)
	on.tell(c, "created", actor, nil)
	return c, nil
}

func commentBody(resource, body string) error {
	if strings.TrimSpace(body) == "" {
		return failed(resource, "body", "missing_field", "")
	}
	return notTooLong(resource, body)
}

func notTooLong(resource, body string) error {
	if len([]rune(body)) > maxComment {
		return failed(resource, "body", "custom", "body is too long (maximum is 65536 characters)")
	}
	return nil
}

func (c *comment) edit(actor *account, body string) error {
	if err := commentBody(c.on.resource(), body); err != nil {
		return err
	}
	if body == c.body {
		return nil
	}
	from := c.body
	c.body, c.updated = body, c.repo.server.now()
	c.on.tell(c, "edited", actor, bodyWas(from))
	return nil
}

// bodyWas is what the webhook of an edit says of the text before.
func bodyWas(from string) object { return object{"changes": object{"body": object{"from": from}}} }

func (c *comment) delete(actor *account) {
	delete(c.repo.comments, c.id)
	c.on.tell(c, "deleted", actor, nil)
}

func (c *comment) json() object { return c.on.commentJSON(c) }

// commonJSON is what comments of all kinds say.
func (c *comment) commonJSON(url string) object {
	return object{
		"url": url, "id": c.id, "user": c.repo.server.userJSON(c.author), "created_at": stamp(c.createdAt), "updated_at": stamp(c.updated),
		"author_association": c.repo.association(c.author), "body": c.body, "reactions": reactionsJSON(url, c.reactions),
	}
}
