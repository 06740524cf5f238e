package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app/standin"
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

// TestNoSecretInTheLog: neither tokens nor the webhook's secret reach the log, at its most talkative, while a release goes out and GitHub refuses
// this and that.
func TestNoSecretInTheLog(t *testing.T) {
	s := newStage(t)
	s.stopServer()
	s.level = slog.LevelDebug
	s.startServer()
	s.server.log.Info("sesame and ghs_abcdefghijklmnopqrstuvwxyz0123456789 and Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2lnbmF0dXJl")
	s.tell(t, "v1/.github/slipway.yml", `version: 1
checks: { test: { run: "true" } }
environments: { production: { policy: deployment, deploy: { run: "true" } } }
`, `break POST /repos/acme/shop/check-runs 500 2
break POST /app/installations/*/access_tokens 500 1
commit ben first "Add the pipeline" v1
pr ben one "Add the pipeline" first
expect check one.head slipway success
merge dana one
expect comment one "/approve production {one.merge}"
comment dana one /approve
expect check one.merge "promote: production" success
restart`)
	log := s.log.tail(1 << 20)
	if !strings.Contains(log, "500 Internal Server Error") {
		t.Errorf("the log tells too little to prove anything:\n%s", log)
	}
	for _, secret := range []string{"sesame", "ghs_", "eyJ", "PRIVATE KEY"} {
		if at := strings.Index(log, secret); at >= 0 {
			t.Errorf("%q is in the log: %s", secret, log[max(0, at-200):min(len(log), at+100)])
		}
	}
}

// tell plays lines of a scenario that has one file.
func (s *stage) tell(t *testing.T, file, text, lines string) {
	t.Helper()
	sc := &scene{stage: s, t: t, files: map[string]string{file: text}, pulls: map[string]*standin.Pull{}, commits: map[string]string{}}
	for line := range strings.Lines(lines) {
		if err := sc.play(split(line)); err != nil {
			t.Fatalf("%s%v\n%s", line, err, s.situation())
		}
	}
}

// TestMetricsApart: numbers are told at an address of their own, and not where the world comes in.
func TestMetricsApart(t *testing.T) {
	s := newStage(t)
	s.stopServer()
	s.set.metricsListen = "127.0.0.1:0"
	s.startServer()
	resp, err := http.Get("http://" + s.server.metrics.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "go_goroutines") {
		t.Errorf("%d, %v: %.200s", resp.StatusCode, err, body)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if code, body := s.get(t, path); code != http.StatusNotFound {
			t.Errorf("the world may read %s: %d %.200s", path, code, body)
		}
	}
}

// TestLacks: what the App lacks is said in the log and in /readyz, and the server works.
func TestLacks(t *testing.T) {
	s := newStageOf(t, standin.App{
		ID: 1, Slug: "slipway", Permissions: map[string]string{"metadata": "read", "contents": "read", "checks": "read"}, Events: []string{"push"},
	})
	has := func() bool {
		log := s.log.tail(1000)
		return strings.Contains(log, "lacks something") && strings.Contains(log, "checks") && strings.Contains(log, "issue_comment")
	}
	for began := time.Now(); !has() && time.Since(began) < deadline; {
		runtime.Gosched()
	}
	if !has() {
		t.Errorf("the log does not say what the App lacks:\n%s", s.log.tail(100))
	}
	code, body := s.get(t, "/readyz")
	if code != http.StatusOK || !strings.Contains(body, "checks") || !strings.Contains(body, "issue_comment") {
		t.Errorf("/readyz says %d:\n%s", code, body)
	}
}

// TestStopEndsReaders: whoever reads the log of a program that runs does not keep the server from stopping.
func TestStopEndsReaders(t *testing.T) {
	s := newStage(t)
	end := filepath.Join(s.dir, "target", "end")
	defer func() { // programs go on without the server
		if err := os.WriteFile(end, nil, 0o600); err != nil {
			t.Error(err)
		}
	}()
	s.tell(t, "v1/.github/slipway.yml", "version: 1\nchecks: { test: { run: \"while test -d $TARGET && ! test -e $TARGET/end; do sleep 0.1; done\" } }\n", `commit ben first "Add the pipeline" v1 as head
pr ben one "Add the pipeline" first
expect check head test in_progress`)
	run, _ := s.repo.CheckRun(s.repo.Head("first"), "test")
	address := "http://" + s.server.listener.Addr().String() + strings.TrimPrefix(run.DetailsURL, s.set.publicURL)
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(address, resp.Status)
	}
	page := make([]byte, 1)
	if _, err := resp.Body.Read(page); err != nil {
		t.Fatal(err)
	}
	s.stopServer() // fails if it has to wait for the reader
	if rest, err := io.ReadAll(resp.Body); err != nil {
		t.Errorf("the page was cut off, %v: %.200s", err, rest)
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
	if got := strings.Join(acts, " "); got != "first-release deployment delivery failing-test sick-release environment-review attack proof all" {
		t.Error(got)
	}
}
