package standin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Pull is a pull request. Its methods act in the name of the users whose logins they are given, and are safe for concurrent use.
type Pull struct {
	repo     *Repo // the base: where it is to be merged
	id       int64
	issueID  int64
	number   int
	author   *account
	title    string
	body     string
	state    string // open or closed
	draft    bool
	locked   bool
	labels   []string
	headRepo *Repo // nil when it was deleted
	headUser *account
	headRef  string
	headSHA  string
	baseRef  string
	baseSHA  string

	mergeable *bool // nil: not known yet
	mergeSHA  string
	merged    bool
	mergedBy  *account
	stats     diffStats
	reviews   []*pullReview

	createdAt, updatedAt, closedAt, mergedAt time.Time
}

type diffStats struct{ commits, additions, deletions, files int }

type pullRequest struct {
	Title               *string `json:"title"`
	Body                *string `json:"body"`
	Head                *string `json:"head"`
	HeadRepo            *string `json:"head_repo"`
	Base                *string `json:"base"`
	Draft               *bool   `json:"draft"`
	State               *string `json:"state"`
	MaintainerCanModify *bool   `json:"maintainer_can_modify"`
	Issue               *int    `json:"issue"`
}

// OpenPullRequest opens a pull request from head, a branch or owner:branch of a fork, into base.
func (r *Repo) OpenPullRequest(login, title, head, base string) (*Pull, error) {
	var p *Pull
	err := r.act(login, "read", func(actor *account) error {
		var err error
		p, err = r.openPull(actor, pullRequest{Title: &title, Head: &head, Base: &base})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening a pull request: %w", err)
	}
	return p, nil
}

// Pull finds a pull request by its number.
func (r *Repo) Pull(number int) (*Pull, bool) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	return p, p != nil
}

func (r *Repo) pull(number int) *Pull {
	for _, p := range r.pulls {
		if p.number == number {
			return p
		}
	}
	return nil
}

func (r *Repo) openPulls() int {
	n := 0
	for _, p := range r.pulls {
		if p.state == "open" {
			n++
		}
	}
	return n
}

func (r *Repo) openPull(actor *account, request pullRequest) (*Pull, error) {
	if request.Title == nil || *request.Title == "" || request.Head == nil || request.Base == nil {
		return nil, failed("PullRequest", "title", "missing_field", "")
	}
	headRepo, branch := r, *request.Head
	if owner, name, hasOwner := strings.Cut(branch, ":"); hasOwner {
		branch, headRepo = name, r.forkOf(owner)
	}
	if headRepo == nil || headRepo.refs["refs/heads/"+branch] == "" {
		return nil, failed("PullRequest", "head", "invalid", "")
	}
	base := strings.TrimPrefix(*request.Base, "refs/heads/")
	if r.refs["refs/heads/"+base] == "" {
		return nil, failed("PullRequest", "base", "invalid", "")
	}
	head := headRepo.refs["refs/heads/"+branch]
	for _, p := range r.pulls {
		if p.state == "open" && p.headRepo == headRepo && p.headRef == branch && p.baseRef == base {
			return nil, failed("PullRequest", "", "custom", "A pull request already exists for "+headRepo.owner.login+":"+branch+".")
		}
	}
	r.lastNumber++
	p := &Pull{
		repo: r, id: r.server.id(), issueID: r.server.id(), number: r.lastNumber, author: actor, title: *request.Title, state: "open",
		headRepo: headRepo, headUser: headRepo.owner, headRef: branch, headSHA: head, baseRef: base, baseSHA: r.refs["refs/heads/"+base],
		createdAt: r.server.now(), updatedAt: r.server.now(),
	}
	if request.Body != nil {
		p.body = *request.Body
	}
	p.draft = request.Draft != nil && *request.Draft
	if err := p.refresh(); err != nil {
		r.lastNumber--
		return nil, err
	}
	if p.stats.commits == 0 {
		r.lastNumber--
		return nil, failed("PullRequest", "", "custom", "No commits between "+base+" and "+branch)
	}
	r.pulls = append(r.pulls, p)
	p.emit("opened", actor, nil)
	return p, nil
}

// forkOf finds the repository of the same family that an owner has.
func (r *Repo) forkOf(owner string) *Repo {
	if fold(owner) == fold(r.owner.login) {
		return r
	}
	for _, other := range r.server.repos {
		if fold(other.owner.login) == fold(owner) && (other.parent == r || other == r.parent) {
			return other
		}
	}
	return nil
}

// headMoved follows a push to the head branch, or its deletion. Git fails here only when the server is being closed; nobody is told then.
func (p *Pull) headMoved(actor *account, change refChange) {
	if change.after == noSHA {
		p.close(actor)
		return
	}
	base, before := p.baseSHA, p.headSHA
	p.headSHA, p.updatedAt = change.after, p.repo.server.now()
	if p.repo.contains(p.repo.shaOf("refs/heads/"+p.baseRef), change.after) {
		return // merged by hand: the push to the base says so
	}
	if err := p.refresh(); err != nil {
		return
	}
	p.repoint(base, before)
	p.emit("synchronize", actor, object{"before": before, "after": change.after})
}

// headGone closes the pull requests from a repository that was deleted.
func (r *Repo) headGone(actor *account, head *Repo) {
	for _, p := range r.pulls {
		if p.headRepo == head {
			p.headRepo = nil
			p.close(actor)
		}
	}
}

// baseMoved notices that a push to the base contains the pull request, which merges it, and makes its test merge anew otherwise.
func (p *Pull) baseMoved(actor *account, change refChange) {
	if !p.repo.contains(change.after, p.headSHA) {
		p.refresh()
		return
	}
	p.markMerged(actor, p.repo.firstWith(p.headSHA, change))
	p.emit("closed", actor, nil)
}

// firstWith is the first commit along a branch that contains another commit.
func (r *Repo) firstWith(sha string, change refChange) string {
	args := []string{"rev-list", "--first-parent", "--reverse", change.after}
	if change.before != noSHA {
		args = append(args, "^"+change.before)
	}
	out, err := r.git(nil, args...)
	if err != nil {
		return change.after
	}
	for candidate := range strings.FieldsSeq(out) {
		if r.contains(candidate, sha) {
			return candidate
		}
	}
	return change.after
}

func (p *Pull) markMerged(by *account, sha string) {
	now := p.repo.server.now()
	p.state, p.merged, p.mergedBy, p.mergeSHA = "closed", true, by, sha
	p.mergedAt, p.closedAt, p.updatedAt, p.mergeable = now, now, now, nil
	// Should git fail here, the test merge stays behind, as GitHub's does for a while.
	p.repo.setRef(p.ref("merge"), noSHA)
	p.repo.server.lag.merged(sha)
}

func (p *Pull) ref(kind string) string { return fmt.Sprintf("refs/pull/%d/%s", p.number, kind) }

// refresh brings refs/pull/N up to date: the head, and the test merge while there are no conflicts.
func (p *Pull) refresh() error {
	r := p.repo
	if p.headRepo != r && p.headRepo != nil {
		if _, err := r.git(nil, "fetch", "--quiet", "--no-tags", p.headRepo.dir, p.headSHA); err != nil {
			return fmt.Errorf("fetching from the fork: %w", err)
		}
	}
	if err := r.setRef(p.ref("head"), p.headSHA); err != nil {
		return err
	}
	base := r.shaOf("refs/heads/" + p.baseRef)
	p.baseSHA = base
	tree, clean, err := r.mergeTree(base, p.headSHA)
	if err != nil {
		return err
	}
	p.mergeable = &clean
	if !clean {
		p.mergeSHA = ""
		return errors.Join(r.setRef(p.ref("merge"), noSHA), p.measure(base))
	}
	github := r.server.signature(r.server.webFlow())
	p.mergeSHA, err = r.commitTree(tree, "Merge "+p.headSHA+" into "+base, r.server.signature(p.author), github, base, p.headSHA)
	if err != nil {
		return err
	}
	return errors.Join(r.setRef(p.ref("merge"), p.mergeSHA), p.measure(base))
}

// measure counts what the pull request changes.
func (p *Pull) measure(base string) error {
	count, err := p.repo.git(nil, "rev-list", "--count", p.headSHA, "^"+base)
	if err != nil {
		return err
	}
	p.stats = diffStats{}
	p.stats.commits, _ = strconv.Atoi(count)
	files, err := p.files()
	for _, f := range files {
		p.stats.additions, p.stats.deletions = p.stats.additions+f.additions, p.stats.deletions+f.deletions
	}
	p.stats.files = len(files)
	return err
}

func (p *Pull) files() ([]fileChange, error) {
	return p.repo.diff(p.repo.forkPoint(p.baseSHA, p.headSHA), p.headSHA)
}

// forkPoint is what a change from base to head is counted from.
func (r *Repo) forkPoint(base, head string) string { return cmp.Or(r.mergeBase(base, head), base) }

// Number is the pull request's number in its repository.
func (p *Pull) Number() int { return p.number }

// Head is the commit at the tip of the pull request now.
func (p *Pull) Head() string { return p.read(func() string { return p.headSHA }) }

// State is open, closed or merged.
func (p *Pull) State() string {
	return p.read(func() string {
		if p.merged {
			return "merged"
		}
		return p.state
	})
}

// MergeCommit is the commit that merged it, and empty before: the test merge of an open pull request is not told.
func (p *Pull) MergeCommit() string {
	return p.read(func() string {
		if !p.merged {
			return ""
		}
		return p.mergeSHA
	})
}

func (p *Pull) read(what func() string) string {
	p.repo.server.mu.Lock()
	defer p.repo.server.mu.Unlock()
	return what()
}

// Close closes the pull request without merging it.
func (p *Pull) Close(login string) error {
	return p.repo.act(login, "triage", func(actor *account) error { p.close(actor); return nil })
}

// Reopen opens a closed pull request again.
func (p *Pull) Reopen(login string) error {
	return p.repo.act(login, "triage", func(actor *account) error { return p.reopen(actor) })
}

// Lock keeps everybody without write access from commenting.
func (p *Pull) Lock(login string) error {
	return p.repo.act(login, "triage", func(*account) error { p.locked = true; return nil })
}

// Unlock lets everybody comment again.
func (p *Pull) Unlock(login string) error {
	return p.repo.act(login, "triage", func(*account) error { p.locked = false; return nil })
}

func (p *Pull) close(actor *account) {
	if p.state != "open" {
		return
	}
	p.state, p.closedAt, p.updatedAt = "closed", p.repo.server.now(), p.repo.server.now()
	p.repo.setRef(p.ref("merge"), noSHA)
	p.emit("closed", actor, nil)
}

func (p *Pull) reopen(actor *account) error {
	if p.state == "open" {
		return nil
	}
	head := ""
	if p.headRepo != nil {
		head = p.headRepo.refs["refs/heads/"+p.headRef]
	}
	if p.merged || head == "" {
		return failed("PullRequest", "state", "invalid", "state cannot be changed.")
	}
	p.state, p.closedAt, p.headSHA, p.updatedAt = "open", time.Time{}, head, p.repo.server.now()
	if err := p.refresh(); err != nil {
		return err
	}
	p.emit("reopened", actor, nil)
	return nil
}

func (c *call) pull() (*Pull, error) {
	number, _ := strconv.Atoi(c.vars["number"])
	if p := c.repo.pull(number); p != nil {
		return p, nil
	}
	return nil, refuse(http.StatusNotFound, "Not Found")
}
