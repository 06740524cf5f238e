package github

import (
	std "cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

const (
	environmentLine = "GET /repos/acme/shop/environments/payments%2Fproduction"
	protectionLine  = "POST /repos/acme/shop/actions/runs/9/deployment_protection_rule"
)

func TestEnvironment(t *testing.T) {
	rules := func(list string) http.HandlerFunc {
		return says(200, `{"id": 1, "name": "payments/production", "protection_rules": [`+list+`]}`)
	}
	ana, ops := `{"type": "User", "reviewer": {"id": 4, "login": "ana"}}`, `{"type": "Team", "reviewer": {"id": 5, "slug": "ops", "name": "The Ops"}}`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		repo   int // what the repository itself answers; 0 is 200
		want   Environment
		kind   app.ErrorKind
	}{
		"all that there is": {answer: rules(`{"id": 1, "type": "wait_timer", "wait_timer": 30},
			{"id": 2, "type": "required_reviewers", "prevent_self_review": true, "reviewers": [` + ana + `,` + ops + `]}, {"id": 3, "type": "branch_policy"}`),
			want: Environment{Exists: true, Reviewers: []string{"ana", "acme/ops"}, SelfReview: true, Wait: 30 * time.Minute}},
		"open": {answer: rules(``), want: Environment{Exists: true}},
		"rules of other types": {answer: rules(`{"type": "gate", "reviewers": [` + ana + `], "wait_timer": 5, "prevent_self_review": true}, {"type": 7}, 8, null, {}`),
			want: Environment{Exists: true}},
		"reviewers that can't be read": {answer: rules(`{"type": "required_reviewers", "reviewers": [null, 7, {}, {"type": "User"}, {"type": "User", "reviewer": {"slug": "ana"}},
			{"type": "Team", "reviewer": {"login": "ops"}}, {"type": "Robot", "reviewer": {"login": "r2"}}, {"reviewer": {"login": "ana"}}, {"type": "User", "reviewer": 3}]}`),
			want: Environment{Exists: true}},
		"one of them can be read": {answer: rules(`{"type": "required_reviewers", "reviewers": [{}, ` + ops + `]}`),
			want: Environment{Exists: true, Reviewers: []string{"acme/ops"}}},
		"no list of reviewers":      {answer: rules(`{"type": "required_reviewers", "reviewers": "ana", "prevent_self_review": true}`), want: Environment{Exists: true, SelfReview: true}},
		"no timer":                  {answer: rules(`{"type": "wait_timer", "wait_timer": "30"}`), want: Environment{Exists: true}},
		"a timer before its begin":  {answer: rules(`{"type": "wait_timer", "wait_timer": -30}`), want: Environment{Exists: true}},
		"a timer beyond all bounds": {answer: rules(`{"type": "wait_timer", "wait_timer": 999999999999}`), want: Environment{Exists: true, Wait: 30 * 24 * time.Hour}},
		"null for rules":            {answer: says(200, `{"protection_rules": null}`), want: Environment{Exists: true}},
		"nothing":                   {answer: says(404, `{"message": "Not Found"}`)},
		"no repository either":      {answer: says(404, `{}`), repo: 404, kind: app.ErrNotFound},
		"nobody can say":            {answer: says(404, `{}`), repo: 502, kind: app.ErrUnreachable},
		"may not":                   {answer: says(403, `{}`), kind: app.ErrDenied},
		"refused":                   {answer: says(422, `{}`), kind: app.ErrInvalid},
		"unreachable":               {answer: says(502, ``), kind: app.ErrUnreachable},
		"rules of a wrong type":     {answer: says(200, `{"protection_rules": {}}`), kind: app.ErrUnreachable},
		"no object":                 {answer: says(200, `[]`), kind: app.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.replies("GET /repos/acme/shop/environments/{name}", c.answer)
			f.reply("GET /repos/acme/shop", std.Or(c.repo, 200), `{}`)
			got, err := f.client().Environment(t.Context(), shop, "payments/production")
			if c.kind != app.ErrOther {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if line := f.lines()[0]; line != environmentLine {
				t.Error(line)
			}
			if route := f.calls[1].Route; route != "repos/{owner}/{repo}/environments/{environment}" {
				t.Error("a name is in the route:", route)
			}
		})
	}
}

func TestEnvironmentsNamesStayNames(t *testing.T) {
	f := newFake(t)
	f.reply("GET /", 404, `{}`)
	f.reply("GET /repos/acme/shop", 200, `{}`)
	c := f.client()
	for name, line := range map[string]string{
		"../../../user": "..%2F..%2F..%2Fuser", "a b?c#d%2F": "a%20b%3Fc%23d%252F", "prüfung": "pr%C3%BCfung", "...": "...",
	} {
		before := len(f.lines())
		_, err := c.Environment(t.Context(), shop, name)
		noError(t, err)
		if got := f.lines()[before]; got != "GET /repos/acme/shop/environments/"+line {
			t.Error(got)
		}
	}
	before := len(f.lines())
	for _, name := range []string{"", ".", ".."} {
		_, err := c.Environment(t.Context(), shop, name)
		wantKind(t, err, app.ErrInvalid)
	}
	if sent := f.lines()[before:]; len(sent) > 0 {
		t.Error(sent)
	}
}

func TestPending(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/actions/runs/9/pending_deployments", says(200, `[
		{"environment": {"id": 1, "name": "payments/production"}, "wait_timer": 30, "wait_timer_started_at": "2026-03-02T10:00:00+01:00", "current_user_can_approve": false,
			"reviewers": [{"type": "User", "reviewer": {"login": "ana"}}, {"type": "Team", "reviewer": {"slug": "ops"}}, {"type": "Robot"}]},
		{"environment": {"name": "staging"}, "wait_timer": 0, "wait_timer_started_at": "2026-03-02T09:00:00Z", "reviewers": []},
		{"environment": {"name": "qa"}, "wait_timer": 30, "wait_timer_started_at": null, "reviewers": null}]`),
		says(200, `[]`), says(404, `{}`), says(403, `{}`), says(422, `{}`), says(200, `{"environment": {}}`))
	c := f.client()
	got, err := c.Pending(t.Context(), shop, 9)
	noError(t, err)
	want := []Pending{
		{Environment: "payments/production", Reviewers: []string{"ana", "acme/ops"}, WaitUntil: start.Add(30 * time.Minute)},
		{Environment: "staging"}, {Environment: "qa"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, err = c.Pending(t.Context(), shop, 9)
	if err != nil || len(got) > 0 {
		t.Error(got, err)
	}
	for _, kind := range []app.ErrorKind{app.ErrNotFound, app.ErrDenied, app.ErrInvalid, app.ErrUnreachable} {
		_, err = c.Pending(t.Context(), shop, 9)
		wantKind(t, err, kind)
	}
	_, err = c.Pending(t.Context(), shop, -1)
	wantKind(t, err, app.ErrInvalid)
}

func TestReviews(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/actions/runs/9/approvals", says(200, `[
		{"state": "rejected", "comment": "Not on a Friday", "user": {"id": 4, "login": "ana", "type": "User"}, "environments": [{"id": 1, "name": "payments/production"}, {"name": "staging"}]},
		{"state": "approved", "comment": "", "user": null, "environments": null}]`),
		says(200, `[]`), says(404, `{}`), says(403, `{}`), says(422, `{}`), says(200, `"x"`))
	c := f.client()
	got, err := c.Reviews(t.Context(), shop, 9)
	noError(t, err)
	want := []Review{
		{Environments: []string{"payments/production", "staging"}, State: "rejected", By: app.Person{ID: 4, Login: "ana"}, Comment: "Not on a Friday"},
		{State: "approved"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, err = c.Reviews(t.Context(), shop, 9)
	if err != nil || len(got) > 0 {
		t.Error(got, err)
	}
	for _, kind := range []app.ErrorKind{app.ErrNotFound, app.ErrDenied, app.ErrInvalid, app.ErrUnreachable} {
		_, err = c.Reviews(t.Context(), shop, 9)
		wantKind(t, err, kind)
	}
	_, err = c.Reviews(t.Context(), shop, 0)
	wantKind(t, err, app.ErrInvalid)
}

func TestAnswerProtection(t *testing.T) {
	long := strings.Repeat("ö", 2000)
	for name, c := range map[string]struct {
		answer ProtectionAnswer
		want   map[string]any
	}{
		"approved": {ProtectionAnswer{State: "approved"}, map[string]any{"environment_name": "payments/production", "state": "approved"}},
		"rejected": {ProtectionAnswer{"rejected", "Held"}, map[string]any{"environment_name": "payments/production", "state": "rejected", "comment": "Held"}},
		"progress": {ProtectionAnswer{Comment: "Soon"}, map[string]any{"environment_name": "payments/production", "comment": "Soon"}},
		"long": {ProtectionAnswer{"approved", long},
			map[string]any{"environment_name": "payments/production", "state": "approved", "comment": strings.Repeat("ö", 1023) + "…"}},
		"as long as may be": {ProtectionAnswer{Comment: long[:2*1024]}, map[string]any{"environment_name": "payments/production", "comment": long[:2*1024]}},
	} {
		f := newFake(t)
		f.reply(protectionLine, 204, ``)
		noError(t, f.client().AnswerProtection(t.Context(), shop, 9, "payments/production", c.answer))
		if diff := cmp.Diff(c.want, f.requests()[0].json(t)); diff != "" {
			t.Error(name, diff)
		}
	}
	for status, kind := range map[int]app.ErrorKind{403: app.ErrDenied, 404: app.ErrNotFound, 422: app.ErrInvalid, 500: app.ErrUnreachable} {
		f := newFake(t)
		f.reply(protectionLine, status, `{}`)
		wantKind(t, f.client().AnswerProtection(t.Context(), shop, 9, "payments/production", ProtectionAnswer{State: "approved"}), kind)
	}
}

func TestAnswersThatGitHubRefusesAreNotSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	for name, err := range map[string]error{
		"no run":         c.AnswerProtection(t.Context(), shop, 0, "production", ProtectionAnswer{State: "approved"}),
		"no environment": c.AnswerProtection(t.Context(), shop, 9, "", ProtectionAnswer{State: "approved"}),
		"unknown state":  c.AnswerProtection(t.Context(), shop, 9, "production", ProtectionAnswer{State: "pending", Comment: "x"}),
		"nothing":        c.AnswerProtection(t.Context(), shop, 9, "production", ProtectionAnswer{}),
	} {
		if app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}
