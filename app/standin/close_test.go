package standin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/standin"
)

// Close ends a request that hangs, a webhook that nobody answers and one that waits for its time, and leaves nothing running.
func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan bool, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		asked <- true
		<-r.Context().Done()
	}))
	gh, err := standin.New(standin.Options{
		Clock: apptest.NewClock(time.Now()), App: standin.App{ID: 1, Key: key}, Webhook: standin.Webhook{URL: receiver.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gh.CreateRepository("ana", "shop", standin.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	gh.BreakWebhooks(standin.HookMatch{Event: "push"}, standin.HookFault{Delay: time.Hour})
	if _, err := gh.Install("ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Commit("ana", "main", "Change", map[string]string{"a": "a"}); err != nil {
		t.Fatal(err)
	}
	<-asked
	broken := gh.Break(standin.Match{By: "any"}, standin.Fault{Hang: true})
	client := &http.Client{Transport: &http.Transport{}}
	done := make(chan error)
	go func() {
		answer, err := client.Get(gh.URL() + "/users/ana")
		if err == nil {
			answer.Body.Close()
		}
		done <- err
	}()
	<-broken.Struck()
	if err := gh.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the request that hung was answered")
	}
	client.CloseIdleConnections()
	receiver.Close()
	goleak.VerifyNone(t, before)
}

func TestConcurrentUse(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, app := w.shop()
	sha := repo.Head("main")
	var all sync.WaitGroup
	for _, do := range []func() error{
		func() error { return report(app, sha) },
		func() error { _, err := repo.Commit("ben", "a", "A", map[string]string{"a": "a"}); return err },
		func() error { _, err := repo.Commit("ben", "b", "B", map[string]string{"b": "b"}); return err },
		func() error { _, _, err := app.Repositories.GetBranch(ctx, "acme", "shop", "main", 1); return err },
		func() error { w.gh.Requests(); w.gh.Deliveries(); repo.CheckRuns(sha); return nil },
		func() error { _, err := w.gh.CreateRepository("acme", "more", standin.RepoOptions{}); return err },
	} {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := do(); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

// Close ends steps that run and jobs that wait for their environment, and leaves no checkout behind.
func TestCloseEndsWorkflows(t *testing.T) {
	before := goleak.IgnoreCurrent()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	gh, err := standin.New(standin.Options{Clock: apptest.NewClock(time.Now()), App: standin.App{ID: 1, Key: key}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gh.CreateRepository("ana", "shop", standin.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.SetEnvironment("slow", 5); err != nil {
		t.Fatal(err)
	}
	out := fifo(t, "out")
	if _, err := repo.Commit("ana", "main", "Work", stepsWorkflow("exec 3>$OUT\nsleep 1000 &\nwait")); err != nil {
		t.Fatal(err)
	}
	for _, inputs := range []map[string]string{{"out": out}, {"environment": "slow"}} {
		if _, err := repo.Dispatch("ana", "deploy.yml", "main", inputs); err != nil {
			t.Fatal(err)
		}
	}
	pipe, err := os.Open(out) // waits for the step
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := gh.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(pipe); err != nil { // ends when nothing of the step is left
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "job-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	goleak.VerifyNone(t, before)
}
