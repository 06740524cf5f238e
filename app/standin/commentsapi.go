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
	return c.listOf(c.repo.commentsOf(p.number))
}

// listOf answers comments that were last written since the time that is asked for.
func (c *call) listOf(list []*comment) (*answer, error) {
	var all []any
	for _, comment := range list {
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
	body, err := c.commentBody()
	if err != nil {
		return nil, err
	}
	comment, err := p.comment(c.actor(), c.byApp(), body)
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

// commentBody reads a request that carries a text and nothing else.
func (c *call) commentBody() (string, error) {
	request, err := decode[commentRequest](c)
	if err == nil && request.Body == nil {
		err = invalid("\"body\" wasn't supplied.")
	}
	return deref(request.Body), err
}

// commentIn finds the comment that the path names. Those on another kind of subject have other paths.
func commentIn[S subject](c *call) (*comment, error) {
	id, _ := strconv.ParseInt(c.vars["comment"], 10, 64)
	if found := c.repo.comments[id]; found != nil {
		if _, kind := found.on.(S); kind {
			return found, nil
		}
	}
	return nil, notFound()
}

func getComment[S subject](c *call) (*answer, error) {
	comment, err := commentIn[S](c)
	if err != nil {
		return nil, err
	}
	return ok(comment.json()), nil
}

// mayChange says whether the caller may edit or delete a comment: its author, or a user who writes. An App changes its own only here, which
// is stricter than GitHub.
func (c *call) mayChange(comment *comment) error {
	if c.actor() == comment.author || c.who.user != nil && c.repo.writes(c.who.user) {
		return nil
	}
	if c.who.user == nil {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
}

func editComment[S subject](c *call) (*answer, error) {
	comment, err := commentIn[S](c)
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(comment); err != nil {
		return nil, err
	}
	body, err := c.commentBody()
	if err != nil {
		return nil, err
	}
	if err := comment.edit(c.actor(), body); err != nil {
		return nil, err
	}
	return ok(comment.json()), nil
}

func deleteComment[S subject](c *call) (*answer, error) {
	comment, err := commentIn[S](c)
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(comment); err != nil {
		return nil, err
	}
	comment.delete(c.actor())
	return noContent(), nil
}
