package handlers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

// TestListsOfCustomProperties: what an organization says of its repositories changes nothing, whatever form it has.
func TestListsOfCustomProperties(t *testing.T) {
	say := func(r any) {
		if r, ok := r.(map[string]any); ok {
			r["custom_properties"] = map[string]any{"tiers": []string{"a", "b"}, "none": nil, "one": "x"}
		}
	}
	for _, name := range events() {
		for i, body := range examples(t, name) {
			body = change(t, fromApp(t, body), func(b map[string]any) { delete(b, "custom_properties") })
			said := change(t, body, func(b map[string]any) {
				say(b["repository"])
				if pull, ok := b["pull_request"].(map[string]any); ok {
					say(at(pull, "head")["repo"])
					say(at(pull, "base")["repo"])
				}
			})
			want, wantIgnored, err := translator().Translate(event(name, body))
			if err != nil {
				t.Fatalf("%s, example %d: %v", name, i, err)
			}
			letters, ignored, err := translator().Translate(event(name, said))
			if err != nil || ignored != wantIgnored || !cmp.Equal(letters, want) {
				t.Errorf("%s, example %d: ignored %q, error %v, %s", name, i, ignored, err, cmp.Diff(want, letters))
			}
		}
	}
}

// TestNumbersSurviveWithoutProperties: a number beyond 2^53 is not rounded on the way, for an approval is unique by its comment's.
func TestNumbersSurviveWithoutProperties(t *testing.T) {
	const comment = 1<<53 + 1
	body := change(t, example(t, "issue_comment", action("created")), func(b map[string]any) {
		at(b, "issue")["pull_request"] = map[string]any{"url": "https://api.github.com/repos/a/b/pulls/1"}
		b["sender"] = at(b, "comment", "user")
		at(b, "comment")["id"] = comment
		at(b, "repository")["custom_properties"] = map[string]any{"tiers": []string{"a"}}
	})
	letters, ignored, err := translator().Translate(event("issue_comment", body))
	if err != nil || len(letters) != 1 {
		t.Fatalf("letters %+v, ignored %q, error %v", letters, ignored, err)
	}
	if m := letters[0].Message.(app.Commented); m.Comment != comment {
		t.Errorf("comment %d became %d", int64(comment), m.Comment)
	}
}
