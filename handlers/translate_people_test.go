package handlers

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
)

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
	body := change(t, example(t, "check_suite", anything), func(b map[string]any) {
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
