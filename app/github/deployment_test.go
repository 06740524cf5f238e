package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

const (
	deployments    = "/repos/acme/shop/deployments"
	deploymentLook = "GET " + deployments + "?environment=payments%2Fproduction&page=1&per_page=100&sha=" + string(sha) + "&task=deploy"
	deploymentPost = "POST " + deployments
)

func statusLine(id int) string { return fmt.Sprintf("POST %s/%d/statuses", deployments, id) }
func statusLook(id int) string {
	return fmt.Sprintf("GET %s/%d/statuses?per_page=100", deployments, id)
}
func statusLookRoute(id int) string { return fmt.Sprintf("GET %s/%d/statuses", deployments, id) }

func wantDeployment() app.Deployment {
	return app.Deployment{
		Commit: sha, Environment: "payments/production", Task: "deploy", Marker: "deploy/17", About: "9b1e to payments", Description: "Going out", Production: true,
		State: "success", LogURL: "https://slipway.example/log", EnvironmentURL: "https://pay.example", Inactivates: 4,
	}
}

func deployed(id int, creator string, payload any) string {
	via := map[string]any{"id": appID}
	if creator == "other" {
		creator, via = "Bot", map[string]any{"id": 99}
	}
	raw, _ := json.Marshal(map[string]any{
		"performed_via_github_app": via,
		"id":                       id, "sha": sha, "task": "deploy", "environment": "payments/production", "payload": payload, "creator": map[string]any{"type": creator},
	})
	return string(raw)
}

func TestEnsureDeploymentLooksFirst(t *testing.T) {
	ours := map[string]any{"slipway": "deploy/17"}
	list := func(d ...string) http.HandlerFunc { return says(200, "["+strings.Join(d, ",")+"]") }
	is := `[{"id": 2, "state": "success", "description": "Going out", "log_url": "https://slipway.example/log", "environment_url": "https://pay.example"},
		{"id": 1, "state": "in_progress"}]`
	made, ok := says(201, `{"id": 9}`), says(201, `{"id": 1}`)
	for name, c := range map[string]struct {
		known                 int64
		retry                 bool
		list, post            http.HandlerFunc
		states, statuses, old http.HandlerFunc
		oldStates             http.HandlerFunc
		id                    int64
		kind                  app.ErrorKind
		sent                  []string
	}{
		"first":                    {post: made, statuses: ok, old: ok, id: 9, sent: []string{deploymentPost, statusLine(9), statusLine(4)}},
		"known":                    {known: 9, statuses: ok, old: ok, id: 9, sent: []string{statusLine(9), statusLine(4)}},
		"known, gone":              {known: 9, statuses: says(404, `{}`), id: 9, kind: app.ErrNotFound, sent: []string{statusLine(9)}},
		"replaced one is gone":     {known: 9, statuses: ok, old: says(404, `{}`), id: 9, sent: []string{statusLine(9), statusLine(4)}},
		"replaced one unreachable": {known: 9, statuses: ok, old: says(502, ``), id: 9, kind: app.ErrUnreachable, sent: []string{statusLine(9), statusLine(4)}},
		"conflict":                 {post: says(409, `{"message": "Conflict merging main into topic"}`), kind: app.ErrConflict, sent: []string{deploymentPost}},
		"merged":                   {post: says(202, `{"message": "Auto-merged main into topic"}`), kind: app.ErrOther + 100, sent: []string{deploymentPost}},
		"status lost":              {post: made, statuses: says(502, ``), id: 9, kind: app.ErrUnreachable, sent: []string{deploymentPost, statusLine(9)}},
		"retry, not done": {retry: true, list: list(), post: made, states: says(200, `[]`), statuses: ok, oldStates: says(200, `[]`), old: ok, id: 9,
			sent: []string{deploymentLook, deploymentPost, statusLook(9), statusLine(9), statusLook(4), statusLine(4)}},
		"retry, done": {retry: true, list: list(deployed(9, "Bot", ours)), states: says(200, is), oldStates: says(200, `[{"id": 7, "state": "inactive"}]`), id: 9,
			sent: []string{deploymentLook, statusLook(9), statusLook(4)}},
		"retry, payload as text": {retry: true, list: list(deployed(9, "Bot", `{"slipway": "deploy/17"}`)), states: says(200, is),
			oldStates: says(200, `[{"id": 7, "state": "inactive"}]`), id: 9, sent: []string{deploymentLook, statusLook(9), statusLook(4)}},
		"retry, others only": {retry: true, post: made, states: says(200, is), oldStates: says(200, `[{"id": 7, "state": "inactive"}]`), id: 9,
			list: list(deployed(4, "other", ours), deployed(5, "User", ours), deployed(6, "Bot", map[string]any{"slipway": "deploy/16"}), deployed(7, "Bot", ""), deployed(8, "Bot", 3)),
			sent: []string{deploymentLook, deploymentPost, statusLook(9), statusLook(4)}},
		"retry, known, status not done": {known: 9, retry: true, states: says(200, `[{"id": 1, "state": "in_progress"}]`), statuses: ok,
			oldStates: says(200, `[{"id": 7, "state": "success"}]`), old: ok, id: 9, sent: []string{statusLook(9), statusLine(9), statusLook(4), statusLine(4)}},
		"retry, unreachable": {retry: true, list: says(502, ``), kind: app.ErrUnreachable, sent: []string{deploymentLook}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			for route, h := range map[string]http.HandlerFunc{
				"GET " + deployments: c.list, deploymentPost: c.post, statusLine(9): c.statuses, statusLookRoute(9): c.states,
				statusLine(4): c.old, statusLookRoute(4): c.oldStates,
			} {
				if h != nil {
					f.replies(route, h)
				}
			}
			id, err := f.client().EnsureDeployment(t.Context(), shop, wantDeployment(), c.known, c.retry)
			switch {
			case c.kind == app.ErrOther+100:
				if err == nil {
					t.Error("a merge that nobody asked for is no success")
				}
			case c.kind != app.ErrOther:
				wantKind(t, err, c.kind)
			case err != nil:
				t.Error(err)
			}
			if id != c.id {
				t.Errorf("number %d, want %d", id, c.id)
			}
			if diff := cmp.Diff(c.sent, f.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// GitHub's defaults merge the default branch into what is deployed, and wait for every check.
func TestDeploymentNeverTakesTheDefaults(t *testing.T) {
	f := newFake(t)
	f.reply(deploymentPost, 201, `{"id": 9}`)
	f.reply(statusLine(9), 201, `{"id": 1}`)
	f.reply(statusLine(4), 201, `{"id": 1}`)
	want := wantDeployment()
	want.About, want.Description = strings.Repeat("ö", 200), strings.Repeat("é", 200)
	_, err := f.client().EnsureDeployment(t.Context(), shop, want, 0, false)
	noError(t, err)
	about, short := strings.Repeat("ö", 139)+"…", strings.Repeat("é", 139)+"…"
	for i, body := range []map[string]any{
		{
			"ref": string(sha), "task": "deploy", "auto_merge": false, "required_contexts": []any{}, "payload": map[string]any{"slipway": "deploy/17"},
			"environment": "payments/production", "description": about, "transient_environment": false, "production_environment": true,
		},
		{"state": "success", "log_url": "https://slipway.example/log", "environment_url": "https://pay.example", "description": short, "auto_inactive": false},
		{"state": "inactive", "auto_inactive": false},
	} {
		if diff := cmp.Diff(body, f.requests()[i].json(t)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOnlySuccessReplaces(t *testing.T) {
	for _, state := range []string{"queued", "in_progress", "failure", "error", "inactive"} {
		f := newFake(t)
		f.reply(statusLine(9), 201, `{"id": 1}`)
		want := wantDeployment()
		want.State, want.LogURL, want.EnvironmentURL = state, "", ""
		_, err := f.client().EnsureDeployment(t.Context(), shop, want, 9, false)
		noError(t, err)
		if diff := cmp.Diff([]string{statusLine(9)}, f.lines()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDeploymentsThatGitHubRefusesAreNotSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	for name, change := range map[string]func(*app.Deployment){
		"no environment": func(d *app.Deployment) { d.Environment = "" },
		"no task":        func(d *app.Deployment) { d.Task = "" },
		"no marker":      func(d *app.Deployment) { d.Marker = "" },
		"no state":       func(d *app.Deployment) { d.State = "" },
		"unknown state":  func(d *app.Deployment) { d.State = "live" },
	} {
		want := wantDeployment()
		change(&want)
		if _, err := c.EnsureDeployment(t.Context(), shop, want, 0, false); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}

// GitHub does not promise to say which App made a deployment or a comment.
func TestOursIsKnownByItsNameToo(t *testing.T) {
	f := newFake(t)
	f.reply("GET /app", 200, `{"id": 7, "slug": "slipway"}`)
	nameless := func(id int, login string) string {
		return fmt.Sprintf(`{"id": %d, "sha": %q, "task": "deploy", "payload": {"slipway": "deploy/17"}, "creator": {"login": %q, "type": "Bot"}}`, id, sha, login)
	}
	f.reply("GET "+deployments, 200, "["+nameless(8, "other[bot]")+","+nameless(9, "slipway[bot]")+"]")
	f.reply(statusLookRoute(9), 200, `[{"id": 1, "state": "queued"}]`)
	want := wantDeployment()
	want.State, want.Description, want.LogURL, want.EnvironmentURL = "queued", "", "", ""
	c := f.client()
	for range 2 {
		id, err := c.EnsureDeployment(t.Context(), shop, want, 0, true)
		if err != nil || id != 9 {
			t.Errorf("%d, %v", id, err)
		}
	}
	if diff := cmp.Diff([]string{deploymentLook, "GET /app", statusLook(9), deploymentLook, statusLook(9)}, f.lines()); diff != "" {
		t.Error(diff)
	}
}
