package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/policies"
)

// TestOwners groups files by their owners: the last rule that matches counts, one without owners frees, and a bad line is as if it were not there.
func TestOwners(t *testing.T) {
	text := []byte(`# who owns what
*            @acme/All
/docs/*      docs@example.com @ben
docs/free/
db/**        @acme/dba @ada # inline
[bad         @x
*.go         not-an-owner
`)
	got := Owners(text, []string{"README.md", "docs/a.md", "docs/deep/b.md", "docs/free/c.md", "db/x/1.sql", "main.go", "db/2.sql"})
	user := func(name string) policies.Selector { return policies.Selector{Kind: "user", Value: name} }
	team := func(name string) policies.Selector { return policies.Selector{Kind: "team", Value: name} }
	want := []policies.Owned{
		{Owners: []policies.Selector{team("acme/all")}, File: "README.md", Files: 3},
		{Owners: []policies.Selector{{Kind: "email", Value: "docs@example.com"}, user("ben")}, File: "docs/a.md", Files: 1},
		{Owners: []policies.Selector{team("acme/dba"), user("ada")}, File: "db/x/1.sql", Files: 2},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if Owners(nil, []string{"a"}) != nil {
		t.Error("nobody owns something")
	}
}

func TestOwn(t *testing.T) {
	f := &File{Services: []Service{{Name: "web", Paths: []string{"web/**"}, Shared: []string{"lib/**"}}, {Name: "all"}}}
	files := []string{"web/a", "lib/b", "api/c"}
	if d := cmp.Diff([]string{"web/a", "lib/b"}, f.Own("web", files)); d != "" {
		t.Error(d)
	}
	for _, service := range []string{"all", "unknown"} {
		if d := cmp.Diff(files, f.Own(service, files)); d != "" {
			t.Errorf("%s: %s", service, d)
		}
	}
}
