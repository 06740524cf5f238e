package standin_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// permission reports maintain as write and triage as read: role_name tells.
func TestRoles(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	if err := repo.SetRole("tom", "triage"); err != nil {
		t.Fatal(err)
	}
	if err := repo.SetCustomRole("rel", "release-captain", "write"); err != nil {
		t.Fatal(err)
	}
	if err := w.gh.AddOrganization("acme", "boss"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.gh.AddUser("nobody"); err != nil {
		t.Fatal(err)
	}
	for login, want := range map[string]string{
		"root": "admin admin", "boss": "admin admin", "ana": "write maintain", "ben": "write write", "tom": "read triage", "cy": "read read",
		"rel": "write release-captain", "nobody": "none none",
	} {
		got, _, err := app.Repositories.GetPermissionLevel(ctx, "acme", "shop", login)
		if err != nil || got.GetPermission()+" "+got.GetUser().GetRoleName() != want {
			t.Errorf("%s: %v, %v, want %s", login, got, err, want)
		}
		request, err := app.NewRequest("GET", "repos/acme/shop/collaborators/"+login+"/permission", nil)
		if err != nil {
			t.Fatal(err)
		}
		var whole struct {
			RoleName string `json:"role_name"`
		}
		if _, err := app.Do(ctx, request, &whole); err != nil || "x "+whole.RoleName != "x "+strings.Fields(want)[1] {
			t.Errorf("%s: role_name %q, %v", login, whole.RoleName, err)
		}
	}
	_, _, err := app.Repositories.GetPermissionLevel(ctx, "acme", "shop", "unknown")
	wantStatus(t, "somebody who does not exist", err, http.StatusNotFound)
	if err := repo.SetRole("ana", "king"); err == nil {
		t.Error("a role that does not exist was given")
	}
}

func mayReadMembers(o *standin.Options) {
	o.App.Permissions = map[string]string{"metadata": "read", "members": "read"}
}

func TestTeams(t *testing.T) {
	w, ctx := start(t, mayReadMembers), context.Background()
	_, app := w.shop()
	if err := w.gh.AddTeam("acme", "release", "ana"); err != nil {
		t.Fatal(err)
	}
	got, _, err := app.Teams.GetTeamMembershipBySlug(ctx, "acme", "release", "ana")
	if err != nil || got.GetState() != "active" {
		t.Errorf("ana: %v, %v", got, err)
	}
	_, _, err = app.Teams.GetTeamMembershipBySlug(ctx, "acme", "release", "ben")
	wantStatus(t, "who is not in the team", err, http.StatusNotFound)
	if all, _, err := app.Teams.ListTeamMembersBySlug(ctx, "acme", "release", nil); err != nil || len(all) != 1 {
		t.Errorf("members: %v, %v", all, err)
	}
	if team, _, err := app.Teams.GetTeamBySlug(ctx, "acme", "release"); err != nil || team.GetSlug() != "release" {
		t.Errorf("team: %v, %v", team, err)
	}
	_, _, err = app.Teams.GetTeamMembershipBySlug(ctx, "acme", "nothing", "ana")
	wantStatus(t, "a team that does not exist", err, http.StatusNotFound)
}

func TestComments(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	w.hooks()
	said, err := p.Comment("cy", "/approve")
	if err != nil {
		t.Fatal(err)
	}
	if err := said.Edit("ben", "/deny"); err != nil {
		t.Fatal(err)
	}
	if err := said.Delete("mallory"); err == nil {
		t.Error("a stranger deleted a comment")
	}
	if _, _, err := app.Reactions.CreateIssueCommentReaction(ctx, "acme", "shop", said.ID, "eyes"); err != nil {
		t.Error(err)
	}
	if got := p.Comments(); len(got) != 1 || got[0].Body != "/deny" || got[0].Reactions[0] != (standin.Reaction{Author: "slipway[bot]", Content: "eyes"}) {
		t.Errorf("comments are %+v", got)
	}
	_, _, err = app.Issues.EditComment(ctx, "acme", "shop", said.ID, &github.IssueComment{Body: github.String("mine")})
	wantStatus(t, "the App editing another's comment", err, http.StatusForbidden)
	if err := said.Delete("cy"); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "issue_comment.created issue_comment.edited issue_comment.deleted" {
		t.Fatalf("sent %q", got)
	}
	edited := heard[1].payload.(*github.IssueCommentEvent)
	if edited.GetSender().GetLogin() != "ben" || edited.GetComment().GetUser().GetLogin() != "cy" || edited.GetChanges().GetBody().GetFrom() != "/approve" ||
		!edited.GetIssue().IsPullRequest() {
		t.Errorf("edited says %+v", edited)
	}
}

func TestLockedConversation(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	if err := p.Lock("ana"); err != nil {
		t.Fatal(err)
	}
	_, _, err := app.Issues.CreateComment(ctx, "acme", "shop", p.Number(), &github.IssueComment{Body: github.String("hello")})
	wantStatus(t, "the App", err, http.StatusForbidden)
	if _, err := p.Comment("cy", "hello"); err == nil {
		t.Error("a reader commented")
	}
	if _, err := p.Comment("ben", "hello"); err != nil {
		t.Error(err)
	}
}

func TestReadingCode(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := w.commit(repo, "ben", "release/1.x", "Add a file", map[string]string{".github/slipway.yml": "version: 1\n", "run.sh": "exit 0\n"})
	file, _, _, err := app.Repositories.GetContents(ctx, "acme", "shop", ".github/slipway.yml", &github.RepositoryContentGetOptions{Ref: sha})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := file.GetContent(); err != nil || text != "version: 1\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	_, _, _, err = app.Repositories.GetContents(ctx, "acme", "shop", ".github/slipway.yml", nil)
	wantStatus(t, "on the default branch", err, http.StatusNotFound)
	_, list, _, err := app.Repositories.GetContents(ctx, "acme", "shop", "", &github.RepositoryContentGetOptions{Ref: "release/1.x"})
	if err != nil || len(list) != 3 || list[0].GetType() != "dir" {
		t.Errorf("the root holds %v, %v", list, err)
	}
	branch, _, err := app.Repositories.GetBranch(ctx, "acme", "shop", "release/1.x", 0)
	if err != nil || branch.GetCommit().GetSHA() != sha {
		t.Errorf("branch %v, %v", branch, err)
	}
	ref, _, err := app.Git.GetRef(ctx, "acme", "shop", "heads/release/1.x")
	if err != nil || ref.GetObject().GetSHA() != sha {
		t.Errorf("ref %v, %v", ref, err)
	}
	commits, _, err := app.Repositories.ListCommits(ctx, "acme", "shop", &github.CommitsListOptions{SHA: "release/1.x"})
	if err != nil || len(commits) != 2 || commits[0].GetSHA() != sha {
		t.Errorf("commits %v, %v", commits, err)
	}
	request, err := app.NewRequest("GET", "repos/acme/shop/activity?ref=refs/heads/release/1.x", nil)
	if err != nil {
		t.Fatal(err)
	}
	var activities []struct {
		Type  string      `json:"activity_type"`
		After string      `json:"after"`
		Actor github.User `json:"actor"`
	}
	if _, err := app.Do(ctx, request, &activities); err != nil || len(activities) != 1 || activities[0].Type != "branch_creation" ||
		activities[0].Actor.GetLogin() != "ben" || activities[0].After != sha {
		t.Errorf("activity %v, %v", activities, err)
	}
	_, _, err = app.Repositories.GetCommit(ctx, "acme", "shop", strings.Repeat("1", 40), nil)
	wantStatus(t, "a commit that is not there", err, http.StatusUnprocessableEntity)
}

// Repository ids survive renaming and transfer; names do not.
func TestRenameAndTransfer(t *testing.T) {
	w, ctx := start(t, func(o *standin.Options) { o.App.Events = []string{"check_run", "repository"} }), context.Background()
	repo, app := w.shop()
	if err := repo.Rename("root", "store"); err != nil {
		t.Fatal(err)
	}
	got, _, err := app.Repositories.Get(ctx, "acme", "shop")
	if err != nil || got.GetFullName() != "acme/store" || got.GetID() != repo.ID() {
		t.Errorf("by the old name: %v, %v", got, err)
	}
	if _, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: repo.Head("main")}); err != nil {
		t.Errorf("writing by the old name: %v", err)
	}
	if _, err := w.gh.AddUser("zoe"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.gh.Install("zoe"); err != nil {
		t.Fatal(err)
	}
	if err := repo.Transfer("root", "zoe"); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "repository.renamed check_run.created installation.created installation_repositories.removed "+
		"installation_repositories.added repository.transferred" {
		t.Fatalf("sent %q", got)
	}
	moved := heard[5].payload.(*github.RepositoryEvent)
	if moved.GetRepo().GetFullName() != "zoe/store" || moved.GetRepo().GetID() != repo.ID() {
		t.Errorf("transferred says %+v", moved)
	}
	_, _, err = app.Repositories.GetByID(ctx, repo.ID())
	wantStatus(t, "by the old owner's installation", err, http.StatusNotFound)
	byID, _, err := w.as("zoe").Repositories.GetByID(ctx, repo.ID())
	if err != nil || byID.GetFullName() != "zoe/store" {
		t.Errorf("by number: %v, %v", byID, err)
	}
}

func TestPerPageIsCut(t *testing.T) {
	w, ctx := start(t, unruly), context.Background()
	_, app := w.shop()
	if _, _, err := app.PullRequests.List(ctx, "acme", "shop", &github.PullRequestListOptions{ListOptions: github.ListOptions{PerPage: 500}}); err != nil {
		t.Fatal(err)
	}
	if all := w.gh.Mistakes(); len(all) != 1 || all[0].Kind != "per_page" {
		t.Errorf("mistakes: %v", all)
	}
}

func TestPage(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "<b>Bold</b>", "topic")
	if _, err := p.Comment("ben", "**said** <script>alert(1)</script>"); err != nil {
		t.Fatal(err)
	}
	if err := report(app, sha); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(sha, "production")); err != nil {
		t.Fatal(err)
	}
	for address, wants := range map[string][]string{
		w.gh.URL() + "/":       {"acme/shop"},
		repo.PageURL():         {sha[:12], "#1 &lt;b&gt;Bold", "<strong>said</strong>", "queued", "production"},
		w.gh.URL() + "/no/one": {"not found"},
	} {
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s lacks %q", address, want)
			}
		}
		if strings.Contains(string(body), "<script>") {
			t.Errorf("%s does not escape", address)
		}
	}
}
