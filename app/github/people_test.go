package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

const zeros = "0000000000000000000000000000000000000000"

func TestPull(t *testing.T) {
	f := newFake(t)
	body := func(state string, merged string) string {
		return `{"number": 3, "title": "Sell", "state": "` + state + `", "draft": true, "locked": true, "merge_commit_sha": "` + string(sha) + `",
			"user": {"id": 4, "login": "ana", "type": "User"}, "updated_at": "2026-03-02T09:00:00Z", ` + merged + `
			"head": {"sha": "` + string(sha) + `", "ref": "feature", "repo": {"id": 43}}, "base": {"ref": "main"}}`
	}
	f.replies("GET /repos/acme/shop/pulls/3", says(200, body("open", `"merged": false, "merged_at": null,`)), says(200, body("closed", `"merged": true,`)))
	f.reply("GET /repos/acme/shop/commits/"+string(sha)+"/pulls", 200, "["+body("closed", `"merged_at": "2026-03-02T09:00:00Z",`)+"]")
	c := f.client()
	want := Pull{
		Number: 3, Title: "Sell", State: "open", Draft: true, Locked: true, Author: app.Person{ID: 4, Login: "ana"}, UpdatedAt: start,
		Head: sha, HeadRef: "feature", HeadRepo: 43, Base: "main",
	}
	got, err := c.Pull(t.Context(), shop, 3)
	noError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("an open one's merge commit is a test merge:", diff)
	}
	want.State, want.Merged, want.MergeCommit = "closed", true, sha
	got, err = c.Pull(t.Context(), shop, 3)
	noError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	want.MergedAt = start
	list, err := c.PullsOfCommit(t.Context(), shop, sha)
	noError(t, err)
	if diff := cmp.Diff([]Pull{want}, list); diff != "" {
		t.Error(diff)
	}
}

func TestForkThatIsGone(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/3", 200, `{"number": 3, "user": null, "head": {"sha": "`+string(sha)+`", "repo": null}}`)
	got, err := f.client().Pull(t.Context(), shop, 3)
	if err != nil || got.HeadRepo != 0 || got.HeadRepo == shop.ID || got.Author != (app.Person{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// commitOf is a commit as GitHub lists it; login "" is an address that belongs to nobody.
func commitOf(n int, author, authorMail, committer, committerMail, message string) string {
	user := func(login string) string {
		if login == "" {
			return "null"
		}
		return fmt.Sprintf(`{"id": %d, "login": %q, "type": "User"}`, strings.ToLower(login)[0], login)
	}
	return fmt.Sprintf(`{"sha": "%040d", "parents": [{"sha": "%040d"}], "author": %s, "committer": %s,
		"commit": {"message": %q, "author": {"email": %q}, "committer": {"email": %q}}}`, n, n-1, user(author), user(committer), message, authorMail, committerMail)
}

func TestPullPeople(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/3", 200, `{"number": 3, "commits": 4, "user": {"id": 4, "login": "opal", "type": "User"}}`)
	f.reply("GET /repos/acme/shop/pulls/3/commits", 200, "["+strings.Join([]string{
		commitOf(1, "ana", "ana@a.example", "ben", "ben@a.example", "one"),
		commitOf(2, "", "Who@A.example", "web-flow", "noreply@github.com", "two\n\nCo-authored-by: Cy <7+cy@users.noreply.github.com>\nco-authored-by: D <d@a.example>"),
		commitOf(3, "", "9+Eve@users.noreply.github.com", "", "fay@users.noreply.github.com", "three\n\nSigned-off-by: Z <z@a.example>"),
		commitOf(4, "Ana", "ana@a.example", "", "who@a.example", "four Co-authored-by: no <no@a.example>"),
	}, ",")+"]")
	got, err := f.client().PullPeople(t.Context(), shop, 3)
	noError(t, err)
	parent := func(n int) []app.SHA { return []app.SHA{app.SHA(fmt.Sprintf("%040d", n))} }
	name := func(n int) app.SHA { return app.SHA(fmt.Sprintf("%040d", n)) }
	want := PullPeople{Opener: app.Person{ID: 4, Login: "opal"}, Complete: true, Commits: []PullCommit{
		{SHA: name(1), Parents: parent(0), Authors: []app.Person{{ID: 'a', Login: "ana"}}, Committer: app.Person{ID: 'b', Login: "ben"}},
		{SHA: name(2), Parents: parent(1), Authors: []app.Person{{ID: 7, Login: "cy"}}, Emails: []string{"who@a.example", "d@a.example"}},
		{SHA: name(3), Parents: parent(2), Authors: []app.Person{{ID: 9, Login: "eve"}}, Committer: app.Person{Login: "fay"}},
		{SHA: name(4), Parents: parent(3), Authors: []app.Person{{ID: 'a', Login: "Ana"}}, Emails: []string{"who@a.example"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	people, emails := got.Wrote()
	var logins []string
	for _, p := range people {
		logins = append(logins, p.Login)
	}
	if diff := cmp.Diff([]string{"opal", "ana", "ben", "cy", "eve", "fay"}, logins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"d@a.example", "who@a.example"}, emails); diff != "" {
		t.Error(diff)
	}
}

// GitHub lists 250 commits of a pull request and does not say that there are more.
func TestManyCommitsAreAllRead(t *testing.T) {
	for total, complete := range map[int]bool{260: true, 400: false} {
		f := newFake(t)
		f.reply("GET /repos/acme/shop/pulls/3", 200, fmt.Sprintf(`{"number": 3, "commits": %d, "base": {"sha": "b"}, "head": {"sha": "h"}}`, total))
		f.replies("GET /repos/acme/shop/compare/b...h", func(w http.ResponseWriter, r *http.Request) {
			var page int
			fmt.Sscan(r.URL.Query().Get("page"), &page)
			if page < 3 {
				w.Header().Set("Link", fmt.Sprintf(`<%s/x?page=%d>; rel="next"`, f.http.URL, page+1))
			}
			var commits []string
			for n := page * 100; n < min(page*100+100, 360); n++ {
				commits = append(commits, commitOf(n, "ana", "", "ana", "", ""))
			}
			fmt.Fprintf(w, `{"commits": [%s]}`, strings.Join(commits, ","))
		})
		got, err := f.client().PullPeople(t.Context(), shop, 3)
		if err != nil || len(got.Commits) != 260 || got.Complete != complete {
			t.Errorf("%d commits of %d, complete: %v, %v", len(got.Commits), total, got.Complete, err)
		}
	}
}

func TestPushers(t *testing.T) {
	f := newFake(t)
	push := func(kind, login string) string {
		return fmt.Sprintf(`{"before": %q, "after": %q, "activity_type": %q, "timestamp": "2026-03-02T09:00:00Z", "actor": {"id": %d, "login": %q}}`, zeros, sha, kind, len(login), login)
	}
	f.replies("GET /repos/acme/shop/activity", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "x" {
			fmt.Fprintf(w, `[%s, {"activity_type": "push", "actor": null}]`, push("branch_creation", "ana"))
			return
		}
		w.Header().Set("Link", `<`+f.http.URL+`/repos/acme/shop/activity?after=x>; rel="next"`)
		fmt.Fprintf(w, "[%s]", strings.Join([]string{push("pr_merge", "merger"), push("force_push", "eve"), push("push", "ana"), push("merge_queue_merge", "queue"), push("branch_deletion", "del")}, ","))
	})
	c := f.client()
	got, err := c.Pushers(t.Context(), shop, "feature/x")
	noError(t, err)
	if diff := cmp.Diff([]app.Person{{ID: 3, Login: "eve"}, {ID: 3, Login: "ana"}}, got); diff != "" {
		t.Error(diff)
	}
	if line := f.lines()[1]; line != "GET /repos/acme/shop/activity?after=x&per_page=100&ref=refs%2Fheads%2Ffeature%2Fx" {
		t.Error(line)
	}
	pushes, err := c.Pushes(t.Context(), shop, "refs/heads/feature/x")
	noError(t, err)
	if diff := cmp.Diff(Push{zeros, sha, "pr_merge", app.Person{ID: 6, Login: "merger"}, start}, pushes[0]); diff != "" || len(pushes) != 7 {
		t.Error(len(pushes), diff)
	}
}

func TestRole(t *testing.T) {
	user := `"user": {"id": 4, "login": "ana", "type": "User"}`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   Role
	}{
		"maintain, which the older word calls write": {says(200, `{"permission": "write", "role_name": "maintain", `+user+`}`),
			Role{"maintain", "write", app.Person{ID: 4, Login: "ana"}}},
		"of the organisation's own": {says(200, `{"permission": "write", "role_name": "release-manager", `+user+`}`),
			Role{"release-manager", "write", app.Person{ID: 4, Login: "ana"}}},
		"older server": {says(200, `{"permission": "write", `+user+`}`), Role{"write", "write", app.Person{ID: 4, Login: "ana"}}},
		"nobody":       {says(404, `{"message": "ana is not a user"}`), Role{Name: RoleNone, Legacy: RoleNone}},
	} {
		f := newFake(t)
		f.replies("GET /repos/acme/shop/collaborators/ana/permission", c.answer)
		got, err := f.client().Role(t.Context(), shop, "ana")
		noError(t, err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(name, diff)
		}
	}
	f := newFake(t)
	f.reply("GET /", 502, ``)
	got, err := f.client().Role(t.Context(), shop, "../../../orgs")
	wantKind(t, err, app.ErrUnreachable)
	if got != (Role{}) || f.lines()[0] != "GET /repos/acme/shop/collaborators/..%2F..%2F..%2Forgs/permission" {
		t.Errorf("%+v from %s", got, f.lines())
	}
	_, err = f.client().Role(t.Context(), shop, "")
	wantKind(t, err, app.ErrInvalid)
}

func TestCollaborators(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/collaborators", 200, `[
		{"id": 4, "login": "ana", "type": "User", "role_name": "maintain", "permissions": {"admin": false, "maintain": true, "push": true, "pull": true}},
		{"id": 5, "login": "bot", "type": "Bot", "permissions": {"admin": false, "push": true, "pull": true}},
		{"id": 7, "login": "dan", "type": "User", "role_name": "triage", "permissions": {"admin": false, "triage": true, "push": false, "pull": true}},
		{"id": 6, "login": "cy", "type": "User", "permissions": {"admin": true, "push": true, "pull": true}}]`)
	got, err := f.client().Collaborators(t.Context(), shop)
	noError(t, err)
	want := []Role{
		{"maintain", "write", app.Person{ID: 4, Login: "ana"}}, {"write", "write", app.Person{ID: 5, Login: "bot", Bot: true}}, {"admin", "admin", app.Person{ID: 6, Login: "cy"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if line := f.lines()[0]; line != "GET /repos/acme/shop/collaborators?affiliation=all&page=1&per_page=100&permission=push" {
		t.Error(line)
	}
	if legacyOf(map[string]bool{"pull": true}) != "read" || legacyOf(nil) != RoleNone {
		t.Error("flags")
	}
}

func TestAppInfoAndWhatIsMissing(t *testing.T) {
	f := newFake(t)
	f.reply("GET /app", 200, `{"id": 7, "slug": "slipway", "events": ["push", "pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment",
		"commit_comment", "check_run", "check_suite", "status", "merge_group"],
		"permissions": {"metadata": "read", "checks": "write", "contents": "write", "pull_requests": "write", "issues": "read", "deployments": "write",
		"actions": "read", "merge_queues": "read", "statuses": "read"}}`)
	info, err := f.client().App(t.Context())
	noError(t, err)
	if missing := Missing(info); len(missing) > 0 {
		t.Error(missing)
	}
	info.Permissions["checks"] = "read"
	delete(info.Permissions, "deployments")
	info.Events = info.Events[1:]
	want := []string{
		"The GitHub App has the permission Checks: read, and needs write (to show checks).",
		"The GitHub App lacks the permission Deployments: write (to show deployments).",
		"The GitHub App is not subscribed to the event push.",
	}
	if diff := cmp.Diff(want, Missing(info)); diff != "" {
		t.Error(diff)
	}
	if len(Missing(AppInfo{})) != 19 {
		t.Error(Missing(AppInfo{}))
	}
}

// What only some need is told apart, and says so.
func TestWhatIsMissingForActions(t *testing.T) {
	info := AppInfo{Permissions: map[string]string{"actions": "read"}, Events: []string{"workflow_run"}}
	want := []string{
		"The GitHub App has the permission Actions: read, and needs write (to start and cancel workflows; needed only for deployments by GitHub Actions).",
		"The GitHub App is not subscribed to the event deployment_review (needed only for deployments by GitHub Actions).",
		"The GitHub App is not subscribed to the event deployment_protection_rule (needed only for deployments by GitHub Actions).",
		"The GitHub App is not subscribed to the event deployment_status (needed only for deployments by GitHub Actions).",
	}
	if diff := cmp.Diff(want, MissingForActions(info)); diff != "" {
		t.Error(diff)
	}
	info.Permissions["actions"], info.Events = "write", []string{"workflow_run", "deployment_review", "deployment_protection_rule", "deployment_status"}
	if missing := MissingForActions(info); len(missing) > 0 {
		t.Error(missing)
	}
	teams := []string{"The GitHub App lacks the permission Members: read (to know who is in teams; needed only where a file names teams)."}
	if diff := cmp.Diff(teams, MissingForTeams(info)); diff != "" {
		t.Error(diff)
	}
	info.Permissions["members"] = "read"
	if missing := MissingForTeams(info); len(missing) > 0 {
		t.Error(missing)
	}
	if len(MissingForActions(AppInfo{})) != 5 {
		t.Error(MissingForActions(AppInfo{}))
	}
}

func TestInstallationsAndRepositories(t *testing.T) {
	f := newFake(t)
	f.reply("GET /app/installations", 200, `[{"id": 11, "account": {"id": 1, "login": "acme", "type": "Organization"}, "target_type": "Organization"},
		{"id": 12, "account": {"id": 2, "login": "ana", "type": "User"}, "target_type": "User", "suspended_at": "2026-03-02T09:00:00Z"}]`)
	repo := `{"id": 42, "name": "shop", "private": true, "default_branch": "main", "owner": {"login": "acme", "type": "Organization"}}`
	f.reply("GET /installation/repositories", 200, `{"total_count": 1, "repositories": [`+repo+`]}`)
	f.reply("GET /repositories/42", 200, repo)
	f.reply("GET /repos/acme/shop/installation", 200, `{"id": 11}`)
	f.reply("GET /apps/golangci", 200, `{"id": 99, "slug": "golangci"}`)
	c := f.client()
	ins, err := c.Installations(t.Context())
	noError(t, err)
	if diff := cmp.Diff([]Installation{{11, app.Person{ID: 1, Login: "acme"}, false, false}, {12, app.Person{ID: 2, Login: "ana"}, true, true}}, ins); diff != "" {
		t.Error(diff)
	}
	want := app.Repo{ID: 42, Owner: "acme", Name: "shop", DefaultBranch: "main", Installation: 11, Private: true}
	repos, err := c.Repositories(t.Context(), 11)
	noError(t, err)
	if diff := cmp.Diff([]app.Repo{want}, repos); diff != "" {
		t.Error(diff)
	}
	got, err := c.Repository(t.Context(), app.Repo{ID: 42, Owner: "old", Name: "name", Installation: 11})
	noError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if id, err := c.InstallationOf(t.Context(), shop); err != nil || id != 11 {
		t.Error(id, err)
	}
	if id, err := c.AppBySlug(t.Context(), shop, "golangci"); err != nil || id != 99 {
		t.Error(id, err)
	}
	_, err = c.AppBySlug(t.Context(), shop, "")
	wantKind(t, err, app.ErrInvalid)
}

func TestFailedDeliveries(t *testing.T) {
	f := newFake(t)
	delivery := func(id int, age time.Duration, code int) string {
		return fmt.Sprintf(`{"id": %d, "guid": "g%d", "event": "push", "action": null, "status_code": %d, "delivered_at": %q}`, id, id, code, start.Add(-age).Format(time.RFC3339))
	}
	f.replies("GET /app/hook/deliveries", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			w.Header().Set("Link", `<`+f.http.URL+`/app/hook/deliveries?cursor=v1_9>; rel="next"`)
			fmt.Fprintf(w, "[%s,%s]", delivery(9, time.Minute, 503), delivery(8, 2*time.Minute, 200))
		case "v1_9":
			w.Header().Set("Link", `<`+f.http.URL+`/app/hook/deliveries?cursor=v1_7>; rel="next"`)
			fmt.Fprintf(w, "[%s,%s]", delivery(7, time.Hour, 0), delivery(6, 73*time.Hour, 500))
		default:
			t.Error("read on beyond what was asked for")
		}
	})
	f.reply("POST /app/hook/deliveries/9/attempts", 202, `{}`)
	f.reply("POST /app/hook/deliveries/1/attempts", 404, `{}`)
	c := f.client()
	got, err := c.FailedDeliveries(t.Context(), start.Add(-72*time.Hour))
	noError(t, err)
	want := []Delivery{{9, "g9", "push", "", start.Add(-time.Minute)}, {7, "g7", "push", "", start.Add(-time.Hour)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f.lines()[0] != "GET /app/hook/deliveries?per_page=100&status=failure" || f.tokens() != 0 {
		t.Error(f.lines())
	}
	noError(t, c.Redeliver(t.Context(), 9))
	wantKind(t, c.Redeliver(t.Context(), 1), app.ErrNotFound)
}

func TestTeamMembers(t *testing.T) {
	f := newFake(t)
	f.replies("GET /orgs/acme/teams/release/members", says(200, `[{"id": 4, "login": "ana", "type": "User"}, {"id": 5, "login": "ben"}]`),
		says(404, `{}`), says(403, `{"message": "Resource not accessible by integration"}`), says(502, ``), says(422, `{}`))
	c := f.client()
	got, err := c.TeamMembers(t.Context(), shop, "acme", "release")
	noError(t, err)
	if diff := cmp.Diff([]app.Person{{ID: 4, Login: "ana"}, {ID: 5, Login: "ben"}}, got); diff != "" {
		t.Error(diff)
	}
	for range 2 { // it is not there, or the App may not see it
		if got, err := c.TeamMembers(t.Context(), shop, "acme", "release"); err != nil || len(got) > 0 {
			t.Error(got, err)
		}
	}
	for _, kind := range []app.ErrorKind{app.ErrUnreachable, app.ErrInvalid} {
		_, err := c.TeamMembers(t.Context(), shop, "acme", "release")
		wantKind(t, err, kind)
	}
	_, err = c.TeamMembers(t.Context(), shop, "acme", "")
	wantKind(t, err, app.ErrInvalid)
}
