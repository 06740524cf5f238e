package standin

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// remark is a place in a pull request's change that somebody commented on.
type remark struct {
	review   *pullReview // GitHub makes one for each comment that comes alone
	path     string
	line     int // in the changed file; 0: the whole file
	hunk     string
	position int    // of the line, counted from the first hunk's head
	commit   string // the newest head that still has the file as it was
	original string // the head at that time
	replyTo  int64
}

// Remark comments on a file of the pull request's change in the name of a user.
func (p *Pull) Remark(login, path, body string) (Comment, error) {
	return p.RemarkAt(login, path, 0, body)
}

// RemarkAt comments on a line of a file of the pull request's change, as it is after the change. 0 is the whole file.
func (p *Pull) RemarkAt(login, path string, line int, body string) (Comment, error) {
	made, err := p.repo.inName(login, func(actor *account) (*comment, error) { return p.remark(actor, nil, path, line, body) })
	if err != nil {
		return Comment{}, fmt.Errorf("commenting on %s in #%d: %w", path, p.number, err)
	}
	return made, nil
}

// Remarks lists the comments on the pull request's change, oldest first.
func (p *Pull) Remarks() []Comment {
	p.repo.server.mu.Lock()
	defer p.repo.server.mu.Unlock()
	return published(p.remarks())
}

func (p *Pull) remarks() []*comment {
	return commentsOn(p.repo, func(m *remark) bool { return m.review.pull == p })
}

func (p *Pull) remark(actor *account, by *appInfo, path string, line int, body string) (*comment, error) {
	hunk, position, err := p.hunkAt(path, line)
	if err != nil {
		return nil, err
	}
	return p.place(&remark{path: path, line: line, hunk: hunk, position: position, commit: p.headSHA, original: p.headSHA}, actor, by, body)
}

// answer replies to a comment on the change. GitHub has no replies to replies.
func (p *Pull) answer(to *comment, actor *account, by *appInfo, body string) (*comment, error) {
	m := *to.on.(*remark)
	if m.replyTo != 0 {
		return nil, failed(m.resource(), "in_reply_to", "invalid", "")
	}
	m.replyTo = to.id
	return p.place(&m, actor, by, body)
}

// place adds a comment with the review that it comes in, of which GitHub tells first.
func (p *Pull) place(m *remark, actor *account, by *appInfo, body string) (*comment, error) {
	if err := errors.Join(p.openTo(actor, by), commentBody(m.resource(), body)); err != nil {
		return nil, err
	}
	m.review = p.submit(actor, "commented", "")
	return p.repo.comment(m, actor, by, body)
}

var hunkHead = regexp.MustCompile(`^@@ -[0-9,]+ \+([0-9]+)[0-9,]* @@`)

// hunkAt finds a line in the change of a file: the hunk down to it, and how far it is from the first hunk's head.
func (p *Pull) hunkAt(path string, line int) (hunk string, position int, err error) {
	files, err := p.files()
	switch {
	case err != nil:
		return "", 0, err
	case !slices.ContainsFunc(files, func(f fileChange) bool { return f.name == path }):
		return "", 0, failed("PullRequestReviewComment", "path", "invalid", "")
	case line == 0:
		return "", 1, nil
	}
	patch, err := p.repo.git(nil, "--literal-pathspecs", "diff", p.repo.forkPoint(p.baseSHA, p.headSHA), p.headSHA, "--", path)
	if err != nil {
		return "", 0, err
	}
	next := 0 // the number of the next line in the changed file
	for text := range strings.SplitSeq(patch, "\n") {
		head := hunkHead.FindStringSubmatch(text)
		if head == nil && hunk == "" {
			continue // the file's own head
		}
		if head != nil {
			next, _ = strconv.Atoi(head[1])
			hunk = text
			position += min(position, 1) // the first head is 0
			continue
		}
		hunk, position = hunk+"\n"+text, position+1
		if strings.HasPrefix(text, "-") || strings.HasPrefix(text, `\`) {
			continue
		}
		if next == line {
			return hunk, position, nil
		}
		next++
	}
	return "", 0, failed("PullRequestReviewComment", "line", "custom", "line must be part of the diff")
}

func (m *remark) resource() string { return "PullRequestReviewComment" }

func (m *remark) tell(c *comment, action string, sender *account, more object) {
	p, said := m.review.pull, c.json()
	if m.line == 0 {
		said["line"] = nil
	}
	body := object{"pull_request": forEvent(p.simpleJSON()), "comment": said}
	maps.Copy(body, more)
	p.repo.emit("pull_request_review_comment", action, sender, body)
}

// commentJSON leaves the line of a comment on a whole file out, for GitHub's description of answers knows no null there, but calls its
// original line 1, for GitHub's schema of webhooks wants a number.
func (m *remark) commentJSON(c *comment) object {
	p := m.review.pull
	url, pull := fmt.Sprintf("%s/pulls/comments/%d", p.repo.apiURL(), c.id), fmt.Sprintf("%s/pulls/%d", p.repo.apiURL(), p.number)
	html := fmt.Sprintf("%s#discussion_r%d", p.htmlURL(), c.id)
	o := c.commonJSON(url)
	maps.Copy(o, object{
		"node_id": nodeID("PRRC", c.id), "html_url": html, "pull_request_url": pull, "pull_request_review_id": m.review.id,
		"diff_hunk": m.hunk, "path": m.path, "commit_id": m.commit, "original_commit_id": m.original, "position": m.position,
		"original_position": m.position, "original_line": max(m.line, 1), "side": "RIGHT", "start_line": nil, "original_start_line": nil,
		"start_side": nil, "subject_type": "file",
		"_links": object{"self": object{"href": url}, "html": object{"href": html}, "pull_request": object{"href": pull}},
	})
	if m.line != 0 {
		o["line"], o["subject_type"] = m.line, "line"
	}
	if m.replyTo != 0 {
		o["in_reply_to_id"] = m.replyTo
	}
	return o
}
