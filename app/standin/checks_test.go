package standin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"
)

func TestCheckRunLimits(t *testing.T) {
	w := start(t, unruly)
	repo, app := w.shop()
	sha := repo.Head("main")
	annotation := `{"path":"a.go","start_line":1,"end_line":1,"annotation_level":"notice","message":"m"}`
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	output := func(more string) string { return `"output":{"title":"t","summary":"s"` + more + `}` }
	action := func(label, description, identifier int) string {
		return fmt.Sprintf(`{"label":%q,"description":%q,"identifier":%q}`,
			strings.Repeat("ä", label), strings.Repeat("d", description), strings.Repeat("i", identifier))
	}
	text := func(bytes int) string { return strings.Repeat("é", bytes/2) + strings.Repeat("x", bytes%2) }
	for _, test := range []struct {
		name, body string
		want       int
	}{
		{"plain", `"status":"queued"`, 201},
		{"no head_sha", `"head_sha":""`, 422},
		{"a short head_sha", `"head_sha":"` + sha[:12] + `"`, 422},
		{"a commit that is not there", `"head_sha":"` + strings.Repeat("1", 40) + `"`, 422},
		{"no name", `"name":""`, 422},
		{"unknown property", `"colour":"red"`, 422},
		{"wrong type", `"status":7`, 422},
		{"GitHub's own status", `"status":"waiting"`, 422},
		{"GitHub's own conclusion", `"conclusion":"stale"`, 422},
		{"completed without conclusion", `"status":"completed"`, 422},
		{"conclusion alone completes", `"conclusion":"neutral"`, 201},
		{"output without title", `"output":{"summary":"s"}`, 422},
		{"output without summary", `"output":{"title":"t"}`, 422},
		{"summary of 65,535 bytes", `"output":{"title":"t","summary":"` + text(65535) + `"}`, 201},
		{"summary of 65,536 bytes in half as many characters", `"output":{"title":"t","summary":"` + text(65536) + `"}`, 422},
		{"text of 65,535 bytes", output(`,"text":"` + text(65535) + `"`), 201},
		{"text of 65,536 bytes", output(`,"text":"` + text(65536) + `"`), 422},
		{"50 annotations", output(`,"annotations":` + many(50, annotation)), 201},
		{"51 annotations", output(`,"annotations":` + many(51, annotation)), 422},
		{"an annotation on line 0", output(`,"annotations":[` + strings.Replace(annotation, `"start_line":1`, `"start_line":0`, 1) + `]`), 422},
		{"columns over several lines", output(`,"annotations":[{"path":"a","start_line":1,"end_line":2,"start_column":1,"annotation_level":"notice","message":"m"}]`), 422},
		{"3 actions", `"actions":` + many(3, action(20, 40, 20)), 201},
		{"4 actions", `"actions":` + many(4, action(1, 1, 1)), 422},
		{"label of 21", `"actions":[` + action(21, 40, 20) + `]`, 422},
		{"description of 41", `"actions":[` + action(20, 41, 20) + `]`, 422},
		{"identifier of 21", `"actions":[` + action(20, 40, 21) + `]`, 422},
		{"details elsewhere than on the web", `"details_url":"ftp://x/y"`, 422},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"name":"c","head_sha":%q,%s}`, sha, test.body)
			request, err := app.NewRequest("POST", "repos/acme/shop/check-runs", json.RawMessage(body))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := app.Do(context.Background(), request, nil)
			if answer == nil || answer.StatusCode != test.want {
				t.Errorf("got %v, want %d", err, test.want)
			}
		})
	}
}

// A completed check run patched back to in progress, which GitHub ignores (pitfalls: Mergify#1989, lyft/atlantis#265).
func TestCompletedRunIsNeverReopened(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha, Conclusion: github.String("neutral")})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(o github.UpdateCheckRunOptions) *github.CheckRun {
		o.Name = "c"
		changed, _, err := app.Checks.UpdateCheckRun(ctx, "acme", "shop", run.GetID(), o)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	changed := edit(github.UpdateCheckRunOptions{
		Conclusion: github.String("neutral"), Output: &github.CheckRunOutput{Title: github.String("Waits"), Summary: github.String("for ana")},
		Actions: []*github.CheckRunAction{{Label: "Approve", Description: "Let it go out", Identifier: "approve"}},
	})
	if changed.GetOutput().GetTitle() != "Waits" || repo.Reopened() != 0 {
		t.Errorf("editing the output of a completed run: %v, %d attempts to reopen", changed, repo.Reopened())
	}
	for i, o := range []github.UpdateCheckRunOptions{{Status: github.String("in_progress")}, {Conclusion: github.String("success")}} {
		if changed = edit(o); changed.GetStatus() != "completed" || changed.GetConclusion() != "neutral" {
			t.Errorf("the run became %s %s", changed.GetStatus(), changed.GetConclusion())
		}
		if repo.Reopened() != i+1 || len(w.gh.Mistakes()) != i+1 {
			t.Errorf("after %d attempts: %d counted, mistakes %v", i+1, repo.Reopened(), w.gh.Mistakes())
		}
	}
}

func TestCheckRunButtons(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	p := w.open(repo, "ben", "Topic", "topic")
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{
		Name: "c", HeadSHA: sha, ExternalID: github.String("mine"), Status: github.String("in_progress"),
		Actions: []*github.CheckRunAction{{Label: "Approve", Description: "Let it go out", Identifier: "approve"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Press("ana", run.GetID(), "approve"); err == nil {
		t.Error("a button could be pressed before the run was completed")
	}
	if _, _, err := app.Checks.UpdateCheckRun(ctx, "acme", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "c", Conclusion: github.String("neutral")}); err != nil {
		t.Fatal(err)
	}
	w.hooks()
	if err := repo.Press("cy", run.GetID(), "approve"); err == nil {
		t.Error("a reader saw the button")
	}
	if err := repo.Press("ana", run.GetID(), "approve"); err != nil {
		t.Fatal(err)
	}
	if err := repo.Rerequest("ben", run.GetID()); err != nil {
		t.Fatal(err)
	}
	if err := repo.RerequestAll("ben", sha); err != nil {
		t.Fatal(err)
	}
	heard := w.hooks()
	if got := names(heard); got != "check_run.requested_action check_run.rerequested check_suite.rerequested" {
		t.Fatalf("sent %q", got)
	}
	pressed := heard[0].payload.(*github.CheckRunEvent)
	if pressed.GetSender().GetLogin() != "ana" || pressed.RequestedAction.Identifier != "approve" || pressed.CheckRun.GetExternalID() != "mine" ||
		len(pressed.CheckRun.PullRequests) != 1 || pressed.CheckRun.PullRequests[0].GetNumber() != p.Number() {
		t.Errorf("requested_action says %+v", pressed)
	}
	if got, _ := repo.CheckRun(sha, "c"); got.Status != "completed" {
		t.Errorf("Re-run changed the run to %s", got.Status)
	}
	suites, _, err := app.Checks.ListCheckSuitesForRef(ctx, "acme", "shop", sha, nil)
	if err != nil || suites.CheckSuites[0].GetStatus() != "queued" {
		t.Errorf("after Re-run the suite is %v, %v", suites, err)
	}
}

func TestListingCheckRuns(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	for _, id := range []string{"first", "second"} {
		if _, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha, ExternalID: &id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := repo.ForeignCheck("golangci", 99, sha, "lint", "failure"); err != nil {
		t.Fatal(err)
	}
	list := func(o github.ListCheckRunsOptions) string {
		var ids []string
		for {
			o.PerPage = 1
			page, answer, err := app.Checks.ListCheckRunsForRef(ctx, "acme", "shop", sha, &o)
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range page.CheckRuns {
				ids = append(ids, run.GetApp().GetSlug()+"/"+run.GetExternalID())
			}
			if answer.NextPage == 0 {
				return strings.Join(ids, " ")
			}
			o.Page = answer.NextPage
		}
	}
	if got := list(github.ListCheckRunsOptions{}); got != "slipway/second golangci/" {
		t.Errorf("latest: %s", got)
	}
	all := github.ListCheckRunsOptions{Filter: github.String("all"), AppID: github.Int64(4711), CheckName: github.String("c")}
	if got := list(all); got != "slipway/second slipway/first" {
		t.Errorf("all of ours: %s", got)
	}
	if got := names(w.hooks()); !strings.HasSuffix(got, "check_run.created check_run.completed check_suite.completed") {
		t.Errorf("another App's check sends %q", got)
	}
	found, _, err := app.Apps.Get(ctx, "golangci")
	if err != nil || found.GetID() != 99 {
		t.Errorf("GET /apps/golangci: %v, %v", found, err)
	}
}

func TestAnnotationsAreAppended(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	batch := func(n int) *github.CheckRunOutput {
		o := &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("s")}
		for i := range n {
			o.Annotations = append(o.Annotations, &github.CheckRunAnnotation{
				Path: github.String("a.go"), StartLine: github.Int(i + 1), EndLine: github.Int(i + 1),
				AnnotationLevel: github.String("failure"), Message: github.String("no"),
			})
		}
		return o
	}
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: sha, Output: batch(50)})
	if err != nil {
		t.Fatal(err)
	}
	run, _, err = app.Checks.UpdateCheckRun(ctx, "acme", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "c", Output: batch(20)})
	if err != nil || run.GetOutput().GetAnnotationsCount() != 70 {
		t.Errorf("%d annotations, %v", run.GetOutput().GetAnnotationsCount(), err)
	}
	list, _, err := app.Checks.ListCheckRunAnnotations(ctx, "acme", "shop", run.GetID(), &github.ListOptions{PerPage: 100})
	if err != nil || len(list) != 70 {
		t.Errorf("%d annotations listed, %v", len(list), err)
	}
}

// GitHub's description does not list its own conclusion stale, so this goes without the contract.
func TestRunsGoStale(t *testing.T) {
	w, ctx := start(t, unruly), context.Background()
	repo, app := w.shop()
	run, _, err := app.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "c", HeadSHA: repo.Head("main")})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(15 * 24 * time.Hour)
	old := w.as("ana")
	run, _, err = old.Checks.GetCheckRun(ctx, "acme", "shop", run.GetID())
	if err != nil || run.GetConclusion() != "stale" {
		t.Errorf("after 15 days the run is %s, %v", run.GetConclusion(), err)
	}
}

func TestStatuses(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	for _, state := range []string{"pending", "success"} {
		if err := repo.SetStatus("ben", sha, "ci/old", state); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(w.hooks()); got != "status status" {
		t.Errorf("statuses send %q", got)
	}
	combined, _, err := app.Repositories.GetCombinedStatus(ctx, "acme", "shop", "main", nil)
	if err != nil || combined.GetState() != "success" || combined.GetTotalCount() != 1 {
		t.Errorf("combined: %v, %v", combined, err)
	}
	all, _, err := app.Repositories.ListStatuses(ctx, "acme", "shop", sha, nil)
	if err != nil || len(all) != 2 {
		t.Errorf("%d statuses, %v", len(all), err)
	}
	_, _, err = app.Repositories.CreateStatus(ctx, "acme", "shop", sha, &github.RepoStatus{State: github.String("success")})
	wantStatus(t, "setting a status with statuses:read", err, http.StatusForbidden)
}
