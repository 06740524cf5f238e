package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const theShared = `# what all of acme's repositories do
version: 1
checks:
  lint: { run: make lint }
  test: { run: make their-test }
calendars:
  closing: { zone: Europe/Berlin, freeze: [2026-12-20..2027-01-04] }
environments:
  staging: { policy: deployment, deploy: { run: ./staging.sh } }
  production:
    policy: delivery
    approve: { count: 2 }
    calendars: [closing]
    deploy: { run: ./theirs.sh }
`

// TestExtend: what a file leaves out is taken from the one that it extends; its own word counts, as a whole.
func TestExtend(t *testing.T) {
	const head = "version: 1\nextends: acme/config@main//slipway.yml\n"
	for _, c := range []struct {
		name, own, shared string
		want              string // the summary, or the problems
	}{
		{"all of it", head, theShared, "Checks: lint and test.\nstaging: green checks alone decide, then ./staging.sh"},
		{"a check of its own", head + "checks: { test: { run: make mine }, more: { run: x } }\n", theShared, "Checks: test, more and lint."},
		{"a key of an environment", head + "environments: { production: { approve: { from: [\"user:ada\"] } } }\n", theShared, "production: "},
		{"its own deploy step", head + "environments: { production: { deploy: { run: ./mine.sh } } }\n", theShared, "./mine.sh"},
		{"services are filled", head + "services:\n  web: { paths: [web/**], environments: { production: { deploy: { run: ./web.sh } } } }\n", theShared, "web → production: "},
		{"and get no environments that they do not name", head + "services:\n  web: { paths: [web/**], environments: { production: { deploy: { run: ./web.sh } } } }\n",
			theShared, "!staging"},
		{"a mistake of its own", head + "environments: { production: { polciy: delivery } }\n", theShared, `own.yml:3:31: "polciy" is not a key of an environment.`},
		{"a mistake there", head, "version: 1\nenvironments:\n  production: { policy: delivrey, deploy: { run: x } }\n", `shared.yml:3:25: `},
		{"a key that is unknown there", head, theShared + "chekcs: {}\n", `shared.yml:15:1: "chekcs" is not a key of the file. Did you mean checks?`},
		{"no YAML there", head, "environments: [\n", "shared.yml:1:16: "},
		{"nothing there", head, "", "shared.yml: The file is empty."},
		{"a list there", head, "- x\n", "shared.yml:1:1: This is no file that can be extended: it needs version: 1 at its top."},
		{"a file of something else, which is not quoted", head, "jobs: { secret: { run: x } }\n", "shared.yml:1:1: This is no file that can be extended: it needs version: 1 at its top."},
		{"a second level", head, "extends: acme/more@main//x.yml\n" + theShared, "shared.yml:1:10: A file that is extended extends no other"},
		{"what nobody says", head + "environments: { other: { deploy: { run: x } } }\n", theShared, "own.yml:3:24: environment \"other\" needs policy"},
		{"what does not go together", head + "environments: { production: { policy: deployment } }\n", theShared, "shared.yml:12:5: Under policy: deployment nobody is asked."},
		{"services there, environments here", head + "environments: { production: { policy: deployment, deploy: { run: x } } }\n",
			"version: 1\nservices: { web: { environments: { production: { policy: deployment, deploy: { run: y } } } } }\n", "either services or environments"},
		{"twins", head + "checks: { Lint: { run: x } }\n", theShared, "shared.yml:4:3: \"lint\" and \"Lint\", at line 3, are the same but for their case."},
		{"an alias is not changed for others", "version: 1\nextends: acme/config@main//slipway.yml\nenvironments:\n  production: &a { deploy: { run: x } }\n  other: *a\n", theShared,
			"own.yml:4:15: environment \"other\" needs policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, problems := Extend("own.yml", []byte(c.own), Shared{Name: "shared.yml", Data: []byte(c.shared)})
			got := Render(problems)
			if len(problems) == 0 {
				got = strings.Join(f.Summary(), "\n")
				for _, s := range f.Services {
					for _, e := range s.Environments {
						got += "\n" + e.Deploy.Run
					}
				}
			}
			if not, is := strings.CutPrefix(c.want, "!"); is && strings.Contains(got, not) || !is && !strings.Contains(got, c.want) {
				t.Errorf("%q is not in\n%s", c.want, got)
			}
			if f.Extends.String() != "acme/config@main//slipway.yml" {
				t.Errorf("it extends %s", f.Extends)
			}
		})
	}
	f, problems := Parse("own.yml", []byte(head+"environments: { production: {} }\n"))
	if !f.Broken || len(problems) != 1 || !strings.Contains(Render(problems), "own.yml:2:10: This file extends acme/config@main//slipway.yml, which was not read") {
		t.Errorf("without what it extends it is taken: %s", Render(problems))
	}
}

// What a shared file says of a gate counts, and a key that the file has itself is its own as a whole.
func TestExtendedGate(t *testing.T) {
	own := "version: 1\nextends: acme/config@main//slipway.yml\nenvironments: { production: { approve: { from: [\"user:ada\"] } } }\n"
	f, problems := Extend("own.yml", []byte(own), Shared{Name: "shared.yml", Data: []byte(theShared)})
	e, ok := f.Environment("", "production")
	if len(problems) > 0 || !ok || e.Policy.Count > 1 || len(e.Policy.From) != 1 || len(e.Policy.Windows) == 0 {
		t.Errorf("%v, %+v, %s", ok, e.Policy, Render(problems))
	}
}

// TestExtends reads the forms.
func TestExtends(t *testing.T) {
	for text, want := range map[string]Extends{
		"acme/config@main//slipway.yml":                       {"acme", "config", "main", "slipway.yml"},
		"acme/.github@release/v1//gates/all.yml":              {"acme", ".github", "release/v1", "gates/all.yml"},
		"acme/config@" + strings.Repeat("0", 40) + "//a.yaml": {"acme", "config", strings.Repeat("0", 40), "a.yaml"},
		"acme/config//a.yml":                                  {},
		"acme/config@main":                                    {},
		"acme/config@main//a.json":                            {},
		"config@main//a.yml":                                  {},
		"acme/config@ma in//a.yml":                            {},
	} {
		got, ok := Extending([]byte("version: 1\nextends: \"" + text + "\"\n"))
		if got != want || ok != (want != Extends{}) || ok && got.String() != text {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}

// FuzzExtend: no panic, and every problem lies inside one of the two files.
func FuzzExtend(f *testing.F) {
	f.Add([]byte("version: 1\nextends: acme/config@main//slipway.yml\nservices: { web: { environments: { production: { deploy: { run: x } } } } }\n"), []byte(theShared))
	f.Add([]byte("version: 1\nextends: a/b@c//d.yml\nchecks: &x { a: *x }\n"), []byte("checks: &y { b: { run: z } }\nenvironments: *y\n"))
	f.Fuzz(func(t *testing.T, own, shared []byte) { held(t, own, shared) })
}

// TestExtendHolds draws files along the grammar.
func TestExtendHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(label string) []byte {
			return []byte(rapid.SampledFrom([]string{theShared, "checks: &x { a: *x }", "a: &b [*b]", "environments: &e { p: { deploy: { run: x } } }\nservices: { s: { environments: *e } }",
				"services: { s: {} }", "{}", "checks:\nenvironments: 3", "version: 2"}).Draw(rt, label))
		}
		held(t, append([]byte("version: 1\nextends: a/b@c//d.yml\n"), draw("own")...), draw("shared"))
	})
}

func held(t *testing.T, own, shared []byte) {
	t.Helper()
	f, problems := Extend("own.yml", own, Shared{Name: "shared.yml", Data: shared})
	if f == nil {
		t.Fatal("no file")
	}
	for _, p := range problems {
		lines := strings.Count(string(own), "\n") + 1
		if p.File == "shared.yml" {
			lines = strings.Count(string(shared), "\n") + 1
		}
		if p.Line < 0 || p.Line > lines || p.Sentence == "" {
			t.Fatalf("%v lies outside its file of %d lines", p, lines)
		}
	}
}
