package standin

import (
	"fmt"
	"strings"
)

// MergeGroup is a pull request in the merge queue: a commit as the base would be after merging, to be checked before.
type MergeGroup struct {
	pull    *Pull
	base    string // the base's tip that the group was built on
	sha     string
	ref     string
	removed bool
}

// Enqueue puts a pull request into the merge queue: a branch with the merge result is made, and its checks are requested.
func (r *Repo) Enqueue(login string, p *Pull) (*MergeGroup, error) {
	var g *MergeGroup
	err := r.act(login, "write", func(actor *account) error {
		if p.state != "open" {
			return fmt.Errorf("#%d is not open", p.number)
		}
		base := r.shaOf("refs/heads/" + p.baseRef)
		sha, err := p.write(actor, base, "merge", mergeRequest{})
		if err != nil {
			return err
		}
		g = &MergeGroup{pull: p, base: base, sha: sha}
		g.ref = fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", p.baseRef, p.number, base)
		if err := r.setRef(g.ref, sha); err != nil {
			return err
		}
		r.groups = append(r.groups, g)
		r.pushedRefs(r.server.queueBot(), "push", refChange{g.ref, noSHA, sha})
		g.emit("checks_requested", "")
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("entering the merge queue: %w", err)
	}
	return g, nil
}

func (s *Server) queueBot() *account {
	bot, _ := s.ensureUser("github-merge-queue[bot]")
	return bot
}

// SHA is the commit to check.
func (g *MergeGroup) SHA() string { return g.sha }

// Branch is the name of the queue's own branch.
func (g *MergeGroup) Branch() string { return branchOf(g.ref) }

// Merge lets the group's commit become the base's tip, which merges the pull request.
func (g *MergeGroup) Merge() error {
	r := g.pull.repo
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	base := "refs/heads/" + g.pull.baseRef
	before := r.shaOf(base)
	if g.removed || before != g.base {
		return fmt.Errorf("merging #%d by the queue: the group no longer fits its base", g.pull.number)
	}
	if err := r.setRef(base, g.sha); err != nil {
		return fmt.Errorf("merging #%d by the queue: %w", g.pull.number, err)
	}
	bot := r.server.queueBot()
	g.pull.markMerged(bot, g.sha)
	r.pushedRefs(bot, "merge_queue_merge", refChange{base, before, g.sha})
	g.pull.emit("closed", bot, nil)
	return g.remove("merged")
}

// Destroy takes the group out of the queue: reason is dequeued or invalidated.
func (g *MergeGroup) Destroy(reason string) error {
	r := g.pull.repo
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if g.removed || reason != "dequeued" && reason != "invalidated" {
		return fmt.Errorf("destroying the merge group of #%d: %q is no reason, or it is gone", g.pull.number, reason)
	}
	return g.remove(reason)
}

func (g *MergeGroup) remove(reason string) error {
	r := g.pull.repo
	g.removed = true
	g.emit("destroyed", reason)
	if err := r.setRef(g.ref, noSHA); err != nil {
		return fmt.Errorf("removing the queue's branch: %w", err)
	}
	r.pushedRefs(r.server.queueBot(), "push", refChange{g.ref, g.sha, noSHA})
	return nil
}

func (g *MergeGroup) emit(action, reason string) {
	r := g.pull.repo
	group := object{
		"head_sha": g.sha, "head_ref": g.ref, "base_sha": g.base, "base_ref": "refs/heads/" + strings.TrimPrefix(g.pull.baseRef, "refs/heads/"),
	}
	if c, found := r.commit(g.sha); found {
		group["head_commit"] = r.headCommitJSON(c)
	}
	body := object{"merge_group": group}
	if reason != "" {
		body["reason"] = reason
	}
	r.emit("merge_group", action, r.server.queueBot(), body)
}
