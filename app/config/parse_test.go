package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

func TestDefaults(t *testing.T) {
	f := parsed(t, `version: 1
checks: { build: { run: make } }
services:
  web: { environments: { production: { policy: delivery, deploy: { run: ./d } } } }
  api: { environments: { production: { policy: delivery, deploy: { run: ./d }, verify: { http: "https://a.example" } } } }
`)
	if d := cmp.Diff([]checks.Spec{{Name: "build", Run: "make", Timeout: 15 * time.Minute}}, f.Checks); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
	want := Environment{
		Name:   "production",
		Policy: policies.Policy{Mode: policies.Delivery, HoldsAfterReturn: true},
		Deploy: deploy.Spec{Run: "./d", Timeout: 15 * time.Minute, GitHubEnvironment: "web/production"},
	}
	web, _ := f.Environment("web", "production")
	if d := cmp.Diff(want, web); d != "" {
		t.Errorf("web (-want +got):\n%s", d)
	}
	want.Deploy.GitHubEnvironment = "api/production"
	want.Deploy.Verify = deploy.Verify{HTTP: "https://a.example", Every: 10 * time.Second, Timeout: 10 * time.Second, Failures: 3,
		StartsWithin: time.Minute, Bake: 10 * time.Minute}
	api, _ := f.Environment("api", "production")
	if d := cmp.Diff(want, api); d != "" {
		t.Errorf("api (-want +got):\n%s", d)
	}
}

func TestEveryKey(t *testing.T) {
	f := parsed(t, `version: 1
checks:
  lint: { external: { app: golangci, name: Lint }, required: true }
services:
  api:
    paths: [api/**]
    shared: [go.mod]
    checks:
      build: { run: make, needs: [lint], timeout: 1h30m, produces: api/dist/ }
    environments:
      production:
        policy: delivery
        after: { environment: qa }
        approve: { count: 1, from: ["role:release crew", user:ada], not: [author] }
        deploy: { run: "./d", timeout: 90s, idempotent: true }
        verify: { http: "https://a.example", every: 2s, timeout: 500ms, failures: 1, starts_within: 0s, bake: 5s }
        rollback: never
        after_rollback: continue
        url: https://api.example
        github_environment: Production (EU)
      qa: { policy: deployment, deploy: { run: "./q" }, verify: { http: "https://q.example", bake: 4s }, rollback: automatic, after_rollback: hold }
`)
	want := []Service{{
		Name:   "api",
		Paths:  []string{"api/**"},
		Shared: []string{"go.mod"},
		Checks: []checks.Spec{{Name: "build", Service: "api", Run: "make", Needs: []string{"lint"}, Timeout: 90 * time.Minute, Produces: "api/dist"}},
		Environments: []Environment{{
			Name:   "qa",
			Policy: policies.Policy{Mode: policies.Deployment, HoldsAfterReturn: true},
			Deploy: deploy.Spec{Run: "./q", Timeout: 15 * time.Minute, GitHubEnvironment: "api/qa", Verify: deploy.Verify{HTTP: "https://q.example",
				Every: 4 * time.Second, Timeout: 4 * time.Second, Failures: 3, StartsWithin: time.Minute, Bake: 4 * time.Second}},
		}, {
			Name: "production",
			Policy: policies.Policy{Mode: policies.Delivery, After: "qa", Not: policies.Not{Author: true},
				Count: 1, From: []policies.Selector{{Kind: "role", Value: "release crew"}, {Kind: "user", Value: "ada"}}},
			Deploy: deploy.Spec{Run: "./d", Timeout: 90 * time.Second, Idempotent: true, NeverBack: true, URL: "https://api.example",
				GitHubEnvironment: "Production (EU)", Verify: deploy.Verify{HTTP: "https://a.example", Every: 2 * time.Second,
					Timeout: 500 * time.Millisecond, Failures: 1, Bake: 5 * time.Second}},
		}},
	}}
	if d := cmp.Diff(want, f.Services); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	lint := []checks.Spec{{Name: "lint", Timeout: 15 * time.Minute, External: checks.External{App: "golangci", Name: "Lint"}, Required: true}}
	if d := cmp.Diff(lint, f.Checks); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestWithoutServices: the environment on GitHub is called as people call it.
func TestWithoutServices(t *testing.T) {
	f := parsed(t, "version: 1\nenvironments: { production: { policy: deployment, deploy: { run: make } } }\n")
	e, ok := f.Environment("", "production")
	if !ok || e.Deploy.GitHubEnvironment != "production" {
		t.Errorf("%+v", e)
	}
	if d := cmp.Diff([]Lane{{"", "production"}}, f.Lanes()); d != "" {
		t.Errorf("lanes (-want +got):\n%s", d)
	}
}

// TestLaterKeys: what a later issue brings is refused wherever it is written, so that nobody believes that it counts.
func TestLaterKeys(t *testing.T) {
	const text = "version: 1\n%top\nchecks: { a: { run: x %check } }\nservices: { s: { paths: [x] %service, environments: { e: { policy: delivery %environment, " +
		"after: { environment: f %after }, approve: { not: [author] %approve }, deploy: { run: x %deploy }, verify: { http: 'https://a.example' %verify } }, " +
		"f: { policy: deployment, deploy: { run: x } } } } }\n"
	for _, key := range later() {
		for _, place := range []string{"%top", "%check", "%service", "%environment", "%after", "%approve", "%deploy", "%verify"} {
			insert := ", " + key + ": x"
			if place == "%top" {
				insert = key + ": x"
			}
			file := strings.Replace(text, place, insert, 1)
			for _, other := range []string{"%top", "%check", "%service", "%environment", "%after", "%approve", "%deploy", "%verify"} {
				file = strings.ReplaceAll(file, other, "")
			}
			_, problems := Parse("f", []byte(file))
			if len(problems) != 1 || !strings.Contains(problems[0].Sentence, key+`" is not here yet`) {
				t.Errorf("%s at %s:\n%s", key, place, Render(problems))
			}
		}
	}
}

// TestAllAtOnce: one push is enough to learn of every mistake.
func TestAllAtOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nchecks:\n")
	for i := range 60 {
		b.WriteString("  c" + strings.Repeat("x", i) + ": { rnu: make }\n")
	}
	if _, problems := Parse("f", []byte(b.String())); len(problems) < 60 {
		t.Errorf("%d problems of 60", len(problems))
	}
	many := "version: 1\nchecks:\n  a: { " + strings.Repeat("run: x, ", 500) + " }\n"
	_, problems := Parse("f", []byte(many))
	if len(problems) != maxProblems+1 || !strings.Contains(problems[maxProblems].Sentence, "399 more problems") {
		t.Errorf("%d problems, the last: %v", len(problems), problems[len(problems)-1])
	}
}

func TestNear(t *testing.T) {
	known := []string{"run", "needs", "timeout", "produces", "external", "required"}
	for word, want := range map[string]string{"rnu": "run", "Run": "run", "need": "needs", "timeotu": "timeout", "x": "", "": "", "command": "",
		"requiered": "required", strings.Repeat("run", 1000): ""} {
		if got := near(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestWays(t *testing.T) {
	for glob, want := range map[string]int{"web/**": 1, "a,b": 1, "{a,b}": 2, "{a,b}{c,d,e}": 6, "{a,{b,c}}x": 3, `\{a,b`: 1, "[{]x": 1, "[}]{a,b}": 2,
		strings.Repeat("{a,b}", 60): maxGlobs + 1} {
		if got := ways(glob); got != want {
			t.Errorf("%q: got %d, want %d", glob, got, want)
		}
	}
}
