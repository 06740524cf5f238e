package standin

import (
	"net/http"
	"strconv"
	"time"
)

type commentRequest struct {
	Body *string `json:"body"`
}

func listComments(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	var all []any
	for _, comment := range c.repo.commentsOf(p.number) {
		if since, err := time.Parse(time.RFC3339, c.query("since")); err == nil && comment.updated.Before(since) {
			continue
		}
		if !c.s.lag.hides(comment.id) {
			all = append(all, comment.json())
		}
	}
	return c.list(all)
}

func createComment(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	request, err := decode[commentRequest](c)
	if err != nil {
		return nil, err
	}
	if request.Body == nil {
		return nil, invalid("\"body\" wasn't supplied.")
	}
	comment, err := p.comment(c.actor(), c.byApp(), *request.Body)
	if err != nil {
		return nil, err
	}
	return created(comment.json()), nil
}

// byApp is the App that acts, or nil for a user.
func (c *call) byApp() *appInfo {
	if c.who.installation != nil {
		return c.s.app
	}
	return nil
}

func (c *call) comment() (*comment, error) {
	id, _ := strconv.ParseInt(c.vars["comment"], 10, 64)
	if found := c.repo.comments[id]; found != nil {
		return found, nil
	}
	return nil, notFound()
}

func getComment(c *call) (*answer, error) {
	comment, err := c.comment()
	if err != nil {
		return nil, err
	}
	return ok(comment.json()), nil
}

// mayChange says whether the caller may edit or delete a comment: its author, or a user who writes. An App changes its own only here, which
// is stricter than GitHub.
func (c *call) mayChange(comment *comment) error {
	if c.actor() == comment.author || c.who.user != nil && roleRank(c.repo.baseRole(c.who.user)) >= roleRank("write") {
		return nil
	}
	if c.who.user == nil {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
}

func editComment(c *call) (*answer, error) {
	comment, err := c.comment()
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(comment); err != nil {
		return nil, err
	}
	request, err := decode[commentRequest](c)
	if err != nil {
		return nil, err
	}
	if request.Body == nil {
		return nil, invalid("\"body\" wasn't supplied.")
	}
	if err := comment.edit(c.actor(), *request.Body); err != nil {
		return nil, err
	}
	return ok(comment.json()), nil
}

func deleteComment(c *call) (*answer, error) {
	comment, err := c.comment()
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(comment); err != nil {
		return nil, err
	}
	comment.delete(c.actor())
	return noContent(), nil
}
