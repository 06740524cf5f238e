package standin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// refChange is one reference that a push moved, made or deleted.
type refChange struct{ ref, before, after string }

// activity is one line of the repository's activity: who moved which reference.
type activity struct {
	id     int64
	change refChange
	kind   string
	actor  *account
	at     time.Time
}

// maxTags is how many tags one push may carry and still be told of.
const maxTags = 3

// pushedRefs is all that GitHub does when references have moved: it remembers the activity, sends push events, opens check suites and brings
// pull requests up to date. The references themselves have moved already.
func (r *Repo) pushedRefs(actor *account, kind string, changes ...refChange) {
	r.pushed, r.updated = r.server.now(), r.server.now()
	tags := 0
	for _, change := range changes {
		if strings.HasPrefix(change.ref, "refs/tags/") {
			tags++
		}
	}
	for _, change := range changes {
		if strings.HasPrefix(change.ref, "refs/pull/") || strings.HasPrefix(change.ref, "refs/standin/") {
			continue
		}
		r.activity = append(r.activity, activity{r.server.id(), change, r.activityKind(kind, change), actor, r.server.now()})
		isTag := strings.HasPrefix(change.ref, "refs/tags/")
		if !isTag || tags <= maxTags {
			r.emit("push", "", actor, r.pushJSONOf(actor, change))
		}
		if branch := branchOf(change.ref); branch != "" {
			if change.after != noSHA {
				r.requestSuite(actor, change.after, branch, change.before)
			}
			r.branchMoved(actor, branch, change)
			if change.after != noSHA {
				r.runPushed(actor, branch, change.after)
			}
		}
	}
}

func (r *Repo) activityKind(kind string, change refChange) string {
	switch {
	case change.before == noSHA:
		return "branch_creation"
	case change.after == noSHA:
		return "branch_deletion"
	case kind == "push" && !r.contains(change.after, change.before):
		return "force_push"
	}
	return kind
}

// branchMoved brings the pull requests of a branch up to date.
func (r *Repo) branchMoved(actor *account, branch string, change refChange) {
	for _, repo := range r.server.sortedRepos() {
		for _, p := range repo.pulls {
			if p.state == "open" && p.headRepo == r && p.headRef == branch {
				p.headMoved(actor, change)
			}
		}
	}
	for _, p := range r.pulls {
		if p.state == "open" && p.baseRef == branch && change.after != noSHA {
			p.baseMoved(actor, change)
		}
	}
}

// pushJSONOf is the body of a push event.
func (r *Repo) pushJSONOf(actor *account, change refChange) object {
	created, deleted := change.before == noSHA, change.after == noSHA
	forced := !created && !deleted && !r.contains(change.after, change.before)
	body := object{
		"ref": change.ref, "before": change.before, "after": change.after, "created": created, "deleted": deleted, "forced": forced,
		"base_ref": nil, "compare": r.compareURL(change), "commits": []any{}, "head_commit": nil, "repository": r.pushJSON(),
		"pusher": object{"name": actor.login, "email": nilIfEmpty(actor.email)},
	}
	if deleted {
		return body
	}
	list, err := r.pushedCommits(change)
	if err != nil {
		list = nil
	}
	commits := []any{}
	for _, c := range list {
		commits = append(commits, r.pushCommitJSON(c))
	}
	body["commits"] = commits
	if head, err := r.log("--name-status", "-1", change.after); err == nil && len(head) == 1 {
		body["head_commit"] = r.pushCommitJSON(head[0])
	}
	if created {
		body["base_ref"] = r.twin(change)
	}
	return body
}

// pushedCommits are those that the push brought, oldest first: at a new branch those that no other branch has.
func (r *Repo) pushedCommits(change refChange) ([]changed, error) {
	args := []string{"--name-status", "--reverse", "--topo-order", "--max-count=2048", change.after}
	if change.before != noSHA {
		return r.log(append(args, "^"+change.before)...)
	}
	for ref, sha := range r.refs {
		if ref != change.ref && strings.HasPrefix(ref, "refs/heads/") {
			args = append(args, "^"+sha)
		}
	}
	return r.log(args...)
}

// twin is another branch at the same commit: where a new branch was made from.
func (r *Repo) twin(change refChange) any {
	for _, ref := range sortedKeys(r.refs) {
		if ref != change.ref && r.refs[ref] == change.after && strings.HasPrefix(ref, "refs/heads/") {
			return ref
		}
	}
	return nil
}

func (r *Repo) compareURL(change refChange) string {
	short := func(sha string) string { return sha[:12] }
	switch {
	case change.before == noSHA:
		return r.htmlURL() + "/compare/" + strings.TrimPrefix(strings.TrimPrefix(change.ref, "refs/heads/"), "refs/tags/")
	case change.after == noSHA:
		return fmt.Sprintf("%s/compare/%s...%s", r.htmlURL(), short(change.before), short(noSHA))
	}
	return fmt.Sprintf("%s/compare/%s...%s", r.htmlURL(), short(change.before), short(change.after))
}

func (r *Repo) pushCommitJSON(c changed) object {
	o := r.headCommitJSON(c.commit)
	o["author"], o["committer"] = r.personJSON(c.author), r.personJSON(c.committer)
	o["distinct"], o["url"] = true, r.htmlURL()+"/commit/"+c.sha
	o["added"], o["removed"], o["modified"] = listed(c.added), listed(c.removed), listed(c.modified)
	return o
}

func listed(names []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(names))...)
}

// personJSON is an author with the login that GitHub found for the address, if any.
func (r *Repo) personJSON(sig signature) object {
	o := object{"name": sig.name, "email": sig.email}
	if a := r.server.byEmail(sig.email); a != nil {
		o["username"] = a.login
	}
	return o
}

// headCommitJSON is the short form of a commit in check suites and merge groups.
func (r *Repo) headCommitJSON(c *commit) object {
	return object{
		"id": c.sha, "tree_id": c.tree, "message": c.message, "timestamp": c.committer.at.Format(time.RFC3339),
		"author":    object{"name": c.author.name, "email": c.author.email},
		"committer": object{"name": c.committer.name, "email": c.committer.email},
	}
}

// listActivity answers GET /repos/{owner}/{repo}/activity, newest first.
func listActivity(c *call) (*answer, error) {
	ref, kind, who := c.query("ref"), c.query("activity_type"), c.query("actor")
	if ref != "" && !strings.HasPrefix(ref, "refs/") {
		ref = "refs/heads/" + ref
	}
	var all []any
	for _, a := range slices.Backward(c.repo.activity) {
		if ref != "" && a.change.ref != ref || kind != "" && a.kind != kind || who != "" && fold(a.actor.login) != fold(who) {
			continue
		}
		all = append(all, object{
			"id": a.id, "node_id": nodeID("PSH", a.id), "before": a.change.before, "after": a.change.after, "ref": a.change.ref,
			"timestamp": stamp(a.at), "activity_type": a.kind, "actor": c.s.userJSON(a.actor),
		})
	}
	return c.list(all)
}
