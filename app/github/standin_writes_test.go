package github

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/standin"
)

func TestChecksAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	want := w.run()
	want.Status, want.Conclusion, want.Notes, want.Buttons = "in_progress", "", nil, nil
	id, err := w.c.EnsureCheckRun(ctx, w.r, want, 0, false)
	noError(t, err)
	want = w.run()
	if again, err := w.c.EnsureCheckRun(ctx, w.r, want, id, false); err != nil || again != id {
		t.Errorf("%d, then %d, %v", id, again, err)
	}
	want.Buttons = nil
	if again, err := w.c.EnsureCheckRun(ctx, w.r, want, id, false); err != nil || again != id {
		t.Errorf("%d, then %d, %v", id, again, err)
	}
	runs := w.repo.CheckRuns(w.pull.Head())
	if len(runs) != 1 || len(runs[0].Annotations) != 120 || runs[0].Conclusion != "success" || len(runs[0].Actions) != 0 {
		t.Errorf("%d runs, the first with %d annotations and %d buttons", len(runs), len(runs[0].Annotations), len(runs[0].Actions))
	}
	// Another conclusion is another run: GitHub would not tell that it ignores it.
	want.Conclusion, want.Title = "failure", "Failed"
	if other, err := w.c.EnsureCheckRun(ctx, w.r, want, id, true); err != nil || other == id {
		t.Errorf("%d, then %d, %v", id, other, err)
	}
	now, _ := w.repo.CheckRun(w.pull.Head(), want.Name)
	if now.Conclusion != "failure" || len(now.Annotations) != 120 || w.repo.Reopened() != 0 {
		t.Errorf("%s with %d annotations, %d reopened", now.Conclusion, len(now.Annotations), w.repo.Reopened())
	}
	_, err = w.repo.ForeignCheck("golangci", 99, w.pull.Head(), "lint", "success")
	noError(t, err)
	app99, err := w.c.AppBySlug(ctx, w.r, "golangci")
	if err != nil || app99 != 99 {
		t.Errorf("%d, %v", app99, err)
	}
	lint, err := w.c.ForeignCheck(ctx, w.r, w.head(), 99, "lint")
	if err != nil || lint.Status != "completed" || lint.Conclusion != "success" {
		t.Errorf("%+v, %v", lint, err)
	}
	_, err = w.c.ForeignCheck(ctx, w.r, w.head(), 98, "lint")
	wantKind(t, err, app.ErrNotFound)
}

func TestCommentsAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	want := app.Comment{Pull: w.pull.Number(), Marker: "pull/1", Body: "one"}
	_, err := w.pull.Comment("cy", "<!-- slipway:pull/1 -->\none")
	noError(t, err)
	id, err := w.c.EnsureComment(ctx, w.r, want, 0, true)
	noError(t, err)
	want.Body = "two"
	if again, err := w.c.EnsureComment(ctx, w.r, want, id, false); err != nil || again != id {
		t.Errorf("%d, then %d, %v", id, again, err)
	}
	noError(t, w.c.React(ctx, w.r, app.DoorComment, id, "eyes"))
	noError(t, w.c.React(ctx, w.r, app.DoorComment, id, "eyes"))
	got, err := w.c.Comment(ctx, w.r, id)
	if err != nil || got.Body != "<!-- slipway:pull/1 -->\ntwo" || !got.Author.Bot || got.Author.Login != "slipway[bot]" {
		t.Errorf("%+v, %v", got, err)
	}
	all := w.pull.Comments()
	if len(all) != 2 || len(all[1].Reactions) != 1 {
		t.Errorf("%+v", all)
	}
	noError(t, all[1].Delete("ana"))
	other, err := w.c.EnsureComment(ctx, w.r, want, id, false)
	if err != nil || other == id {
		t.Errorf("a deleted comment: %d, then %d, %v", id, other, err)
	}
	noError(t, w.pull.Lock("ana"))
	want.Marker = "pull/2"
	_, err = w.c.EnsureComment(ctx, w.r, want, 0, false)
	wantKind(t, err, app.ErrDenied)
}

func TestDeploymentsAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	want := w.deployment()
	first, err := w.c.EnsureDeployment(ctx, w.r, want, 0, true)
	noError(t, err)
	next := want
	next.Marker, next.Inactivates, next.State = "deploy/18", first, "in_progress"
	second, err := w.c.EnsureDeployment(ctx, w.r, next, 0, true)
	if err != nil || second == first {
		t.Fatalf("%d, then %d, %v", first, second, err)
	}
	next.State = "success"
	for range 2 { // the second time there is nothing to say
		_, err = w.c.EnsureDeployment(ctx, w.r, next, second, true)
		noError(t, err)
	}
	var states []string
	for _, d := range w.repo.Deployments(want.Environment) {
		for _, s := range d.Statuses {
			states = append(states, fmt.Sprint(d.ID-first, " ", s.State))
		}
	}
	one := fmt.Sprint(second - first)
	if diff := cmp.Diff([]string{"0 success", "0 inactive", one + " in_progress", one + " success"}, states); diff != "" {
		t.Error(diff)
	}
}

func TestLimitAgainstTheStandIn(t *testing.T) {
	w, ctx := newTown(t), t.Context()
	w.gh.Break(standin.Match{Method: "POST", Path: "/repos/**"}, standin.SecondaryLimit(45))
	_, err := w.c.EnsureCheckRun(ctx, w.r, w.run(), 0, false)
	wantKind(t, err, app.ErrLimited)
	if got := app.RetryAt(err).Sub(w.clock.Now()); got != 45*time.Second {
		t.Errorf("until %v", got)
	}
	w.clock.Advance(45 * time.Second)
	_, err = w.c.EnsureCheckRun(ctx, w.r, w.run(), 0, false)
	noError(t, err)
}

// A write may be lost before it is applied, or applied and not answered. Tried again it ends the same, with nothing twice.
func TestEveryWriteLostOrUnansweredEndsTheSame(t *testing.T) {
	deeds := map[string]func(context.Context, *town, int64, bool) (int64, error){
		"check run": func(ctx context.Context, w *town, known int64, retry bool) (int64, error) {
			return w.c.EnsureCheckRun(ctx, w.r, w.run(), known, retry)
		},
		"comment": func(ctx context.Context, w *town, known int64, retry bool) (int64, error) {
			return w.c.EnsureComment(ctx, w.r, app.Comment{Pull: w.pull.Number(), Marker: "m", Body: "hello"}, known, retry)
		},
		"deployment": func(ctx context.Context, w *town, known int64, retry bool) (int64, error) {
			return w.c.EnsureDeployment(ctx, w.r, w.deployment(), known, retry)
		},
	}
	for name, deed := range deeds {
		for nth := 1; nth <= 3; nth++ {
			for fault, hooks := range map[string]func(int) standin.WriteHooks{
				"lost": func(n int) standin.WriteHooks {
					return standin.WriteHooks{Before: func(w standin.Write) bool { return w.Number != n }}
				},
				"unanswered": func(n int) standin.WriteHooks {
					return standin.WriteHooks{AppliedUnanswered: func(w standin.Write) bool { return w.Number != n }}
				},
			} {
				w, ctx := newTown(t), t.Context()
				w.gh.OnWrite(hooks(nth))
				id, err := deed(ctx, w, 0, false)
				for tries := 1; err != nil && tries < 3; tries++ {
					wantKind(t, err, app.ErrUnreachable)
					id, err = deed(ctx, w, id, true)
				}
				if err != nil || id == 0 {
					t.Errorf("%s, write %d %s: %d, %v", name, nth, fault, id, err)
				}
				w.expectOnce(t, fmt.Sprintf("%s, write %d %s", name, nth, fault), name)
			}
		}
	}
}

func (w *town) expectOnce(t *testing.T, what, name string) {
	t.Helper()
	switch name {
	case "check run":
		runs := w.repo.CheckRuns(w.pull.Head())
		if len(runs) != 1 || len(runs[0].Annotations) != 120 || len(runs[0].Actions) != 1 {
			t.Errorf("%s: %d check runs, the first with %d annotations", what, len(runs), len(runs[0].Annotations))
		}
	case "comment":
		if all := w.pull.Comments(); len(all) != 1 {
			t.Errorf("%s: %d comments", what, len(all))
		}
	case "deployment":
		all := w.repo.Deployments("")
		if len(all) != 1 || len(all[0].Statuses) != 1 || all[0].State() != "success" {
			t.Errorf("%s: %d deployments: %+v", what, len(all), all)
		}
	}
}
