package git_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

var mainSpec = git.Mirror(git.Branch("main"))

func TestFetchFollowsTheRemote(t *testing.T) {
	o := newOrigin(t)
	first := o.commit("first", map[string]string{"a": "1"})
	g := o.mirrored()
	head, err := g.Head(t.Context(), o.repo, "refs/heads/main")
	must(t, err)
	wantEqual(t, head, first)

	o.git("commit", "-q", "--amend", "-m", "forced")
	o.push()
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	head, err = g.Head(t.Context(), o.repo, "refs/heads/main")
	must(t, err)
	wantEqual(t, head, o.sha("HEAD"))
}

func TestFetchOfACommitByItself(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	g := o.mirrored()
	o.git("checkout", "-q", "-b", "topic")
	topic := o.commit("topic", map[string]string{"b": "2"})

	has, err := g.Has(t.Context(), o.repo, topic)
	must(t, err)
	wantEqual(t, has, false)
	must(t, g.Fetch(t.Context(), o.repo, string(topic)))
	content, err := g.File(t.Context(), o.repo, topic, "b")
	must(t, err)
	wantEqual(t, string(content), "2")

	before := o.fetched()
	must(t, g.Fetch(t.Context(), o.repo, string(topic)))
	wantEqual(t, o.fetched(), before)
}

func TestFetchOfAPullRequest(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	o.git("checkout", "-q", "-b", "topic")
	topic := o.commit("topic", nil)
	command(t, o.bare, "git", "update-ref", "refs/pull/7/head", string(topic))
	g := o.open()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror(git.Pull(7)), mainSpec))
	head, err := g.Head(t.Context(), o.repo, git.Pull(7))
	must(t, err)
	wantEqual(t, head, topic)
}

func TestWhatIsGoneFromTheRemoteGoesFromTheMirror(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	for _, name := range []string{"old", "kept"} {
		o.git("branch", name)
	}
	o.push()
	g := o.open()
	must(t, g.Fetch(t.Context(), o.repo, mainSpec, git.Mirror("refs/heads/old"), git.Mirror("refs/heads/kept")))
	command(t, o.bare, "git", "update-ref", "-d", "refs/heads/old")
	command(t, o.bare, "git", "update-ref", "-d", "refs/heads/kept")
	o.git("branch", "-D", "-q", "old", "kept")
	second := o.commit("second", nil)

	wantKind(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/old"), mainSpec), app.ErrNotFound)
	_, err := g.Head(t.Context(), o.repo, "refs/heads/old")
	wantKind(t, err, app.ErrNotFound)
	head, err := g.Head(t.Context(), o.repo, "refs/heads/main")
	must(t, err)
	wantEqual(t, head, second)
	if _, err := g.Head(t.Context(), o.repo, "refs/heads/kept"); err != nil {
		t.Fatalf("a branch that was not named went too: %v", err)
	}

	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/*")))
	_, err = g.Head(t.Context(), o.repo, "refs/heads/kept")
	wantKind(t, err, app.ErrNotFound)
}

func TestABranchThatBecameAFolderOfBranches(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	o.git("branch", "a")
	o.push()
	g := o.open()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/a")))
	command(t, o.bare, "git", "update-ref", "-d", "refs/heads/a")
	o.git("branch", "-D", "-q", "a")
	o.git("branch", "a/b")
	o.push()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/a/b")))
	head, err := g.Head(t.Context(), o.repo, "refs/heads/a/b")
	must(t, err)
	wantEqual(t, head, o.sha("a/b"))
}

func TestRefspecsThatAreRefused(t *testing.T) {
	o := newOrigin(t)
	g := o.open()
	for _, spec := range []string{"", "main", "--upload-pack=touch x", "-refs/heads/main:-refs/heads/main", "+refs/heads/a:refs/heads/b", "HEAD:HEAD",
		"+refs/heads/-x:refs/heads/-x", "+refs/slipway/keep/*:refs/slipway/keep/*", "+refs/replace/*:refs/replace/*", "+refs/heads/a..b:refs/heads/a..b",
		"+refs/heads/../x:refs/heads/../x", "+refs/heads/a*:refs/heads/a*", "+refs/heads/*/x:refs/heads/*/x", "abcdef123456", "^refs/heads/main"} {
		if err := g.Fetch(t.Context(), o.repo, spec); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%q: %v", spec, err)
		}
	}
	wantKind(t, g.Fetch(t.Context(), o.repo), app.ErrInvalid)
	for _, ref := range []string{"main", "-x", "HEAD", "refs/heads/-x", "refs/heads/main^{tree}", "refs/heads/x@{1}", "refs/slipway/keep/x", ""} {
		if _, err := g.Head(t.Context(), o.repo, ref); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%q: %v", ref, err)
		}
	}
	wantEqual(t, o.fetched(), 0)
}

func TestKindsOfErrors(t *testing.T) {
	gone := app.SHA(strings.Repeat("ab", 20))
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "remote words", code) }
	}
	cases := map[string]struct {
		answer http.HandlerFunc
		spec   string
		token  string
		kind   app.ErrorKind
	}{
		"no such repository":   {status(404), mainSpec, "", app.ErrNotFound},
		"repository is gone":   {status(410), mainSpec, "", app.ErrNotFound},
		"no such branch":       {nil, git.Mirror("refs/heads/nobody"), "", app.ErrNotFound},
		"no such commit":       {nil, string(gone), "", app.ErrNotFound},
		"forbidden":            {status(403), mainSpec, "", app.ErrDenied},
		"token refused":        {nil, mainSpec, "wrong", app.ErrDenied},
		"token missing":        {nil, mainSpec, "", app.ErrDenied},
		"limited":              {status(429), mainSpec, "", app.ErrLimited},
		"broken":               {status(500), mainSpec, "", app.ErrUnreachable},
		"away":                 {status(503), mainSpec, "", app.ErrUnreachable},
		"connection cut":       {hangUp, mainSpec, "", app.ErrUnreachable},
		"not a git server":     {status(200), mainSpec, "", app.ErrUnreachable},
		"cut while sending":    {cutPack, mainSpec, "", app.ErrUnreachable},
		"broken while sending": {onlyPost(status(502)), mainSpec, "", app.ErrUnreachable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			o.commit("first", nil)
			o.intercept(c.answer)
			if strings.HasPrefix(name, "token") {
				o.guard("right")
			}
			g := o.open(func(opts *git.Options) {
				opts.Remote = func(context.Context, app.Repo) (git.Remote, error) {
					return git.Remote{URL: o.url, Token: c.token}, nil
				}
			})
			err := g.Fetch(t.Context(), o.repo, c.spec)
			wantKind(t, err, c.kind)
			if c.kind == app.ErrLimited && !app.RetryAt(err).After(clock().Now()) {
				t.Fatalf("it does not say when to try again: %v", err)
			}
			if name == "no such commit" && !errors.Is(err, git.ErrNoCommit) {
				t.Fatalf("not ErrNoCommit: %v", err)
			}
		})
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(*statusWriter).ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
	w.(*statusWriter).written = true
}

func onlyPost(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			h(w, r)
		}
	}
}

func cutPack(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte("000dpackfile\n"))
}

func TestServerIsNotThere(t *testing.T) {
	o := newOrigin(t)
	server := httptest.NewServer(http.NotFoundHandler())
	o.url = server.URL + "/x.git"
	server.Close()
	wantKind(t, o.open().Fetch(t.Context(), o.repo, mainSpec), app.ErrUnreachable)
}

func TestErrorsOfRemoteAreHandedOn(t *testing.T) {
	o := newOrigin(t)
	g := o.open(func(opts *git.Options) {
		opts.Remote = func(context.Context, app.Repo) (git.Remote, error) {
			return git.Remote{}, &app.Error{Op: "asking for a token", Kind: app.ErrDenied}
		}
	})
	wantKind(t, g.Fetch(t.Context(), o.repo, mainSpec), app.ErrDenied)
}

func TestEqualFetchesShareOne(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	g := o.mirrored()
	arrived, goOn := make(chan struct{}, 9), make(chan struct{})
	o.intercept(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			arrived <- struct{}{}
			<-goOn
		}
	})
	before := o.fetched()
	results := make(chan error, 5)
	fetch := func() { results <- g.Fetch(t.Context(), o.repo, mainSpec) }
	go fetch()
	<-arrived // it has begun: nobody may join it any more
	second := o.commit("second", nil)
	for range 4 {
		go fetch()
	}
	waitFor(t, func() bool { return git.Waiting(g, o.repo, mainSpec) == 4 })
	close(goOn)
	for range 5 {
		must(t, <-results)
	}
	wantEqual(t, o.fetched()-before, 2)
	head, err := g.Head(t.Context(), o.repo, "refs/heads/main")
	must(t, err)
	wantEqual(t, head, second)
}

func TestACallerThatLeavesDisturbsNobody(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	g := o.open()
	arrived, goOn := make(chan struct{}, 9), make(chan struct{})
	o.intercept(func(_ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-goOn })
	results := make(chan error, 2)
	busy := make(chan error, 1)
	go func() { busy <- g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/*")) }()
	<-arrived
	impatient, leave := context.WithCancel(t.Context())
	go func() { results <- g.Fetch(impatient, o.repo, mainSpec) }()
	waitFor(t, func() bool { return git.Waiting(g, o.repo, mainSpec) == 1 })
	patient := make(chan error, 1)
	go func() { patient <- g.Fetch(t.Context(), o.repo, mainSpec) }()
	waitFor(t, func() bool { return git.Waiting(g, o.repo, mainSpec) == 2 })
	leave()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(goOn)
	must(t, <-busy)
	must(t, <-patient)
}

func TestCancelKillsGitAndItsChildren(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	g := o.open()
	arrived := make(chan struct{}, 1)
	gone := make(chan struct{})
	o.intercept(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done() // git-remote-http, a grandchild, has hung up
		close(gone)
		panic(http.ErrAbortHandler)
	})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- g.Fetch(ctx, o.repo, mainSpec) }()
	<-arrived
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	<-gone
	o.intercept(nil)
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
}

func TestAFetchEndsByTheClock(t *testing.T) {
	o := newOrigin(t)
	c := clock()
	g := o.open(func(opts *git.Options) { opts.Clock = c })
	o.intercept(func(_ http.ResponseWriter, r *http.Request) {
		c.Advance(24 * time.Hour)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	wantKind(t, g.Fetch(t.Context(), o.repo, mainSpec), app.ErrUnreachable)
}

// waitFor waits for what no channel tells.
func waitFor(t testing.TB, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ready(); {
		if time.Now().After(deadline) {
			t.Fatal("it never came")
		}
		runtime.Gosched()
	}
}
