package standin

import (
	"fmt"
	"maps"
)

func (p *Pull) emit(action string, sender *account, more object) {
	body := object{"number": p.number, "pull_request": forEvent(p.json())}
	maps.Copy(body, more)
	p.repo.emit("pull_request", action, sender, body)
}

// forEvent adds to a pull request what webhooks carry and REST answers leave out.
func forEvent(pull object) object {
	for _, end := range []string{"head", "base"} {
		if repo, known := pull[end].(object)["repo"].(object); known {
			repo["custom_properties"] = object{}
		}
	}
	return pull
}

// simpleJSON is a pull request as lists show it.
func (p *Pull) simpleJSON() object {
	s, r := p.repo.server, p.repo
	url, issue := fmt.Sprintf("%s/pulls/%d", r.apiURL(), p.number), fmt.Sprintf("%s/issues/%d", r.apiURL(), p.number)
	html := p.htmlURL()
	href := func(to string) object { return object{"href": to} }
	statuses := r.apiURL() + "/statuses/" + p.headSHA
	return object{
		"url": url, "id": p.id, "node_id": nodeID("PR", p.id), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
		"issue_url": issue, "number": p.number, "state": p.state, "locked": p.locked, "title": p.title, "user": s.userJSON(p.author),
		"body": nilIfEmpty(p.body), "created_at": stamp(p.createdAt), "updated_at": stamp(p.updatedAt), "closed_at": stamp(p.closedAt),
		"merged_at": stamp(p.mergedAt), "merge_commit_sha": nilIfEmpty(p.mergeSHA), "assignee": nil, "assignees": []any{},
		"requested_reviewers": []any{}, "requested_teams": []any{}, "labels": p.labelsJSON(), "milestone": nil, "commits_url": url + "/commits",
		"review_comments_url": url + "/comments", "review_comment_url": r.apiURL() + "/pulls/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": statuses, "head": p.end(p.headRepo, p.headUser, p.headRef, p.headSHA),
		"base": p.end(r, r.owner, p.baseRef, p.baseSHA), "author_association": r.association(p.author), "auto_merge": nil, "active_lock_reason": nil,
		"draft": p.draft,
		"_links": object{
			"self": href(url), "html": href(html), "issue": href(issue), "comments": href(issue + "/comments"),
			"review_comments": href(url + "/comments"), "review_comment": href(r.apiURL() + "/pulls/comments{/number}"),
			"commits": href(url + "/commits"), "statuses": href(statuses),
		},
	}
}

func (p *Pull) htmlURL() string { return fmt.Sprintf("%s/pull/%d", p.repo.htmlURL(), p.number) }

func (p *Pull) end(repo *Repo, owner *account, ref, sha string) object {
	o := object{"label": owner.login + ":" + ref, "ref": ref, "sha": sha, "user": p.repo.server.userJSON(owner), "repo": nil}
	if repo != nil {
		o["repo"] = repo.json()
	}
	return o
}

// json is the whole pull request, as GET and webhooks show it.
func (p *Pull) json() object {
	o := p.simpleJSON()
	var mergeable any
	state := "unknown"
	if p.mergeable != nil && p.state == "open" {
		mergeable, state = *p.mergeable, "dirty"
		if *p.mergeable {
			state = "clean"
		}
	}
	maps.Copy(o, object{
		"merged": p.merged, "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state,
		"merged_by": p.repo.server.maybeUser(p.mergedBy), "comments": len(p.repo.commentsOf(p.number)), "review_comments": len(p.remarks()),
		"maintainer_can_modify": false, "commits": p.stats.commits, "additions": p.stats.additions, "deletions": p.stats.deletions,
		"changed_files": p.stats.files,
	})
	return o
}

// shortJSON is how check runs name pull requests.
func (p *Pull) shortJSON() object {
	end := func(repo *Repo, ref, sha string) object {
		return object{"ref": ref, "sha": sha, "repo": object{"id": repo.id, "url": repo.apiURL(), "name": repo.name}}
	}
	return object{
		"url": fmt.Sprintf("%s/pulls/%d", p.repo.apiURL(), p.number), "id": p.id, "number": p.number,
		"head": end(p.headRepo, p.headRef, p.headSHA), "base": end(p.repo, p.baseRef, p.baseSHA),
	}
}

// issueJSON is the pull request as an issue, which is how comments see it.
func (p *Pull) issueJSON() object {
	s, r := p.repo.server, p.repo
	url := fmt.Sprintf("%s/issues/%d", r.apiURL(), p.number)
	return object{
		"url": url, "repository_url": r.apiURL(), "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
		"events_url": url + "/events", "html_url": p.htmlURL(), "id": p.issueID, "node_id": nodeID("PR", p.id), "number": p.number,
		"title": p.title, "user": s.userJSON(p.author), "labels": p.labelsJSON(), "state": p.state, "locked": p.locked, "assignee": nil,
		"assignees": []any{}, "milestone": nil, "comments": len(r.commentsOf(p.number)), "created_at": stamp(p.createdAt),
		"updated_at": stamp(p.updatedAt), "closed_at": stamp(p.closedAt), "author_association": r.association(p.author),
		"active_lock_reason": nil, "draft": p.draft, "body": nilIfEmpty(p.body), "performed_via_github_app": nil, "state_reason": nil,
		"pull_request": object{
			"url": fmt.Sprintf("%s/pulls/%d", r.apiURL(), p.number), "html_url": p.htmlURL(), "diff_url": p.htmlURL() + ".diff",
			"patch_url": p.htmlURL() + ".patch", "merged_at": stamp(p.mergedAt),
		},
		"reactions": reactionsJSON(url, nil), "timeline_url": url + "/timeline",
	}
}
