package github

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

func TestNewRefuses(t *testing.T) {
	f := newFake(t)
	good := Options{BaseURL: f.http.URL, AppID: appID, PrivateKey: keyPEM(), Clock: f.clock}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no address":      func(o *Options) { o.BaseURL = "" },
		"no scheme":       func(o *Options) { o.BaseURL = "api.github.com" },
		"other scheme":    func(o *Options) { o.BaseURL = "ftp://api.github.com/" },
		"password in it":  func(o *Options) { o.BaseURL = "https://u:hunter2@api.github.com/" },
		"no App":          func(o *Options) { o.AppID = 0 },
		"no clock":        func(o *Options) { o.Clock = nil },
		"no key":          func(o *Options) { o.PrivateKey = nil },
		"something other": func(o *Options) { o.PrivateKey = []byte("-----BEGIN hunter2") },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRenamedRepositoryIsFollowed(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 301, "", "Location", f.http.URL+"/repositories/42/pulls/1")
	f.reply("GET /repositories/42/pulls/1", 200, `{"number": 1}`)
	f.reply("POST /repos/acme/shop/issues/1/comments", 307, "", "Location", f.http.URL+"/repositories/42/issues/1/comments")
	f.reply("POST /repositories/42/issues/1/comments", 201, `{"id": 5}`)
	c := f.client()
	pull, err := c.Pull(t.Context(), shop, 1)
	if err != nil || pull.Number != 1 {
		t.Errorf("%v, %v", pull, err)
	}
	id, err := c.EnsureComment(t.Context(), shop, app.Comment{Pull: 1, Marker: "m", Body: "hello"}, 0, false)
	if err != nil || id != 5 {
		t.Errorf("%d, %v", id, err)
	}
	if last := f.requests()[3]; !strings.Contains(last.body, "hello") {
		t.Errorf("the write lost its body: %+v", last)
	}
}

// A write that is redirected by 301 would be sent as a read, whose answer looks like success.
func TestRedirectedWriteIsNoRead(t *testing.T) {
	f := newFake(t)
	f.reply("POST /repos/acme/shop/issues/1/comments", 301, "", "Location", f.http.URL+"/elsewhere")
	f.reply("GET /elsewhere", 200, `{"id": 5}`)
	_, err := f.client().EnsureComment(t.Context(), shop, app.Comment{Pull: 1, Marker: "m"}, 0, false)
	wantKind(t, err, app.ErrConflict)
	if diff := cmp.Diff([]string{"POST /repos/acme/shop/issues/1/comments"}, f.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestTokenNeverLeavesTheServer(t *testing.T) {
	f := newFake(t)
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	f.reply("GET /repos/acme/shop/pulls/1", 301, "", "Location", other.URL+"/")
	_, err := f.client().Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrDenied)
	if reached {
		t.Error("the redirect to another server was followed")
	}
}

func TestRedirectsEnd(t *testing.T) {
	f := newFake(t)
	f.reply("GET /", 302, "", "Location", f.http.URL+"/again")
	_, err := f.client().Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrUnreachable)
}

func TestCloneURL(t *testing.T) {
	f := newFake(t)
	for base, want := range map[string]string{
		"https://api.github.com/":          "https://github.com/acme/shop.git",
		"https://api.octo.ghe.com":         "https://octo.ghe.com/acme/shop.git",
		"https://git.acme.example/api/v3/": "https://git.acme.example/acme/shop.git",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/acme/shop.git",
		"http://127.0.0.1:8080/api/v3":     "http://127.0.0.1:8080/acme/shop.git",
	} {
		c := f.client(func(o *Options) { o.BaseURL = base })
		if got := c.CloneURL(shop); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

func TestCallsAreCounted(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 200, `{"number": 1}`)
	f.reply("POST /repos/acme/shop/issues/comments/9/reactions", 201, `{}`)
	f.reply("PATCH /repos/acme/shop/check-runs/5", 500, `{}`)
	c := f.client()
	c.Pull(t.Context(), shop, 1)
	c.React(t.Context(), shop, app.DoorComment, 9, "eyes")
	c.EnsureCheckRun(t.Context(), shop, app.CheckRun{Name: "test", Commit: sha, External: "e", Status: "queued"}, 5, false)
	want := []Call{
		{Method: "POST", Route: "app/installations/{n}/access_tokens", Status: 201, Kind: CallToken},
		{Method: "GET", Route: "repos/{owner}/{repo}/pulls/{n}", Status: 200, Kind: CallRead},
		{Method: "POST", Route: "repos/{owner}/{repo}/issues/comments/{n}/reactions", Status: 201, Kind: CallWrite},
		{Method: "PATCH", Route: "repos/{owner}/{repo}/check-runs/{n}", Status: 500, Kind: CallCheckRun},
	}
	if diff := cmp.Diff(want, f.calls); diff != "" {
		t.Error(diff)
	}
}

func TestRoutesHoldNoName(t *testing.T) {
	for path, want := range map[string]string{
		"app":                            "app",
		"app/hook/deliveries":            "app/hook/deliveries",
		"app/hook/deliveries/9/attempts": "app/hook/deliveries/{n}/attempts",
		"app/installations":              "app/installations",
		"apps/golangci":                  "apps/{slug}",
		"installation/repositories":      "installation/repositories",
		"repositories/42":                "repositories/{n}",
		"repos/acme/123/installation":    "repos/{owner}/{repo}/installation",
		"repos/commits/commits/commits/" + string(sha):        "repos/{owner}/{repo}/commits/{sha}",
		"repos/a/b/commits/" + string(sha) + "/check-runs":    "repos/{owner}/{repo}/commits/{sha}/check-runs",
		"repos/a/b/commits/" + string(sha) + "/pulls":         "repos/{owner}/{repo}/commits/{sha}/pulls",
		"repos/a/b/compare/x...y":                             "repos/{owner}/{repo}/compare/{range}",
		"repos/a/b/collaborators":                             "repos/{owner}/{repo}/collaborators",
		"repos/a/b/collaborators/ana/permission":              "repos/{owner}/{repo}/collaborators/{login}/permission",
		"repos/a/b/activity":                                  "repos/{owner}/{repo}/activity",
		"repos/a/b/environments/payments%2Fproduction":        "repos/{owner}/{repo}/environments/{environment}",
		"repos/a/environments/environments/workflows":         "repos/{owner}/{repo}/environments/{environment}",
		"repos/a/b/actions/workflows/deploy.yml/dispatches":   "repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches",
		"repos/a/b/actions/workflows/deploy.yml/runs":         "repos/{owner}/{repo}/actions/workflows/{workflow}/runs",
		"repos/a/b/actions/runs/8":                            "repos/{owner}/{repo}/actions/runs/{n}",
		"repos/a/b/actions/runs/8/cancel":                     "repos/{owner}/{repo}/actions/runs/{n}/cancel",
		"repos/a/b/actions/runs/8/approvals":                  "repos/{owner}/{repo}/actions/runs/{n}/approvals",
		"repos/a/b/actions/runs/8/pending_deployments":        "repos/{owner}/{repo}/actions/runs/{n}/pending_deployments",
		"repos/a/b/actions/runs/8/deployment_protection_rule": "repos/{owner}/{repo}/actions/runs/{n}/deployment_protection_rule",
		"repos/a/b/deployments/8/statuses":                    "repos/{owner}/{repo}/deployments/{n}/statuses",
		"repos/a/b/issues/8/comments":                         "repos/{owner}/{repo}/issues/{n}/comments",
		"repos/a/b/pulls/8/commits":                           "repos/{owner}/{repo}/pulls/{n}/commits",
		"repos/collaborators/apps/collaborators/x/permission": "repos/{owner}/{repo}/collaborators/{login}/permission",
	} {
		if got := routeOf(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
