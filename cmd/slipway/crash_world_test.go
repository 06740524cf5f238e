package main

import (
	"context"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	t.Cleanup(func() {
		if err := receiptsHold(c.repo, c.set.Data, c.set.AuditKeyFile); err != nil {
			t.Error(err)
		}
	})
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
	signing, err := newAuditKey()
	c.must(err)
	c.must(os.WriteFile(filepath.Join(c.dir, "audit"), signing, 0o600))
	port := lastingPort(c.t)
	c.set = settings{
		Listen: "127.0.0.1:" + port, PublicURL: "http://127.0.0.1:" + port, Data: filepath.Join(c.dir, "data"), Allow: "acme", Isolation: "none",
		GitHubAPIURL: c.github.URL() + "/", GitHubAppID: "1", GitHubKeyFile: filepath.Join(c.dir, "key"),
		WebhookSecretFile: filepath.Join(c.dir, "secret"), CheckSlots: "2", DeploySlots: "2", KeepAge: "30d", KeepSize: "1GB", Guard: "0s",
		AuditKeyFile: filepath.Join(c.dir, "audit"), AuditSignEvery: "3",
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

// lastingPort is a port that stays free while nobody listens on it: one that the system does not give to connections, and that no other story has,
// which a second address of this machine's own keeps until the end.
func lastingPort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		taken, err := net.Listen("tcp", "127.0.0.2:"+port)
		if err != nil {
			continue
		}
		t.Cleanup(func() { taken.Close() })
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
