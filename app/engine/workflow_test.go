package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

func actions(r app.Repo) []app.Message {
	return []app.Message{
		app.WorkflowRan{Repo: r, Run: 9},
		app.ProtectionAsked{Repo: r, Run: 9, Environment: "production", Commit: commit, Deployment: 5},
	}
}

// TestActionsAreHeard: what GitHub Actions tells is taken in, and the repository is noted as it is described there, unless it is not served.
func TestActionsAreHeard(t *testing.T) {
	for _, m := range actions(renamed()) {
		for served, want := range map[bool]app.Repo{true: renamed(), false: repo()} {
			tell(t, m, served, want)
		}
	}
}

// TestNobodysReviewsAreNotHeard: what becomes of words and of pull requests in a repository that is not served is nothing to us.
func TestNobodysReviewsAreNotHeard(t *testing.T) {
	tell(t, app.CommentAltered{Repo: renamed(), Source: "comment/7", At: noon}, false, repo())
	tell(t, app.PullReviewed{Repo: renamed(), Pull: 3, Review: 7, State: app.ReviewApproved, Commit: commit, Received: noon}, false, repo())
}

// renamed is the repository, under another name.
func renamed() app.Repo {
	r := repo()
	r.Name = "store"
	return r
}

// tell has an event be translated into a message, and looks at what is known of the repository when all is quiet again.
func tell(t *testing.T, m app.Message, served bool, want app.Repo) {
	t.Helper()
	r := newRig(t, twoChecks, nil)
	r.quiet()
	r.stop()
	r.start(engine.Options{
		Store: r.store, Clock: r.clock, Holder: t.Name(), Links: links{}, CheckSlots: 1, DeploySlots: 1, Stored: r.store.Stored,
		Allow: func(app.Repo, engine.First) (bool, string) { return served, "it is another's" },
		Translate: func(app.Event) ([]app.Letter, string, error) {
			return []app.Letter{{To: app.RepositoryAddress(want.ID), Message: m}}, "", nil
		},
	})
	if _, err := r.store.Accept(t.Context(), app.Event{Delivery: "d", Name: "x", Body: []byte("{}"), Received: noon}); err != nil {
		t.Fatal(err)
	}
	r.engine.Nudge()
	r.quiet()
	r.update(func(tx engine.Tx) error {
		known, err := tx.Repo(want.ID)
		if diff := cmp.Diff(want, known); diff != "" {
			t.Errorf("%s, served %v: %s", m.Name(), served, diff)
		}
		mail, left := tx.Mail(1, noon.Add(24*time.Hour)) // those that are put off too
		if len(mail) > 0 || left != nil {
			t.Errorf("%s, served %v: %+v is left, %v", m.Name(), served, mail, left)
		}
		return err
	})
}
