package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// EnsureCheckRun makes GitHub hold the check run that is wanted, and gives its number.
//
// known is its number as an earlier call gave it, or 0; it must be that of the same External. retry says that an earlier try may have
// been done without our learning of it: then GitHub is asked first, and nothing is made twice. A completed check run is never
// reopened: if the known one is gone, or ended in another way than is wanted, a new one of the same name is made. Annotations are
// appended by GitHub, so only those that it does not hold yet are sent, 50 at a time in the order given; each further 50 are one more
// write. A number that comes with an error is right all the same: some of the annotations are missing.
func (c *Client) EnsureCheckRun(ctx context.Context, r app.Repo, want app.CheckRun, known int64, retry bool) (int64, error) {
	body, err := checkRunBody(want)
	if err != nil {
		return 0, err
	}
	w := &checkRunWriter{client: c.as(r.Installation), appID: c.appID, repo: r, want: want, body: body, notes: notesOf(want.Notes)}
	id, err := w.ensure(ctx, known, retry)
	return id, c.failRepo(r, err, "writing check run %s of %s", want.Name, want.Commit.Short())
}

// checkRunWriter brings one check run about. The request's body is our own: go-github's can't take buttons or text away again.
type checkRunWriter struct {
	client *gh.Client
	appID  int64
	repo   app.Repo
	want   app.CheckRun
	body   runBody
	notes  []note
}

func (w *checkRunWriter) ensure(ctx context.Context, known int64, retry bool) (int64, error) {
	if known != 0 && !retry && len(w.notes) == 0 {
		return w.update(ctx, known)
	}
	there, err := w.look(ctx, known, retry)
	if err != nil {
		return 0, err
	}
	if there == nil {
		return w.create(ctx)
	}
	left := w.notes[min(there.GetOutput().GetAnnotationsCount(), len(w.notes)):]
	if known == 0 && len(left) == 0 && w.shows(there) {
		return there.GetID(), nil // an earlier try did it all
	}
	return w.write(ctx, http.MethodPatch, there.GetID(), left)
}

// update writes without looking: we know what we wrote last. The answer says whether GitHub took it.
func (w *checkRunWriter) update(ctx context.Context, known int64) (int64, error) {
	var now gh.CheckRun
	_, err := send(ctx, w.client, http.MethodPatch, repoPath(w.repo, "/check-runs/%d", known), w.body, &now)
	switch {
	case err == nil && w.fits(&now):
		return known, nil
	case err == nil || gone(err):
		return w.create(ctx)
	case !refused(err):
		return known, err
	}
	there, lookErr := w.get(ctx, known)
	if lookErr != nil || (there != nil && w.fits(there)) {
		return known, errors.Join(err, lookErr)
	}
	return w.create(ctx)
}

// look finds the check run that an earlier try left, if it can still become what is wanted.
func (w *checkRunWriter) look(ctx context.Context, known int64, retry bool) (*gh.CheckRun, error) {
	if known != 0 {
		there, err := w.get(ctx, known)
		if err != nil || (there != nil && w.fits(there)) {
			return there, err
		}
	}
	if !retry {
		return nil, nil
	}
	found, err := listCheckRuns(ctx, w.client, w.repo, w.want.Commit, &gh.ListCheckRunsOptions{
		AppID: &w.appID, CheckName: &w.want.Name, Filter: gh.String("all"),
	})
	if err != nil {
		return nil, err
	}
	var newest *gh.CheckRun
	for _, run := range found {
		ours := run.GetApp().GetID() == w.appID && run.GetExternalID() == w.want.External && run.GetName() == w.want.Name
		if ours && w.fits(run) && run.GetID() > newest.GetID() {
			newest = run
		}
	}
	return newest, nil
}

func (w *checkRunWriter) get(ctx context.Context, id int64) (*gh.CheckRun, error) {
	there, _, err := w.client.Checks.GetCheckRun(ctx, w.repo.Owner, w.repo.Name, id)
	if gone(err) {
		return nil, nil
	}
	return there, err
}

// fits says whether a check run is what is wanted or can still become it.
func (w *checkRunWriter) fits(there *gh.CheckRun) bool {
	return there.GetStatus() != "completed" || (w.want.Status == "completed" && there.GetConclusion() == w.want.Conclusion)
}

// shows says whether an earlier try has nothing left to write. GitHub never tells the buttons, so with buttons it has.
func (w *checkRunWriter) shows(there *gh.CheckRun) bool {
	out := there.GetOutput()
	return len(w.body.Actions) == 0 && there.GetStatus() == w.want.Status && there.GetConclusion() == w.want.Conclusion &&
		there.GetDetailsURL() == w.body.DetailsURL && out.GetTitle() == w.body.Output.Title &&
		out.GetSummary() == w.body.Output.Summary && out.GetText() == w.body.Output.Text
}

func (w *checkRunWriter) create(ctx context.Context) (int64, error) {
	return w.write(ctx, http.MethodPost, 0, w.notes)
}

// write sends the check run with the first annotations, then the others. If GitHub breaks off in between, the next try goes on from
// the number that it holds.
func (w *checkRunWriter) write(ctx context.Context, method string, id int64, notes []note) (int64, error) {
	for {
		batch := notes[:min(maxNotes, len(notes))]
		body := w.body
		body.Output.Annotations = batch
		path := repoPath(w.repo, "/check-runs")
		if method == http.MethodPost {
			body.HeadSHA = w.want.Commit
		} else {
			path = repoPath(w.repo, "/check-runs/%d", id)
		}
		var now gh.CheckRun
		if _, err := send(ctx, w.client, method, path, body, &now); err != nil {
			return id, err
		}
		if now.GetID() == 0 {
			return id, errors.New("GitHub's answer holds no check run")
		}
		if notes = notes[len(batch):]; len(notes) == 0 {
			return now.GetID(), nil
		}
		method, id = http.MethodPatch, now.GetID()
	}
}

// listCheckRuns reads all pages of a commit's check runs.
func listCheckRuns(ctx context.Context, client *gh.Client, r app.Repo, sha app.SHA, opts *gh.ListCheckRunsOptions) ([]*gh.CheckRun, error) {
	return collect(func(n int) ([]*gh.CheckRun, *gh.Response, error) {
		opts.ListOptions = gh.ListOptions{Page: n, PerPage: perPage}
		page, resp, err := client.Checks.ListCheckRunsForRef(ctx, r.Owner, r.Name, string(sha), opts)
		if err != nil {
			return nil, resp, err
		}
		return page.CheckRuns, resp, nil
	})
}

// ForeignCheck is a check run of another App.
type ForeignCheck struct {
	ID         int64
	Status     string // completed, or anything else: it goes on
	Conclusion string // of a completed one
	DetailsURL string
}

// ForeignCheck reads another App's newest check run of this name on a commit. The App is known by its number, for a name and a commit
// status can be forged by anyone who may write. ErrNotFound: there is none, or no such commit.
func (c *Client) ForeignCheck(ctx context.Context, r app.Repo, sha app.SHA, appID int64, name string) (ForeignCheck, error) {
	if _, err := app.ParseSHA(string(sha)); err != nil || appID <= 0 || name == "" {
		return ForeignCheck{}, refuse("another App's check needs a full commit, the App's id and the check's name")
	}
	found, err := listCheckRuns(ctx, c.as(r.Installation), r, sha, &gh.ListCheckRunsOptions{AppID: &appID, CheckName: &name, Filter: gh.String("latest")})
	if err != nil {
		return ForeignCheck{}, c.failRepo(r, unknownCommit(err), "reading check %s of %s", name, sha.Short())
	}
	var newest *gh.CheckRun
	for _, run := range found {
		if run.GetApp().GetID() == appID && run.GetName() == name && run.GetID() > newest.GetID() {
			newest = run
		}
	}
	if newest == nil {
		return ForeignCheck{}, &app.Error{
			Op: fmt.Sprintf("reading check %s of %s in %s", name, sha.Short(), r.FullName()), Kind: app.ErrNotFound,
			Err: errors.New("the App has not reported it"),
		}
	}
	return ForeignCheck{newest.GetID(), newest.GetStatus(), newest.GetConclusion(), newest.GetDetailsURL()}, nil
}
