package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

func TestPullRequestLife(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	w.commit(repo, "ben", "topic", "One", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	second := w.commit(repo, "ana", "topic", "Two", map[string]string{"b": "b"})
	heard := w.hooks()
	if got := names(heard); got != "push check_suite.requested pull_request.opened push check_suite.requested pull_request.synchronize" {
		t.Fatalf("sent %q", got)
	}
	sync := heard[5].payload.(*github.PullRequestEvent)
	if sync.GetAfter() != second || sync.GetPullRequest().GetHead().GetSHA() != second || sync.GetPullRequest().GetCommits() != 2 || sync.GetSender().GetLogin() != "ana" {
		t.Errorf("synchronize says %+v", sync)
	}
	if err := p.Close("ben"); err != nil {
		t.Fatal(err)
	}
	if err := p.Reopen("ben"); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.ForcePush("ben", "topic", repo.Head("main"), "Anew", map[string]string{"c": "c"}); err != nil {
		t.Fatal(err)
	}
	if err := repo.Delete("ben", "topic"); err != nil {
		t.Fatal(err)
	}
	heard = w.hooks()
	if got := names(heard); got != "pull_request.closed pull_request.reopened push check_suite.requested pull_request.synchronize push pull_request.closed" {
		t.Errorf("sent %q", got)
	}
	if push := heard[2].payload.(*github.PushEvent); !push.GetForced() {
		t.Error("a forced push does not say so")
	}
	if push := heard[5].payload.(*github.PushEvent); !push.GetDeleted() || push.HeadCommit != nil {
		t.Errorf("deleting a branch says %+v", push)
	}
}

func TestMergeMethods(t *testing.T) {
	for _, test := range []struct {
		method  string
		parents int
		message string
		author  string
		commits int // that main gains
	}{
		{"merge", 2, "Merge pull request #1 from acme/topic", "ana", 3},
		{"squash", 1, "Sell more (#1)\n\n* One\n* Two\n\nCo-authored-by: cy", "ben", 1},
		{"rebase", 1, "Two", "cy", 2},
	} {
		t.Run(test.method, func(t *testing.T) {
			w, ctx := start(t), context.Background()
			repo, app := w.shop()
			w.commit(repo, "ben", "topic", "One", map[string]string{"a": "a"})
			if _, err := repo.Push("ben", standin.Change{Branch: "topic", Message: "Two", Files: map[string]string{"b": "b"}, Author: "cy"}); err != nil {
				t.Fatal(err)
			}
			p := w.open(repo, "ben", "Sell more", "topic")
			w.commit(repo, "ana", "main", "Meanwhile", map[string]string{"c": "c"})
			base := repo.Head("main")
			w.hooks()
			result, _, err := w.as("ana").PullRequests.Merge(ctx, "acme", "shop", p.Number(), "", &github.PullRequestOptions{MergeMethod: test.method, SHA: p.Head()})
			if err != nil {
				t.Fatal(err)
			}
			sha := result.GetSHA()
			heard := w.hooks()
			if names(heard) != "push check_suite.requested pull_request.closed" {
				t.Errorf("merging sends %q", names(heard))
			}
			closed := heard[2].payload.(*github.PullRequestEvent).GetPullRequest()
			if !closed.GetMerged() || closed.GetMergeCommitSHA() != sha || closed.GetMergedBy().GetLogin() != "ana" || sha != repo.Head("main") {
				t.Errorf("closed says %+v, main is at %s", closed, repo.Head("main"))
			}
			if n := len(heard[0].payload.(*github.PushEvent).Commits); n != test.commits {
				t.Errorf("the push names %d commits, want %d", n, test.commits)
			}
			c, _, err := app.Repositories.GetCommit(ctx, "acme", "shop", sha, nil)
			if err != nil || len(c.Parents) != test.parents || !strings.HasPrefix(c.Commit.GetMessage(), test.message) || c.GetAuthor().GetLogin() != test.author {
				t.Errorf("the merge commit is %v, %v", c, err)
			}
			compared, _, err := app.Repositories.CompareCommits(ctx, "acme", "shop", base, sha, nil)
			if err != nil || compared.GetStatus() != "ahead" || compared.GetAheadBy() != test.commits || len(compared.Files) != 2 {
				t.Errorf("compare: %v, %v", compared, err)
			}
		})
	}
}

func TestRefusedMerges(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"README.md": "mine\n"})
	p := w.open(repo, "ben", "Topic", "topic")
	merge := func(client *github.Client, sha string) error {
		_, _, err := client.PullRequests.Merge(ctx, "acme", "shop", p.Number(), "", &github.PullRequestOptions{SHA: sha})
		return err
	}
	wantStatus(t, "by a reader", merge(w.as("cy"), ""), http.StatusForbidden)
	wantStatus(t, "by a stranger", merge(w.as("mallory"), ""), http.StatusNotFound)
	wantStatus(t, "by the App without contents:write", merge(app, ""), http.StatusForbidden)
	wantStatus(t, "of another head", merge(w.as("ana"), repo.Head("main")), http.StatusConflict)
	w.commit(repo, "ana", "main", "Conflict", map[string]string{"README.md": "ours\n"})
	wantStatus(t, "of a conflict", merge(w.as("ana"), ""), http.StatusMethodNotAllowed)
	got, _, err := app.PullRequests.Get(ctx, "acme", "shop", p.Number())
	if err != nil || got.GetMergeable() || got.GetMergeableState() != "dirty" || got.MergeCommitSHA != nil {
		t.Errorf("a pull request in conflict: %v, %v", got, err)
	}
}

func TestMergedByHand(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	head := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	dir := w.clone(repo, "ana")
	w.git(dir, "merge", "--quiet", "--ff-only", "origin/topic")
	w.hooks()
	w.git(dir, "push", "--quiet", "origin", "main")
	if got := names(w.hooks()); got != "push pull_request.closed" { // the commit has its check suite already
		t.Errorf("sent %q", got)
	}
	if p.State() != "merged" || p.MergeCommit() != head {
		t.Errorf("the pull request is %s by %s, want %s", p.State(), p.MergeCommit(), head)
	}
}

func TestForks(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	if err := repo.SetRole("eve", "read"); err != nil {
		t.Fatal(err)
	}
	fork, err := repo.Fork("eve")
	if err != nil {
		t.Fatal(err)
	}
	sha := w.commit(fork, "eve", "topic", "From outside", map[string]string{"a": "a"})
	w.hooks()
	p := w.open(repo, "eve", "From outside", "eve:topic")
	second := w.commit(fork, "eve", "topic", "More", map[string]string{"b": "b"})
	heard := w.hooks()
	if got := names(heard); got != "pull_request.opened pull_request.synchronize" { // pushes to the fork are not seen
		t.Fatalf("sent %q", got)
	}
	opened := heard[0].payload.(*github.PullRequestEvent).GetPullRequest()
	if opened.GetHead().GetSHA() != sha || opened.GetHead().GetRepo().GetFullName() != "eve/shop" || !opened.GetHead().GetRepo().GetFork() {
		t.Errorf("opened says %+v", opened.GetHead())
	}
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: second})
	if err != nil || len(run.PullRequests) != 0 {
		t.Errorf("a check run on the fork's head: %v, %v", run, err)
	}
	if out := w.git(w.t.TempDir(), "ls-remote", repo.CloneURL("ana"), "refs/pull/1/head"); !strings.HasPrefix(out, second) {
		t.Errorf("refs/pull/1/head: %s", out)
	}
	if _, err := p.Merge("ana", "squash"); err != nil {
		t.Error(err)
	}
}

func TestMergeQueue(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	for _, name := range []string{"one", "two"} {
		w.commit(repo, "ben", name, name, map[string]string{name: name})
	}
	first, second := w.open(repo, "ben", "One", "one"), w.open(repo, "ben", "Two", "two")
	w.hooks()
	g, err := repo.Enqueue("ana", first)
	if err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "push check_suite.requested merge_group.checks_requested" {
		t.Fatalf("entering the queue sends %q", got)
	}
	group := heard[2].payload.(*github.MergeGroupEvent).GetMergeGroup()
	if want := fmt.Sprintf("refs/heads/gh-readonly-queue/main/pr-1-%s", repo.Head("main")); group.GetHeadRef() != want || group.GetHeadSHA() != g.SHA() {
		t.Errorf("the group is %v", group)
	}
	if err := g.Merge(); err != nil {
		t.Fatal(err)
	}
	heard = w.hooks()
	if got := names(heard); got != "push pull_request.closed merge_group.destroyed push" {
		t.Errorf("merging by the queue sends %q", got)
	}
	if repo.Head("main") != g.SHA() || first.State() != "merged" || !strings.Contains(string(heard[2].body), `"reason":"merged"`) {
		t.Errorf("main is at %s, #1 is %s, %s", repo.Head("main"), first.State(), heard[2].body)
	}
	g, err = repo.Enqueue("ana", second)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Destroy("dequeued"); err != nil {
		t.Fatal(err)
	}
	if second.State() != "open" || repo.Head(g.Branch()) != "" {
		t.Errorf("#2 is %s, the queue's branch at %s", second.State(), repo.Head(g.Branch()))
	}
}

func TestPullRequestsOfACommit(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	head := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	w.gh.LagCommitPulls(2)
	merge, err := p.Merge("ana", "squash")
	if err != nil {
		t.Fatal(err)
	}
	list := func(sha string) []int {
		pulls, _, err := app.PullRequests.ListPullRequestsWithCommit(ctx, "acme", "shop", sha, nil)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []int
		for _, p := range pulls {
			numbers = append(numbers, p.GetNumber())
		}
		return numbers
	}
	for i, want := range [][]int{nil, nil, {1}, {1}} {
		if got := list(merge); !slices.Equal(got, want) {
			t.Errorf("answer %d is %v, want %v", i+1, got, want)
		}
	}
	if got := list(head); !slices.Equal(got, []int{1}) {
		t.Errorf("of its head: %v", got)
	}
}

func TestPullRequestsByHTTP(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"dir/a": "a", "dir/b": "b"})
	ben := w.as("ben")
	p, _, err := ben.PullRequests.Create(ctx, "acme", "shop", &github.NewPullRequest{Title: github.String("Topic"), Head: github.String("topic"), Base: github.String("main")})
	if err != nil {
		t.Fatal(err)
	}
	files, answer, err := app.PullRequests.ListFiles(ctx, "acme", "shop", p.GetNumber(), &github.ListOptions{PerPage: 1})
	if err != nil || len(files) != 1 || answer.NextPage != 2 || answer.LastPage != 2 || files[0].GetStatus() != "added" {
		t.Errorf("files %v, %v", files, err)
	}
	commits, _, err := app.PullRequests.ListCommits(ctx, "acme", "shop", p.GetNumber(), nil)
	if err != nil || len(commits) != 1 || commits[0].GetAuthor().GetLogin() != "ben" {
		t.Errorf("commits %v, %v", commits, err)
	}
	if _, _, err := app.PullRequests.ListReviews(ctx, "acme", "shop", p.GetNumber(), nil); err != nil {
		t.Error(err)
	}
	if _, _, err := ben.PullRequests.Edit(ctx, "acme", "shop", p.GetNumber(), &github.PullRequest{State: github.String("closed")}); err != nil {
		t.Error(err)
	}
	for state, want := range map[string]int{"open": 0, "closed": 1, "all": 1} {
		list, _, err := app.PullRequests.List(ctx, "acme", "shop", &github.PullRequestListOptions{State: state, Head: "acme:topic"})
		if err != nil || len(list) != want {
			t.Errorf("%s: %d, %v", state, len(list), err)
		}
	}
	_, _, err = ben.PullRequests.Create(ctx, "acme", "shop", &github.NewPullRequest{Title: github.String("x"), Head: github.String("main"), Base: github.String("main")})
	wantStatus(t, "a pull request without commits", err, http.StatusUnprocessableEntity)
}
