package standin

import (
	"fmt"
	"maps"
	"net/http"
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

// Comments lists the comments in the conversation of a pull request, oldest first.
func (r *Repo) Comments(number int) []Comment {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return published(r.commentsOf(number))
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

// commentsOf lists a pull request's conversation.
func (r *Repo) commentsOf(number int) []*comment {
	return commentsOn(r, func(p *Pull) bool { return p.number == number })
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

func (p *Pull) comment(actor *account, by *appInfo, body string) (*comment, error) {
	if err := p.openTo(actor, by); err != nil {
		return nil, err
	}
	return p.repo.comment(p, actor, by, body)
}

// openTo refuses whom a locked conversation is closed to. An App has no role in the repository: it is closed to every App.
func (p *Pull) openTo(actor *account, by *appInfo) error {
	if p.locked && (by != nil || !p.repo.writes(actor)) {
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	return nil
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

func (p *Pull) resource() string { return "IssueComment" }

func (p *Pull) tell(c *comment, action string, sender *account, more object) {
	if action == "created" {
		p.updatedAt = c.createdAt
	}
	body := object{"issue": p.issueJSON(), "comment": c.json()}
	maps.Copy(body, more)
	p.repo.emit("issue_comment", action, sender, body)
}

func (p *Pull) commentJSON(c *comment) object {
	r := p.repo
	url := fmt.Sprintf("%s/issues/comments/%d", r.apiURL(), c.id)
	o := c.commonJSON(url)
	maps.Copy(o, object{
		"html_url": fmt.Sprintf("%s#issuecomment-%d", p.htmlURL(), c.id), "node_id": nodeID("IC", c.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", r.apiURL(), p.number), "performed_via_github_app": nil,
	})
	if c.byApp != nil {
		o["performed_via_github_app"] = r.server.appJSON(c.byApp)
	}
	return o
}

// commonJSON is what comments of all kinds say.
func (c *comment) commonJSON(url string) object {
	return object{
		"url": url, "id": c.id, "user": c.repo.server.userJSON(c.author), "created_at": stamp(c.createdAt), "updated_at": stamp(c.updated),
		"author_association": c.repo.association(c.author), "body": c.body, "reactions": reactionsJSON(url, c.reactions),
	}
}
