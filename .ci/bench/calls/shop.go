package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// shop is the demo's repository and the places where its two services run.
type shop struct {
	files  map[string]string
	places map[string]place
}

type place struct{ dir, address string }

// newShop reads the demo's repository, and makes the places with the secrets that name them.
func newShop(dir string) (*shop, error) {
	archive, err := txtar.ParseFile(filepath.Join("..", "..", "cmd", "slipway", "demo.txtar"))
	if err != nil {
		return nil, fmt.Errorf("reading the demo's repository: %w", err)
	}
	s := &shop{files: map[string]string{}, places: map[string]place{}}
	for _, service := range []string{"web", "payments"} {
		address, err := program.FreeAddress()
		if err != nil {
			return nil, err
		}
		p := place{filepath.Join(dir, "running", service), address}
		s.places[service] = p
		secrets := filepath.Join(dir, "secrets", "acme", "shop", service, "production")
		err = errors.Join(os.MkdirAll(p.dir, 0o700), os.MkdirAll(secrets, 0o700),
			os.WriteFile(filepath.Join(secrets, "TARGET"), []byte(p.dir+"\n"), 0o600),
			os.WriteFile(filepath.Join(secrets, "PORT"), []byte(p.port()+"\n"), 0o600))
		if err != nil {
			return nil, fmt.Errorf("making the place of %s: %w", service, err)
		}
	}
	fill := strings.NewReplacer("WEB_PORT", s.places["web"].port(), "PAYMENTS_PORT", s.places["payments"].port())
	for _, f := range archive.Files {
		s.files[f.Name] = fill.Replace(string(f.Data))
	}
	return s, nil
}

func (p place) port() string { return p.address[strings.LastIndexByte(p.address, ':')+1:] }

// better is the good change of the demo: both services differ, and all tests pass.
func (s *shop) better() map[string]string {
	return map[string]string{
		"web/main.go":           strings.Replace(s.files["web/main.go"], "Welcome to the shop", "Welcome to the new shop", 1),
		"payments/main.go":      strings.Replace(s.files["payments/main.go"], "%d.%02d EUR", "EUR %d.%02d", 1),
		"payments/main_test.go": strings.ReplaceAll(s.files["payments/main_test.go"], "39.98 EUR", "EUR 39.98"),
	}
}

// stop ends the services: they outlive slipway, as they should, but not the benchmark.
func (s *shop) stop() {
	for _, p := range s.places {
		text, err := os.ReadFile(filepath.Join(p.dir, "pid"))
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// version asks a service which commit it is; "" if it does not say.
func (s *shop) version(service string) string {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + s.places[service].address + "/version")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	if err != nil {
		return ""
	}
	return string(text)
}

// live waits until a service answers as a commit and GitHub shows it as deployed.
func (b *bench) live(ctx context.Context, service, sha string) error {
	return b.Until(ctx, service+" to be live", func() bool {
		all := b.repo.Deployments(service + "/production")
		return len(all) > 0 && all[len(all)-1].SHA == sha && all[len(all)-1].State() == "success" && b.shop.version(service) == sha
	})
}

// asks waits until the promotions of a commit ask for an approval.
func (b *bench) asks(ctx context.Context, sha string, services ...string) error {
	var errs []error
	for _, service := range services {
		errs = append(errs, b.Until(ctx, service+" to ask for an approval", func() bool {
			run, _ := b.repo.CheckRun(sha, "promote: "+service+" → production")
			return strings.Contains(run.Title, "pproval")
		}))
	}
	return errors.Join(errs...)
}

// goEnvironment is what checks need to build Go without the network and with a warm cache.
func goEnvironment(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOCACHE", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its folders: %w", err)
	}
	cache, root, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return "PATH=" + filepath.Join(root, "bin") + ":/usr/local/bin:/usr/bin:/bin,GOCACHE=" + cache +
		",GOPROXY=off,GOTOOLCHAIN=local,GOFLAGS=-buildvcs=false,CGO_ENABLED=0", nil
}
