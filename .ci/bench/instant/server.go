package instant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/handlers"
	"github.com/slipway-cd/slipway/policies"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/product"
)

// clock is the machine's time.
type clock struct{}

func (clock) Now() time.Time { return time.Now().UTC() }

func (clock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// server is a server in its own process.
type server struct {
	*world
	store   *store.DB
	engine  *engine.Engine
	web     *handlers.Web
	counts  counts
	written written
	ignored atomic.Int64 // events that mean nothing
	refused atomic.Int64 // events that were not understood
	heard   delays       // from when an event was received until it was understood
}

// State is what a server says of itself.
type State struct {
	Still   bool      `json:"still"`    // nothing is due, nobody works
	NextDue time.Time `json:"next_due"` // when something is due next
	Stepped int64     `json:"stepped"`  // messages that machines took in
	Worked  int64     `json:"worked"`   // rows that were worked on
	Failed  int64     `json:"failed"`   // of these, in vain
	Aside   int64     `json:"aside"`    // messages that could not be taken in
	Ignored int64     `json:"ignored"`
	Refused int64     `json:"refused"`
	Calls   int64     `json:"calls"`     // to GitHub
	Updates int64     `json:"updates"`   // transactions of the engine
	Update  float64   `json:"update_ms"` // what one took, with waiting for its turn: the mean
}

// Lanes is where the lanes stand.
type Lanes struct {
	Known   int `json:"known"`
	Live    int `json:"live"`    // whose newest pushed commit is live
	Waiting int `json:"waiting"` // in which a commit waits
}

// Delays are times since they were last asked for.
type Delays struct {
	Understood figure.Summary `json:"understood"` // from when an event was received until it was understood
	Checked    figure.Summary `json:"checked"`    // from a push's webhook until its check was started
}

// counts is an engine.Observer.
type counts struct{ stepped, worked, failed, aside atomic.Int64 }

func (c *counts) Stepped(string)  { c.stepped.Add(1) }
func (c *counts) SetAside(string) { c.aside.Add(1) }
func (c *counts) Overrode()       {}

func (c *counts) Worked(_ string, failed bool) {
	c.worked.Add(1)
	if failed {
		c.failed.Add(1)
	}
}

// written is a store that counts what the engine writes. Updates are serial, so their number and length bound what can be done.
type written struct {
	engine.Store
	updates, nanoseconds atomic.Int64
}

// Update runs one transaction.
func (w *written) Update(ctx context.Context, do func(engine.Tx) error) error {
	began := time.Now()
	defer func() {
		w.updates.Add(1)
		w.nanoseconds.Add(int64(time.Since(began)))
	}()
	return w.Store.Update(ctx, do)
}

// Serve is the server's process: it listens on an address, with its database in a file, until it is asked to end.
func Serve(address, database string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	s := &server{world: newWorld()}
	var err error
	if s.store, err = store.Open(ctx, store.Options{Path: database, Clock: clock{}}); err != nil {
		return err
	}
	defer s.store.Close()
	if err := s.wire(address); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	public := &http.Server{Handler: s.routes()}
	go public.Serve(listener)
	err = s.engine.Run(ctx)
	return errors.Join(err, public.Close())
}

// wire puts everything together as serve does.
func (s *server) wire(address string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	signer, err := handlers.NewSigner("http://"+address, make([]byte, 32))
	if err != nil {
		return err
	}
	allow := func(owner, name string) (bool, string) { return owner == owned, "it is not of the benchmark" }
	translate := handlers.Translator{AppID: 1, Allow: allow}
	s.written.Store = s.store
	s.engine = engine.New(engine.Options{
		Store: &s.written, Clock: clock{}, GitHub: hub{s.world}, Git: mirrors{s.world}, Runner: programs{s.world}, Deployer: releases{}, Prober: probes{},
		Translate: s.understood(translate.Translate), Links: signer, Isolation: "Nothing is run.", Slug: "slipway",
		Stored: s.store.Stored, Housekeep: func(context.Context, engine.Used) error { return nil }, Holder: "bench", CheckSlots: 2, DeploySlots: 4,
		Allow: func(r app.Repo, _ engine.First) (bool, string) { return allow(r.Owner, r.Name) }, Log: log, Observe: &s.counts,
	})
	s.web = handlers.New(handlers.Options{
		Inbox: s.store, Secrets: []string{product.Secret}, Nudge: s.engine.Arrived, Clock: clock{}, Signer: signer, Logs: nothing{}, States: nothing{},
		Ready: func(context.Context) ([]string, bool) { return nil, true }, Version: "bench", Log: log,
	})
	return nil
}

// understood counts what comes of events, and how long they waited.
func (s *server) understood(translate func(app.Event) ([]app.Letter, string, error)) func(app.Event) ([]app.Letter, string, error) {
	return func(e app.Event) ([]app.Letter, string, error) {
		s.heard.add(time.Since(e.Received))
		letters, ignored, err := translate(e)
		switch {
		case err != nil:
			s.refused.Add(1)
		case len(letters) == 0:
			s.ignored.Add(1)
		}
		return letters, ignored, err
	}
}

// routes is slipway's intake, and beside it what the benchmark asks.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhook", func(w http.ResponseWriter, r *http.Request) {
		var repo int
		var n int64
		if _, err := fmt.Sscanf(r.Header.Get(pushHeader), "%d/%d", &repo, &n); err == nil {
			s.push(repo, n, time.Now())
		}
		s.web.ServeHTTP(w, r)
	})
	mux.Handle("GET /healthz", s.web)
	mux.HandleFunc("GET /bench/profile", pprof.Profile)
	mux.HandleFunc("GET /bench/state", answering(s.state))
	mux.HandleFunc("GET /bench/lanes", answering(s.lanes))
	mux.HandleFunc("GET /bench/delays", answering(s.delays))
	return mux
}

func answering[T any](ask func(context.Context) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := ask(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(answer)
	}
}

func (s *server) state(ctx context.Context) (State, error) {
	st := State{
		Stepped: s.counts.stepped.Load(), Worked: s.counts.worked.Load(), Failed: s.counts.failed.Load(), Aside: s.counts.aside.Load(),
		Ignored: s.ignored.Load(), Refused: s.refused.Load(), Calls: s.calls.Load(),
		Updates: s.written.updates.Load(),
	}
	st.Update = float64(s.written.nanoseconds.Load()) / 1e6 / float64(max(st.Updates, 1))
	soon, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	st.Still = s.engine.Quiet(soon) == nil
	err := s.store.View(ctx, func(tx engine.Tx) (err error) {
		st.NextDue, err = tx.NextDue(engine.Taking{Now: time.Now(), Holder: "bench", Alone: true})
		return err
	})
	return st, err
}

func (s *server) lanes(ctx context.Context) (l Lanes, err error) {
	var all []deploy.Lane
	err = s.store.View(ctx, func(tx engine.Tx) error {
		all, err = tx.Lanes(0)
		return err
	})
	for _, lane := range all {
		if !strings.EqualFold(lane.Environment, Environment) {
			continue
		}
		l.Known++
		if _, n := nth(lane.Live.SHA); n != 0 && n == s.head(lane.Repo) {
			l.Live++
		}
		for _, p := range lane.Promotions {
			if p.State.Waits() {
				l.Waiting++
				break
			}
		}
	}
	return l, err
}

func (s *server) delays(context.Context) (Delays, error) {
	return Delays{summary(s.heard.take()), summary(s.checks.take())}, nil
}

func summary(all []time.Duration) figure.Summary {
	var sample figure.Sample
	for _, d := range all {
		sample.Add(d)
	}
	return sample.Summary()
}

// nothing has no pages and no logs: nobody asks for them.
type nothing struct{}

func (nothing) Logs(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

func (nothing) ShowRun(context.Context, app.Address) (app.Repo, checks.Run, error) {
	return app.Repo{}, checks.Run{}, fs.ErrNotExist
}

func (nothing) ShowLane(context.Context, app.Address) (app.Repo, deploy.Lane, error) {
	return app.Repo{}, deploy.Lane{}, fs.ErrNotExist
}

func (nothing) ShowLanes(context.Context, app.RepoID) ([]deploy.Lane, error) {
	return nil, fs.ErrNotExist
}

func (nothing) ShowFacts(context.Context, app.Address) ([]policies.Facts, error) { return nil, nil }
