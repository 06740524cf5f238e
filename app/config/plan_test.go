package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/checks"
)

// parsed is a file that has no problems.
func parsed(t testing.TB, text string) *File {
	t.Helper()
	f, problems := Parse(Path, []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s\nof\n%s", Render(problems), text)
	}
	return f
}

const twoServices = `version: 1
checks:
  test: { run: make test, needs: [build] }
  build: { run: make build, produces: dist }
services:
  web:
    paths: [web/**]
    shared: ["*.mod", payments/api/**]
    checks:
      e2e: { run: make e2e, needs: [unit, test], required: true }
      unit: { run: make unit }
    environments:
      production: { policy: deployment, deploy: { run: make deploy } }
  payments:
    paths: [payments/**]
    checks:
      unit: { run: make unit }
    environments:
      production: { policy: delivery, after: qa, deploy: { run: make deploy } }
      qa: { policy: deployment, after: staging, deploy: { run: make deploy } }
      staging: { policy: deployment, deploy: { run: make deploy } }
`

// outline is a plan in one line: what runs | what does not | for which services.
func outline(p checks.Plan) string {
	var run, filtered, services []string
	for _, c := range p.Checks {
		run = append(run, c.ID())
	}
	for _, c := range p.Filtered {
		filtered = append(filtered, c.ID()+map[bool]string{true: "!"}[c.Required])
	}
	for _, s := range p.Services {
		services = append(services, fmt.Sprint(s.Name, map[bool]string{true: " broken"}[s.Broken], s.Environments))
	}
	return strings.Join(run, " ") + " | " + strings.Join(filtered, " ") + " | " + strings.Join(services, " ")
}

func TestPlan(t *testing.T) {
	const (
		web      = "web[production]"
		payments = "payments[staging qa production]"
		note     = " lies outside every service, and no service's shared: globs match it."
	)
	f := parsed(t, twoServices)
	same := func(paths ...string) Changes { return f.Since(f, paths) }
	tests := []struct {
		name    string
		changes Changes
		want    string
		notes   []string
	}{
		{"a first push is everything", nil, "build test web/unit web/e2e payments/unit |  | " + web + " " + payments, nil},
		{"a base without the file is everything", f.Since(nil, nil), "build test web/unit web/e2e payments/unit |  | " + web + " " + payments, nil},
		{"one service's own", same("web/a/b.go"), "build test web/unit web/e2e | payments/unit | " + web, nil},
		{"the other's own", same("payments/b.go"), "build test payments/unit | web/unit web/e2e! | " + payments, nil},
		{"shared with one, own of the other", same("payments/api/x.go"), "build test web/unit web/e2e payments/unit |  | " + web + " " + payments, nil},
		{"shared, outside every service", same("go.mod"), "build test web/unit web/e2e | payments/unit | " + web, nil},
		{"outside every service", same("docs/x.md"), "build test | web/unit web/e2e! payments/unit | ", []string{"docs/x.md" + note}},
		{"the service's folder is not a prefix", same("web2/a.go"), "build test | web/unit web/e2e! payments/unit | ", []string{"web2/a.go" + note}},
		{"nothing", same(), "build test | web/unit web/e2e! payments/unit | ", nil},
		{"the file, with no section changed", same(Path), "build test | web/unit web/e2e! payments/unit | ", nil},
		{"bases of their own", Changes{"web": {Paths: []string{"x"}}, "payments": {Paths: []string{"payments/a", "x", "old.md"}}},
			"build test payments/unit | web/unit web/e2e! | " + payments, []string{"x" + note}},
		{"a service without a base", Changes{"web": {Paths: []string{"x"}}}, "build test payments/unit | web/unit web/e2e! | " + payments, nil},
		{"many outside", same("a", "b", "c", "d", "e"), "build test | web/unit web/e2e! payments/unit | ",
			[]string{"a, b, c and 2 more lie outside every service, and no service's shared: globs match them."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := f.Plan(tt.changes)
			if got := outline(p); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if d := cmp.Diff(tt.notes, p.Notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
		})
	}
}

// TestNeededFirst: a run starts checks in one pass, so what is needed has to come before.
func TestNeededFirst(t *testing.T) {
	f := parsed(t, twoServices)
	seen := map[string]bool{}
	for _, c := range f.Plan(nil).Checks {
		for _, n := range c.Needs {
			if !seen[n] {
				t.Errorf("%s comes before %s, which it needs", c.ID(), n)
			}
		}
		seen[c.ID()] = true
	}
	if d := cmp.Diff([]string{"web/unit", "test"}, f.Services[0].Checks[1].Needs); d != "" {
		t.Errorf("needs are ids of the run (-want +got):\n%s", d)
	}
}

func TestPlanWithoutServices(t *testing.T) {
	f := parsed(t, "version: 1\nenvironments: { production: { policy: delivery, deploy: { run: make } } }\n")
	for _, tt := range []struct {
		paths []string
		want  string
	}{
		{[]string{"any"}, " |  | [production]"},
		{[]string{Path}, " |  | "},
		{nil, " |  | "},
	} {
		p := f.Plan(f.Since(f, tt.paths))
		if got := outline(p); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.paths, got, tt.want)
		}
		if d := cmp.Diff([]string{"No checks are defined: a commit is green when this file is valid."}, p.Notes); d != "" {
			t.Errorf("notes (-want +got):\n%s", d)
		}
	}
}

// TestBrokenServiceNeverStopsAnother: one mistake must not stop all pipelines.
func TestBrokenServiceNeverStopsAnother(t *testing.T) {
	f, problems := Parse(Path, []byte(strings.Replace(twoServices, "policy: delivery", "policy: delivry", 1)))
	if f.Broken || len(problems) != 1 || problems[0].Service != "payments" || problems[0].Line != 19 {
		t.Fatalf("broken: %v\n%s", f.Broken, Render(problems))
	}
	p := f.Plan(f.Since(f, []string{"web/x"}))
	if got, want := outline(p), "build test web/unit web/e2e |  | web[production] payments broken[staging qa production]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(p.Problems) != 1 {
		t.Errorf("the plan has %d problems", len(p.Problems))
	}
	if _, ok := f.Environment("web", "production"); !ok {
		t.Error("web can't be used")
	}
}

// TestBrokenGateIsUnknown: a gate that can't be read must not be taken for one that lets all pass, nor for one that is gone.
func TestBrokenGateIsUnknown(t *testing.T) {
	lanes := []Lane{{"web", "production"}, {"payments", "production"}, {"payments", "canary"}, {"gone", "production"}, {"", "production"}}
	for _, tt := range []struct {
		name, old, new string
		usable         []Lane
		removed        []Lane
	}{
		{"sound", "", "", []Lane{lanes[0], lanes[1]}, []Lane{lanes[2], lanes[3], lanes[4]}},
		{"a broken service", "policy: delivery", "policy: delivry", []Lane{lanes[0]}, []Lane{lanes[3], lanes[4]}},
		{"broken environments", "qa: { policy", "qa: { plcy", []Lane{lanes[0]}, []Lane{lanes[3], lanes[4]}},
		{"a broken check of all", "make build", "", nil, nil},
		{"no YAML at all", "version", "{", nil, nil},
		{"a later version", "version: 1", "version: 2", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := Parse(Path, []byte(strings.Replace(twoServices, tt.old, tt.new, 1)))
			var usable []Lane
			for _, l := range lanes {
				if e, ok := f.Environment(l.Service, l.Environment); ok && e.Name == l.Environment {
					usable = append(usable, l)
				}
			}
			if d := cmp.Diff(tt.usable, usable); d != "" {
				t.Errorf("usable (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.removed, f.Removed(lanes)); d != "" {
				t.Errorf("removed (-want +got):\n%s", d)
			}
			if p := f.Plan(nil); f.Broken && (len(p.Checks) > 0 || slices.ContainsFunc(p.Services, func(s checks.Service) bool { return !s.Broken })) {
				t.Errorf("a broken file asks for %s", outline(p))
			}
		})
	}
}

func TestConcerns(t *testing.T) {
	before := parsed(t, twoServices)
	for _, tt := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"a comment", "services:", "services: # ours", nil},
		{"paths", "paths: [web/**]", "paths: [web/**, x]", []string{"web"}},
		{"shared", `"*.mod", `, "", []string{"web"}},
		{"its own check", "run: make e2e", "run: make e3e", []string{"web"}},
		{"how it is deployed", "policy: deployment, deploy: { run: make deploy }", "policy: deployment, deploy: { run: make it }", []string{"web"}},
		{"how it is watched", "run: make deploy }", "run: make deploy }, verify: { http: https://a.example }", []string{"web"}},
		{"a gate alone", "policy: deployment, deploy", "policy: delivery, approve: { not: [author] }, after_rollback: continue, deploy", nil},
		{"an order alone", "after: qa, ", "", nil},
		{"an environment more", "      staging:", "      eu: { policy: delivery, deploy: { run: x } }\n      staging:", []string{"payments"}},
		{"an environment less", "policy: delivery, after: qa, deploy: { run: make deploy } }\n", "policy: delivery, deploy: { run: make deploy } }\n      #", nil},
		{"a shared check", "run: make test", "run: make tests", nil},
		{"a shared check that produces", "run: make build", "run: make builds", []string{"web", "payments"}},
		{"a new name", "  payments:\n", "  billing:\n", []string{"billing"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(twoServices, tt.old) {
				t.Fatalf("%q is not in the file", tt.old)
			}
			after := parsed(t, strings.Replace(twoServices, tt.old, tt.new, 1))
			if d := cmp.Diff(tt.want, Concerns(before, after)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestConcernsWithoutServices: in a repository that is one service, all checks are its own.
func TestConcernsWithoutServices(t *testing.T) {
	const text = "version: 1\nchecks: { test: { run: make test } }\nenvironments: { production: { policy: delivery, deploy: { run: make it } } }\n"
	before := parsed(t, text)
	for _, tt := range []struct {
		old, new string
		want     []string
	}{
		{"make test", "make tests", []string{""}},
		{"make it", "make them", []string{""}},
		{"policy: delivery", "policy: deployment", nil},
	} {
		if d := cmp.Diff(tt.want, Concerns(before, parsed(t, strings.Replace(text, tt.old, tt.new, 1)))); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.new, d)
		}
	}
}

// TestConcernsWhatCannotBeCompared: where nobody knows what changed, everything did.
func TestConcernsWhatCannotBeCompared(t *testing.T) {
	f := parsed(t, twoServices)
	noYAML, _ := Parse(Path, []byte("{"))
	version2, _ := Parse(Path, []byte(strings.Replace(twoServices, "version: 1", "version: 2", 1)))
	webBroken, _ := Parse(Path, []byte(strings.Replace(twoServices, "policy: deployment", "policy: x", 1)))
	for _, tt := range []struct {
		name string
		old  *File
		want []string
	}{
		{"no file", nil, []string{"web", "payments"}},
		{"a broken file", noYAML, []string{"web", "payments"}},
		{"a file of another version", version2, []string{"web", "payments"}},
		{"a broken service", webBroken, []string{"web"}},
	} {
		if d := cmp.Diff(tt.want, Concerns(tt.old, f)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestNext(t *testing.T) {
	f := parsed(t, twoServices)
	for before, want := range map[string][]string{"staging": {"qa"}, "qa": {"production"}, "production": nil} {
		if d := cmp.Diff(want, f.Next("payments", before)); d != "" {
			t.Errorf("after %s (-want +got):\n%s", before, d)
		}
	}
}

// TestManyPaths: a change of very many files, judged by very many globs, takes no time that anybody would notice.
func TestManyPaths(t *testing.T) {
	var globs, paths []string
	for i := range 50 {
		globs = append(globs, fmt.Sprintf("service%d/**/*.{go,js}", i))
	}
	for i := range 5000 {
		paths = append(paths, fmt.Sprintf("elsewhere/%d/file.go", i))
	}
	f := parsed(t, "version: 1\nservices: { a: { paths: ['"+strings.Join(globs, "', '")+"'] } }\n")
	if p := f.Plan(f.Since(f, paths)); len(p.Services) != 0 || len(p.Notes) != 2 {
		t.Errorf("%v, %q", p.Services, p.Notes)
	}
}
