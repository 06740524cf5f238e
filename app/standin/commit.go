package standin

import (
	"bytes"
	"fmt"
	"path"
	"sort"
	"strings"
	"time"
)

// Change is one commit to be made on a branch.
type Change struct {
	Branch  string // created from the default branch if it is new
	Message string
	// Files by path. A path that ends in .sh is executable. Empty text is an empty file.
	Files  map[string]string
	Delete []string // paths to remove
	Parent string   // the SHA to build on; empty: the branch's tip
	Force  bool     // let the branch lose its tip
	// Author is another user than who pushes, by login; empty: the same.
	Author string
	Dated  time.Time // what the commit says of when it was made, which anybody may choose; zero: now
}

// Commit makes a commit with the given files on a branch, as if the user had pushed it, and returns its SHA. A branch that is new starts at
// the default branch.
func (r *Repo) Commit(login, branch, message string, files map[string]string) (string, error) {
	return r.Push(login, Change{Branch: branch, Message: message, Files: files})
}

// ForcePush puts a branch onto parent plus one commit with the given files, whatever the branch held before.
func (r *Repo) ForcePush(login, branch, parent, message string, files map[string]string) (string, error) {
	return r.Push(login, Change{Branch: branch, Message: message, Files: files, Parent: parent, Force: true})
}

// Push makes a commit as if the user had pushed it, and returns its SHA.
func (r *Repo) Push(login string, change Change) (string, error) {
	var sha string
	err := r.act(login, "write", func(actor *account) error {
		var err error
		sha, err = r.commitFiles(actor, change)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("pushing to %s: %w", change.Branch, err)
	}
	return sha, nil
}

// Delete removes a branch.
func (r *Repo) Delete(login, branch string) error {
	return r.act(login, "write", func(actor *account) error {
		before := r.refs["refs/heads/"+branch]
		if before == "" || branch == r.defaultBranch {
			return fmt.Errorf("%s can't be deleted", branch)
		}
		if err := r.setRef("refs/heads/"+branch, noSHA); err != nil {
			return err
		}
		r.pushedRefs(actor, "push", refChange{"refs/heads/" + branch, before, noSHA})
		return nil
	})
}

// Branch makes a branch at a commit, or moves it there, as a push of that user.
func (r *Repo) Branch(login, branch, sha string) error {
	return r.pushRef(login, "refs/heads/"+branch, sha)
}

// Tag makes a lightweight tag, or moves it, as a push of that user.
func (r *Repo) Tag(login, tag, sha string) error { return r.pushRef(login, "refs/tags/"+tag, sha) }

func (r *Repo) pushRef(login, ref, sha string) error {
	return r.act(login, "write", func(actor *account) error {
		if _, known := r.commit(sha); !known {
			return fmt.Errorf("there is no commit %s", sha)
		}
		before := r.shaOf(ref)
		if err := r.setRef(ref, sha); err != nil {
			return err
		}
		if before != sha {
			r.pushedRefs(actor, "push", refChange{ref, before, sha})
		}
		return nil
	})
}

// Head is the commit at the tip of a branch, or empty.
func (r *Repo) Head(branch string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.refs["refs/heads/"+branch]
}

func (r *Repo) shaOf(ref string) string {
	if sha := r.refs[ref]; sha != "" {
		return sha
	}
	return noSHA
}

// commitFiles makes the commit and lets GitHub notice the push.
func (r *Repo) commitFiles(actor *account, change Change) (string, error) {
	ref := "refs/heads/" + change.Branch
	if change.Branch == "" || strings.ContainsAny(change.Branch, " ~^:?*[\\") {
		return "", fmt.Errorf("%q is no name of a branch", change.Branch)
	}
	before, parent := r.shaOf(ref), change.Parent
	if parent == "" {
		parent = before
	}
	if parent == noSHA {
		parent = r.shaOf("refs/heads/" + r.defaultBranch)
	}
	author := actor
	if change.Author != "" {
		var err error
		if author, err = r.server.user(change.Author); err != nil {
			return "", err
		}
	}
	wrote, applied := r.server.signature(author), r.server.signature(actor)
	if !change.Dated.IsZero() {
		wrote.at, applied.at = change.Dated, change.Dated
	}
	sha, err := r.fastImport(wrote, applied, parent, change)
	if err != nil {
		return "", err
	}
	if before != noSHA && !change.Force && !r.contains(sha, before) {
		return "", fmt.Errorf("%s would lose %s", change.Branch, before)
	}
	if err := r.setRef(ref, sha); err != nil {
		return "", err
	}
	if before != sha {
		r.pushedRefs(actor, "push", refChange{ref, before, sha})
	}
	return sha, nil
}

// fastImport writes files and commit in one run of git, by way of a reference that is removed again.
func (r *Repo) fastImport(author, committer signature, parent string, change Change) (string, error) {
	const aside = "refs/standin/import"
	var in bytes.Buffer
	fmt.Fprintf(&in, "commit %s\nauthor %s <%s> %d +0000\ncommitter %s <%s> %d +0000\n", aside,
		author.name, author.email, author.at.Unix(), committer.name, committer.email, committer.at.Unix())
	fmt.Fprintf(&in, "data %d\n%s\n", len(change.Message), change.Message)
	if parent != noSHA {
		fmt.Fprintf(&in, "from %s\n", parent)
	}
	for _, name := range change.Delete {
		fmt.Fprintf(&in, "D %s\n", quoted(name))
	}
	for _, name := range sortedKeys(change.Files) {
		mode, text := "100644", change.Files[name]
		if path.Ext(name) == ".sh" {
			mode = "100755"
		}
		fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode, quoted(name), len(text), text)
	}
	fmt.Fprintf(&in, "done\n")
	if _, err := r.git(in.Bytes(), "fast-import", "--quiet", "--force", "--done", "--date-format=raw"); err != nil {
		return "", fmt.Errorf("writing a commit: %w", err)
	}
	sha, err := r.git(nil, "rev-parse", "--verify", aside)
	if err != nil {
		return "", fmt.Errorf("writing a commit: %w", err)
	}
	if _, err := r.git(nil, "update-ref", "-d", aside); err != nil {
		return "", fmt.Errorf("writing a commit: %w", err)
	}
	return sha, nil
}

// quoted is a path as fast-import reads it.
func quoted(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(name) + `"`
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
