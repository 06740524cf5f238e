package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/standin"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// town is a stand-in GitHub with one repository and one pull request. Every request and answer is held to GitHub's own description.
type town struct {
	gh    *standin.Server
	repo  *standin.Repo
	pull  *standin.Pull
	clock *apptest.Clock
	r     app.Repo
	c     *Client
}

// reporter leaves out what GitHub's description contradicts itself in: an App can have the permission merge_queues, but the list of its
// installations does not know it.
type reporter struct{ testing.TB }

func (r reporter) Errorf(format string, args ...any) {
	r.Helper()
	text := fmt.Sprintf(format, args...)
	queues := strings.Contains(text, "GET /app/installations?") && strings.HasSuffix(text, "body: /0/permissions/merge_queues: the property is not described")
	if !queues {
		r.TB.Error(text)
	}
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{clock: apptest.NewClock(start)}
	var err error
	held := contract.New(reporter{t})
	w.gh, err = standin.New(standin.Options{Clock: w.clock, Wrap: held.Wrap, App: standin.App{ID: appID, Slug: "slipway", Key: testKey()}})
	noError(t, err)
	t.Cleanup(func() {
		for _, m := range w.gh.Mistakes() {
			t.Errorf("GitHub passes in silence: %+v", m)
		}
		w.gh.Close()
	})
	w.repo, err = w.gh.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true})
	noError(t, err)
	for login, role := range map[string]string{"ana": "maintain", "ben": "write", "cy": "triage"} {
		noError(t, w.repo.SetRole(login, role))
	}
	installation, err := w.gh.Install("acme")
	noError(t, err)
	_, err = w.repo.Commit("ben", "feature", "Sell more\n\nCo-authored-by: D <d@a.example>", map[string]string{"shop.go": "package shop\n"})
	noError(t, err)
	w.pull, err = w.repo.OpenPullRequest("ben", "Sell more", "feature", "main")
	noError(t, err)
	w.r = app.Repo{ID: app.RepoID(w.repo.ID()), Owner: "acme", Name: "shop", DefaultBranch: "main", Installation: installation}
	w.c, err = New(Options{BaseURL: w.gh.URL() + "/api/v3", AppID: appID, PrivateKey: keyPEM(), Clock: w.clock})
	noError(t, err)
	t.Cleanup(w.c.Close)
	return w
}

func (w *town) head() app.SHA { return app.SHA(w.pull.Head()) }

func (w *town) run() app.CheckRun {
	want := wantRun()
	want.Commit, want.Notes = w.head(), notes(120)
	want.Buttons = []app.Button{{Label: "Approve", Description: "Release it", Identifier: "approve"}}
	return want
}

func (w *town) deployment() app.Deployment {
	want := wantDeployment()
	want.Commit, want.Inactivates = w.head(), 0
	return want
}

func TestReadsAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	info, err := w.c.App(ctx)
	noError(t, err)
	if missing := Missing(info); info.ID != appID || info.Slug != "slipway" || len(missing) > 0 {
		t.Errorf("%+v lacks %v", info, missing)
	}
	ins, err := w.c.Installations(ctx)
	if err != nil || len(ins) != 1 || ins[0].ID != w.r.Installation || ins[0].Account.Login != "acme" || ins[0].Personal {
		t.Errorf("%+v, %v", ins, err)
	}
	repos, err := w.c.Repositories(ctx, w.r.Installation)
	noError(t, err)
	if len(repos) != 1 || repos[0].OwnerID <= 0 {
		t.Fatalf("the repositories are %+v", repos)
	}
	w.r.OwnerID = repos[0].OwnerID
	if diff := cmp.Diff([]app.Repo{w.r}, repos); diff != "" {
		t.Error(diff)
	}
	id, err := w.c.InstallationOf(ctx, w.r)
	if err != nil || id != w.r.Installation {
		t.Errorf("%d, %v", id, err)
	}
	pulls, err := w.c.OpenPulls(ctx, w.r)
	if err != nil || len(pulls) != 1 || pulls[0].Head != w.head() || pulls[0].HeadRepo != w.r.ID || pulls[0].Author.Login != "ben" || pulls[0].MergeCommit != "" {
		t.Errorf("%+v, %v", pulls, err)
	}
	roles := map[string]string{}
	for _, login := range []string{"ana", "ben", "cy", "nobody"} {
		role, err := w.c.Role(ctx, w.r, login)
		noError(t, err)
		roles[login] = role.Name
	}
	if diff := cmp.Diff(map[string]string{"ana": "maintain", "ben": "write", "cy": "triage", "nobody": RoleNone}, roles); diff != "" {
		t.Error(diff)
	}
	everyone, err := w.c.Collaborators(ctx, w.r)
	noError(t, err)
	for _, who := range everyone {
		if who.Name != roles[who.Person.Login] && who.Name != "admin" || who.Person.Login == "cy" {
			t.Errorf("%+v is listed", who)
		}
	}
	if len(everyone) < 2 {
		t.Errorf("only %+v are listed", everyone)
	}
}

func TestPeopleAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	_, err := w.repo.Push("ana", standin.Change{Branch: "feature", Message: "Help", Files: map[string]string{"b": "b"}, Author: "cy"})
	noError(t, err)
	people, err := w.c.PullPeople(ctx, w.r, w.pull.Number())
	noError(t, err)
	wrote, emails := people.Wrote()
	logins := map[string]bool{}
	for _, p := range wrote {
		logins[p.Login] = p.ID != 0
	}
	if !people.Complete || !logins["ben"] || !logins["cy"] || len(emails) != 1 || emails[0] != "d@a.example" {
		t.Errorf("%+v: %v and %v", people, logins, emails)
	}
	pushers, err := w.c.Pushers(ctx, w.r, "feature")
	if err != nil || len(pushers) != 2 || pushers[0].Login != "ana" || pushers[1].Login != "ben" {
		t.Errorf("%+v, %v", pushers, err)
	}
	_, err = w.pull.Merge("ana", "squash")
	noError(t, err)
	merged, err := w.c.Pull(ctx, w.r, w.pull.Number())
	if err != nil || !merged.Merged || merged.State != "closed" || string(merged.MergeCommit) != w.pull.MergeCommit() {
		t.Errorf("%+v, %v", merged, err)
	}
	pulls, err := w.c.PullsOfCommit(ctx, w.r, merged.MergeCommit)
	if err != nil || len(pulls) != 1 || pulls[0].Number != w.pull.Number() {
		t.Errorf("%+v, %v", pulls, err)
	}
	pushers, err = w.c.Pushers(ctx, w.r, "main")
	if err != nil || len(pushers) != 1 || pushers[0].Login == "ana" { // who made the branch; ana only merged
		t.Errorf("%+v, %v", pushers, err)
	}
}

func TestRenamedAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	noError(t, w.repo.SetRole("root", "admin"))
	noError(t, w.repo.Rename("root", "store"))
	now, err := w.c.Repository(ctx, w.r)
	noError(t, err)
	if now.FullName() != "acme/store" || now.ID != w.r.ID || now.Installation != w.r.Installation {
		t.Errorf("%+v", now)
	}
	// Until it is read anew, the old name still works for reading and writing.
	if _, err := w.c.OpenPulls(ctx, w.r); err != nil {
		t.Error(err)
	}
	if _, err := w.c.EnsureComment(ctx, w.r, app.Comment{Pull: w.pull.Number(), Marker: "m", Body: "b"}, 0, true); err != nil {
		t.Error(err)
	}
	if n := len(w.pull.Comments()); n != 1 {
		t.Errorf("%d comments", n)
	}
}

func TestTokensAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	text, expires, err := w.c.GitToken(ctx, w.r)
	noError(t, err)
	if !expires.Equal(start.Add(time.Hour)) {
		t.Errorf("until %v", expires)
	}
	ask := func(method, path, body string) int {
		req, err := http.NewRequestWithContext(ctx, method, w.gh.URL()+path, strings.NewReader(body))
		noError(t, err)
		req.Header.Set("Authorization", "Bearer "+text)
		resp, err := http.DefaultClient.Do(req)
		noError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask("GET", "/repos/acme/shop/contents/README.md?ref=main", ""); got != 200 {
		t.Errorf("reading contents: %d", got)
	}
	if got := ask("POST", fmt.Sprintf("/repos/acme/shop/issues/%d/comments", w.pull.Number()), `{"body": "x"}`); got < 400 {
		t.Errorf("a token that reads contents could comment: %d", got)
	}
}

func TestUninstalledAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	_, err := w.c.OpenPulls(ctx, w.r)
	noError(t, err)
	noError(t, w.gh.Suspend("acme"))
	_, err = w.c.OpenPulls(ctx, w.r)
	wantKind(t, err, app.ErrDenied)
	noError(t, w.gh.Unsuspend("acme"))
	noError(t, w.gh.Uninstall("acme"))
	_, err = w.c.OpenPulls(ctx, w.r)
	wantKind(t, err, app.ErrDenied) // the token is void
	_, err = w.c.OpenPulls(ctx, w.r)
	wantKind(t, err, app.ErrDenied) // there is no other, which says nothing of the pull requests
	_, err = w.c.InstallationOf(ctx, w.r)
	wantKind(t, err, app.ErrNotFound)
}

func TestDeliveriesAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	noError(t, w.gh.Quiet(ctx))
	since := w.clock.Now()
	w.clock.Advance(time.Minute)
	w.gh.SetWebhook(standin.Webhook{URL: "http://127.0.0.1:1/", Secret: "it's a secret"}) // nobody listens
	_, err := w.pull.Comment("ana", "/status")
	noError(t, err)
	noError(t, w.gh.Quiet(ctx))
	failed, err := w.c.FailedDeliveries(ctx, since)
	noError(t, err)
	if len(failed) != 1 || failed[0].Event != "issue_comment" || failed[0].Action != "created" || failed[0].GUID == "" {
		t.Fatalf("%+v", failed)
	}
	noError(t, w.c.Redeliver(ctx, failed[0].ID))
	noError(t, w.gh.Quiet(ctx))
	if again := w.gh.Deliveries(); again[len(again)-1].GUID != failed[0].GUID || !again[len(again)-1].Redelivery {
		t.Errorf("%+v", again)
	}
	if later, err := w.c.FailedDeliveries(ctx, w.clock.Now().Add(time.Second)); err != nil || len(later) > 0 {
		t.Errorf("%+v, %v", later, err)
	}
}

// TestCommitPeople: a commit is its author's and its committer's as GitHub knows them, whatever addresses it carries.
func TestCommitPeople(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	noError(t, w.gh.SetEmail("ana", "ana@corp.example"))
	base := app.SHA(w.repo.Head("main"))
	for i := range 101 { // more than GitHub lists at once
		_, err := w.repo.Push("ben", standin.Change{Branch: "main", Message: fmt.Sprint(i), Files: map[string]string{"n": fmt.Sprint(i)}, Author: "ana"})
		noError(t, err)
	}
	head := app.SHA(w.repo.Head("main"))
	for from, n := range map[app.SHA]int{base: 101, "": 1} {
		made, err := w.c.CommitPeople(ctx, w.r, from, head)
		noError(t, err)
		if len(made) != n {
			t.Fatalf("%d commits since %q", len(made), from)
		}
		last := made[n-1]
		if last.SHA != head || len(last.Authors) != 1 || last.Authors[0].Login != "ana" || last.Committer.Login != "ben" || len(last.Emails) > 0 {
			t.Errorf("the last was made by %+v", last)
		}
	}
}

// TestSharedAgainstTheStandIn reads a file of another repository of the owner: a branch, a tag's name or a commit leads to it.
func TestSharedAgainstTheStandIn(t *testing.T) {
	w := newTown(t)
	other, err := w.gh.CreateRepository("acme", "config", standin.RepoOptions{Organization: true, Private: true})
	noError(t, err)
	noError(t, other.SetRole("ana", "maintain"))
	first, err := other.Push("ana", standin.Change{Branch: "main", Message: "One", Files: map[string]string{"gates/all.yml": "version: 1\n"}})
	noError(t, err)
	at, err := w.c.SharedCommit(t.Context(), w.r, "config", "main")
	noError(t, err)
	if string(at) != first {
		t.Errorf("main is %s, not %s", at, first)
	}
	second, err := other.Push("ana", standin.Change{Branch: "v1/rules", Message: "Two", Files: map[string]string{"gates/all.yml": "version: 2\n"}})
	noError(t, err)
	for ref, want := range map[string]string{"v1/rules": second, second: second, "main": first} {
		if at, err := w.c.SharedCommit(t.Context(), w.r, "config", ref); err != nil || string(at) != want {
			t.Errorf("%s is %s, not %s (%v)", ref, at, want, err)
		}
	}
	text, err := w.c.SharedFile(t.Context(), w.r, "config", app.SHA(first), "gates/all.yml")
	if err != nil || string(text) != "version: 1\n" {
		t.Errorf("it reads %q (%v)", text, err)
	}
	for what, err := range map[string]error{
		"no repository": errOf(w.c.SharedCommit(t.Context(), w.r, "nowhere", "main")),
		"no ref":        errOf(w.c.SharedCommit(t.Context(), w.r, "config", "nowhere")),
		"no file":       errOf(w.c.SharedFile(t.Context(), w.r, "config", app.SHA(first), "gates/none.yml")),
		"a folder":      errOf(w.c.SharedFile(t.Context(), w.r, "config", app.SHA(first), "gates")),
	} {
		if app.KindOf(err) != app.ErrNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.c.SharedCommit(t.Context(), w.r, "", "main"); app.KindOf(err) != app.ErrInvalid {
		t.Errorf("without a name: %v", err)
	}
}

func errOf[T any](_ T, err error) error { return err }
