package handlers

import (
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
)

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
	letters, _, err := translator().Translate(event("installation_repositories", change(t, example(t, "installation_repositories", anything), func(b map[string]any) {
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
		for i, body := range examples(t, name) {
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
