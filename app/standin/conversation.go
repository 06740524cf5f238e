package standin

import (
	"fmt"
	"maps"
	"net/http"
)

// A pull request is the subject of the comments in its conversation, which GitHub also calls an issue's.

// Comment comments on the pull request in the name of a user.
func (p *Pull) Comment(login, body string) (Comment, error) {
	made, err := p.repo.inName(login, func(actor *account) (*comment, error) { return p.comment(actor, nil, body) })
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

// commentsOf lists a pull request's conversation.
func (r *Repo) commentsOf(number int) []*comment {
	return commentsOn(r, func(p *Pull) bool { return p.number == number })
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
