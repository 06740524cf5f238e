package github

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

const (
	dispatches   = "POST /repos/acme/shop/actions/workflows/deploy.yml/dispatches"
	workflowRuns = "GET /repos/acme/shop/actions/workflows/deploy.yml/runs"
	runLook      = workflowRuns + "?created=%3E%3D2026-03-02T08%3A59%3A00Z&event=workflow_dispatch&page=1&per_page=100"
	oneRun       = "GET /repos/acme/shop/actions/runs/9"
)

func wantDispatch() Dispatch {
	return Dispatch{Workflow: "deploy.yml", Ref: "main", Inputs: map[string]string{"commit": string(sha), "slipway": "n-17"}}
}

func TestDispatch(t *testing.T) {
	made := says(200, `{"workflow_run_id": 9, "run_url": "https://x", "html_url": "https://x"}`)
	notPermitted := says(422, `{"message": "Invalid request.\n\n\"return_run_details\" is not a permitted key."}`)
	listed := says(422, `{"message": "Validation Failed", "errors": ["return_run_details is unknown"]}`)
	field := says(400, `{"message": "Bad", "errors": [{"resource": "Dispatch", "field": "return_run_details", "code": "invalid"}]}`)
	other := says(422, `{"message": "Workflow does not have 'workflow_dispatch' trigger"}`)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		run     int64
		kind    app.ErrorKind // of an error, if there is to be one
		fails   bool
		flags   []any // of each request
	}{
		"started":                          {answers: []http.HandlerFunc{made}, run: 9, flags: []any{true}},
		"flag not heeded":                  {answers: []http.HandlerFunc{says(204, "")}, flags: []any{true}},
		"flag refused":                     {answers: []http.HandlerFunc{notPermitted, says(204, "")}, flags: []any{true, nil}},
		"flag refused in a list":           {answers: []http.HandlerFunc{listed, says(204, "")}, flags: []any{true, nil}},
		"flag refused as a field":          {answers: []http.HandlerFunc{field, says(204, "")}, flags: []any{true, nil}},
		"flag refused, and the rest too":   {answers: []http.HandlerFunc{notPermitted, other}, kind: app.ErrInvalid, fails: true, flags: []any{true, nil}},
		"flag refused, then lost":          {answers: []http.HandlerFunc{notPermitted, says(502, "")}, kind: app.ErrUnreachable, fails: true, flags: []any{true, nil}},
		"flag refused for ever":            {answers: []http.HandlerFunc{notPermitted}, kind: app.ErrInvalid, fails: true, flags: []any{true, nil}},
		"no trigger":                       {answers: []http.HandlerFunc{other}, kind: app.ErrInvalid, fails: true, flags: []any{true}},
		"no workflow":                      {answers: []http.HandlerFunc{says(404, `{}`)}, kind: app.ErrNotFound, fails: true, flags: []any{true}},
		"may not":                          {answers: []http.HandlerFunc{says(403, `{"message": "return_run_details"}`)}, kind: app.ErrDenied, fails: true, flags: []any{true}},
		"unreachable":                      {answers: []http.HandlerFunc{says(502, ``)}, kind: app.ErrUnreachable, fails: true, flags: []any{true}},
		"half an answer: perhaps it began": {answers: []http.HandlerFunc{halfAnswer}, kind: app.ErrUnreachable, fails: true, flags: []any{true}},
		"answer without a run":             {answers: []http.HandlerFunc{says(200, `{}`)}, flags: []any{true}},
		"empty answer":                     {answers: []http.HandlerFunc{says(200, ``)}, flags: []any{true}},
		"answer of a wrong type":           {answers: []http.HandlerFunc{says(200, `{"workflow_run_id": "9"}`)}, kind: app.ErrUnreachable, fails: true, flags: []any{true}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.replies(dispatches, c.answers...)
			run, err := f.client().Dispatch(t.Context(), shop, wantDispatch())
			if c.fails {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Error(err)
			}
			if run != c.run {
				t.Errorf("run %d, want %d", run, c.run)
			}
			var flags []any
			for _, r := range f.requests() {
				body := r.json(t)
				flags = append(flags, body[detailsFlag])
				delete(body, detailsFlag)
				if diff := cmp.Diff(map[string]any{"ref": "main", "inputs": map[string]any{"commit": string(sha), "slipway": "n-17"}}, body); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(c.flags, flags); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDispatchesThatGitHubRefusesAreNotSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	many := map[string]string{}
	for n := range maxInputs + 1 {
		many[fmt.Sprint(n)] = ""
	}
	for name, change := range map[string]func(*Dispatch){
		"no workflow":            func(d *Dispatch) { d.Workflow = "" },
		"a number":               func(d *Dispatch) { d.Workflow = "17" },
		"a path":                 func(d *Dispatch) { d.Workflow = ".github/workflows/deploy.yml" },
		"a way out":              func(d *Dispatch) { d.Workflow = ".." },
		"nothing but its ending": func(d *Dispatch) { d.Workflow = ".yml" },
		"no branch":              func(d *Dispatch) { d.Ref = "" },
		"too many inputs":        func(d *Dispatch) { d.Inputs = many },
	} {
		want := wantDispatch()
		change(&want)
		if _, err := c.Dispatch(t.Context(), shop, want); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}

func TestWorkflowsNamesAreEscaped(t *testing.T) {
	f := newFake(t)
	f.reply("/", 404, `{}`)
	want := wantDispatch()
	want.Workflow = "go live?#%2F.yaml"
	_, err := f.client().Dispatch(t.Context(), shop, want)
	wantKind(t, err, app.ErrNotFound)
	if line := f.lines()[0]; line != "POST /repos/acme/shop/actions/workflows/go%20live%3F%23%252F.yaml/dispatches" {
		t.Error(line)
	}
}

// ran is a run as GitHub lists it.
func ran(id int, title, actor, kind string) string {
	return fmt.Sprintf(`{"id": %d, "status": "completed", "conclusion": "success", "display_title": %q, "event": "workflow_dispatch", "run_attempt": 2,
		"html_url": "https://github.com/acme/shop/actions/runs/%d", "head_sha": %q, "path": ".github/workflows/deploy.yml",
		"actor": {"login": %q, "type": %q}}`, id, title, id, sha, actor, kind)
}

func wantRan(id int64, title, actor string) Run {
	return Run{
		ID: id, Status: "completed", Conclusion: "success", Title: title, URL: fmt.Sprintf("https://github.com/acme/shop/actions/runs/%d", id), Head: sha,
		Path: ".github/workflows/deploy.yml", Actor: actor, Attempt: 2,
	}
}

func TestFindRun(t *testing.T) {
	list := func(runs ...string) http.HandlerFunc {
		return says(200, `{"total_count": 1, "workflow_runs": [`+strings.Join(runs, ",")+`]}`)
	}
	ours := ran(9, "Deploy (n-17)", "slipway[bot]", "Bot")
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		id     int64
		kind   app.ErrorKind
	}{
		"ours":                       {answer: list(ours), id: 9},
		"newest of two":              {answer: list(ran(10, "n-17", "slipway[bot]", "Bot"), ours), id: 10},
		"after others":               {answer: list(ran(12, "n-17", "ana", "User"), ran(11, "n-17", "other[bot]", "Bot"), ran(10, "n-18", "slipway[bot]", "Bot"), ours), id: 9},
		"a user who is named so":     {answer: list(ran(9, "n-17", "slipway[bot]", "User"))},
		"another bot's":              {answer: list(ran(9, "n-17", "other[bot]", "Bot"))},
		"nobody's":                   {answer: list(`{"id": 9, "display_title": "n-17", "event": "workflow_dispatch", "actor": null}`)},
		"another nonce":              {answer: list(ran(9, "n-18", "slipway[bot]", "Bot"))},
		"a nonce that begins so":     {answer: list(ran(9, "n-173", "slipway[bot]", "Bot"))},
		"a nonce that ends so":       {answer: list(ran(9, "xn-17", "slipway[bot]", "Bot"))},
		"both, the right one later":  {answer: list(ran(9, "n-173 n-17", "slipway[bot]", "Bot")), id: 9},
		"another event, old servers": {answer: list(strings.Replace(ours, "workflow_dispatch", "push", 1))},
		"none":                       {answer: list()},
		"no list":                    {answer: says(200, `{}`)},
		"no workflow":                {answer: says(404, `{}`), kind: app.ErrNotFound},
		"may not":                    {answer: says(403, `{}`), kind: app.ErrDenied},
		"refused":                    {answer: says(422, `{}`), kind: app.ErrInvalid},
		"of a wrong type":            {answer: says(200, `{"workflow_runs": {"id": 9}}`), kind: app.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.reply("GET /app", 200, `{"id": 7, "slug": "slipway"}`)
			f.replies(workflowRuns, c.answer)
			run, found, err := f.client().FindRun(t.Context(), shop, "deploy.yml", "n-17", start)
			if c.kind != app.ErrOther {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Error(err)
			}
			if found != (c.id != 0) || found && run.ID != c.id || !found && run != (Run{}) {
				t.Errorf("%v, %+v, want %d", found, run, c.id)
			}
			if line := f.lines()[0]; line != runLook {
				t.Error(line)
			}
		})
	}
}

// Looking on for ever costs requests, and that there is none must never be guessed: it would be started twice.
func TestFindRunReadsPages(t *testing.T) {
	for at, want := range map[int]bool{1: true, 5: true, 6: false} {
		f := newFake(t)
		f.reply("GET /app", 200, `{"id": 7, "slug": "slipway"}`)
		f.replies(workflowRuns, func(w http.ResponseWriter, r *http.Request) {
			var page int
			fmt.Sscan(r.URL.Query().Get("page"), &page)
			w.Header().Set("Link", fmt.Sprintf(`<%s/x?page=%d>; rel="next"`, f.http.URL, page+1))
			if page == at {
				fmt.Fprintf(w, `{"workflow_runs": [%s]}`, ran(9, "n-17", "slipway[bot]", "Bot"))
				return
			}
			fmt.Fprintf(w, `{"workflow_runs": [%s]}`, ran(8, "n-16", "slipway[bot]", "Bot"))
		})
		run, found, err := f.client().FindRun(t.Context(), shop, "deploy.yml", "n-17", start)
		if found != want || want && (err != nil || run.ID != 9) || !want && (err == nil || app.KindOf(err) != app.ErrOther) {
			t.Errorf("on page %d: %v, %+v, %v", at, found, run, err)
		}
		if pages := len(f.lines()); pages > 6 {
			t.Errorf("on page %d: %d requests", at, pages)
		}
	}
}

func TestRun(t *testing.T) {
	f := newFake(t)
	waiting := `{"id": 9, "status": "waiting", "conclusion": null, "actor": null}`
	f.replies(oneRun, says(200, ran(9, "Deploy", "ana", "User")), says(200, waiting), says(200, `{"id": 8}`), says(200, `[]`), says(403, `{}`), says(404, `{}`))
	c := f.client()
	got, err := c.Run(t.Context(), shop, 9)
	noError(t, err)
	if diff := cmp.Diff(wantRan(9, "Deploy", "ana"), got); diff != "" {
		t.Error(diff)
	}
	got, err = c.Run(t.Context(), shop, 9)
	noError(t, err)
	if diff := cmp.Diff(Run{ID: 9, Status: "waiting"}, got); diff != "" {
		t.Error(diff)
	}
	for _, kind := range []app.ErrorKind{app.ErrUnreachable, app.ErrUnreachable, app.ErrDenied, app.ErrNotFound} {
		_, err = c.Run(t.Context(), shop, 9)
		wantKind(t, err, kind)
	}
	_, err = c.Run(t.Context(), shop, 0)
	wantKind(t, err, app.ErrInvalid)
}

func TestRunIsReadWithItsTag(t *testing.T) {
	f := newFake(t)
	f.replies(oneRun, tagged(func() string { return ran(9, "Deploy", "ana", "User") }))
	c := f.client()
	for range 2 {
		got, err := c.Run(t.Context(), shop, 9)
		if err != nil || got.ID != 9 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if diff := cmp.Diff([]int{200, 304}, statuses(f)); diff != "" {
		t.Error(diff)
	}
}

func TestCancelRun(t *testing.T) {
	for status, kind := range map[int]app.ErrorKind{
		200: app.ErrOther, 202: app.ErrOther, 409: app.ErrOther,
		403: app.ErrDenied, 404: app.ErrNotFound, 422: app.ErrInvalid, 502: app.ErrUnreachable,
	} {
		f := newFake(t)
		f.reply("POST /repos/acme/shop/actions/runs/9/cancel", status, `{}`)
		err := f.client().CancelRun(t.Context(), shop, 9)
		if kind != app.ErrOther {
			wantKind(t, err, kind)
		} else if err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	wantKind(t, newFake(t).client().CancelRun(t.Context(), shop, 0), app.ErrInvalid)
}

// TestActionsAsGitHubDescribesThem holds what is sent, and what is taken for an answer, to GitHub's own description.
func TestActionsAsGitHubDescribesThem(t *testing.T) {
	f := newFake(t)
	f.http.Close()
	held := contract.New(reporter{t})
	described := held.Wrap(f)
	f.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			f.ServeHTTP(w, r)
			return
		}
		described.ServeHTTP(w, r)
	}))
	t.Cleanup(f.http.Close)
	f.reply(dispatches, 200, `{"workflow_run_id": 9, "run_url": "https://api.github.com/x", "html_url": "https://github.com/x"}`, "Content-Type", "application/json")
	f.reply(workflowRuns, 200, `{"total_count": 0, "workflow_runs": []}`, "Content-Type", "application/json")
	f.reply("POST /repos/acme/shop/actions/runs/9/cancel", 202, `{}`, "Content-Type", "application/json")
	f.reply("GET /repos/acme/shop/actions/runs/9/pending_deployments", 200, `[]`, "Content-Type", "application/json")
	f.reply("GET /repos/acme/shop/actions/runs/9/approvals", 200, `[]`, "Content-Type", "application/json")
	f.reply("POST /repos/acme/shop/actions/runs/9/deployment_protection_rule", 204, ``)
	f.reply("GET /repos/acme/shop/environments/{name}", 200, `{"id": 1, "node_id": "x", "name": "payments/production", "url": "https://x", "html_url": "https://x",
		"created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z", "protection_rules": [{"id": 1, "node_id": "x", "type": "branch_policy"}]}`,
		"Content-Type", "application/json")
	c, ctx := f.client(), t.Context()
	run, err := c.Dispatch(ctx, shop, wantDispatch())
	if err != nil || run != 9 {
		t.Error(run, err)
	}
	_, _, err = c.FindRun(ctx, shop, "deploy.yml", "n-17", start)
	noError(t, err)
	noError(t, c.CancelRun(ctx, shop, 9))
	_, err = c.Pending(ctx, shop, 9)
	noError(t, err)
	_, err = c.Reviews(ctx, shop, 9)
	noError(t, err)
	_, err = c.Environment(ctx, shop, "payments/production")
	noError(t, err)
	for _, a := range []ProtectionAnswer{{State: "approved"}, {State: "rejected", Comment: "No"}, {Comment: "Soon"}} {
		noError(t, c.AnswerProtection(ctx, shop, 9, "payments/production", a))
	}
	if held.Seen()["POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule 204"] != 3 || len(held.Seen()) < 7 {
		t.Error(held.Seen())
	}
}

func TestRunBegan(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   bool
		kind   app.ErrorKind
	}{
		"nobody ran it":            {answer: says(200, `{"total_count": 2, "jobs": [{"runner_id": null, "steps": []}, {"runner_id": 0, "conclusion": "cancelled"}]}`)},
		"no jobs":                  {answer: says(200, `{"total_count": 0, "jobs": []}`)},
		"on a machine":             {answer: says(200, `{"total_count": 2, "jobs": [{"runner_id": 0}, {"runner_id": 17, "steps": []}]}`), want: true},
		"with steps":               {answer: says(200, `{"total_count": 1, "jobs": [{"steps": [{"name": "Set up job"}]}]}`), want: true},
		"more than the answer has": {answer: says(200, `{"total_count": 101, "jobs": [{"runner_id": 0}]}`), want: true},
		"no run":                   {answer: says(404, `{}`), kind: app.ErrNotFound},
		"unreachable":              {answer: says(502, ``), kind: app.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.replies(oneRun+"/jobs", c.answer)
			got, err := f.client().RunBegan(t.Context(), shop, 9)
			if c.kind != app.ErrOther {
				wantKind(t, err, c.kind)
			} else if err != nil || got != c.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	_, err := newFake(t).client().RunBegan(t.Context(), shop, 0)
	wantKind(t, err, app.ErrInvalid)
}
