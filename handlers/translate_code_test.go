package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

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
	repo := app.Repo{ID: 186853002, Owner: "Codertocat", OwnerID: 21031067, Name: "Hello-World", DefaultBranch: "master", Installation: letters[0].Message.(app.Pushed).Repo.Installation, Personal: true, Private: true}
	want := []app.Letter{{To: app.RepositoryAddress(186853002), Message: app.Pushed{
		Repo: repo, Branch: "master", After: app.SHA(strings.Repeat("ab", 20)), By: app.Person{ID: 21031067, Login: "Codertocat"},
	}}}
	if diff := cmp.Diff(want, letters); diff != "" {
		t.Error(diff)
	}
}

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
	body := change(t, example(t, "push", anything), func(b map[string]any) {
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
		{"labeled", do("labeled", nil), "repo.relabeled"},
		{"unlabeled", do("unlabeled", nil), "repo.relabeled"},
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

func TestMergeGroups(t *testing.T) {
	body := example(t, "merge_group", anything)
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
