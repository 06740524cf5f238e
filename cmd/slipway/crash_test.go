package main

import (
	"context"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/app/standin"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// The crash test starts the real server as a process of its own and kills it with SIGKILL around each write to GitHub and around each command.
// Restarted, it must come to the same end, with nothing shown twice and no command run twice under one key. It runs by the real clock, and polls
// with deadlines. Here is how a release goes out; how one is taken back is in crash_rollback_test.go.

// The variables that make the test binary a server: its settings, and at which point of which program it strikes.
const (
	crashSettings = "SLIPWAY_CRASH_SETTINGS"
	crashFault    = "SLIPWAY_CRASH_FAULT"
)

// strike says where a shim strikes: at the first program whose key holds this.
type strike struct {
	Key   string
	Fault shim.Fault
}

// crashServer is the server, until it is killed.
func crashServer() int {
	var set settings
	var hit strike
	if err := json.Unmarshal([]byte(os.Getenv(crashSettings)), &set); err != nil {
		panic(err)
	}
	if text := os.Getenv(crashFault); text != "" {
		if err := json.Unmarshal([]byte(text), &hit); err != nil {
			panic(err)
		}
	}
	resolved, problems := set.resolve(os.Getenv)
	if len(problems) > 0 {
		panic(problems)
	}
	around := surroundings{clock: clock{}, log: os.Stderr, level: slog.LevelInfo, faults: func(key string) shim.Fault {
		if hit.Key != "" && strings.Contains(key, hit.Key) {
			return hit.Fault
		}
		return shim.Fault{}
	}}
	server, err := newServer(context.Background(), resolved, around)
	if err != nil {
		panic(err)
	}
	if err := server.run(context.Background()); err != nil {
		panic(err)
	}
	return 0
}

// crash is one story with one crash in it.
type crash struct {
	t      *testing.T
	dir    string
	github *standin.Server
	repo   *standin.Repo
	set    settings
	log    *os.File

	mu    sync.Mutex
	child *exec.Cmd
	ended bool // no more restarts
	kills int
	gone  sync.WaitGroup
}

// crashSlots is how many servers there are at a time: they wait more than they work.
const crashSlots = 12

// patient is how long the end may take to come, by the real clock.
const patient = 60 * time.Second

func newCrash(t *testing.T, hit strike) *crash {
	t.Helper()
	c := &crash{t: t, dir: t.TempDir()}
	key, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	held := contract.New(t)
	c.github, err = standin.New(standin.Options{
		Dir: filepath.Join(c.dir, "github"), Clock: clock{}, App: standin.App{ID: 1, Slug: "slipway", Key: key}, Wrap: held.Wrap, OnWebhook: held.Webhook,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.github.Close() })
	c.prepare(key)
	t.Cleanup(c.end)
	c.start(hit)
	return c
}

func (c *crash) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *crash) prepare(key *rsa.PrivateKey) {
	var err error
	for _, login := range []string{"dana", "ben"} {
		_, err := c.github.AddUser(login)
		c.must(err)
	}
	c.repo, err = c.github.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true})
	c.must(err)
	_, err = c.github.Install("acme")
	c.must(err)
	c.must(c.repo.SetRole("dana", "maintain"))
	c.must(c.repo.SetRole("ben", "write"))
	c.must(os.Mkdir(filepath.Join(c.dir, "target"), 0o700))
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	c.must(os.WriteFile(filepath.Join(c.dir, "key"), pemKey, 0o600))
	c.must(os.WriteFile(filepath.Join(c.dir, "secret"), []byte("sesame"), 0o600))
	c.log, err = os.Create(filepath.Join(c.dir, "log"))
	c.must(err)
	port, err := lastingPort()
	c.must(err)
	c.set = settings{
		Listen: "127.0.0.1:" + port, PublicURL: "http://127.0.0.1:" + port, Data: filepath.Join(c.dir, "data"), Allow: "acme", Isolation: "none",
		GitHubAPIURL: c.github.URL() + "/", GitHubAppID: "1", GitHubKeyFile: filepath.Join(c.dir, "key"),
		WebhookSecretFile: filepath.Join(c.dir, "secret"), CheckSlots: "2", DeploySlots: "2", KeepAge: "30d", KeepSize: "1GB", Guard: "0s",
	}
	c.github.SetWebhook(standin.Webhook{URL: c.set.PublicURL + "/webhook", Secret: "sesame"})
}

// start starts the server, and again whenever it was killed. Only the first is struck.
func (c *crash) start(hit strike) {
	text, err := json.Marshal(c.set)
	c.must(err)
	fault, err := json.Marshal(hit)
	c.must(err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashSettings+"="+string(text), crashFault+"="+string(fault))
	cmd.Stderr = c.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.must(cmd.Start())
	c.child = cmd
	c.gone.Go(func() {
		cmd.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.ended {
			c.kills++
			c.start(strike{})
		}
	})
}

// kill kills the server that runs now.
func (c *crash) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.child.Process.Kill()
}

// killed is how often the server died.
func (c *crash) killed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kills
}

func (c *crash) end() {
	c.mu.Lock()
	c.ended = true
	c.child.Process.Kill()
	c.mu.Unlock()
	c.gone.Wait()
	if c.t.Failed() {
		text, _ := os.ReadFile(c.log.Name())
		c.t.Log(string(text[max(0, len(text)-4000):]))
	}
	c.log.Close()
}

// wait polls until something is so.
func (c *crash) wait(what string, is func() bool) {
	c.t.Helper()
	for began := time.Now(); !is(); {
		if time.Since(began) > patient {
			c.t.Fatalf("it never came to %s\n%s", what, c.state())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

const crashFile = `version: 1
checks:
  test: { run: "echo $SLIPWAY_COMMIT >> TARGET/checks" }
environments:
  production:
    policy: delivery
    deploy: { run: "echo $SLIPWAY_FENCE >> TARGET/puts; echo $SLIPWAY_COMMIT > TARGET/live" }
`

// play tells the story up to where the release is put there.
func (c *crash) play() (merge string) {
	file := strings.ReplaceAll(crashFile, "TARGET", filepath.Join(c.dir, "target"))
	_, err := c.repo.Commit("ben", "first", "Add the pipeline", map[string]string{".github/slipway.yml": file})
	c.must(err)
	pull, err := c.repo.OpenPullRequest("ben", "Add the pipeline", "first", "main")
	c.must(err)
	c.wait("green checks", func() bool { r, _ := c.repo.CheckRun(pull.Head(), "slipway"); return r.Conclusion == "success" })
	merge, err = pull.Merge("dana", "squash")
	c.must(err)
	c.wait("a card", func() bool {
		return slices.ContainsFunc(pull.Comments(), func(m standin.Comment) bool { return strings.Contains(m.Body, "To approve, comment on") })
	})
	c.wait("a call for an approval", func() bool {
		return slices.ContainsFunc(pull.Comments(), func(m standin.Comment) bool { return strings.Contains(m.Body, "slipway:notice/") })
	})
	_, err = pull.Comment("dana", "/approve")
	c.must(err)
	return merge
}

// finish waits for the end of the story.
func (c *crash) finish(merge string) {
	c.wait("a live release", func() bool {
		r, _ := c.repo.CheckRun(merge, "promote: production")
		d := c.repo.Deployments("production")
		return r.Conclusion == "success" && len(d) > 0 && d[len(d)-1].State() == "success"
	})
	c.wait("a card that says so", func() bool {
		return slices.ContainsFunc(c.repo.Comments(1), func(m standin.Comment) bool { return strings.Contains(m.Body, "*Live*") })
	})
	c.wait("check runs that have all ended", func() bool {
		return !slices.ContainsFunc(c.repo.CheckRuns(merge), func(r standin.CheckRun) bool { return r.Conclusion == "" })
	})
	c.wait("an answer to /approve", func() bool {
		return slices.ContainsFunc(c.repo.Comments(1), func(m standin.Comment) bool { return strings.Contains(m.Body, "answer-") })
	})
}

// state is all that GitHub shows in the end, without what differs from story to story.
func (c *crash) state() string {
	var all []string
	pull, ok := c.repo.Pull(1)
	if !ok {
		return "no pull request"
	}
	for _, commit := range []struct{ name, sha string }{{"head", pull.Head()}, {"merge", pull.MergeCommit()}} {
		for _, r := range c.repo.CheckRuns(commit.sha) {
			_, external, _ := strings.Cut(r.ExternalID, "#")
			all = append(all, fmt.Sprintf("%s: %s %s %s", commit.name, r.Name, external, r.Conclusion))
		}
	}
	for _, m := range pull.Comments() {
		if m.Author == "slipway[bot]" {
			marker, _, _ := strings.Cut(m.Body[max(0, strings.Index(m.Body, "<!-- slipway:")):], "-->")
			all = append(all, "comment "+strings.TrimRight(marker, "0123456789 ")) // numbers of comments differ
		}
	}
	for _, d := range c.repo.Deployments("production") {
		all = append(all, "deployment "+d.Task+" "+d.State())
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func (c *crash) lines(file string) []string {
	text, _ := os.ReadFile(filepath.Join(c.dir, "target", file))
	return strings.Fields(string(text))
}

// check holds that the end is that of the story without a crash.
func (c *crash) check(want string, checks int) {
	c.t.Helper()
	if got := c.state(); got != want {
		c.t.Errorf("in the end GitHub shows\n%s\nand without a crash\n%s", got, want)
	}
	if ran := c.lines("checks"); len(ran) != checks {
		c.t.Errorf("checks ran %d times, want %d: %v", len(ran), checks, ran)
	}
	if puts := c.lines("puts"); len(puts) != 1 {
		c.t.Errorf("the release was put there %d times: %v", len(puts), puts)
	}
	if n := c.repo.Reopened(); n != 0 {
		c.t.Errorf("%d writes to completed check runs", n)
	}
	reactions := 0
	for _, m := range c.repo.Comments(1) {
		reactions += len(m.Reactions)
	}
	if reactions != 1 {
		c.t.Errorf("%d reactions to one command", reactions)
	}
}

// undisturbed plays the story without a crash, and says how it ends and how many writes it takes.
func undisturbed(t *testing.T) (state string, writes int) {
	c := newCrash(t, strike{})
	var mu sync.Mutex
	c.github.OnWrite(standin.WriteHooks{Answered: func(w standin.Write) {
		mu.Lock()
		defer mu.Unlock()
		writes = max(writes, w.Number)
	}})
	c.finish(c.play())
	state = c.state()
	c.check(state, 2)
	mu.Lock()
	defer mu.Unlock()
	return state, writes
}

func TestCrash(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	want, writes := undisturbed(t)
	t.Logf("%d writes; in the end:\n%s", writes, want)
	if writes < 8 {
		t.Fatalf("only %d writes: the story tells nothing", writes)
	}
	slots := make(chan struct{}, crashSlots)
	aroundWrites(t, slots, writes, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		struck := c.strikeAtWrite(n, moment, "")
		c.finish(c.play())
		c.check(want, 2)
		c.died(struck)
	})
	for _, program := range []string{"#execute/2", "#put/"} {
		for _, at := range []shim.Point{shim.AtClaim, shim.AtStart, shim.BeforeExit, shim.AfterExit} {
			t.Run(fmt.Sprintf("program %s %s", program, at), func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				c := newCrash(t, strike{program, shim.Fault{At: at, Server: true}})
				c.finish(c.play())
				if c.killed() == 0 {
					t.Error("nothing was killed")
				}
				c.check(want, 2)
			})
		}
	}
}

// TestCrashOfBoth: when the shim is killed too, the outcome can never be known. A check runs again as a new attempt; a deployment is left to a
// person.
func TestCrashOfBoth(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	both := shim.Fault{At: shim.BeforeExit, Server: true, Shim: true}
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, strike{"#execute/2", both})
		c.finish(c.play())
		if ran := c.lines("checks"); len(ran) != 3 && len(ran) != 4 { // each of two commits has a second attempt if it was struck
			t.Errorf("checks ran %d times", len(ran))
		}
		if puts := c.lines("puts"); len(puts) != 1 {
			t.Errorf("put there %d times", len(puts))
		}
	})
	t.Run("deployment", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, strike{"#put/", both})
		merge := c.play()
		c.wait("a question to a person", func() bool {
			r, _ := c.repo.CheckRun(merge, "promote: production")
			return r.Conclusion == "action_required"
		})
		if puts := c.lines("puts"); len(puts) != 1 {
			t.Errorf("put there %d times", len(puts))
		}
	})
}

// lastingPort is a port that stays free while nobody listens on it: one that the system does not give to connections.
func lastingPort() (string, error) {
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", errors.New("no port is free")
}
