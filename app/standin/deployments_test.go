package standin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"
)

// plain is a deployment without GitHub's treacherous defaults.
func plain(ref, environment string) *github.DeploymentRequest {
	return &github.DeploymentRequest{
		Ref: &ref, AutoMerge: github.Bool(false), RequiredContexts: &[]string{}, Environment: &environment,
		Payload: map[string]string{"key": "k1"}, Task: github.String("deploy"),
	}
}

func TestDeploymentDefaults(t *testing.T) {
	w, ctx := start(t, unruly), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	if err := repo.SetStatus("ben", sha, "ci", "pending"); err != nil {
		t.Fatal(err)
	}
	create := func(change func(*github.DeploymentRequest)) error {
		request := plain("main", "production")
		change(request)
		_, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", request)
		return err
	}
	wantStatus(t, "all contexts required", create(func(r *github.DeploymentRequest) { r.RequiredContexts = nil }), http.StatusConflict)
	wantStatus(t, "a context that is missing", create(func(r *github.DeploymentRequest) { r.RequiredContexts = &[]string{"x"} }), http.StatusConflict)
	wantStatus(t, "none required", create(func(*github.DeploymentRequest) {}), 0)
	wantStatus(t, "description of 141", create(func(r *github.DeploymentRequest) { r.Description = github.String(strings.Repeat("ä", 141)) }), 422)
	wantStatus(t, "environment of 256", create(func(r *github.DeploymentRequest) { r.Environment = github.String(strings.Repeat("e", 256)) }), 422)
	wantStatus(t, "no such ref", create(func(r *github.DeploymentRequest) { r.Ref = github.String("nowhere") }), 422)
	wantStatus(t, "no such commit", create(func(r *github.DeploymentRequest) { r.Ref = github.String(strings.Repeat("1", 40)) }), 422)

	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	w.commit(repo, "ben", "main", "Main moves on", map[string]string{"b": "b"})
	before := repo.Head("topic")
	_, answer, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", &github.DeploymentRequest{Ref: github.String("topic")})
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("auto_merge answered %d, %v", answer.StatusCode, err)
	}
	if repo.Head("topic") == before || len(repo.Deployments("")) != 1 {
		t.Errorf("auto_merge left topic at %s and %d deployments", repo.Head("topic"), len(repo.Deployments("")))
	}
	w.commit(repo, "ben", "main", "Main changes a", map[string]string{"a": "another"})
	_, _, err = app.Repositories.CreateDeployment(ctx, "acme", "shop", &github.DeploymentRequest{Ref: github.String("topic")})
	wantStatus(t, "auto_merge with a conflict", err, http.StatusConflict)
}

func TestDeploymentStatuses(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	deploy := func(environment string, states ...string) int64 {
		d, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(sha, environment))
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range states {
			_, _, err := app.Repositories.CreateDeploymentStatus(ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{
				State: &state, LogURL: github.String("https://slipway.example/log"), EnvironmentURL: github.String("https://web.example"),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return d.GetID()
	}
	deploy("staging", "in_progress", "success")
	deploy("production", "success")
	deploy("Staging", "success")
	deploy("production", "success")
	for environment, want := range map[string]string{"staging": "inactive success", "production": "success success"} {
		var got []string
		for _, d := range repo.Deployments(environment) {
			got = append(got, d.State())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s: auto_inactive spares production", environment, got, want)
		}
	}
	list, _, err := app.Repositories.ListDeployments(ctx, "acme", "shop", &github.DeploymentsListOptions{SHA: sha, Environment: "production", Task: "deploy"})
	if err != nil || len(list) != 2 || string(list[0].Payload) != `{"key":"k1"}` {
		t.Errorf("listed %v, %v", list, err)
	}
	statuses, _, err := app.Repositories.ListDeploymentStatuses(ctx, "acme", "shop", list[0].GetID(), nil)
	if err != nil || len(statuses) != 1 || statuses[0].GetLogURL() != "https://slipway.example/log" {
		t.Errorf("statuses %v, %v", statuses, err)
	}
	if err := repo.SetEnvironment("payments/production", 5, "ana"); err != nil {
		t.Fatal(err)
	}
	e, _, err := app.Repositories.GetEnvironment(ctx, "acme", "shop", "Payments%2FProduction")
	if err != nil || len(e.ProtectionRules) != 2 || e.ProtectionRules[1].Reviewers[0].Reviewer.(*github.User).GetLogin() != "ana" {
		t.Errorf("environment %v, %v", e, err)
	}
	all, _, err := app.Repositories.ListEnvironments(ctx, "acme", "shop", nil)
	if err != nil || all.GetTotalCount() != 3 {
		t.Errorf("environments %v, %v", all, err)
	}
}

func TestDeploymentStatusLimits(t *testing.T) {
	w, ctx := start(t, unruly), context.Background()
	repo, app := w.shop()
	d, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", plain(repo.Head("main"), "production"))
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]github.DeploymentStatusRequest{
		"a state that is none":     {State: github.String("done")},
		"description of 141":       {State: github.String("success"), Description: github.String(strings.Repeat("d", 141))},
		"log elsewhere than a web": {State: github.String("success"), LogURL: github.String("file:///log")},
	} {
		_, _, err := app.Repositories.CreateDeploymentStatus(ctx, "acme", "shop", d.GetID(), &request)
		wantStatus(t, name, err, http.StatusUnprocessableEntity)
	}
	if n := len(repo.Deployments("production")[0].Statuses); n != 0 {
		t.Errorf("%d statuses were written all the same", n)
	}
}

// Deployments that are made by the API are told of too, with an object as payload whatever they carry.
func TestDeploymentEvents(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app := w.shop()
	request := plain(repo.Head("main"), "staging")
	request.Payload = "text"
	for range 2 {
		d, _, err := app.Repositories.CreateDeployment(ctx, "acme", "shop", request)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := app.Repositories.CreateDeploymentStatus(ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{State: github.String("success")}); err != nil {
			t.Fatal(err)
		}
	}
	// That the first one became inactive is not told.
	heard := w.hooks()
	if got := names(heard); got != "deployment deployment_status.created deployment deployment_status.created" {
		t.Fatalf("heard %s", got)
	}
	told := heard[0].payload.(*github.DeploymentEvent)
	if string(told.Deployment.Payload) != "{}" || told.GetSender().GetLogin() != "slipway[bot]" || deploymentStates(repo, "staging") != "success" {
		t.Errorf("told of %v", told)
	}
}
