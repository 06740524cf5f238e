package standin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

func TestCommitsByTheServer(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	first := w.commit(repo, "ben", "topic", "One", map[string]string{"run.sh": "exit 0\n", "a \"quoted\" ü.txt": "text", "empty": ""})
	second, err := repo.Push("ben", standin.Change{Branch: "topic", Message: "Two\n\nat length", Delete: []string{"empty"}, Author: "cy"})
	if err != nil {
		t.Fatal(err)
	}
	dir := w.clone(repo, "ben")
	w.git(dir, "fsck", "--strict")
	w.git(dir, "-c", "core.quotePath=false", "checkout", "--quiet", "topic")
	listed := w.git(dir, "-c", "core.quotePath=false", "ls-tree", "--full-tree", "-z", "HEAD")
	for _, want := range []string{"100644 blob", "100755 blob", "\trun.sh", "\ta \"quoted\" ü.txt", "\tREADME.md"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the tree lacks %q: %q", want, listed)
		}
	}
	if strings.Contains(listed, "empty") {
		t.Errorf("what was deleted is there: %q", listed)
	}
	if got := w.git(dir, "log", "-1", "--format=%an %cn %P %B"); got != "cy ben "+first+" Two\n\nat length" {
		t.Errorf("the commit is %q", got)
	}
	if _, err := repo.Push("ben", standin.Change{Branch: "topic", Message: "Three", Parent: first, Files: map[string]string{"x": "x"}}); err == nil {
		t.Error("a push lost a commit without force")
	}
	if _, err := repo.Commit("cy", "topic", "No", map[string]string{"x": "x"}); err == nil {
		t.Error("a reader pushed")
	}
	if repo.Head("topic") != second {
		t.Errorf("topic is at %s, want %s", repo.Head("topic"), second)
	}
	w.hooks()
	if err := repo.Branch("ben", "copy", second); err != nil {
		t.Fatal(err)
	}
	if err := repo.Tag("ben", "v1", second); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "push push" { // the commit has its check suite already
		t.Fatalf("a branch and a tag send %q", got)
	}
	branch := heard[0].payload.(*github.PushEvent)
	if branch.GetBaseRef() != "refs/heads/topic" || len(branch.Commits) != 0 || branch.GetHeadCommit().GetID() != second {
		t.Errorf("the new branch says %+v", branch)
	}
}

// Lists may lag: a client that looks before it writes again has to wait a moment.
func TestListsLag(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	w.gh.LagLists(1)
	if err := report(app, sha); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(sha, "production")); err != nil {
		t.Fatal(err)
	}
	for want := range 2 {
		runs, _, err := app.Checks.ListCheckRunsForRef(ctx, "acme", "shop", sha, nil)
		if err != nil || len(runs.CheckRuns) != want {
			t.Errorf("list %d shows %v, %v", want+1, runs, err)
		}
		all, _, err := app.Repositories.ListDeployments(ctx, "acme", "shop", nil)
		if err != nil || len(all) != want {
			t.Errorf("list %d shows %v, %v", want+1, all, err)
		}
	}
}
