package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecondServer: one process holds a data directory, and the second one says who does.
func TestSecondServer(t *testing.T) {
	s := newStage(t)
	_, err := newServer(t.Context(), s.set, surroundings{clock: s.clock, log: io.Discard})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) || !strings.Contains(err.Error(), s.set.data) {
		t.Error("a second server started, or does not say who holds the folder:", err)
	}
	if _, err := http.Get("http://" + s.server.listener.Addr().String() + "/healthz"); err != nil {
		t.Error("the first one was disturbed:", err)
	}
}

func (s *stage) get(t *testing.T, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + s.server.listener.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestHealth: alive, ready, and what the front page tells of repositories, which is nothing.
func TestHealth(t *testing.T) {
	s := newStage(t)
	if code, body := s.get(t, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Error(code, body)
	}
	if code, body := s.get(t, "/readyz"); code != http.StatusOK {
		t.Error(code, body)
	}
	if code, body := s.get(t, "/"); code != http.StatusOK || strings.Contains(body, "acme") {
		t.Error(code, body)
	}
}

// TestSettings: all that is wrong is said at once, with exit code 2; secrets never are.
func TestSettings(t *testing.T) {
	var out, errs bytes.Buffer
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code := run([]string{"serve", "--listen=nowhere", "--public-url=slipway", "--allow=a b", "--github-app-id=x", "--github-private-key-file=" + empty,
		"--github-webhook-secret-file=" + empty, "--isolation=some", "--check-slots=0", "--keep-age=long", "--keep-size=much", "--guard=-1s",
		"--check-env==1", "--metrics-listen=:99999", "--secrets=" + empty, "--github-api-url=api", "--data=" + filepath.Join(empty, "data"),
		"--run-as=nobody-has-this-name", "--deploy-slots="}, streams{&out, &errs})
	if code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{"LISTEN", "PUBLIC_URL", "ALLOW", "GITHUB_APP_ID", "GITHUB_PRIVATE_KEY_FILE", "GITHUB_WEBHOOK_SECRET_FILE", "ISOLATION",
		"CHECK_SLOTS", "DEPLOY_SLOTS", "DATA", "RUN_AS", "KEEP_AGE", "KEEP_SIZE", "GUARD", "CHECK_ENV", "METRICS_LISTEN", "SECRETS", "GITHUB_API_URL"} {
		if !strings.Contains(errs.String(), "\n  SLIPWAY_"+name+": ") {
			t.Errorf("nothing is said of SLIPWAY_%s:\n%s", name, errs.String())
		}
	}
}

// TestCommandLine: what a person types, and the exit code that a script gets.
func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slipway.yml")
	if err := os.WriteFile(file, []byte("version: 1\nchekcs: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, "slipway "},
		{[]string{"--help"}, 0, "serve"},
		{nil, 0, "serve"},
		{[]string{"sevre"}, exitUsage, "sevre"},
		{[]string{"check", file}, exitFailed, file + ":2:1: "},
		{[]string{"check", "nowhere.yml"}, exitUsage, "nowhere.yml"},
		{[]string{"schema"}, 0, `"$schema"`},
	} {
		var all bytes.Buffer
		if code := run(test.args, streams{&all, &all}); code != test.code || !strings.Contains(all.String(), test.says) {
			t.Errorf("slipway %v: exit code %d, want %d, with %q:\n%s", test.args, code, test.code, test.says, all.String())
		}
	}
}

// TestNoSecretInTheLog: neither tokens nor the webhook's secret reach the log, at its most talkative.
func TestNoSecretInTheLog(t *testing.T) {
	s := newStage(t)
	s.stopServer()
	log := &lines{}
	ctx, stop := context.WithCancel(t.Context())
	server, err := newServer(ctx, s.set, surroundings{clock: s.clock, log: log, level: slog.LevelDebug, shim: []string{os.Args[0], shimCommand}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.run(ctx) }()
	server.log.Info("sesame and ghs_abcdefghijklmnopqrstuvwxyz0123456789 and Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2lnbmF0dXJl")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"sesame", "ghs_a", "eyJ"} {
		if strings.Contains(log.tail(1000), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log.tail(1000))
		}
	}
}

// TestDemoJSON: one object a line, an act each, and last all.
func TestDemoJSON(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the demo builds programs: it runs without the race detector, and not with -short")
	}
	var out, errs bytes.Buffer
	if code := run([]string{"demo", "--json"}, streams{&out, &errs}); code != 0 {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	var acts []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var a act
		if err := json.Unmarshal([]byte(line), &a); err != nil || !a.OK || a.Seconds <= 0 || a.Observed == "" {
			t.Errorf("%v: %s", err, line)
		}
		acts = append(acts, a.Act)
	}
	if got := strings.Join(acts, " "); got != "first-release deployment delivery failing-test sick-release all" {
		t.Error(got)
	}
}
