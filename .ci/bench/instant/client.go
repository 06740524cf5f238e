package instant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/product"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// childWord is the first argument of a benchmark's program that is to be the server.
const childWord = "serve-instantly"

// Child is true if this process was started to be the server; err is then how it ended. A benchmark's main asks first of all.
func Child() (is bool, err error) {
	if len(os.Args) != 4 || os.Args[1] != childWord {
		return false, nil
	}
	return true, Serve(os.Args[2], os.Args[3])
}

// Server is a server in a process of its own.
type Server struct {
	product.Server
	client *http.Client
}

// Start starts this very program as a server, on a database in dir that may be there already, and waits until it answers.
func Start(ctx context.Context, dir string) (*Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := program.FreeAddress()
	if err != nil {
		return nil, err
	}
	database := filepath.Join(dir, "slipway.db")
	p, err := program.Start(self, nil, filepath.Join(dir, "server.log"), childWord, address, database)
	if err != nil {
		return nil, err
	}
	s := &Server{product.Server{Program: p, Name: "server", Address: address, Database: database}, &http.Client{Timeout: time.Minute}}
	return s, s.Ready(ctx)
}

// State asks how the server stands.
func (s *Server) State(ctx context.Context) (st State, err error) {
	err = s.ask(ctx, "state", &st)
	return st, err
}

// Lanes asks where the lanes stand.
func (s *Server) Lanes(ctx context.Context) (l Lanes, err error) {
	err = s.ask(ctx, "lanes", &l)
	return l, err
}

// Delays asks for the times since this was last asked.
func (s *Server) Delays(ctx context.Context) (d Delays, err error) {
	err = s.ask(ctx, "delays", &d)
	return d, err
}

func (s *Server) ask(ctx context.Context, what string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address+"/bench/"+what, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the server for its %s: %w", what, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s with %s", what, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// Profile writes a processor profile of the next while to a file, for go tool pprof.
func (s *Server) Profile(ctx context.Context, d time.Duration, path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	url := fmt.Sprintf("http://%s/bench/profile?seconds=%.0f", s.Address, max(d.Seconds(), 1))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profiling the server: %w", err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(file, resp.Body)
	return err
}

// Still waits until the server has nothing to do now, and gives how long that took. With all it waits also for what is shown a moment later,
// so that ten changes are one write: until nothing is due within several seconds.
func (s *Server) Still(ctx context.Context, all bool, within time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	began := time.Now()
	for {
		st, err := s.State(ctx)
		if err != nil {
			return time.Since(began), err
		}
		if st.Still && (!all || st.NextDue.IsZero() || time.Until(st.NextDue) > 5*time.Second) {
			return time.Since(began), nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return time.Since(began), errors.New("the server does not come to an end of its work")
		}
	}
}

// Send sends messages over a few connections as fast as they are taken, all of which must be accepted.
func (s *Server) Send(ctx context.Context, messages []hook.Message) error {
	load := hook.Load{
		Address: s.Address, Path: "/webhook", Connections: 8, Count: int64(len(messages)),
		Source: func(n int64) hook.Message { return messages[n] },
	}
	result, err := load.Run(ctx)
	return errors.Join(err, result.Unexpected())
}

// Found pushes the first commit to each of so many repositories. Each commit then waits for a maintainer, for it is its lane's first.
func (s *Server) Found(ctx context.Context, e *Events, repos int) error {
	var pushes []hook.Message
	for r := range repos {
		pushes = append(pushes, e.Push(r, 1))
	}
	if err := s.Send(ctx, pushes); err != nil {
		return err
	}
	if _, err := s.Still(ctx, true, 5*time.Minute); err != nil {
		return err
	}
	return s.expect(ctx, "every lane waits for its first approval", func(l Lanes) bool { return l.Known == repos && l.Waiting == repos })
}

// Release approves what waits after Found, so that it goes live.
func (s *Server) Release(ctx context.Context, e *Events, repos int) error {
	var yes []hook.Message
	for r := range repos {
		yes = append(yes, e.Approve(r, 1))
	}
	if err := s.Send(ctx, yes); err != nil {
		return err
	}
	if _, err := s.Still(ctx, true, 5*time.Minute); err != nil {
		return err
	}
	return s.AllLive(ctx, repos)
}

// AllLive is an error unless the newest commit of every repository is live.
func (s *Server) AllLive(ctx context.Context, repos int) error {
	return s.expect(ctx, "the newest commit of every repository is live", func(l Lanes) bool { return l.Live == repos })
}

func (s *Server) expect(ctx context.Context, what string, so func(Lanes) bool) error {
	l, err := s.Lanes(ctx)
	if err != nil {
		return err
	}
	if !so(l) {
		return s.Failure(fmt.Sprintf("expected that %s, found %+v", what, l))
	}
	return nil
}
