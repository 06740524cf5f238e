package standin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// fileChange is one file that differs between two commits.
type fileChange struct {
	name, from, status   string
	blob                 string
	additions, deletions int
}

// diff lists the files that differ between two commits, by name. Renames are told as GitHub does.
func (r *Repo) diff(from, to string) ([]fileChange, error) {
	numbers, err := r.git(nil, "diff", "-z", "--no-renames", "--numstat", from, to)
	if err != nil {
		return nil, fmt.Errorf("comparing commits: %w", err)
	}
	counted := map[string][2]int{}
	for record := range strings.SplitSeq(strings.TrimRight(numbers, "\x00"), "\x00") {
		fields := strings.SplitN(record, "\t", 3)
		if len(fields) == 3 {
			added, _ := strconv.Atoi(fields[0])
			removed, _ := strconv.Atoi(fields[1])
			counted[fields[2]] = [2]int{added, removed}
		}
	}
	raw, err := r.git(nil, "diff", "-z", "-M", "--raw", "--no-abbrev", from, to)
	if err != nil {
		return nil, fmt.Errorf("comparing commits: %w", err)
	}
	var files []fileChange
	fields := strings.Split(strings.TrimRight(raw, "\x00"), "\x00")
	for i := 0; i+1 < len(fields); {
		meta := strings.Fields(fields[i])
		f := fileChange{name: fields[i+1], blob: meta[3], status: fileStatus(meta[4])}
		i += 2
		if f.status == "renamed" && i < len(fields) {
			f.from, f.name = f.name, fields[i]
			i++
		}
		f.additions, f.deletions = counted[f.name][0], counted[f.name][1]
		if f.status == "removed" {
			f.blob = meta[2]
		}
		files = append(files, f)
	}
	return files, nil
}

func fileStatus(letter string) string {
	switch letter[0] {
	case 'A':
		return "added"
	case 'D':
		return "removed"
	case 'R':
		return "renamed"
	}
	return "modified"
}

func (r *Repo) fileJSON(f fileChange, sha string) object {
	escaped := (&url.URL{Path: f.name}).EscapedPath()
	o := object{
		"sha": f.blob, "filename": f.name, "status": f.status, "additions": f.additions, "deletions": f.deletions,
		"changes": f.additions + f.deletions, "blob_url": r.htmlURL() + "/blob/" + sha + "/" + escaped,
		"raw_url": r.htmlURL() + "/raw/" + sha + "/" + escaped, "contents_url": r.apiURL() + "/contents/" + escaped + "?ref=" + sha,
	}
	if f.from != "" {
		o["previous_filename"] = f.from
	}
	return o
}

// commitJSON is a commit as lists show it.
func (r *Repo) commitJSON(c *commit) object {
	url := r.apiURL() + "/commits/" + c.sha
	parents := []any{}
	for _, sha := range c.parents {
		parents = append(parents, object{"sha": sha, "url": r.apiURL() + "/commits/" + sha, "html_url": r.htmlURL() + "/commit/" + sha})
	}
	signed := func(s signature) object { return object{"name": s.name, "email": s.email, "date": stamp(s.at)} }
	return object{
		"sha": c.sha, "node_id": "C_" + c.sha[:20], "url": url, "html_url": r.htmlURL() + "/commit/" + c.sha, "comments_url": url + "/comments",
		"commit": object{
			"author": signed(c.author), "committer": signed(c.committer), "message": c.message,
			"tree": object{"sha": c.tree, "url": r.apiURL() + "/git/trees/" + c.tree}, "url": r.apiURL() + "/git/commits/" + c.sha,
			"comment_count": len(r.commentsOnCommit(c.sha)), "verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
		"author": r.server.maybeUser(r.server.byEmail(c.author.email)), "committer": r.server.maybeUser(r.server.byEmail(c.committer.email)),
		"parents": parents,
	}
}

func (c *call) commit(name string) (*commit, error) {
	commit, found := c.repo.resolve(name)
	if !found {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+name)
	}
	return commit, nil
}

func getCommit(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	if strings.Contains(c.r.Header.Get("Accept"), "sha") {
		return &answer{status: 200, body: []byte(commit.sha), kind: "application/vnd.github.v3.sha; charset=utf-8"}, nil
	}
	parent := "4b825dc642cb6eb9a060e54bf8d69288fbee4904" // the empty tree
	if len(commit.parents) > 0 {
		parent = commit.parents[0]
	}
	changes, err := c.repo.diff(parent, commit.sha)
	if err != nil {
		return nil, err
	}
	files, added, deleted := []any{}, 0, 0
	for _, f := range changes[:min(len(changes), 300)] {
		files = append(files, c.repo.fileJSON(f, commit.sha))
		added, deleted = added+f.additions, deleted+f.deletions
	}
	o := c.repo.commitJSON(commit)
	o["stats"], o["files"] = object{"additions": added, "deletions": deleted, "total": added + deleted}, files
	return ok(o), nil
}

func listCommits(c *call) (*answer, error) {
	name := c.query("sha")
	if name == "" {
		name = c.repo.defaultBranch
	}
	head, found := c.repo.resolve(name)
	if !found {
		return nil, notFound()
	}
	args := []string{head.sha}
	if file := c.query("path"); file != "" {
		args = append(args, "--", file)
	}
	list, err := c.repo.log(args...)
	if err != nil {
		return nil, err
	}
	var all []any
	for _, commit := range list {
		all = append(all, c.repo.commitJSON(commit.commit))
	}
	return c.list(all)
}

// getGitCommit answers GET /git/commits/{sha}: the bare object.
func getGitCommit(c *call) (*answer, error) {
	commit, found := c.repo.commit(c.vars["sha"])
	if !found {
		return nil, notFound()
	}
	o := c.repo.commitJSON(commit)
	inner := o["commit"].(object)
	delete(inner, "comment_count")
	inner["sha"], inner["node_id"], inner["html_url"], inner["parents"] = commit.sha, o["node_id"], o["html_url"], o["parents"]
	return ok(inner), nil
}

func compareCommits(c *call) (*answer, error) {
	baseName, headName, both := strings.Cut(c.vars["basehead"], "...")
	base, baseFound := c.repo.resolve(baseName)
	head, headFound := c.repo.resolve(headName)
	if !both || !baseFound || !headFound {
		return nil, notFound()
	}
	fork := c.repo.mergeBase(base.sha, head.sha)
	if fork == "" {
		return nil, refuse(http.StatusNotFound, "No common ancestor between "+baseName+" and "+headName+".")
	}
	ahead, err := c.repo.log("--reverse", "--topo-order", head.sha, "^"+base.sha)
	if err != nil {
		return nil, err
	}
	behind, err := c.repo.git(nil, "rev-list", "--count", base.sha, "^"+head.sha)
	if err != nil {
		return nil, err
	}
	changes, err := c.repo.diff(fork, head.sha)
	if err != nil {
		return nil, err
	}
	behindBy, _ := strconv.Atoi(behind)
	merge, _ := c.repo.commit(fork)
	var commits []any
	for _, commit := range ahead {
		commits = append(commits, c.repo.commitJSON(commit.commit))
	}
	files := []any{}
	for _, f := range changes[:min(len(changes), 300)] {
		files = append(files, c.repo.fileJSON(f, head.sha))
	}
	page, links := c.page(commits)
	if c.query("page") == "" && c.query("per_page") == "" {
		page, links = append([]any{}, commits[:min(len(commits), 250)]...), nil
	}
	html := c.repo.htmlURL() + "/compare/" + c.vars["basehead"]
	return &answer{status: 200, links: links, body: object{
		"url": c.repo.apiURL() + "/compare/" + c.vars["basehead"], "html_url": html, "permalink_url": html, "diff_url": html + ".diff",
		"patch_url": html + ".patch", "base_commit": c.repo.commitJSON(base), "merge_base_commit": c.repo.commitJSON(merge),
		"status": compared(len(ahead), behindBy), "ahead_by": len(ahead), "behind_by": behindBy, "total_commits": len(ahead),
		"commits": page, "files": files,
	}}, nil
}

func compared(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

func (c *call) branchJSON(name, sha string, whole bool) object {
	url := c.repo.apiURL() + "/branches/" + name
	o := object{"name": name, "protected": false, "commit": object{"sha": sha, "url": c.repo.apiURL() + "/commits/" + sha}}
	if commit, found := c.repo.commit(sha); found && whole {
		o["commit"] = c.repo.commitJSON(commit)
		o["_links"] = object{"self": url, "html": c.repo.htmlURL() + "/tree/" + name}
		o["protection"] = object{"enabled": false, "required_status_checks": object{"enforcement_level": "off", "contexts": []any{}, "checks": []any{}}}
		o["protection_url"] = url + "/protection"
	}
	return o
}

func listBranches(c *call) (*answer, error) {
	var all []any
	for _, ref := range sortedKeys(c.repo.refs) {
		if branch := branchOf(ref); branch != "" {
			all = append(all, c.branchJSON(branch, c.repo.refs[ref], false))
		}
	}
	return c.list(all)
}

func getBranch(c *call) (*answer, error) {
	sha := c.repo.refs["refs/heads/"+c.vars["branch"]]
	if sha == "" {
		return nil, refuse(http.StatusNotFound, "Branch not found")
	}
	return ok(c.branchJSON(c.vars["branch"], sha, true)), nil
}

func (c *call) refJSON(ref, sha string) object {
	kind := "commit"
	if out, err := c.repo.git(nil, "cat-file", "-t", sha); err == nil {
		kind = out
	}
	return object{
		"ref": ref, "node_id": "REF_" + base64.RawURLEncoding.EncodeToString([]byte(ref)), "url": c.repo.apiURL() + "/git/" + ref,
		"object": object{"type": kind, "sha": sha, "url": c.repo.apiURL() + "/git/" + kind + "s/" + sha},
	}
}

func getRef(c *call) (*answer, error) {
	ref := "refs/" + c.vars["ref"]
	if c.repo.refs[ref] == "" {
		return nil, notFound()
	}
	return ok(c.refJSON(ref, c.repo.refs[ref])), nil
}

func matchingRefs(c *call) (*answer, error) {
	var all []any
	for _, ref := range sortedKeys(c.repo.refs) {
		if strings.HasPrefix(ref, "refs/"+c.vars["ref"]) && !strings.HasPrefix(ref, "refs/standin/") {
			all = append(all, c.refJSON(ref, c.repo.refs[ref]))
		}
	}
	return c.list(all)
}

// deleteRef deletes a branch or a tag in the caller's name.
func deleteRef(c *call) (*answer, error) {
	ref := "refs/" + c.vars["ref"]
	before := c.repo.refs[ref]
	if before == "" || !slices.Contains([]string{"heads", "tags"}, path.Dir(c.vars["ref"])) && branchOf(ref) == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	}
	if branchOf(ref) == c.repo.defaultBranch {
		return nil, refuse(http.StatusUnprocessableEntity, "Cannot delete the default branch")
	}
	if err := c.repo.setRef(ref, noSHA); err != nil {
		return nil, err
	}
	c.repo.pushedRefs(c.actor(), "push", refChange{ref, before, noSHA})
	return noContent(), nil
}
