// Package product builds and runs what is measured: the real slipway, from outside, and the bare reference beside it.
package product

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// Secret is the webhook's secret in all benchmarks.
const Secret = "bench-webhook-secret"

// Builds are the programs, built.
type Builds struct{ Slipway, Ref string }

// Build builds both below dir. The working directory is the benchmarks' own folder, two below the product's. An operator's own slipway is
// taken as it is.
func Build(ctx context.Context, slipway, dir string) (b Builds, err error) {
	if b.Slipway = slipway; slipway == "" {
		if b.Slipway, err = program.Build(ctx, filepath.Join("..", ".."), "./cmd/slipway", dir); err != nil {
			return b, fmt.Errorf("%w\n(run the benchmarks with go run -C .ci/bench, or name a slipway)", err)
		}
	}
	b.Ref, err = program.Build(ctx, ".", "./ref", dir)
	return b, err
}

// Server is a server under test.
type Server struct {
	*program.Program
	Name     string
	Address  string // host:port
	Database string
}

// Settings are how a slipway is started. Key and APIURL are its GitHub.
type Settings struct {
	Dir      string // of everything that is its own
	Key      *rsa.PrivateKey
	APIURL   string
	Allow    string
	CheckEnv string // SLIPWAY_CHECK_ENV
	Guard    string // SLIPWAY_GUARD; empty is 10s
	Address  string // where it listens; empty is a free port
}

// StartSlipway starts slipway on its folder, which may hold what an earlier one left, and does not wait until it answers.
func StartSlipway(binary string, s Settings) (*Server, error) {
	data := filepath.Join(s.Dir, "data")
	key, secret := filepath.Join(s.Dir, "app.pem"), filepath.Join(s.Dir, "webhook.secret")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.Key)})
	secrets := filepath.Join(s.Dir, "secrets")
	if err := errors.Join(os.MkdirAll(secrets, 0o700), os.WriteFile(key, block, 0o600), os.WriteFile(secret, []byte(Secret+"\n"), 0o600)); err != nil {
		return nil, fmt.Errorf("writing slipway's settings: %w", err)
	}
	address, err := free(s.Address)
	if err != nil {
		return nil, err
	}
	guard := s.Guard
	if guard == "" {
		guard = "10s"
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.Dir, "SLIPWAY_LISTEN=" + address, "SLIPWAY_METRICS_LISTEN=127.0.0.1:0",
		"SLIPWAY_PUBLIC_URL=http://" + address, "SLIPWAY_DATA=" + data, "SLIPWAY_ALLOW=" + s.Allow, "SLIPWAY_ISOLATION=none",
		"SLIPWAY_SECRETS=" + secrets, "SLIPWAY_CHECK_ENV=" + s.CheckEnv, "SLIPWAY_GITHUB_API_URL=" + s.APIURL, "SLIPWAY_GITHUB_APP_ID=1",
		"SLIPWAY_GITHUB_PRIVATE_KEY_FILE=" + key, "SLIPWAY_GITHUB_WEBHOOK_SECRET_FILE=" + secret, "SLIPWAY_GUARD=" + guard,
	}
	p, err := program.Start(binary, env, filepath.Join(s.Dir, "slipway.log"), "serve")
	if err != nil {
		return nil, err
	}
	return &Server{Program: p, Name: "slipway", Address: address, Database: filepath.Join(data, "slipway.db")}, nil
}

// StartRef starts the reference in a folder of its own, and does not wait until it answers.
func StartRef(binary, dir string, pageSize int) (*Server, error) {
	secret := filepath.Join(dir, "webhook.secret")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(secret, []byte(Secret+"\n"), 0o600)); err != nil {
		return nil, fmt.Errorf("writing the reference's settings: %w", err)
	}
	address, err := free("")
	if err != nil {
		return nil, err
	}
	database := filepath.Join(dir, "ref.db")
	p, err := program.Start(binary, nil, filepath.Join(dir, "ref.log"), "-listen", address, "-db", database, "-secret-file", secret,
		"-page-size", fmt.Sprint(pageSize))
	if err != nil {
		return nil, err
	}
	return &Server{Program: p, Name: "reference", Address: address, Database: database}, nil
}

func free(address string) (string, error) {
	if address != "" {
		return address, nil
	}
	return program.FreeAddress()
}

// answersWithin is how long a server may take until it answers. It is only ever reached by one that does not start.
const answersWithin = 30 * time.Second

// Ready waits until the server says that it is well. One that is not is killed.
func (s *Server) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-s.Ended():
			return s.Failure("starting the " + s.Name)
		case <-ctx.Done():
			s.Kill()
			return s.Failure("waiting for the " + s.Name)
		}
	}
}

// NewKey makes an App's key.
func NewKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the App's key: %w", err)
	}
	return key, nil
}
