package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

func set(value any, keys ...string) func(map[string]any) {
	last := len(keys) - 1
	return func(b map[string]any) { at(b, keys[:last]...)[keys[last]] = value }
}

func TestWorkflowRuns(t *testing.T) {
	body := example(t, "workflow_run", action("completed"))
	for _, u := range []understood{
		{"completed", same, "repo.workflow"},
		{"requested", set("requested", "action"), "repo.workflow"},
		{"in progress", set("in_progress", "action"), "repo.workflow"},
		{"without a workflow", set(nil, "workflow"), "repo.workflow"},
		{"a run with nothing but a number", set(map[string]any{"id": 7}, "workflow_run"), "repo.workflow"},
		{"unheard of", set("exploded", "action"), "ignored: slipway does nothing when a workflow run"},
		{"no action", set(nil, "action"), "error"},
		{"action of a wrong type", set(1, "action"), "error"},
		{"no run", set(nil, "workflow_run"), "error"},
		{"run of a wrong type", set("x", "workflow_run"), "error"},
		{"run without a number", set(nil, "workflow_run", "id"), "error"},
		{"run with a negative number", set(-1, "workflow_run", "id"), "error"},
		{"run's number as text", set("7", "workflow_run", "id"), "error"},
		{"run's number is broken", set(1.5, "workflow_run", "id"), "error"},
		{"no repository", set(nil, "repository"), "error"},
		{"a job's body", set(map[string]any{"id": 1}, "workflow_job"), "error"},
		{"a review's body", set("2026-03-02T09:00:00Z", "since"), "error"},
		{"a deployment's body", set(map[string]any{"id": 1}, "deployment"), "error"},
		{"no installation", set(nil, "installation"), "ignored: it does not come from an installation"},
	} {
		u.run(t, translator(), "workflow_run", body)
	}
}

func TestDeploymentReviews(t *testing.T) {
	body := example(t, "deployment_review", action("requested"))
	reviewed := func(a string) func(map[string]any) {
		return func(b map[string]any) { // environments are named by the jobs then
			b["action"], b["comment"], b["approver"], b["environment"] = a, "Go", b["requestor"], nil
			b["workflow_job_runs"], b["requestor"] = []any{b["workflow_job_run"]}, nil
		}
	}
	for _, u := range []understood{
		{"requested", same, "repo.workflow"},
		{"approved", reviewed("approved"), "repo.workflow"},
		{"rejected", reviewed("rejected"), "repo.workflow"},
		{"unheard of", set("withdrawn", "action"), "ignored: slipway does nothing when a deployment's review"},
		{"of no run", set(nil, "workflow_run"), "ignored: it does not say of which workflow run"},
		{"run without a number", set(nil, "workflow_run", "id"), "error"},
		{"run of a wrong type", set([]any{}, "workflow_run"), "error"},
		{"since nothing", set(nil, "since"), "error"},
		{"a pull request's review", set(map[string]any{"id": 1}, "review"), "error"},
		{"no repository", set(nil, "repository"), "error"},
	} {
		u.run(t, translator(), "deployment_review", body)
	}
}

func TestDeploymentStatuses(t *testing.T) {
	body := example(t, "deployment_status", anything)
	of := func(run any) func(map[string]any) { return set(run, "workflow_run") }
	for _, u := range []understood{
		{"of a workflow", of(map[string]any{"id": 7}), "repo.workflow"},
		{"of no workflow", of(nil), "ignored: no workflow has made the deployment"},
		{"unheard of", set("deleted", "action"), "ignored: slipway does nothing when a deployment's status"},
		{"run without a number", of(map[string]any{}), "error"},
		{"run of a wrong type", of("x"), "error"},
		{"no status", set(nil, "deployment_status"), "error"},
		{"no repository", set(nil, "repository"), "error"},
	} {
		u.run(t, translator(), "deployment_status", body)
	}
}

func TestWhichRunItWas(t *testing.T) {
	for name, run := range map[string]int64{"workflow_run": 289782451, "deployment_review": 5454011117} {
		body := change(t, example(t, name, anything), func(b map[string]any) { at(b, "workflow_run")["id"] = run })
		letters, ignored, err := translator().Translate(event(name, body))
		if err != nil || len(letters) != 1 {
			t.Fatalf("%s: %d letters, ignored %q, error %v", name, len(letters), ignored, err)
		}
		if m := letters[0].Message.(app.WorkflowRan); m.Run != run {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestProtections(t *testing.T) {
	body := example(t, "deployment_protection_rule", func(b map[string]any) bool { return b["environment"] == "production" })
	for _, u := range []understood{
		{"requested", same, "repo.protection"},
		{"with what may come", func(b map[string]any) { b["ref"], b["sha"] = "refs/heads/main", strings.Repeat("ab", 20) }, "repo.protection"},
		{"unheard of", set("withdrawn", "action"), "ignored: slipway does nothing when a deployment's protection"},
		{"no environment", set(nil, "environment"), "error"},
		{"empty environment", set("", "environment"), "error"},
		{"environment of a wrong type", set(1, "environment"), "error"},
		{"environment with the longest name", set(strings.Repeat("ä", 255), "environment"), "repo.protection"},
		{"environment with a longer name", set(strings.Repeat("ä", 256), "environment"), "error"},
		{"no deployment", set(nil, "deployment"), "error"},
		{"deployment of a wrong type", set("x", "deployment"), "error"},
		{"deployment without a number", set(nil, "deployment", "id"), "error"},
		{"deployment with a negative number", set(-1, "deployment", "id"), "error"},
		{"no commit", set(nil, "deployment", "sha"), "error"},
		{"zero commit", set(strings.Repeat("0", 40), "deployment", "sha"), "error"},
		{"short commit", set("f95f852bd8fc", "deployment", "sha"), "error"},
		{"no callback", set(nil, "deployment_callback_url"), "error"},
		{"callback of a wrong type", set(7, "deployment_callback_url"), "error"},
		{"no repository", set(nil, "repository"), "error"},
		{"a deployment status's body", set(map[string]any{"id": 1}, "deployment_status"), "error"},
		{"no installation", set(nil, "installation"), "ignored: it does not come from an installation"},
	} {
		u.run(t, translator(), "deployment_protection_rule", body)
	}
}

func TestProtectionIsRead(t *testing.T) {
	body := example(t, "deployment_protection_rule", func(b map[string]any) bool { return b["environment"] != "production" })
	letters, ignored, err := translator().Translate(event("deployment_protection_rule", body))
	if err != nil || len(letters) != 1 {
		t.Fatalf("%d letters, ignored %q, error %v", len(letters), ignored, err)
	}
	want := app.ProtectionAsked{
		Repo: letters[0].Message.(app.ProtectionAsked).Repo, Run: 289782452, Environment: "payments/production",
		Commit: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", Deployment: 145988748,
	}
	if diff := cmp.Diff(want, letters[0].Message); diff != "" {
		t.Error(diff)
	}
}

// TestCallbacks: an address is only read, and only if it is one of the repository's own.
func TestCallbacks(t *testing.T) {
	body := example(t, "deployment_protection_rule", anything)
	const own = "https://api.github.com/repos/Codertocat/Hello-World/actions/runs/"
	for callback, run := range map[string]int64{
		own + "5/deployment_protection_rule":                                                                          5,
		own + "9223372036854775807/deployment_protection_rule":                                                        1<<63 - 1,
		"https://github.example.com/api/v3/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":    5,
		"http://127.0.0.1:8080/repos/codertocat/hello-world/actions/runs/5/deployment_protection_rule":                5,
		"https://api.github.com/repos/Codertocat/Hello-World-2/actions/runs/5/deployment_protection_rule":             0,
		"https://api.github.com/repos/Codertocat/Hello/actions/runs/5/deployment_protection_rule":                     0,
		"https://api.github.com/repos/mallory/Hello-World/actions/runs/5/deployment_protection_rule":                  0,
		"https://api.github.com/x/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":             0,
		"https://api.github.com/repos/Codertocat/Hello-World/../../a/b/actions/runs/5/deployment_protection_rule":     0,
		"https://api.github.com/repos/Codertocat%2FHello-World/actions/runs/5/deployment_protection_rule":             0,
		"https://evil.example/?x=https://api.github.com/repos/Codertocat/Hello-World/actions/runs/5":                  0,
		"https://api.github.com?/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":              0,
		"https://api.github.com#/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":              0,
		"https://u:p@api.github.com/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":           0,
		"ftp://api.github.com/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":                 0,
		"/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule":                                     0,
		own + "0/deployment_protection_rule":                                                                          0,
		own + "-5/deployment_protection_rule":                                                                         0,
		own + "+5/deployment_protection_rule":                                                                         0,
		own + "%35/deployment_protection_rule":                                                                        0,
		own + "5x/deployment_protection_rule":                                                                         0,
		own + "9223372036854775808/deployment_protection_rule":                                                        0,
		own + "/deployment_protection_rule":                                                                           0,
		own + "5/6/deployment_protection_rule":                                                                        0,
		own + "5/deployment_protection_rule/":                                                                         0,
		own + "5/cancel":                                                                                              0,
		own + "5/deployment_protection_rule?x=1":                                                                      0,
		"":                                                                                                            0,
		"::":                                                                                                          0,
		"https://api.github.com/" + strings.Repeat("x", 100_000):                                                      0,
		"https://api.github.com/repos/Codertocat/Hello-World/actions/runs/\x00/deployment_protection_rule":            0,
		"https://api.github.com/repos/Codertocat/Hello-World/actions/runsdeployment_protection_rule":                  0,
		"https://api.github.com/repos/Codertocat/Hello-World/deployment_protection_rule":                              0,
		"https://api.github.com/api/v3/api/v3/repos/Codertocat/Hello-World/actions/runs/5/deployment_protection_rule": 0,
	} {
		letters, _, err := translator().Translate(event("deployment_protection_rule", change(t, body, set(callback, "deployment_callback_url"))))
		sound(t, letters)
		if run == 0 && err == nil || err != nil && len(err.Error()) > 500 {
			t.Errorf("%.200q: %+v, error %.600v", callback, letters, err)
		}
		if run != 0 && (err != nil || letters[0].Message.(app.ProtectionAsked).Run != run) {
			t.Errorf("%.200q: %+v, error %v", callback, letters, err)
		}
	}
}
