package standin

import (
	"fmt"
	"maps"
)

// wholeCommit is a commit that somebody commented on. Comments on its lines are not spoken of here.
type wholeCommit struct {
	repo *Repo
	sha  string
}

// CommentOn comments on a commit in the name of a user. GitHub tells of it in a webhook, and never of what becomes of the comment.
func (r *Repo) CommentOn(login, sha, body string) (Comment, error) {
	made, err := r.inName(login, func(actor *account) (*comment, error) {
		commit, found := r.resolve(sha)
		if !found {
			return nil, fmt.Errorf("%s has no such commit", r.fullName())
		}
		return r.comment(wholeCommit{r, commit.sha}, actor, nil, body)
	})
	if err != nil {
		return Comment{}, fmt.Errorf("commenting on %s: %w", sha, err)
	}
	return made, nil
}

// CommentsOn lists the comments on a commit, oldest first.
func (r *Repo) CommentsOn(sha string) []Comment {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return published(r.commentsOnCommit(sha))
}

func (r *Repo) commentsOnCommit(sha string) []*comment {
	return commentsOn(r, func(w wholeCommit) bool { return w.sha == sha })
}

func (w wholeCommit) resource() string { return "CommitComment" }

// tell says nothing of edits and deletions, as GitHub. Its schema of the webhook knows no reactions yet.
func (w wholeCommit) tell(c *comment, action string, sender *account, _ object) {
	if action != "created" {
		return
	}
	said := c.json()
	delete(said, "reactions")
	w.repo.emit("commit_comment", action, sender, object{"comment": said})
}

func (w wholeCommit) commentJSON(c *comment) object {
	o := c.commonJSON(fmt.Sprintf("%s/comments/%d", w.repo.apiURL(), c.id))
	maps.Copy(o, object{
		"html_url": fmt.Sprintf("%s/commit/%s#commitcomment-%d", w.repo.htmlURL(), w.sha, c.id), "node_id": nodeID("CC", c.id),
		"commit_id": w.sha, "path": nil, "position": nil, "line": nil,
	})
	return o
}

func listCommitComments(c *call) (*answer, error) {
	commit, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return nil, notFound()
	}
	return c.listOf(c.repo.commentsOnCommit(commit.sha))
}

func createCommitComment(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	body, err := c.commentBody()
	if err != nil {
		return nil, err
	}
	made, err := c.repo.comment(wholeCommit{c.repo, commit.sha}, c.actor(), c.byApp(), body)
	if err != nil {
		return nil, err
	}
	return created(made.json()), nil
}
