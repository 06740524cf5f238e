package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

func wantRun() app.CheckRun {
	return app.CheckRun{
		Name: "payments / test", Commit: sha, External: "run/42/7", Status: "completed", Conclusion: "success",
		DetailsURL: "https://slipway.example/x", Title: "Passed", Summary: "All good", Text: "ok",
	}
}

// run is a check run as GitHub answers it.
func run(id int, change map[string]any) string {
	v := map[string]any{
		"id": id, "name": "payments / test", "external_id": "run/42/7", "status": "completed", "conclusion": "success",
		"details_url": "https://slipway.example/x", "app": map[string]any{"id": appID},
		"output": map[string]any{"title": "Passed", "summary": "All good", "text": "ok", "annotations_count": 0},
	}
	for k, x := range change {
		v[k] = x
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}

func listOf(runs ...string) string {
	return fmt.Sprintf(`{"total_count": %d, "check_runs": [%s]}`, len(runs), strings.Join(runs, ","))
}

const (
	runsOfCommit = "GET /repos/acme/shop/commits/" + string(sha) + "/check-runs"
	lookLine     = runsOfCommit + "?app_id=7&check_name=payments+%2F+test&filter=all&page=1&per_page=100"
	createLine   = "POST /repos/acme/shop/check-runs"
)

func patchLine(id int) string { return fmt.Sprintf("PATCH /repos/acme/shop/check-runs/%d", id) }
func getLine(id int) string   { return fmt.Sprintf("GET /repos/acme/shop/check-runs/%d", id) }

var (
	running = map[string]any{"status": "in_progress", "conclusion": nil}
	failed  = map[string]any{"conclusion": "failure"}
	stale   = map[string]any{"conclusion": "stale"}
	foreign = map[string]any{"app": map[string]any{"id": 99}}
	another = map[string]any{"external_id": "run/42/6"}
	longer  = map[string]any{"name": "payments / test 2"}
)

func TestEnsureCheckRunLooksFirst(t *testing.T) {
	ok, notFound, invalid, down := says(200, run(5, nil)), says(404, `{}`), says(422, `{}`), says(502, ``)
	created := says(201, run(9, nil))
	list := func(runs ...string) http.HandlerFunc { return says(200, listOf(runs...)) }
	for name, c := range map[string]struct {
		known            int64
		retry            bool
		post, patch, get http.HandlerFunc
		list             http.HandlerFunc
		id               int64
		kind             app.ErrorKind
		sent             []string
	}{
		"first":                       {post: created, id: 9, sent: []string{createLine}},
		"known":                       {known: 5, patch: ok, id: 5, sent: []string{patchLine(5)}},
		"known, gone":                 {known: 5, patch: notFound, post: created, id: 9, sent: []string{patchLine(5), createLine}},
		"known, ended otherwise":      {known: 5, patch: says(200, run(5, failed)), post: created, id: 9, sent: []string{patchLine(5), createLine}},
		"known, refused as ended":     {known: 5, patch: invalid, get: says(200, run(5, stale)), post: created, id: 9, sent: []string{patchLine(5), getLine(5), createLine}},
		"known, refused for its text": {known: 5, patch: invalid, get: ok, id: 5, kind: app.ErrInvalid, sent: []string{patchLine(5), getLine(5)}},
		"known, no answer":            {known: 5, patch: down, id: 5, kind: app.ErrUnreachable, sent: []string{patchLine(5)}},
		"retry, not done":             {retry: true, list: list(), post: created, id: 9, sent: []string{lookLine, createLine}},
		"retry, done":                 {retry: true, list: list(run(5, nil)), id: 5, sent: []string{lookLine}},
		"retry, begun":                {retry: true, list: list(run(5, running)), patch: ok, id: 5, sent: []string{lookLine, patchLine(5)}},
		"retry, others only": {retry: true, list: list(run(5, foreign), run(6, another), run(7, longer)), post: created, id: 9,
			sent: []string{lookLine, createLine}},
		"retry, ended otherwise":  {retry: true, list: list(run(5, failed)), post: created, id: 9, sent: []string{lookLine, createLine}},
		"retry, two of them":      {retry: true, list: list(run(5, nil), run(8, nil), run(6, failed)), id: 8, sent: []string{lookLine}},
		"retry, list unreachable": {retry: true, list: down, kind: app.ErrUnreachable, sent: []string{lookLine}},
		"retry, known, done":      {known: 5, retry: true, get: ok, patch: ok, id: 5, sent: []string{getLine(5), patchLine(5)}}, // there may be buttons to take away
		"retry, known, not done":  {known: 5, retry: true, get: says(200, run(5, running)), patch: ok, id: 5, sent: []string{getLine(5), patchLine(5)}},
		"retry, known, gone, made anew": {known: 5, retry: true, get: notFound, list: list(run(8, nil)), patch: says(200, run(8, nil)), id: 8,
			sent: []string{getLine(5), lookLine, patchLine(8)}},
		"retry, known, ended otherwise": {known: 5, retry: true, get: says(200, run(5, failed)), list: list(run(5, failed)), post: created, id: 9,
			sent: []string{getLine(5), lookLine, createLine}},
		"retry, known, unreachable": {known: 5, retry: true, get: down, kind: app.ErrUnreachable, sent: []string{getLine(5)}},
		"empty answer":              {post: says(200, ``), kind: app.ErrUnreachable, sent: []string{createLine}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			for route, h := range map[string]http.HandlerFunc{
				createLine: c.post, "PATCH /repos/acme/shop/check-runs/{id}": c.patch, "GET /repos/acme/shop/check-runs/{id}": c.get, runsOfCommit: c.list,
			} {
				if h != nil {
					f.replies(route, h)
				}
			}
			id, err := f.client().EnsureCheckRun(t.Context(), shop, wantRun(), c.known, c.retry)
			if c.kind != app.ErrOther {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Error(err)
			}
			if id != c.id {
				t.Errorf("number %d, want %d", id, c.id)
			}
			if diff := cmp.Diff(c.sent, f.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckRunSaysAllThatIsWanted(t *testing.T) {
	f := newFake(t)
	f.reply(createLine, 201, run(5, running))
	f.reply(patchLine(5), 200, run(5, nil))
	c := f.client()
	want := wantRun()
	want.Status, want.Conclusion, want.Title, want.Summary, want.Text = "in_progress", "", "", "", ""
	_, err := c.EnsureCheckRun(t.Context(), shop, want, 0, false)
	noError(t, err)
	want = wantRun()
	want.Text = ""
	want.Buttons = []app.Button{{Label: "Approve this promotion", Description: strings.Repeat("d", 60), Identifier: "approve"}}
	_, err = c.EnsureCheckRun(t.Context(), shop, want, 5, false)
	noError(t, err)
	sent := f.requests()
	if diff := cmp.Diff(map[string]any{
		"name": "payments / test", "head_sha": string(sha), "external_id": "run/42/7", "status": "in_progress",
		"details_url": "https://slipway.example/x", "actions": []any{},
		"output": map[string]any{"title": "payments / test", "summary": "payments / test", "text": ""},
	}, sent[0].json(t)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{
		"name": "payments / test", "external_id": "run/42/7", "status": "completed", "conclusion": "success",
		"details_url": "https://slipway.example/x",
		"actions":     []any{map[string]any{"label": "Approve this promot…", "description": strings.Repeat("d", 39) + "…", "identifier": "approve"}},
		"output":      map[string]any{"title": "Passed", "summary": "All good", "text": ""}, // an older text goes away
	}, sent[1].json(t)); diff != "" {
		t.Error(diff)
	}
}

// Buttons are never told by GitHub, so a run that should have some is written even if it looks right.
func TestButtonsAreWrittenOnRetry(t *testing.T) {
	f := newFake(t)
	f.reply(runsOfCommit, 200, listOf(run(5, nil)))
	f.reply(patchLine(5), 200, run(5, nil))
	want := wantRun()
	want.Buttons = []app.Button{{Label: "Approve", Identifier: "approve"}}
	_, err := f.client().EnsureCheckRun(t.Context(), shop, want, 0, true)
	noError(t, err)
	if diff := cmp.Diff([]string{lookLine, patchLine(5)}, f.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckRunsThatGitHubRefusesAreNotSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	for name, change := range map[string]func(*app.CheckRun){
		"no name":                    func(w *app.CheckRun) { w.Name = "" },
		"no external id":             func(w *app.CheckRun) { w.External = "" },
		"GitHub's own status":        func(w *app.CheckRun) { w.Status, w.Conclusion = "waiting", "" },
		"completed as nothing":       func(w *app.CheckRun) { w.Conclusion = "" },
		"a conclusion while it runs": func(w *app.CheckRun) { w.Status = "in_progress" },
		"four buttons":               func(w *app.CheckRun) { w.Buttons = make([]app.Button, 4) },
		"a long identifier":          func(w *app.CheckRun) { w.Buttons = []app.Button{{Label: "a", Identifier: strings.Repeat("i", 21)}} },
		"no identifier":              func(w *app.CheckRun) { w.Buttons = []app.Button{{Label: "a"}} },
	} {
		want := wantRun()
		change(&want)
		_, err := c.EnsureCheckRun(t.Context(), shop, want, 0, false)
		if app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", maxText+1), strings.Repeat("é", maxText), strings.Repeat("🚢", maxText), strings.Repeat("a€", maxText)} {
		got := cut(text)
		if len(got) > maxText || len(got) < maxText-4 || !utf8.ValidString(got) || !strings.HasSuffix(got, cutNotice) {
			t.Errorf("%d bytes, valid %v, end %q", len(got), utf8.ValidString(got), got[len(got)-80:])
		}
	}
	if whole := strings.Repeat("a", maxText); cut(whole) != whole {
		t.Error("a text that fits was cut")
	}
}

func notes(n int) []app.Annotation {
	list := make([]app.Annotation, n)
	for i := range list {
		list[i] = app.Annotation{Path: "main.go", Line: i + 1, Level: "failure", Message: "wrong"}
	}
	return list
}

// lines of annotations in a request.
func linesOf(t *testing.T, r request) (lines []int) {
	output := r.json(t)["output"].(map[string]any)
	list, _ := output["annotations"].([]any)
	for _, n := range list {
		lines = append(lines, int(n.(map[string]any)["start_line"].(float64)))
	}
	return lines
}

func TestAnnotationsGoInBatches(t *testing.T) {
	f := newFake(t)
	f.reply(createLine, 201, run(5, nil))
	f.reply(patchLine(5), 200, run(5, nil))
	want := wantRun()
	want.Notes = notes(120)
	_, err := f.client().EnsureCheckRun(t.Context(), shop, want, 0, false)
	noError(t, err)
	next := 1
	for i, r := range f.requests() {
		lines := linesOf(t, r)
		if want := []int{50, 50, 20}[i]; len(lines) != want || lines[0] != next {
			t.Errorf("batch %d has %d annotations from line %d on; want %d from %d", i, len(lines), lines[0], want, next)
		}
		next += len(lines)
	}
	if next != 121 {
		t.Errorf("%d annotations", next-1)
	}
}

// GitHub appends: what it holds is not sent again, neither after a batch that failed nor with a later change of the text.
func TestAnnotationsAreAppendedOnce(t *testing.T) {
	held := func(n int) string {
		return run(5, map[string]any{"output": map[string]any{"title": "Passed", "summary": "older", "text": "ok", "annotations_count": n}})
	}
	want := wantRun()
	want.Notes = notes(70)
	f := newFake(t)
	f.reply(createLine, 201, held(50))
	f.replies(patchLine(5), says(502, ``), says(200, held(70)))
	f.replies(getLine(5), says(200, held(50)), says(200, held(70)))
	c := f.client()
	id, err := c.EnsureCheckRun(t.Context(), shop, want, 0, false)
	wantKind(t, err, app.ErrUnreachable)
	if id != 5 {
		t.Errorf("number %d: the check run would be made twice", id)
	}
	_, err = c.EnsureCheckRun(t.Context(), shop, want, 5, true)
	noError(t, err)
	want.Summary = "newer"
	_, err = c.EnsureCheckRun(t.Context(), shop, want, 5, false)
	noError(t, err)
	var counts []int
	for _, r := range f.requests() {
		if !strings.HasPrefix(r.line, "GET") {
			counts = append(counts, len(linesOf(t, r)))
		}
	}
	if diff := cmp.Diff([]int{50, 20, 20, 0}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestAnnotationsAreWhatGitHubTakes(t *testing.T) {
	got := notesOf([]app.Annotation{
		{Path: "a.go", Level: "error", Title: strings.Repeat("t", 300), RawDetails: strings.Repeat("€", 64<<10)},
		{Path: "a.go", Line: 3, Column: 9, Level: "warning", Message: "wrong"},
	})
	if n := got[0]; n.StartLine != 1 || n.EndLine != 1 || n.Level != "failure" || n.Message == "" || utf8.RuneCountInString(n.Title) != 255 ||
		len(n.RawDetails) > 64<<10 || !utf8.ValidString(n.RawDetails) {
		t.Errorf("%d to %d, %q, %q, title of %d", n.StartLine, n.EndLine, n.Level, n.Message, utf8.RuneCountInString(n.Title))
	}
	if diff := cmp.Diff(note{"a.go", 3, 3, 9, 9, "warning", "wrong", "", ""}, got[1]); diff != "" {
		t.Error(diff)
	}
}

func TestForeignCheckIsKnownByItsApp(t *testing.T) {
	f := newFake(t)
	lint := func(id, app int, conclusion string) string {
		return fmt.Sprintf(`{"id": %d, "name": "lint", "status": "completed", "conclusion": %q, "app": {"id": %d}, "details_url": "https://ci.example/%d"}`,
			id, conclusion, app, id)
	}
	f.replies(runsOfCommit, says(200, listOf(lint(8, 99, "failure"), lint(9, 99, "success"), lint(12, 66, "success"))), says(200, listOf(lint(12, 66, "success"))))
	c := f.client()
	got, err := c.ForeignCheck(t.Context(), shop, sha, 99, "lint")
	noError(t, err)
	if diff := cmp.Diff(ForeignCheck{9, "completed", "success", "https://ci.example/9"}, got); diff != "" {
		t.Error(diff)
	}
	_, err = c.ForeignCheck(t.Context(), shop, sha, 99, "lint")
	wantKind(t, err, app.ErrNotFound) // a forged one is none
	if line := f.lines()[0]; !strings.HasSuffix(line, "?app_id=99&check_name=lint&filter=latest&page=1&per_page=100") {
		t.Error(line)
	}
}
