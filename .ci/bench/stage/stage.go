// Package stage is the real slipway, run as its own program, in front of the stand-in GitHub, with a man in the middle of the webhooks who
// notes when each was answered.
package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-cd/slipway/app/standin"

	"github.com/slipway-cd/slipway/.ci/bench/product"
)

// Options says how a stage is set.
type Options struct {
	Dir      string // in which everything is made; it is there
	Slipway  string // the program
	CheckEnv string // SLIPWAY_CHECK_ENV
	// Wrap is put around the stand-in's API, nearest to it: what it sees answered has been done. Nil is nothing.
	Wrap func(http.Handler) http.Handler
	// Answered is told of each webhook as soon as its answer comes back. Nil is nobody.
	Answered func(event string, body []byte, at time.Time)
}

// Stage is a stand-in GitHub with slipway as its App.
type Stage struct {
	Options
	GitHub  *standin.Server
	Slipway *product.Server
	middle  net.Listener
	to      string // where webhooks go
}

// clock is the machine's time.
type clock struct{}

func (clock) Now() time.Time { return time.Now().UTC() }

func (clock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// Set sets a stage: slipway serves all of acme's. Strike it when done.
func Set(ctx context.Context, o Options) (_ *Stage, err error) {
	s := &Stage{Options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Strike())
		}
	}()
	key, err := product.NewKey()
	if err != nil {
		return nil, err
	}
	if s.middle, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.GitHub, err = standin.New(standin.Options{
		Dir: filepath.Join(o.Dir, "github"), Clock: clock{}, App: standin.App{ID: 1, Slug: "slipway", Key: key}, Wrap: o.Wrap,
		Webhook: standin.Webhook{URL: "http://" + s.middle.Addr().String() + "/webhook", Secret: product.Secret},
	})
	if err != nil {
		return nil, fmt.Errorf("starting the stand-in GitHub: %w", err)
	}
	s.Slipway, err = product.StartSlipway(o.Slipway, product.Settings{
		Dir: o.Dir, Key: key, APIURL: s.GitHub.URL() + "/", Allow: "acme", CheckEnv: o.CheckEnv, Guard: "100ms",
	})
	if err != nil {
		return nil, err
	}
	s.to = "http://" + s.Slipway.Address + "/webhook"
	go http.Serve(s.middle, http.HandlerFunc(s.pass))
	return s, s.Slipway.Ready(ctx)
}

// pass hands a webhook on, and notes when its answer began to come.
func (s *Stage) pass(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	onward, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.to, bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	onward.Header = r.Header.Clone()
	answer, err := http.DefaultClient.Do(onward)
	at := time.Now()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if s.Answered != nil && answer.StatusCode/100 == 2 {
		s.Answered(r.Header.Get("X-GitHub-Event"), body, at)
	}
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// Strike ends everything that was begun.
func (s *Stage) Strike() error {
	var errs []error
	if s.Slipway != nil {
		errs = append(errs, s.Slipway.Stop())
	}
	if s.GitHub != nil {
		errs = append(errs, s.GitHub.Close())
	}
	if s.middle != nil {
		errs = append(errs, s.middle.Close())
	}
	return errors.Join(errs...)
}

// Repository makes acme/shop with these people, by login and role, for whom the App is installed.
func (s *Stage) Repository(people map[string]string) (*standin.Repo, error) {
	repo, err := s.GitHub.CreateRepository("acme", "shop", standin.RepoOptions{Private: true, Organization: true})
	if err != nil {
		return nil, fmt.Errorf("making the repository: %w", err)
	}
	if _, err := s.GitHub.Install("acme"); err != nil {
		return nil, fmt.Errorf("installing the App: %w", err)
	}
	for login, role := range people {
		if _, err := s.GitHub.AddUser(login); err != nil {
			return nil, err
		}
		if err := repo.SetRole(login, role); err != nil {
			return nil, err
		}
	}
	return repo, nil
}

// Until asks again and again until something is so. What has not come after a while is an error with the end of slipway's log.
func (s *Stage) Until(ctx context.Context, what string, so func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !so() {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-s.Slipway.Ended():
			return s.Slipway.Failure("waiting for " + what)
		case <-ctx.Done():
			return s.Slipway.Failure(fmt.Sprintf("waiting for %s (%v)", what, ctx.Err()))
		}
	}
	return nil
}

// Folder makes a temporary folder in parent, or where the system has them.
func Folder(parent string) (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp(parent, "slipway-bench-")
	return dir, func() error { return removeAll(dir) }, err
}

// removeAll removes a folder, read-only parts of it too.
func removeAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}
