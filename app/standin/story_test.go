package standin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"
)

// TestStory walks the main path as the product and its people do: branch, pull request, checks, merge, deployment, comment.
func TestStory(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := w.commit(repo, "ben", "feature", "Sell more", map[string]string{"shop.go": "package shop\n", "run.sh": "true\n"})
	if got := names(w.hooks()); got != "push check_suite.requested" {
		t.Errorf("a push of a branch sends %q", got)
	}
	p := w.open(repo, "ben", "Sell more", "feature")
	if got := names(w.hooks()); got != "pull_request.opened" {
		t.Errorf("opening sends %q", got)
	}

	pass(t, app, sha)
	if got := names(w.hooks()); got != "check_run.created check_run.completed check_suite.completed" {
		t.Errorf("a check run sends %q", got)
	}
	if got, found := repo.CheckRun(sha, "test"); !found || got.Conclusion != "success" || got.Summary != "All is well" {
		t.Errorf("the check run is %+v", got)
	}

	merge, err := p.Merge("ana", "merge")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(w.hooks()); got != "push check_suite.requested pull_request.closed" {
		t.Errorf("merging sends %q", got)
	}
	if repo.Head("main") != merge {
		t.Errorf("main is at %s after merging %s", repo.Head("main"), merge)
	}

	d, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(merge, "production"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = app.Repositories.CreateDeploymentStatus(ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{State: github.String("success")})
	if err != nil {
		t.Fatal(err)
	}
	if all := repo.Deployments("production"); len(all) != 1 || all[0].State() != "success" || all[0].SHA != merge {
		t.Errorf("deployments are %+v", all)
	}

	if _, _, err := app.Issues.CreateComment(ctx, "acme", "shop", p.Number(), &github.IssueComment{Body: github.String("Live.")}); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "deployment_status.created issue_comment.created" {
		t.Fatalf("deploying and commenting sends %q", got)
	}
	if sender := heard[1].payload.(*github.IssueCommentEvent).GetSender(); sender.GetType() != "Bot" || sender.GetLogin() != "slipway[bot]" {
		t.Errorf("the App comments as %s, a %s", sender.GetLogin(), sender.GetType())
	}
	if mistakes := w.gh.Mistakes(); len(mistakes) > 0 {
		t.Errorf("mistakes: %v", mistakes)
	}
}

// pass reports a check as the App does: begun, then green.
func pass(t *testing.T, app *github.Client, sha string) {
	t.Helper()
	ctx := context.Background()
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{
		Name: "test", HeadSHA: sha, Status: github.String("in_progress"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = app.Checks.UpdateCheckRun(ctx, "acme", "shop", run.GetID(), github.UpdateCheckRunOptions{
		Name: "test", Conclusion: github.String("success"),
		Output: &github.CheckRunOutput{Title: github.String("Passed"), Summary: github.String("All is well")},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRealGit(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	dir := w.clone(repo, "ben")
	w.git(dir, "checkout", "--quiet", "-b", "topic")
	write(t, dir, "a.txt", strings.Repeat("a line that makes the pack large enough to be sent in chunks\n", 10))
	if err := os.WriteFile(filepath.Join(dir, "big"), noise(3<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	w.git(dir, "add", ".")
	w.git(dir, "commit", "--quiet", "-m", "Add a\n\nand explain it")
	w.git(dir, "push", "--quiet", "origin", "topic")
	head := w.git(dir, "rev-parse", "HEAD")
	if repo.Head("topic") != head {
		t.Fatalf("after the push the server has %s, want %s", repo.Head("topic"), head)
	}
	heard := w.hooks()
	if got := names(heard); got != "push check_suite.requested" {
		t.Fatalf("a push sends %q", got)
	}
	push := heard[0].payload.(*github.PushEvent)
	if push.GetAfter() != head || !push.GetCreated() || len(push.Commits) != 1 || strings.Join(push.Commits[0].Added, " ") != "a.txt big" {
		t.Errorf("push says %+v", push)
	}
	if push.GetSender().GetLogin() != "ben" || push.Commits[0].GetAuthor().GetLogin() != "ana" {
		t.Errorf("pushed by %s, written by %s", push.GetSender().GetLogin(), push.Commits[0].GetAuthor().GetLogin())
	}
	w.open(repo, "ben", "Topic", "topic")
	if got := w.git(dir, "ls-remote", "origin", "refs/pull/1/head"); !strings.HasPrefix(got, head) {
		t.Errorf("refs/pull/1/head is %q", got)
	}
	if got := w.git(dir, "ls-remote", "origin", "refs/pull/1/merge"); got == "" {
		t.Error("an open pull request has no refs/pull/1/merge")
	}
	if out, err := w.tryGit(dir, "push", "origin", "HEAD~1:refs/pull/1/head", "--force"); err == nil {
		t.Errorf("refs/pull could be pushed: %s", out)
	}
	for login, may := range map[string]bool{"ana": true, "cy": false} {
		_, err := w.tryGit(dir, "push", repo.CloneURL(login), "HEAD:refs/heads/by-"+login)
		if (err == nil) != may {
			t.Errorf("push by %s: %v", login, err)
		}
	}
	if _, err := w.tryGit(dir, "ls-remote", repo.CloneURL("")); err == nil {
		t.Error("a private repository can be read without a token")
	}
}
