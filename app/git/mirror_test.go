package git_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

func mirrorOf(t testing.TB, g *git.Git, o *origin) string {
	t.Helper()
	return git.MirrorDir(g, o.repo)
}

// The environment of the process that is killed in TestKilledInTheMiddleOfAFetch.
const (
	victimDir = "SLIPWAY_TEST_VICTIM_DIR"
	victimURL = "SLIPWAY_TEST_VICTIM_URL"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimDir) != "" {
		os.Exit(victim())
	}
	if os.Getenv(fewFiles) != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 300, Max: 300}); err != nil {
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}

// fewFiles limits how many files the tests may open at once.
const fewFiles = "SLIPWAY_TEST_FEW_FILES"

// victim is a server that fetches until it is killed.
func victim() int {
	o := &origin{url: os.Getenv(victimURL), repo: app.Repo{ID: 42, Owner: "acme", Name: "shop"}}
	g, err := git.New(git.Options{Dir: os.Getenv(victimDir), Remote: o.remote, Clock: clock()})
	if err != nil {
		return 3
	}
	_ = g.Fetch(noContext(), o.repo, mainSpec)
	return 4
}

func TestKilledInTheMiddleOfAFetch(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", map[string]string{"a": "1"})
	data := filepath.Join(worldPassable(t), "git")
	there := func(opts *git.Options) { opts.Dir = data }
	must(t, o.mirrored(there).Close())
	head := o.commit("second", map[string]string{"b": strings.Repeat("much\n", 10000)})

	arrived, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o.intercept(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			once.Do(func() { close(arrived) })
			<-end // never answered
			panic(http.ErrAbortHandler)
		}
	})
	defer close(end)
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), victimDir+"="+data, victimURL+"="+o.url)
	must(t, server.Start())
	<-arrived
	_, err := git.New(git.Options{Dir: data, Remote: o.remote, Clock: clock()})
	wantKind(t, err, app.ErrConflict)
	must(t, server.Process.Kill())
	_ = server.Wait() // it was killed
	waitFor(t, func() bool { return !running("--git-dir=" + filepath.Join(data, "mirrors", "42.git")) })

	mirror := filepath.Join(data, "mirrors", "42.git")
	for _, lock := range []string{"HEAD.lock", "packed-refs.lock", "config.lock", "refs/heads/main.lock", "objects/info/commit-graph.lock", "gc.pid", "objects/pack/tmp_pack_x"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(mirror, lock)), 0o755))
		must(t, os.WriteFile(filepath.Join(mirror, lock), nil, 0o644))
	}
	o.intercept(nil)
	g := o.open(there)
	has, err := g.Has(t.Context(), o.repo, head)
	must(t, err)
	wantEqual(t, has, false)
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	must(t, g.Maintain(t.Context(), o.repo))
	content, err := g.File(t.Context(), o.repo, head, "a")
	must(t, err)
	wantEqual(t, string(content), "1")
}

// running says whether a process has this argument.
func running(argument string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	return slices.ContainsFunc(files, func(file string) bool {
		text, _ := os.ReadFile(file) // it may have ended meanwhile
		return slices.Contains(strings.Split(string(text), "\x00"), argument)
	})
}

func TestWhatArrivesIsAPack(t *testing.T) {
	// Loose objects appear one by one, commits first: after a kill a commit would be there without its files.
	o := newOrigin(t)
	o.commit("first", map[string]string{"a": "1"})
	g := o.mirrored()
	o.commit("second", map[string]string{"a": "2"})
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	loose, err := filepath.Glob(filepath.Join(mirrorOf(t, g, o), "objects", "??"))
	must(t, err)
	wantEqual(t, len(loose), 0)
}

func TestManyPacksAreMerged(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", map[string]string{"a": "1"})
	g := o.mirrored()
	mirror := mirrorOf(t, g, o)
	command(t, mirror, "sh", "-ec", "for i in $(seq 60); do echo $i | git hash-object -w --stdin | git pack-objects -q objects/pack/pack; done; git prune-packed")
	before := countPacks(t, mirror)
	head := o.commit("second", map[string]string{"a": "2"})
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	waitFor(t, func() bool { return countPacks(t, mirror) < before/2 })
	content, err := g.File(t.Context(), o.repo, head, "a")
	must(t, err)
	wantEqual(t, string(content), "2")
	must(t, g.Maintain(t.Context(), o.repo))
	wantEqual(t, countPacks(t, mirror) <= 2, true)
}

func countPacks(t *testing.T, mirror string) int {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(mirror, "objects", "pack", "*.pack"))
	must(t, err)
	return len(packs)
}

func TestKeptCommitsOutliveAForcePush(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	live := o.commit("live", map[string]string{"a": "live"})
	lost := o.commit("lost", map[string]string{"a": "lost"})
	g := o.mirrored()
	must(t, g.Keep(t.Context(), o.repo, live))
	must(t, g.Keep(t.Context(), o.repo, live))
	wantKind(t, g.Keep(t.Context(), o.repo, app.SHA(strings.Repeat("12", 20))), app.ErrNotFound)
	o.git("reset", "-q", "--hard", "HEAD~2")
	o.git("commit", "-q", "--amend", "--allow-empty", "-m", "other history")
	o.push()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/*")))

	expireNow(t, mirrorOf(t, g, o))
	for sha, want := range map[app.SHA]bool{live: true, lost: false} {
		has, err := g.Has(t.Context(), o.repo, sha)
		must(t, err)
		wantEqual(t, has, want)
	}
	worktree(t, g, o, live)
}

// expireNow collects what is unreachable as if two weeks had passed.
func expireNow(t *testing.T, mirror string) {
	t.Helper()
	command(t, mirror, "git", "-c", "gc.cruftPacks=false", "gc", "-q", "--prune=now")
}

func TestMaintainKeepsWhatIsYoung(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	forced := o.commit("forced away", nil)
	g := o.mirrored()
	o.git("reset", "-q", "--hard", "HEAD~1")
	o.push()
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	must(t, g.Maintain(t.Context(), o.repo))
	has, err := g.Has(t.Context(), o.repo, forced)
	must(t, err)
	wantEqual(t, has, true)
}

func TestHalfAMirrorIsNeverSeen(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	o.intercept(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	g := o.open()
	wantKind(t, g.Fetch(t.Context(), o.repo, mainSpec), app.ErrUnreachable)
	_, err := g.Head(t.Context(), o.repo, "refs/heads/main")
	wantKind(t, err, app.ErrNotFound)
	o.intercept(nil)
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
}

func TestOldGitIsRefused(t *testing.T) {
	o := newOrigin(t)
	dir := t.TempDir()
	for version, ok := range map[string]bool{"git version 2.37.9": false, "git version 1.9": false, "git version 2.38.0": true, "git version 3.0.1": true,
		"git version 2.50.1 (Apple Git-155)": true, "hello": false} {
		must(t, os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\necho '"+version+"'\n"), 0o755))
		t.Setenv("PATH", dir)
		g, err := git.New(git.Options{Dir: filepath.Join(t.TempDir(), "git"), Remote: o.remote, Clock: clock()})
		if (err == nil) != ok {
			t.Errorf("%s: %v", version, err)
		}
		if err == nil {
			must(t, g.Close())
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := git.New(git.Options{Dir: t.TempDir(), Remote: o.remote, Clock: clock()}); !errors.Is(err, exec.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestTheFoldersCanBeUsedAsAnotherUser(t *testing.T) {
	// The server need not be root: run these very tests as somebody else, who may open few files.
	asRoot(t)
	home := worldPassable(t)
	must(t, os.Chmod(home, 0o777))
	program := filepath.Join(home, "test")
	text, err := os.ReadFile(os.Args[0])
	must(t, err)
	must(t, os.WriteFile(program, text, 0o755))
	cmd := exec.Command(program, "-test.run=TestWorktreeIsCleaned|TestPrune|TestWhatIsUnchangedStaysOver|TestCheckoutIsFresh", "-test.v")
	cmd.Dir = home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + home, "HOME=" + home, fewFiles + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4711, Gid: 4711}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestWorktreeIsCleaned") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestNothingIsLeftInTmp(t *testing.T) {
	o, from, to := withAttributes(t)
	g := o.mirrored()
	useAll(t, g, o, from, to)
	var left []string
	must(t, filepath.WalkDir(filepath.Join(filepath.Dir(filepath.Dir(mirrorOf(t, g, o))), "tmp"), func(path string, _ fs.DirEntry, err error) error {
		left = append(left, path)
		return err
	}))
	wantEqual(t, len(left), 1)
}

// TestCloseLetsGoAtOnce: a program that is just being started has our files too, and keeps the folder from nobody.
func TestCloseLetsGoAtOnce(t *testing.T) {
	o, _, _ := seeded(t)
	dir := filepath.Join(worldPassable(t), "git")
	there := func(opts *git.Options) { opts.Dir = dir }
	g := o.mirrored(there)
	end, err := git.Share(g)
	must(t, err)
	defer end()
	must(t, g.Close())
	g, err = git.New(git.Options{Dir: dir, Remote: o.remote, Clock: clock()})
	must(t, err)
	must(t, g.Close())
}
