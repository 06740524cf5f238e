package standin

import (
	"net/http"
	"slices"
	"strings"
)

func createPull(c *call) (*answer, error) {
	request, err := decode[pullRequest](c)
	if err != nil {
		return nil, err
	}
	p, err := c.repo.openPull(c.actor(), request)
	if err != nil {
		return nil, err
	}
	return created(p.json()), nil
}

func listPulls(c *call) (*answer, error) {
	state, head, base := c.query("state"), c.query("head"), c.query("base")
	if state == "" {
		state = "open"
	}
	var list []*Pull
	for _, p := range c.repo.pulls {
		label := p.headUser.login + ":" + p.headRef
		// GitHub ignores a head without its owner.
		if state != "all" && p.state != state || strings.Contains(head, ":") && !strings.EqualFold(head, label) || base != "" && p.baseRef != base {
			continue
		}
		list = append(list, p)
	}
	newestFirst := c.query("direction") == "desc" || c.query("direction") == "" && (c.query("sort") == "" || c.query("sort") == "created")
	if c.query("sort") == "updated" {
		slices.SortStableFunc(list, func(a, b *Pull) int { return a.updatedAt.Compare(b.updatedAt) })
	}
	if newestFirst {
		slices.Reverse(list)
	}
	var all []any
	for _, p := range list {
		all = append(all, p.simpleJSON())
	}
	return c.list(all)
}

func getPull(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	return ok(p.json()), nil
}

func editPull(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	request, err := decode[pullRequest](c)
	if err != nil {
		return nil, err
	}
	changes := object{}
	if request.Title != nil && *request.Title != p.title {
		changes["title"] = object{"from": p.title}
		p.title = *request.Title
	}
	if request.Body != nil && *request.Body != p.body {
		changes["body"] = object{"from": p.body}
		p.body = *request.Body
	}
	if request.Base != nil && *request.Base != p.baseRef {
		if c.repo.refs["refs/heads/"+*request.Base] == "" {
			return nil, failed("PullRequest", "base", "invalid", "")
		}
		changes["base"] = object{"ref": object{"from": p.baseRef}, "sha": object{"from": p.baseSHA}}
		p.baseRef = *request.Base
		if err := p.refresh(); err != nil {
			return nil, err
		}
	}
	if len(changes) > 0 {
		p.updatedAt = c.s.now()
		p.emit("edited", c.actor(), object{"changes": changes})
	}
	if request.State != nil {
		if err := p.setState(c.actor(), *request.State); err != nil {
			return nil, err
		}
	}
	return ok(p.json()), nil
}

func (p *Pull) setState(actor *account, state string) error {
	switch state {
	case "closed":
		p.close(actor)
		return nil
	case "open":
		return p.reopen(actor)
	}
	return invalid("%q is not a member of [\"open\", \"closed\"].", state)
}

func mergePull(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	request, err := decode[mergeRequest](c)
	if err != nil {
		return nil, err
	}
	if err := p.merge(c.actor(), request); err != nil {
		return nil, err
	}
	return ok(object{"sha": p.mergeSHA, "merged": true, "message": "Pull Request successfully merged"}), nil
}

func updateBranch(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	request, err := decode[struct {
		ExpectedHead *string `json:"expected_head_sha"`
	}](c)
	if err != nil {
		return nil, err
	}
	if request.ExpectedHead != nil && *request.ExpectedHead != p.headSHA {
		return nil, refuse(http.StatusUnprocessableEntity, "expected head sha didn't match current head ref.")
	}
	if err := p.updateBranch(c.actor()); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusAccepted, body: object{"message": "Updating pull request branch.", "url": p.htmlURL()}}, nil
}

func isMerged(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil || !p.merged {
		return nil, notFound()
	}
	return noContent(), nil
}

func listPullFiles(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	const most = 3000 // GitHub tells no more
	var all []any
	for _, f := range files[:min(len(files), most)] {
		all = append(all, c.repo.fileJSON(f, p.headSHA))
	}
	return c.list(all)
}

func listPullCommits(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	until := "^" + p.baseSHA
	list, err := c.repo.log("--reverse", "--topo-order", p.headSHA, until)
	if err != nil {
		return nil, err
	}
	const most = 250 // GitHub tells no more
	var all []any
	for _, commit := range list[:min(len(list), most)] {
		all = append(all, c.repo.commitJSON(commit.commit))
	}
	return c.list(all)
}

// listCommitPulls answers which pull requests a commit belongs to. After a merge it may know nothing for a moment.
func listCommitPulls(c *call) (*answer, error) {
	commit, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.vars["ref"])
	}
	if c.s.lag.hidesPulls(commit.sha) {
		return c.list(nil)
	}
	var all []any
	for _, p := range slices.Backward(c.repo.pulls) {
		if p.merged && p.mergeSHA == commit.sha || p.headSHA == commit.sha || p.brought(commit.sha) {
			all = append(all, p.simpleJSON())
		}
	}
	return c.list(all)
}

// brought says whether a commit is one of the pull request's own.
func (p *Pull) brought(sha string) bool {
	return p.repo.contains(p.headSHA, sha) && !p.repo.contains(p.baseSHA, sha)
}

func getIssue(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	return ok(p.issueJSON()), nil
}

func lockIssue(c *call) (*answer, error) {
	p, err := c.pull()
	if err != nil {
		return nil, err
	}
	p.locked = c.r.Method == http.MethodPut
	return noContent(), nil
}
