package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// events is every event that is handled.
func events() []string {
	return []string{"push", "pull_request", "issue_comment", "check_run", "check_suite", "merge_group", "installation",
		"installation_repositories", "repository"}
}

func everybody(string, string) (bool, string) { return true, "" }

// ours is the App of GitHub's examples whose button was pressed.
const ours = 25811

func translator() Translator { return Translator{AppID: ours, Allow: everybody} }

var received = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

func event(name string, body []byte) app.Event {
	return app.Event{ID: 1, Delivery: "d-1", Name: name, Body: body, Received: received}
}

// fromApp is an example as GitHub sends it to an App: most of its examples were sent to a repository's own webhook.
func fromApp(t testing.TB, body []byte) []byte {
	return change(t, body, func(b map[string]any) {
		if b["installation"] == nil {
			b["installation"] = map[string]any{"id": 7}
		}
	})
}

// change gives a body as f leaves it.
func change(t testing.TB, body []byte, f func(map[string]any)) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var b map[string]any
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	f(b)
	changed, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// at is a value inside a body, by its keys.
func at(b map[string]any, keys ...string) map[string]any {
	for _, k := range keys {
		b = b[k].(map[string]any)
	}
	return b
}

// example is GitHub's first example of an event for which f is true.
func example(t testing.TB, name string, f func(map[string]any) bool) []byte {
	t.Helper()
	for _, body := range contract.New(t).Examples(name) {
		var b map[string]any
		if err := json.Unmarshal(body, &b); err != nil {
			t.Fatal(err)
		}
		if f(b) {
			return fromApp(t, body)
		}
	}
	t.Fatalf("no such example of %s", name)
	return nil
}

func action(a string) func(map[string]any) bool {
	return func(b map[string]any) bool { return b["action"] == a }
}

func any1(map[string]any) bool { return true }

// sound fails on a letter that a machine could not use.
func sound(t testing.TB, letters []app.Letter) {
	t.Helper()
	for _, l := range letters {
		var repo app.Repo
		var commits []app.SHA
		whole := true
		switch m := l.Message.(type) {
		case app.Pushed:
			repo = m.Repo
			if m.After != "" {
				commits = []app.SHA{m.After}
			}
			if m.Branch == "" {
				t.Errorf("a push without a branch: %+v", m)
			}
		case app.PullChanged:
			repo, commits = m.Repo, []app.SHA{m.Pull.Head, m.Pull.BaseSHA}
			if m.Pull.Merged {
				commits = append(commits, m.Pull.MergeCommit)
			}
			if m.Pull.Merged == (m.Pull.MergeCommit == "") || m.Pull.Number <= 0 || m.Pull.UpdatedAt.IsZero() {
				t.Errorf("an impossible pull request: %+v", m)
			}
		case app.MergeQueued:
			repo, commits = m.Repo, []app.SHA{m.Head, m.Base}
		case app.Commented:
			repo = m.Repo
			if m.Comment <= 0 || m.Pull <= 0 || m.By.ID <= 0 || m.By.Login == "" || m.By.Bot || m.Written.IsZero() || m.Received.IsZero() {
				t.Errorf("an impossible comment: %+v", m)
			}
		case app.Pressed:
			repo, commits = m.Repo, []app.SHA{m.Commit}
			if m.By.ID <= 0 || m.By.Login == "" || m.By.Bot || m.Identifier == "" || m.Delivery == "" || m.Received.IsZero() {
				t.Errorf("an impossible button: %+v", m)
			}
		case app.Reported:
			repo, commits = m.Repo, []app.SHA{m.Commit}
			if m.App == "" || m.Check == "" {
				t.Errorf("an impossible report: %+v", m)
			}
		case app.Served:
			repo, whole = m.Repo, m.Repo.ID != 0
			if m.Installation <= 0 {
				t.Errorf("served by no installation: %+v", m)
			}
		default:
			t.Errorf("a repository does not know %T", m)
		}
		if l.To != app.RepositoryAddress(repo.ID) {
			t.Errorf("a letter about %d went to %v", repo.ID, l.To)
		}
		if whole && (repo.ID <= 0 || !isName(repo.Owner) || !isName(repo.Name) || repo.Installation <= 0) {
			t.Errorf("an impossible repository: %+v", repo)
		}
		for _, c := range commits {
			if _, err := app.ParseSHA(string(c)); err != nil || strings.Trim(string(c), "0") == "" {
				t.Errorf("%s: %q is no commit", l.Message.Name(), c)
			}
		}
	}
}

func TestExamplesAreUnderstood(t *testing.T) {
	examples := contract.New(t)
	told := map[string]int{}
	for _, name := range events() {
		all := examples.Examples(name)
		if len(all) == 0 {
			t.Errorf("GitHub gives no example of %s", name)
		}
		for i, body := range all {
			if _, _, err := translator().Translate(event(name, body)); err != nil {
				t.Errorf("%s, example %d as it is: %v", name, i, err)
			}
			letters, ignored, err := translator().Translate(event(name, fromApp(t, body)))
			if err != nil || (len(letters) == 0) == (ignored == "") {
				t.Errorf("%s, example %d: %d letters, ignored %q, error %v", name, i, len(letters), ignored, err)
			}
			sound(t, letters)
			for _, l := range letters {
				told[l.Message.Name()]++
			}
		}
	}
	want := []string{"repo.pull", "repo.pushed", "repo.queue", "repo.reported", "repo.served"}
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
		t.Errorf("the examples told %v, want %v", got, want)
	}
}

// TestBodyUnderAnotherName: a signature covers the body and not the event's name.
func TestBodyUnderAnotherName(t *testing.T) {
	examples := contract.New(t)
	others := append(events(), "commit_comment", "deployment", "deployment_review", "deployment_status", "ping", "pull_request_review",
		"status", "workflow_job", "workflow_run")
	for _, of := range others {
		for i, body := range examples.Examples(of) {
			body = fromApp(t, body)
			for _, as := range events() {
				if as == of {
					continue
				}
				letters, ignored, err := translator().Translate(event(as, body))
				if err == nil {
					t.Errorf("example %d of %s passes for %s: %d letters, ignored %q", i, of, as, len(letters), ignored)
				}
			}
		}
	}
}

func TestRepositoryIsDescribed(t *testing.T) {
	body := example(t, "push", func(b map[string]any) bool { return b["ref"] == "refs/heads/master" })
	body = change(t, body, func(b map[string]any) {
		b["deleted"], b["after"] = false, strings.Repeat("ab", 20)
		b["repository"].(map[string]any)["private"] = true
		b["repository"].(map[string]any)["custom_properties"] = map[string]any{"tiers": []string{"a", "b"}, "none": nil}
	})
	letters, _, err := translator().Translate(event("push", body))
	if err != nil {
		t.Fatal(err)
	}
	repo := app.Repo{ID: 186853002, Owner: "Codertocat", Name: "Hello-World", DefaultBranch: "master", Installation: letters[0].Message.(app.Pushed).Repo.Installation, Personal: true, Private: true}
	want := []app.Letter{{To: app.RepositoryAddress(186853002), Message: app.Pushed{
		Repo: repo, Branch: "master", After: app.SHA(strings.Repeat("ab", 20)), By: app.Person{ID: 21031067, Login: "Codertocat"},
	}}}
	if diff := cmp.Diff(want, letters); diff != "" {
		t.Error(diff)
	}
}

// understood is a row of tests that change one example.
type understood struct {
	name   string
	change func(map[string]any)
	want   string // what came of it: a message's name, "ignored: …" or "error: …"
}

func verdict(letters []app.Letter, ignored string, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case ignored != "":
		return "ignored: " + ignored
	}
	var names []string
	for _, l := range letters {
		names = append(names, l.Message.Name())
	}
	return strings.Join(names, " ")
}

func (u understood) run(t *testing.T, tr Translator, name string, body []byte) {
	t.Run(u.name, func(t *testing.T) {
		letters, ignored, err := tr.Translate(event(name, change(t, body, u.change)))
		sound(t, letters)
		if got := verdict(letters, ignored, err); !strings.Contains(got, u.want) {
			t.Errorf("got %q, want %q", got, u.want)
		}
	})
}

func same(map[string]any) {}

func TestPushes(t *testing.T) {
	body := change(t, example(t, "push", func(b map[string]any) bool { return b["ref"] == "refs/heads/master" }), func(b map[string]any) {
		b["deleted"], b["after"] = false, strings.Repeat("ab", 20)
	})
	set := func(key string, v any) func(map[string]any) { return func(b map[string]any) { b[key] = v } }
	repo := func(key string, v any) func(map[string]any) {
		return func(b map[string]any) { at(b, "repository")[key] = v }
	}
	for _, u := range []understood{
		{"branch", same, "repo.pushed"},
		{"branch with slashes", set("ref", "refs/heads/fix/it"), "repo.pushed"},
		{"tag", set("ref", "refs/tags/v1"), "ignored: only branches"},
		{"no ref", set("ref", "master"), "error"},
		{"empty branch", set("ref", "refs/heads/"), "error"},
		{"zero commit", set("after", strings.Repeat("0", 40)), "error"},
		{"short commit", set("after", "abcdef0"), "error"},
		{"no commit", set("after", nil), "error"},
		{"commit of a wrong type", set("after", 12), "error"},
		{"no repository", set("repository", nil), "error"},
		{"repository of a wrong type", set("repository", "x"), "error"},
		{"repository without a number", repo("id", nil), "error"},
		{"repository with a negative number", repo("id", -1), "error"},
		{"repository's number as text", repo("id", "12"), "error"},
		{"repository without a name", repo("name", ""), "error"},
		{"repository whose name leaves its folder", repo("name", ".."), "error"},
		{"repository with a path for a name", repo("name", "../../etc"), "error"},
		{"no owner", repo("owner", nil), "error"},
		{"owner of a wrong type", repo("owner", "x"), "error"},
		{"no default branch", func(b map[string]any) {
			at(b, "repository")["default_branch"], at(b, "repository")["master_branch"] = nil, nil
		}, "error"},
		{"no installation", set("installation", nil), "ignored: it does not come from an installation"},
	} {
		u.run(t, translator(), "push", body)
	}
}

func TestDeletedBranchHasNoCommit(t *testing.T) {
	body := change(t, example(t, "push", any1), func(b map[string]any) {
		b["ref"], b["deleted"], b["after"] = "refs/heads/old", true, strings.Repeat("0", 40)
	})
	letters, _, err := translator().Translate(event("push", body))
	if err != nil || len(letters) != 1 || letters[0].Message.(app.Pushed).After != "" {
		t.Errorf("letters %+v, error %v", letters, err)
	}
}

func TestOldPushNamesItsOwnerOtherwise(t *testing.T) {
	body := change(t, example(t, "push", func(b map[string]any) bool { return b["ref"] == "refs/heads/master" }), func(b map[string]any) {
		b["deleted"], b["after"] = false, strings.Repeat("ab", 20)
		owner := at(b, "repository", "owner")
		owner["name"] = "acme"
		delete(owner, "login")
		delete(at(b, "repository"), "default_branch")
		at(b, "repository")["master_branch"] = "trunk"
	})
	letters, _, err := translator().Translate(event("push", body))
	if err != nil {
		t.Fatal(err)
	}
	if repo := letters[0].Message.(app.Pushed).Repo; repo.Owner != "acme" || repo.DefaultBranch != "trunk" {
		t.Errorf("got %+v", repo)
	}
}

func TestPullRequests(t *testing.T) {
	opened := example(t, "pull_request", action("opened"))
	pull := func(key string, v any) func(map[string]any) {
		return func(b map[string]any) { at(b, "pull_request")[key] = v }
	}
	do := func(a string, changes any) func(map[string]any) {
		return func(b map[string]any) { b["action"], b["changes"] = a, changes }
	}
	from := map[string]any{"from": "x"}
	for _, u := range []understood{
		{"opened", same, "repo.pull"},
		{"synchronize", do("synchronize", nil), "repo.pull"},
		{"title edited", do("edited", map[string]any{"title": from}), "repo.pull"},
		{"base edited", do("edited", map[string]any{"base": map[string]any{"ref": from, "sha": from}}), "repo.pull"},
		{"description edited", do("edited", map[string]any{"body": from}), "ignored"},
		{"edited without changes", do("edited", nil), "ignored"},
		{"labeled", do("labeled", nil), "ignored"},
		{"unheard of", do("exploded", nil), "ignored"},
		{"no action", do("", nil), "ignored"},
		{"action of a wrong type", func(b map[string]any) { b["action"] = 1 }, "error"},
		{"no head", pull("head", nil), "error"},
		{"head without a commit", func(b map[string]any) { at(b, "pull_request", "head")["sha"] = "" }, "error"},
		{"head in capitals", func(b map[string]any) { at(b, "pull_request", "head")["sha"] = strings.Repeat("AB", 20) }, "error"},
		{"base without a commit", func(b map[string]any) { at(b, "pull_request", "base")["sha"] = nil }, "error"},
		{"number zero", pull("number", 0), "error"},
		{"state unheard of", pull("state", "ajar"), "error"},
		{"open and merged", func(b map[string]any) {
			at(b, "pull_request")["merged"], at(b, "pull_request")["merge_commit_sha"] = true, strings.Repeat("ab", 20)
			at(b, "pull_request")["merged_at"] = "2026-01-02T03:04:05Z"
		}, "error"},
		{"merged without a merge commit", func(b map[string]any) {
			at(b, "pull_request")["state"], at(b, "pull_request")["merged"], at(b, "pull_request")["merge_commit_sha"] = "closed", true, nil
		}, "error"},
		{"no time of change", pull("updated_at", nil), "error"},
		{"a review's body", func(b map[string]any) { b["review"] = map[string]any{"id": 1} }, "error"},
	} {
		u.run(t, translator(), "pull_request", opened)
	}
}

func TestMergedPullRequest(t *testing.T) {
	body := change(t, example(t, "pull_request", action("closed")), func(b map[string]any) {
		p := at(b, "pull_request")
		p["merged"], p["merge_commit_sha"], p["merged_at"] = true, strings.Repeat("cd", 20), "2026-01-02T03:04:05+01:00"
		at(p, "head")["repo"] = nil // the fork was deleted
	})
	letters, _, err := translator().Translate(event("pull_request", body))
	if err != nil {
		t.Fatal(err)
	}
	p := letters[0].Message.(app.PullChanged).Pull
	if p.Open || !p.Merged || p.MergeCommit != app.SHA(strings.Repeat("cd", 20)) || !p.Fork || !p.MergedAt.Equal(time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)) {
		t.Errorf("got %+v", p)
	}
}

func TestOpenPullRequestHasNoMergeCommit(t *testing.T) {
	body := change(t, example(t, "pull_request", action("opened")), func(b map[string]any) {
		at(b, "pull_request")["merge_commit_sha"] = strings.Repeat("cd", 20) // a test merge
	})
	letters, _, err := translator().Translate(event("pull_request", body))
	if err != nil || letters[0].Message.(app.PullChanged).Pull.MergeCommit != "" {
		t.Errorf("got %+v, error %v", letters, err)
	}
}

func TestComments(t *testing.T) {
	body := change(t, example(t, "issue_comment", action("created")), func(b map[string]any) {
		at(b, "issue")["pull_request"] = map[string]any{"url": "https://api.github.com/repos/a/b/pulls/1"}
		b["sender"] = at(b, "comment", "user")
	})
	comment := func(key string, v any) func(map[string]any) {
		return func(b map[string]any) { at(b, "comment")[key] = v }
	}
	for _, u := range []understood{
		{"created", same, "repo.commented"},
		{"edited", func(b map[string]any) { b["action"] = "edited" }, "ignored: a comment counts as it was written"},
		{"deleted", func(b map[string]any) { b["action"] = "deleted" }, "ignored: a comment counts as it was written"},
		{"on an issue", func(b map[string]any) { delete(at(b, "issue"), "pull_request") }, "ignored: it is not on a pull request"},
		{"by a bot", func(b map[string]any) { at(b, "comment", "user")["type"] = "Bot" }, "ignored: it is by a bot"},
		{"sent by a bot", func(b map[string]any) { b["sender"] = map[string]any{"id": 5, "login": "x", "type": "Bot"} }, "ignored: it is by a bot"},
		{"sent by another", func(b map[string]any) { b["sender"] = map[string]any{"id": 5, "login": "x", "type": "User"} }, "error"},
		{"no author", comment("user", nil), "error"},
		{"no number", comment("id", nil), "error"},
		{"no time", comment("created_at", nil), "error"},
		{"a wrong time", comment("created_at", "yesterday"), "error"},
		{"as long as GitHub allows", comment("body", strings.Repeat("ä", 65536)), "repo.commented"},
		{"longer", comment("body", strings.Repeat("ä", 65537)), "error"},
		{"text of a wrong type", comment("body", 5), "error"},
	} {
		u.run(t, translator(), "issue_comment", body)
	}
	letters, _, err := translator().Translate(event("issue_comment", change(t, body, comment("body", "/approve"))))
	if err != nil {
		t.Fatal(err)
	}
	if m := letters[0].Message.(app.Commented); m.Body != "/approve" || !m.Received.Equal(received) || m.Written.Equal(received) {
		t.Errorf("got %+v", m)
	}
}

func TestCheckRuns(t *testing.T) {
	body := change(t, example(t, "check_run", action("requested_action")), func(b map[string]any) {
		at(b, "check_run")["external_id"] = "promotion/12"
		b["requested_action"] = map[string]any{"identifier": "approve"}
	})
	do := func(a string) func(map[string]any) { return func(b map[string]any) { b["action"] = a } }
	theirs := func(a string) func(map[string]any) {
		return func(b map[string]any) { b["action"], at(b, "check_run", "app")["id"] = a, 99 }
	}
	for _, u := range []understood{
		{"our button", same, "repo.pressed"},
		{"our re-run", do("rerequested"), "repo.pressed"},
		{"ours was created", do("created"), "ignored"},
		{"ours was completed", do("completed"), "ignored"},
		{"theirs was completed", theirs("completed"), "repo.reported"},
		{"theirs was created", theirs("created"), "repo.reported"},
		{"their button", theirs("requested_action"), "ignored"},
		{"a button without a name", func(b map[string]any) { delete(b, "requested_action") }, "error"},
		{"a button with an empty name", func(b map[string]any) { b["requested_action"] = map[string]any{} }, "error"},
		{"a button of a wrong type", func(b map[string]any) { b["requested_action"] = "approve" }, "error"},
		{"none of ours", func(b map[string]any) { at(b, "check_run")["external_id"] = "" }, "ignored"},
		{"theirs without a slug", func(b map[string]any) {
			b["action"], at(b, "check_run", "app")["id"], at(b, "check_run", "app")["slug"] = "completed", 99, ""
		}, "ignored"},
		{"no App", func(b map[string]any) { at(b, "check_run")["app"] = nil }, "error"},
		{"no commit", func(b map[string]any) { at(b, "check_run")["head_sha"] = "" }, "error"},
		{"nobody pressed it", func(b map[string]any) { b["sender"] = nil }, "error"},
		{"a bot pressed it", func(b map[string]any) { at(b, "sender")["type"] = "Bot" }, "ignored: a bot"},
	} {
		u.run(t, translator(), "check_run", body)
	}
	letters, _, _ := translator().Translate(event("check_run", body))
	m := letters[0].Message.(app.Pressed)
	if m.External != "promotion/12" || m.Identifier != "approve" || m.Delivery != "d-1" || !m.Received.Equal(received) {
		t.Errorf("got %+v", m)
	}
	letters, _, _ = translator().Translate(event("check_run", change(t, body, do("rerequested"))))
	if m := letters[0].Message.(app.Pressed); m.Identifier != "retry" {
		t.Errorf("got %+v", m)
	}
}

func TestCheckSuites(t *testing.T) {
	body := change(t, example(t, "check_suite", any1), func(b map[string]any) {
		b["action"], at(b, "check_suite", "app")["id"] = "rerequested", ours
	})
	for _, u := range []understood{
		{"our re-run", same, "repo.pressed"},
		{"requested", func(b map[string]any) { b["action"] = "requested" }, "ignored"},
		{"theirs", func(b map[string]any) { at(b, "check_suite", "app")["id"] = 99 }, "ignored"},
		{"no App", func(b map[string]any) { at(b, "check_suite")["app"] = nil }, "error"},
		{"no commit", func(b map[string]any) { at(b, "check_suite")["head_sha"] = nil }, "error"},
	} {
		u.run(t, translator(), "check_suite", body)
	}
}

func TestMergeGroups(t *testing.T) {
	body := example(t, "merge_group", any1)
	group := func(key string, v any) func(map[string]any) {
		return func(b map[string]any) { at(b, "merge_group")[key] = v }
	}
	for _, u := range []understood{
		{"asks for checks", same, "repo.queue"},
		{"is gone", func(b map[string]any) { b["action"], b["reason"] = "destroyed", "merged" }, "repo.queue"},
		{"unheard of", func(b map[string]any) { b["action"] = "merged" }, "ignored"},
		{"no head", group("head_sha", nil), "error"},
		{"no base", group("base_sha", "x"), "error"},
	} {
		u.run(t, translator(), "merge_group", body)
	}
}

func TestInstallations(t *testing.T) {
	one := []any{map[string]any{"id": 5, "name": "shop", "private": true}}
	created := example(t, "installation", action("created"))
	for _, u := range []understood{
		{"created", func(b map[string]any) { b["repositories"] = one }, "repo.served"},
		{"created with none", func(b map[string]any) { b["repositories"] = nil }, "ignored: none of its repositories"},
		{"created with a hole", func(b map[string]any) { b["repositories"] = []any{nil} }, "error"},
		{"created with a wrong type", func(b map[string]any) { b["repositories"] = "all" }, "error"},
		{"deleted", func(b map[string]any) { b["action"] = "deleted" }, "repo.served"},
		{"permissions accepted", func(b map[string]any) { b["action"] = "new_permissions_accepted" }, "ignored"},
		{"no number", func(b map[string]any) { at(b, "installation")["id"] = nil }, "error"},
	} {
		u.run(t, translator(), "installation", created)
	}
	for _, a := range []struct {
		action string
		gone   bool
	}{{"deleted", true}, {"suspend", true}, {"unsuspend", false}} {
		letters, _, err := translator().Translate(event("installation", example(t, "installation", action(a.action))))
		if err != nil || len(letters) != 1 {
			t.Fatal(a.action, letters, err)
		}
		if m := letters[0].Message.(app.Served); m.Gone != a.gone || m.Repo.ID != 0 || m.Installation <= 0 {
			t.Errorf("%s: %+v", a.action, m)
		}
	}
	letters, _, err := translator().Translate(event("installation_repositories", change(t, example(t, "installation_repositories", any1), func(b map[string]any) {
		b["repositories_removed"], b["repositories_added"] = one, []any{map[string]any{"id": 6, "name": "new"}}
	})))
	if err != nil || len(letters) != 2 {
		t.Fatal(letters, err)
	}
	gone, come := letters[0].Message.(app.Served), letters[1].Message.(app.Served)
	if !gone.Gone || gone.Repo.ID != 5 || !gone.Repo.Private || come.Gone || come.Repo.Name != "new" {
		t.Errorf("gone %+v, come %+v", gone, come)
	}
}

func TestWhoIsNotServedIsIgnored(t *testing.T) {
	nobody := Translator{AppID: ours, Allow: func(owner, name string) (bool, string) { return false, owner + "/" + name + " is not listed" }}
	for _, name := range events() {
		for i, body := range contract.New(t).Examples(name) {
			for _, tr := range []Translator{nobody, {AppID: ours}} {
				letters, ignored, err := tr.Translate(event(name, fromApp(t, body)))
				global := len(letters) == 1 && letters[0].To.Repo == 0 // an installation that ends concerns only who is known
				if err != nil || len(letters) > 0 && !global || len(letters) == 0 && ignored == "" {
					t.Errorf("%s, example %d: letters %+v, ignored %q, error %v", name, i, letters, ignored, err)
				}
			}
		}
	}
}

// TestRenamedAway: a repository whose new name is not served is not served any more.
func TestRenamedAway(t *testing.T) {
	only := func(allowed ...string) Translator {
		return Translator{AppID: ours, Allow: func(owner, name string) (bool, string) {
			return slices.Contains(allowed, owner+"/"+name), "not listed"
		}}
	}
	renamed := change(t, example(t, "repository", action("renamed")), func(b map[string]any) {
		b["changes"] = map[string]any{"repository": map[string]any{"name": map[string]any{"from": "old"}}}
		at(b, "repository")["name"], at(b, "repository", "owner")["login"] = "new", "acme"
	})
	moved := change(t, example(t, "repository", action("transferred")), func(b map[string]any) {
		b["changes"] = map[string]any{"owner": map[string]any{"from": map[string]any{"organization": map[string]any{"id": 1, "login": "old"}}}}
		at(b, "repository")["name"], at(b, "repository", "owner")["login"] = "new", "acme"
	})
	for _, c := range []struct {
		body    []byte
		allowed []string
		want    string
	}{
		{renamed, []string{"acme/old"}, "gone"}, {renamed, []string{"acme/old", "acme/new"}, "served"}, {renamed, []string{"acme/new"}, "served"}, {renamed, nil, "ignored"},
		{moved, []string{"old/new"}, "gone"}, {moved, []string{"old/new", "acme/new"}, "served"}, {moved, []string{"x/y"}, "ignored"},
	} {
		letters, _, err := only(c.allowed...).Translate(event("repository", c.body))
		got := "ignored"
		if len(letters) == 1 {
			got = map[bool]string{true: "gone", false: "served"}[letters[0].Message.(app.Served).Gone]
		}
		if err != nil || got != c.want {
			t.Errorf("allowed %v: %s, want %s (error %v)", c.allowed, got, c.want, err)
		}
	}
}

func TestRepositories(t *testing.T) {
	body := example(t, "repository", action("edited"))
	do := func(a string) func(map[string]any) { return func(b map[string]any) { b["action"] = a } }
	for _, u := range []understood{
		{"edited", same, "repo.served"}, {"deleted", do("deleted"), "repo.served"}, {"privatized", do("privatized"), "repo.served"},
		{"created", do("created"), "ignored"},
		{"a label's body", func(b map[string]any) { b["action"], b["label"] = "deleted", map[string]any{"id": 1} }, "error"},
		{"a ruleset's body", func(b map[string]any) { b["action"], b["repository_ruleset"] = "deleted", map[string]any{"id": 1} }, "error"},
	} {
		u.run(t, translator(), "repository", body)
	}
}

func TestMalformedBodies(t *testing.T) {
	deep := []byte(`{"action":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`)
	for _, name := range events() {
		bodies := [][]byte{nil, []byte(""), []byte("null"), []byte("[]"), []byte("{}"), []byte(`"x"`), []byte("{"), []byte("\xff\xfe"), []byte(`{"action":`), deep,
			[]byte("payload=%7B%7D"), []byte(`{"action":null,"repository":null}`)}
		for _, whole := range contract.New(t).Examples(name) {
			bodies = append(bodies, whole[:len(whole)/2], append(slices.Clone(whole), "{}"...))
		}
		for i, body := range bodies {
			letters, _, err := translator().Translate(event(name, body))
			if err == nil || len(letters) > 0 {
				t.Errorf("%s, body %d (%.40q): %d letters, error %v", name, i, body, len(letters), err)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("%s, body %d: an error of %d bytes", name, i, len(err.Error()))
			}
		}
	}
}

// TestErrorsStayShort: what an event says of itself is kept out of errors, but for its beginning.
func TestErrorsStayShort(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	body := change(t, example(t, "push", any1), func(b map[string]any) { b["ref"], b["after"] = "refs/heads/x", long })
	if _, _, err := translator().Translate(event("push", body)); err == nil || len(err.Error()) > 300 {
		t.Errorf("got %.100v", err)
	}
	_, ignored, err := translator().Translate(event("pull_request", change(t, example(t, "pull_request", any1), func(b map[string]any) { b["action"] = long })))
	if err != nil || len(ignored) > 300 {
		t.Errorf("ignored %.100q, error %v", ignored, err)
	}
}

// TestHolesInExamples takes each part of each example away, and makes each a wrong type, in turn: nothing panics, and no letter is unsound.
func TestHolesInExamples(t *testing.T) {
	for _, name := range events() {
		for _, body := range contract.New(t).Examples(name)[:1] {
			body = fromApp(t, body)
			var paths [][]string
			var b map[string]any
			json.Unmarshal(body, &b)
			walk(b, nil, 3, func(p []string) { paths = append(paths, slices.Clone(p)) })
			wrong := []any{"x", 1.5, []any{nil}, map[string]any{}, -1, true}
			slices.SortFunc(paths, slices.Compare)
			for i, p := range paths {
				for _, v := range []any{nil, wrong[i%len(wrong)]} {
					holed := change(t, body, func(b map[string]any) {
						parent := b
						for _, k := range p[:len(p)-1] {
							parent = parent[k].(map[string]any)
						}
						parent[p[len(p)-1]] = v
					})
					letters, ignored, err := translator().Translate(event(name, holed))
					sound(t, letters)
					if err == nil && len(letters) == 0 && ignored == "" {
						t.Errorf("%s with %v at %v: nothing comes of it, and nobody says why", name, v, p)
					}
				}
			}
		}
	}
}

func walk(b map[string]any, path []string, depth int, f func([]string)) {
	for k, v := range b {
		if strings.HasSuffix(k, "url") {
			continue // there are many, and nobody reads them
		}
		p := append(path, k)
		f(p)
		if inner, ok := v.(map[string]any); ok && depth > 1 {
			walk(inner, p, depth-1, f)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, name := range events() {
		for _, body := range contract.New(f).Examples(name) {
			f.Add(name, []byte(fromApp(f, body)))
		}
		f.Add(name, fmt.Appendf(nil, `{"action":"created","repository":{"id":1}}`))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		letters, ignored, err := translator().Translate(event(name, body))
		sound(t, letters)
		told, why, wrong := len(letters) > 0, ignored != "", err != nil
		if told && (why || wrong) || why && wrong || !told && !why && !wrong {
			t.Errorf("%d letters, ignored %q, error %v", len(letters), ignored, err)
		}
	})
}
