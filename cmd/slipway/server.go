package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/checks/process"
	"github.com/slipway-cd/slipway/deploy/command"
	"github.com/slipway-cd/slipway/handlers"
)

// surroundings are what a server is put into: the real ones for serve, others for the demo and for tests.
type surroundings struct {
	clock  app.Clock
	log    io.Writer                   // where the log goes
	shim   []string                    // how a shim is started; nil is this binary
	faults func(key string) shim.Fault // where shims strike; tests alone
	level  slog.Level
}

// server is the whole of slipway, wired. Make it with newServer, then run it once.
type server struct {
	set      resolved
	around   surroundings
	log      *slog.Logger
	lock     *os.File
	listener net.Listener
	metrics  net.Listener
	store    *store.DB
	git      *git.Git
	github   *github.Client
	checks   *shim.Host
	deploys  *shim.Host
	runner   *process.Runner
	deployer *command.Deployer
	keep     *artifact.Store
	engine   *engine.Engine
	web      *handlers.Web
	signer   *handlers.Signer
	numbers  *numbers
	missing  *missing // what the App lacks
	closers  []func() error
}

// newServer opens everything that a server needs, and starts nothing. What was opened is closed again if something can't be.
func newServer(ctx context.Context, set resolved, around surroundings) (_ *server, err error) {
	s := &server{set: set, around: around, numbers: newNumbers(), missing: &missing{}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	redact := github.NewRedactor(set.webhookSecrets...)
	s.log = slog.New(redact.Handler(slog.NewTextHandler(around.log, &slog.HandlerOptions{Level: around.level})))
	for _, open := range []func(context.Context) error{
		s.openData, s.openListeners, s.openStore,
		func(context.Context) error { return s.openGitHub(redact) },
		s.openGit, s.openPrograms, s.openSigner, s.openEngine,
	} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// onClose remembers how to close what was opened; the last is closed first.
func (s *server) onClose(f func() error) { s.closers = append(s.closers, f) }

func (s *server) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// path is a place in the data directory.
func (s *server) path(parts ...string) string {
	return filepath.Join(append([]string{s.set.data}, parts...)...)
}

// openData makes the data directory and takes it for this process alone. The users that steps run as pass through it, and read nothing.
func (s *server) openData(context.Context) error {
	if err := os.MkdirAll(s.set.data, 0o711); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := os.OpenFile(s.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the data directory's lock: %w", err)
	}
	s.onClose(lock.Close)
	if err := hold(lock); err != nil {
		who, _ := io.ReadAll(io.LimitReader(lock, 100))
		return fmt.Errorf("another slipway (%s) uses %s. One process holds a data directory; stop that one, or give this one another SLIPWAY_DATA", who, s.set.data)
	}
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("writing the data directory's lock: %w", err)
	}
	_, err = lock.WriteAt(fmt.Appendf(nil, "process %d", os.Getpid()), 0)
	s.lock = lock
	return err
}

// hold takes a lock that nobody else has. A program that is just being started shares our files for a moment, and the process before us may be
// on its way out: so it is tried for a second.
func hold(lock *os.File) (err error) {
	for tries := 0; tries < 20; tries++ {
		if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return nil
		}
		<-time.After(50 * time.Millisecond)
	}
	return err
}

func (s *server) openListeners(context.Context) (err error) {
	if s.listener, err = net.Listen("tcp", s.set.listen); err != nil {
		return fmt.Errorf("SLIPWAY_LISTEN: %w", err)
	}
	s.onClose(closing(s.listener))
	if s.set.metricsListen == "" {
		return nil
	}
	if s.metrics, err = net.Listen("tcp", s.set.metricsListen); err != nil {
		return fmt.Errorf("SLIPWAY_METRICS_LISTEN: %w", err)
	}
	s.onClose(closing(s.metrics))
	return nil
}

// closing closes a listener that its server may have closed already.
func closing(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

func (s *server) openStore(ctx context.Context) (err error) {
	s.store, err = store.Open(ctx, store.Options{Path: s.path(databaseFile), Clock: s.around.clock})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	s.onClose(s.store.Close)
	return nil
}

func (s *server) openGitHub(redact *github.Redactor) (err error) {
	s.github, err = github.New(github.Options{
		BaseURL: s.set.apiURL, AppID: s.set.appID, PrivateKey: s.set.key, Clock: s.around.clock, Log: s.log,
		Observe: s.numbers.call, UserAgent: "slipway/" + version(), Redactor: redact,
	})
	if err != nil {
		return fmt.Errorf("preparing for GitHub: %w", err)
	}
	s.onClose(func() error { s.github.Close(); return nil })
	return nil
}

func (s *server) openGit(context.Context) (err error) {
	options := git.Options{Dir: s.path("git"), Clock: s.around.clock, Remote: s.remote}
	if uid, gid, other := s.set.runAs.Owner(); other {
		options.Owner = &git.Owner{UID: uid, GID: gid}
	}
	s.git, err = git.New(options)
	if err != nil {
		return fmt.Errorf("preparing git: %w", err)
	}
	s.onClose(s.git.Close)
	return nil
}

// remote is where a repository is cloned from, with a token for it alone.
func (s *server) remote(ctx context.Context, r app.Repo) (git.Remote, error) {
	token, _, err := s.github.GitToken(ctx, r)
	return git.Remote{URL: s.github.CloneURL(r), Token: token}, err
}

// pagesKey is the file with the key of the pages' addresses, in the folder of a server.
const pagesKey = "pages.key"

// openSigner reads the key of the pages' addresses, or makes it: addresses stay good over restarts.
func (s *server) openSigner(context.Context) error {
	path := s.path(pagesKey)
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		rand.Read(key)
		err = os.WriteFile(path, key, 0o600)
	}
	if err != nil {
		return fmt.Errorf("reading the key of the pages' addresses: %w", err)
	}
	s.signer, err = handlers.NewSigner(s.set.publicURL, key)
	return err
}

// holder names this process in leases.
func holder() string {
	id := make([]byte, 8)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// run serves until ctx ends, then lets what is under way end: intake answers 503, nothing new starts, programs go on without us.
func (s *server) run(ctx context.Context) error {
	defer s.close()
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	failed := make(chan error, 3)
	start := func(what string, f func() error) {
		running.Go(func() {
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", what, err)
			}
		})
	}
	public := s.httpServer(s.web)
	start("serving webhooks and pages", func() error { return public.Serve(s.listener) })
	private := s.httpServer(s.numbers.handler())
	if s.metrics != nil {
		start("serving metrics", func() error { return private.Serve(s.metrics) })
	}
	start("working", func() error { return s.engine.Run(working) })
	s.log.Info("slipway serves", "version", version(), "address", s.listener.Addr(), "public", s.set.publicURL)
	go s.introduce(working)

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.web.Drain()
	stop()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, public.Shutdown(deadline), private.Shutdown(deadline))
	running.Wait()
	s.log.Info("slipway has stopped; programs go on and are found again at the next start")
	return err
}

// drainTime is how long requests that are under way may take when the server stops.
const drainTime = 5 * time.Second

func (s *server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}
