package standin

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

type mergeRequest struct {
	CommitTitle   *string `json:"commit_title"`
	CommitMessage *string `json:"commit_message"`
	SHA           *string `json:"sha"`
	Method        *string `json:"merge_method"`
}

// Merge merges the pull request in the name of a user, by merge, squash or rebase, and returns the commit that did it.
func (p *Pull) Merge(login, method string) (string, error) {
	err := p.repo.act(login, "write", func(actor *account) error { return p.merge(actor, mergeRequest{Method: &method}) })
	if err != nil {
		return "", fmt.Errorf("merging #%d: %w", p.number, err)
	}
	return p.MergeCommit(), nil
}

func (p *Pull) merge(actor *account, request mergeRequest) error {
	method := "merge"
	if request.Method != nil {
		method = *request.Method
	}
	switch {
	case p.merged || p.state != "open" || p.draft:
		return refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	case request.SHA != nil && *request.SHA != p.headSHA:
		return refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	}
	ref := "refs/heads/" + p.baseRef
	before := p.repo.shaOf(ref)
	sha, err := p.write(actor, before, method, request)
	if err != nil {
		return err
	}
	if err := p.repo.setRef(ref, sha); err != nil {
		return refuse(http.StatusConflict, "Base branch was modified. Review and try the merge again.")
	}
	p.baseSHA = before
	p.markMerged(actor, sha)
	p.repo.pushedRefs(actor, "pr_merge", refChange{ref, before, sha})
	p.emit("closed", actor, nil)
	return nil
}

// UpdateBranch presses Update branch: it merges the base into the head branch, and returns the merge.
func (p *Pull) UpdateBranch(login string) (string, error) {
	err := p.repo.act(login, "write", func(actor *account) error { return p.updateBranch(actor) })
	if err != nil {
		return "", fmt.Errorf("updating the branch of #%d: %w", p.number, err)
	}
	return p.Head(), nil
}

func (p *Pull) updateBranch(actor *account) error {
	base := p.repo.shaOf("refs/heads/" + p.baseRef)
	if p.state != "open" || p.headRepo != p.repo || p.repo.contains(p.headSHA, base) {
		return refuse(http.StatusUnprocessableEntity, "There are no new commits on the base branch.")
	}
	tree, clean, err := p.repo.mergeTree(p.headSHA, base)
	if err != nil {
		return err
	}
	if !clean {
		return refuse(http.StatusUnprocessableEntity, "merge conflict between base and head")
	}
	r, message := p.repo, fmt.Sprintf("Merge branch '%s' into %s", p.baseRef, p.headRef)
	sha, err := r.commitTree(tree, message, r.server.signature(actor), r.server.signature(r.server.webFlow()), p.headSHA, base)
	if err != nil {
		return err
	}
	ref, before := "refs/heads/"+p.headRef, p.headSHA
	if err := r.setRef(ref, sha); err != nil {
		return err
	}
	r.pushedRefs(actor, "push", refChange{ref, before, sha})
	return nil
}

// write makes the commits of a merge.
func (p *Pull) write(actor *account, base, method string, request mergeRequest) (string, error) {
	r := p.repo
	tree, clean, err := r.mergeTree(base, p.headSHA)
	if err != nil {
		return "", err
	}
	if !clean {
		return "", refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	}
	github := r.server.signature(r.server.webFlow())
	switch method {
	case "merge":
		message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", p.number, p.headUser.login, p.headRef, p.title)
		return r.commitTree(tree, worded(request, message), r.server.signature(actor), github, base, p.headSHA)
	case "squash":
		return r.commitTree(tree, worded(request, p.squashMessage(base)), r.server.signature(p.author), github, base)
	case "rebase":
		return p.rebase(actor, base)
	}
	return "", invalid("%q is not a member of [\"merge\", \"squash\", \"rebase\"].", method)
}

// worded puts the title and text of a request in place of GitHub's own.
func worded(request mergeRequest, message string) string {
	title, text, _ := strings.Cut(message, "\n\n")
	if request.CommitTitle != nil && *request.CommitTitle != "" {
		title = *request.CommitTitle
	}
	if request.CommitMessage != nil {
		text = *request.CommitMessage
	}
	return strings.TrimRight(title+"\n\n"+text, "\n")
}

// squashMessage is the title with its number, the commits if there are several, and who else wrote them.
func (p *Pull) squashMessage(base string) string {
	message := fmt.Sprintf("%s (#%d)", p.title, p.number)
	list, err := p.repo.log("--reverse", p.headSHA, "^"+base)
	if err != nil {
		return message
	}
	if len(list) > 1 {
		message += "\n"
		for _, c := range list {
			message += "\n* " + c.subject()
		}
	}
	seen := map[string]bool{p.author.email: true}
	var others []string
	for _, c := range list {
		if !seen[c.author.email] {
			seen[c.author.email] = true
			others = append(others, fmt.Sprintf("Co-authored-by: %s <%s>", c.author.name, c.author.email))
		}
	}
	if len(others) > 0 {
		message += "\n\n" + strings.Join(others, "\n")
	}
	return message
}

// rebase writes each commit of the pull request anew on top of the base, committed by who merges.
func (p *Pull) rebase(actor *account, base string) (sha string, err error) {
	r := p.repo
	commits, err := r.git(nil, "rev-list", "--reverse", "--no-merges", p.headSHA, "^"+base)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.server.dir, "rebase-")
	if err != nil {
		return "", fmt.Errorf("rebasing: %w", err)
	}
	defer func() {
		_, removed := r.git(nil, "worktree", "remove", "--force", dir)
		err = errors.Join(err, removed)
	}()
	if _, err := r.git(nil, "worktree", "add", "--quiet", "--detach", dir, base); err != nil {
		return "", err
	}
	committer := r.server.signature(actor)
	env := identityEnv(committer, committer)[3:]
	for commit := range strings.FieldsSeq(commits) {
		if _, err := r.inWorktree(dir, env, "cherry-pick", "--allow-empty", "--keep-redundant-commits", commit); err != nil {
			return "", refuse(http.StatusMethodNotAllowed, "This branch can't be rebased")
		}
	}
	return r.inWorktree(dir, nil, "rev-parse", "HEAD")
}

func (r *Repo) inWorktree(dir string, env []string, args ...string) (string, error) {
	link, err := os.ReadFile(dir + "/.git")
	if err != nil {
		return "", fmt.Errorf("rebasing: %w", err)
	}
	own := strings.TrimSpace(strings.TrimPrefix(string(link), "gitdir: "))
	at := &Repo{server: r.server, dir: own}
	return at.gitEnv(nil, append(env, "GIT_WORK_TREE="+dir), args...)
}
