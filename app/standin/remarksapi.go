package standin

import "slices"

// remarkRequest is a comment on one line as it is after the change, or on a whole file: what else GitHub takes, the stand-in refuses.
type remarkRequest struct {
	Body        *string `json:"body"`
	CommitID    string  `json:"commit_id"`
	Path        string  `json:"path"`
	Side        string  `json:"side"`
	Line        int     `json:"line"`
	SubjectType string  `json:"subject_type"`
}

func listRemarks(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	list := p.remarks()
	if c.query("sort") == "updated" {
		slices.SortStableFunc(list, func(a, b *comment) int { return a.updated.Compare(b.updated) })
	}
	if c.query("sort") != "" && c.query("direction") == "desc" { // GitHub ignores a direction alone
		slices.Reverse(list)
	}
	return c.listOf(list)
}

func createRemark(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	request, err := decode[remarkRequest](c)
	if err != nil {
		return nil, err
	}
	switch {
	case request.Body == nil:
		return nil, invalid("\"body\" wasn't supplied.")
	case request.CommitID != p.headSHA: // GitHub takes older ones too, and calls the comment outdated
		return nil, failed("PullRequestReviewComment", "commit_id", "invalid", "")
	case request.Side == "LEFT":
		return nil, failed("PullRequestReviewComment", "side", "invalid", "")
	case (request.SubjectType == "file") != (request.Line == 0):
		return nil, failed("PullRequestReviewComment", "line", "missing_field", "")
	}
	made, err := p.remark(c.actor(), c.byApp(), request.Path, request.Line, *request.Body)
	if err != nil {
		return nil, err
	}
	return created(made.json()), nil
}

func answerRemark(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	to, err := commentIn[*remark](c)
	if err != nil || to.on.(*remark).review.pull != p {
		return nil, notFound()
	}
	body, err := c.commentBody()
	if err != nil {
		return nil, err
	}
	made, err := p.answer(to, c.actor(), c.byApp(), body)
	if err != nil {
		return nil, err
	}
	return created(made.json()), nil
}
