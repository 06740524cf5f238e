package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

const (
	maxInputs    = 25          // of one dispatch
	maxRunPages  = 5           // in which a run is looked for
	clocksDiffer = time.Minute // our clock's from GitHub's, at most
)

// Run is a run of a workflow of GitHub Actions.
type Run struct {
	ID         int64
	Status     string // queued, in_progress, waiting (for a review), completed and others
	Conclusion string // once it is completed: success, failure, cancelled and others
	Title      string // display_title, which the workflow's run-name chooses
	URL        string // of its page
	Head       app.SHA
	Path       string // of the workflow's file; GitHub may add @ and a ref
	Actor      string // who started it: a login
	Attempt    int    // 1 is the first
	Ours       bool   // our App has dispatched it, and nobody has started it again since; Client.Run alone says so
}

// workflowRun is a run as GitHub writes it. go-github leaves its path out.
type workflowRun struct {
	ID         int64    `json:"id"`
	Status     string   `json:"status"`
	Conclusion string   `json:"conclusion"`
	Title      string   `json:"display_title"`
	URL        string   `json:"html_url"`
	Head       app.SHA  `json:"head_sha"`
	Path       string   `json:"path"`
	Actor      *gh.User `json:"actor"`
	Attempt    int      `json:"run_attempt"`
	Event      string   `json:"event"`
	Triggering *gh.User `json:"triggering_actor"`
}

func (w workflowRun) run() Run {
	return Run{
		ID: w.ID, Status: w.Status, Conclusion: w.Conclusion, Title: w.Title, URL: w.URL, Head: w.Head, Path: w.Path,
		Actor: w.Actor.GetLogin(), Attempt: w.Attempt,
	}
}

// Dispatch is a run that is wanted.
type Dispatch struct {
	Workflow string            // its file's name in .github/workflows, such as deploy.yml
	Ref      string            // a branch: GitHub takes no commit, so compare Run.Head
	Inputs   map[string]string // at most 25, one of them a nonce by which FindRun finds the run
}

// Dispatch starts a run and gives its number. 0 without an error: it was started, and the server, an older one, does not say as which
// run; look for it with FindRun. It is asked for once. After ErrUnreachable it may have been started all the same: look for it before
// asking again. ErrNotFound: there is no such workflow; ErrInvalid: it can't be dispatched, or not with this ref and these inputs;
// ErrDenied: the App may not write Actions.
func (c *Client) Dispatch(ctx context.Context, r app.Repo, d Dispatch) (run int64, err error) {
	path, err := workflowPath(r, d.Workflow, "/dispatches")
	if err != nil {
		return 0, err
	}
	if d.Ref == "" || len(d.Inputs) > maxInputs {
		return 0, refuse("a dispatch needs a branch and at most %d inputs: %q, %d", maxInputs, d.Ref, len(d.Inputs))
	}
	body := dispatchBody{d.Ref, d.Inputs, true}
	run, err = dispatch(ctx, c.as(r.Installation), path, body)
	if flagRefused(err) { // nothing was started
		body.Details = false
		run, err = dispatch(ctx, c.as(r.Installation), path, body)
	}
	return run, c.failRepo(r, err, "starting the workflow %s on %s", d.Workflow, d.Ref)
}

// detailsFlag asks for the run's number. Servers before 2026 refuse it, or take no notice of it.
const detailsFlag = "return_run_details"

type dispatchBody struct {
	Ref     string            `json:"ref"`
	Inputs  map[string]string `json:"inputs,omitempty"`
	Details bool              `json:"return_run_details,omitempty"`
}

func dispatch(ctx context.Context, client *gh.Client, path string, body dispatchBody) (int64, error) {
	var made struct {
		Run int64 `json:"workflow_run_id"`
	}
	_, err := send(ctx, client, http.MethodPost, path, body, &made)
	return made.Run, err
}

func flagRefused(err error) bool {
	answer := (*gh.ErrorResponse)(nil)
	if status := statusOf(err); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest || !errors.As(err, &answer) {
		return false
	}
	return strings.Contains(fmt.Sprint(answer.Message, answer.Errors), detailsFlag)
}

// FindRun looks for the run that our App started since then with this nonce: the workflow's run-name must show it, as a word of its own.
// Whoever else starts the workflow with the same nonce is passed over. false is certain only as far as GitHub lists what was started a
// moment ago; if there are too many runs to look through, it is an error. ErrNotFound: there is no such workflow.
func (c *Client) FindRun(ctx context.Context, r app.Repo, workflow, nonce string, since time.Time) (Run, bool, error) {
	path, err := workflowPath(r, workflow, "/runs")
	if err != nil {
		return Run{}, false, err
	}
	if nonce == "" || since.IsZero() {
		return Run{}, false, refuse("a run is looked for by a nonce and a time: %q, %s", nonce, since)
	}
	query := url.Values{
		"event": {dispatched}, "per_page": {fmt.Sprint(perPage)}, "created": {">=" + since.Add(-clocksDiffer).UTC().Format(time.RFC3339)},
	}
	f := &runFinder{client: c.as(r.Installation), ours: c.ours, path: path, query: query, nonce: nonce}
	run, found, err := f.find(ctx)
	return run, found, c.failRepo(r, err, "looking for a run of the workflow %s", workflow)
}

// dispatched is the event of a run that was started by Dispatch.
const dispatched = "workflow_dispatch"

type runFinder struct {
	client *gh.Client
	ours   ownership
	path   string
	query  url.Values
	nonce  string
}

// find reads page by page, newest first, and no further than it must.
func (f *runFinder) find(ctx context.Context) (Run, bool, error) {
	for page := 1; page != 0; {
		if page > maxRunPages {
			return Run{}, false, &app.Error{Op: "reading on", Kind: app.ErrOther, Err: fmt.Errorf("it is not among the newest %d", maxRunPages*perPage)}
		}
		var list struct {
			Runs []workflowRun `json:"workflow_runs"`
		}
		f.query.Set("page", fmt.Sprint(page))
		resp, err := send(ctx, f.client, http.MethodGet, f.path+"?"+f.query.Encode(), nil, &list)
		if err != nil {
			return Run{}, false, err
		}
		for _, run := range list.Runs {
			if run.Event != dispatched || !holdsWord(run.Title, f.nonce) {
				continue
			}
			if ours, err := f.ours(ctx, run.Actor, nil); ours || err != nil {
				return run.run(), ours, err
			}
		}
		page = resp.NextPage
	}
	return Run{}, false, nil
}

// holdsWord says whether a text holds a word, so that 12 is not found in 123.
func holdsWord(text, word string) bool {
	for {
		before, after, found := strings.Cut(text, word)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !partOfWord(last) && !partOfWord(next) {
			return true
		}
		_, size := utf8.DecodeRuneInString(word)
		text = text[len(before)+size:]
	}
}

func partOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Run reads a run. ErrNotFound: there is none of that number.
func (c *Client) Run(ctx context.Context, r app.Repo, id int64) (Run, error) {
	if id <= 0 {
		return Run{}, refuse("no run has the number %d", id)
	}
	var found workflowRun
	_, err := send(ctx, c.as(r.Installation), http.MethodGet, runPath(r, id, ""), nil, &found)
	if err == nil && found.ID != id {
		err = errors.New("GitHub's answer holds another run, or none")
	}
	if err != nil {
		return Run{}, c.failRepo(r, err, "reading run %d", id)
	}
	run := found.run()
	by := found.Actor
	if found.Triggering != nil { // whoever started it again
		by = found.Triggering
	}
	if found.Event == dispatched {
		if run.Ours, err = c.ours(ctx, by, nil); err != nil {
			return Run{}, c.failRepo(r, err, "reading who started run %d", id)
		}
	}
	return run, nil
}

// CancelRun asks GitHub to end a run, which takes it a while. That the run has ended already is no error.
func (c *Client) CancelRun(ctx context.Context, r app.Repo, run int64) error {
	if run <= 0 {
		return refuse("no run has the number %d", run)
	}
	_, err := c.as(r.Installation).Actions.CancelWorkflowRunByID(ctx, r.Owner, r.Name, run)
	if status := statusOf(err); status == http.StatusAccepted || status == http.StatusConflict {
		return nil
	}
	return c.failRepo(r, err, "cancelling run %d", run)
}

// RunBegan says whether any job of a run, of whichever attempt, got as far as a machine that runs it. What did not has done nothing. A run
// with more jobs than one answer holds counts as begun. ErrNotFound: there is no such run.
func (c *Client) RunBegan(ctx context.Context, r app.Repo, run int64) (bool, error) {
	if run <= 0 {
		return false, refuse("no run has the number %d", run)
	}
	var list struct {
		Total int `json:"total_count"`
		Jobs  []struct {
			Runner int64             `json:"runner_id"`
			Steps  []json.RawMessage `json:"steps"`
		} `json:"jobs"`
	}
	path := runPath(r, run, fmt.Sprintf("/jobs?filter=all&per_page=%d", perPage))
	if _, err := send(ctx, c.as(r.Installation), http.MethodGet, path, nil, &list); err != nil {
		return false, c.failRepo(r, err, "reading the jobs of run %d", run)
	}
	for _, j := range list.Jobs {
		if j.Runner != 0 || len(j.Steps) > 0 {
			return true, nil
		}
	}
	return list.Total > len(list.Jobs), nil
}

// runPath is a path below a run's.
func runPath(r app.Repo, run int64, rest string) string {
	return repoPath(r, "/actions/runs/%d%s", run, rest)
}

// workflowPath is a path below a workflow's. Only a file's name can name one: a number would be another's.
func workflowPath(r app.Repo, file, rest string) (string, error) {
	name, ok := strings.CutSuffix(file, ".yml")
	if !ok {
		name, ok = strings.CutSuffix(file, ".yaml")
	}
	if !ok || name == "" || strings.ContainsAny(name, "/\\") {
		return "", refuse("%q is no name of a workflow's file", file)
	}
	return repoPath(r, "/actions/workflows/%s%s", url.PathEscape(file), rest), nil
}
