package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// TestEveryOtherRead asks for what no other test reads, so that the contract has seen each answer.
func TestEveryOtherRead(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	said, err := p.Comment("ben", "hello")
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha})
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(sha, "production"))
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := app.Repositories.CreateDeploymentStatus(ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{State: github.String("queued")})
	if err != nil {
		t.Fatal(err)
	}
	suite := run.GetCheckSuite().GetID()
	for path, want := range map[string]int{
		"users/ana":                 200,
		"users/nobody-at-all":       404,
		"rate_limit":                200,
		"installation/repositories": 200,
		"repos/acme/shop/collaborators?permission=push":                                200,
		"repos/acme/shop/collaborators/ana":                                            204,
		"repos/acme/shop/collaborators/web-flow":                                       404,
		"repos/acme/shop/branches":                                                     200,
		"repos/acme/shop/branches/nothing":                                             404,
		"repos/acme/shop/git/matching-refs/heads":                                      200,
		"repos/acme/shop/git/commits/" + sha:                                           200,
		"repos/acme/shop/pulls/1/merge":                                                404,
		"repos/acme/shop/pulls/9":                                                      404,
		"repos/acme/shop/issues/1":                                                     200,
		"repos/acme/shop/issues/1/comments":                                            200,
		fmt.Sprint("repos/acme/shop/issues/comments/", said.ID):                        200,
		fmt.Sprint("repos/acme/shop/issues/comments/", said.ID, "/reactions"):          200,
		fmt.Sprint("repos/acme/shop/check-suites/", suite):                             200,
		fmt.Sprint("repos/acme/shop/check-suites/", suite, "/check-runs"):              200,
		fmt.Sprint("repos/acme/shop/deployments/", d.GetID()):                          200,
		fmt.Sprint("repos/acme/shop/deployments/", d.GetID(), "/statuses/", s.GetID()): 200,
		"repos/acme/shop/environments/nowhere":                                         404,
	} {
		request, err := app.NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := app.Do(ctx, request, nil)
		if answer == nil || answer.StatusCode != want {
			t.Errorf("GET %s: %v, want %d", path, err, want)
		}
	}
}

func TestWhoIsWho(t *testing.T) {
	w, ctx := start(t), context.Background()
	_, app := w.shop()
	for _, path := range []string{"app/installations", "orgs/acme/installation"} {
		request, err := w.app().NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.app().Do(ctx, request, nil); err != nil {
			t.Error(err)
		}
	}
	if me, _, err := w.as("ana").Users.Get(ctx, ""); err != nil || me.GetLogin() != "ana" {
		t.Errorf("GET /user: %v, %v", me, err)
	}
	if list, _, err := app.Repositories.ListCollaborators(ctx, "acme", "shop", &github.ListCollaboratorsOptions{Permission: "maintain"}); err != nil || len(list) != 2 {
		t.Errorf("who maintains: %v, %v", list, err)
	}
}

// TestOtherWrites does over HTTP what people do there.
func TestOtherWrites(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	ben := w.as("ben")
	sha := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	w.commit(repo, "ana", "main", "Meanwhile", map[string]string{"b": "b"})
	w.hooks()
	_, _, err := ben.PullRequests.UpdateBranch(ctx, "acme", "shop", p.Number(), &github.PullRequestBranchUpdateOptions{ExpectedHeadSHA: &sha})
	if _, accepted := err.(*github.AcceptedError); !accepted {
		t.Fatal(err)
	}
	if got := names(w.hooks()); got != "push check_suite.requested pull_request.synchronize" || p.Head() == sha {
		t.Errorf("updating the branch sends %q", got)
	}
	if _, err := ben.Issues.Lock(ctx, "acme", "shop", p.Number(), nil); err != nil {
		t.Error(err)
	}
	if _, err := ben.Issues.Unlock(ctx, "acme", "shop", p.Number()); err != nil {
		t.Error(err)
	}
	said, _, err := ben.Issues.CreateComment(ctx, "acme", "shop", p.Number(), &github.IssueComment{Body: github.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ben.Issues.EditComment(ctx, "acme", "shop", said.GetID(), &github.IssueComment{Body: github.String("two")}); err != nil {
		t.Error(err)
	}
	if _, err := ben.Issues.DeleteComment(ctx, "acme", "shop", said.GetID()); err != nil {
		t.Error(err)
	}
	if _, _, err := ben.Repositories.CreateStatus(ctx, "acme", "shop", sha, &github.RepoStatus{State: github.String("success")}); err != nil {
		t.Error(err)
	}
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha, Conclusion: github.String("success")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Checks.ReRequestCheckRun(ctx, "acme", "shop", run.GetID()); err != nil {
		t.Error(err)
	}
	if _, err := ben.Checks.ReRequestCheckSuite(ctx, "acme", "shop", run.GetCheckSuite().GetID()); err != nil {
		t.Error(err)
	}
	_, _, err = ben.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha})
	wantStatus(t, "a check run by a person", err, http.StatusForbidden)
	if _, _, err := ben.PullRequests.Merge(ctx, "acme", "shop", p.Number(), "", nil); err != nil {
		t.Error(err)
	}
	if _, err := ben.Git.DeleteRef(ctx, "acme", "shop", "heads/topic"); err != nil {
		t.Error(err)
	}
	got := names(w.hooks())
	for _, want := range []string{"issue_comment.deleted", "status", "check_run.rerequested", "check_suite.rerequested", "pull_request.closed push"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s was not sent: %s", want, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	w, ctx := start(t, unruly), context.Background()
	w.shop()
	if _, err := w.gh.CreateRepository("acme", "private", standin.RepoOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.as("mallory").Repositories.Get(ctx, "acme", "private")
	wantStatus(t, "a private repository to a stranger", err, http.StatusNotFound)
	_, _, err = w.as("cy").Repositories.CreateStatus(ctx, "acme", "shop", strings.Repeat("1", 40), &github.RepoStatus{State: github.String("success")})
	wantStatus(t, "a status by a reader", err, http.StatusForbidden)
	_, _, err = w.withToken("ghp_nobody").Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "a token of nobody", err, http.StatusUnauthorized)
	request, err := w.as("ana").NewRequest("GET", "nothing/here", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.as("ana").Do(ctx, request, nil)
	wantStatus(t, "a path that GitHub does not have", err, http.StatusNotFound)
	if _, err := w.gh.CreateRepository("acme", "no/name", standin.RepoOptions{}); err == nil {
		t.Error("a repository with a slash in its name was made")
	}
	if _, err := w.gh.AddUser("repos"); err == nil {
		t.Error("a user took the name of an API path")
	}
}
