package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/deploy"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeDiagram holds README's state diagram to the table of legal moves. UPDATE=1 writes it.
func TestReadmeDiagram(t *testing.T) {
	const begin, end = "<!-- diagram: deploy.Diagram -->\n", "<!-- /diagram -->"
	want := begin + "```mermaid\n" + deploy.Diagram() + "```\n" + end
	text := readme(t)
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatal("README has no place for the diagram")
	}
	if text[i:j+len(end)] == want {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatal("README's diagram is not that of deploy.State.Moves: run this test with UPDATE=1")
	}
	if err := os.WriteFile("../../README.md", []byte(text[:i]+want+text[j+len(end):]), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeNamesEverySetting: what can be set is in README, and what README says can be set.
func TestReadmeNamesEverySetting(t *testing.T) {
	text := readme(t)
	source, err := os.ReadFile("settings.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`env:"(SLIPWAY_[A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		known[m[1]] = true
		if !strings.Contains(text, "`"+m[1]) {
			t.Errorf("README does not name %s", m[1])
		}
	}
	given := regexp.MustCompile(`SLIPWAY_(REPOSITORY|COMMIT|SERVICE|ENVIRONMENT|PREVIOUS_COMMIT|ARTIFACT|ARTIFACT_DIGEST|RUN_URL|FENCE)$`) // to steps
	for _, name := range regexp.MustCompile(`SLIPWAY_[A-Z_]+`).FindAllString(text, -1) {
		if !known[name] && !given.MatchString(name) {
			t.Errorf("README names %s, which can't be set", name)
		}
	}
}

// TestReadmeTour: every file that the tour names is there.
func TestReadmeTour(t *testing.T) {
	links := regexp.MustCompile(`\]\(([a-z][^)#:]+)\)`).FindAllStringSubmatch(readme(t), -1)
	if len(links) < 6 {
		t.Fatal("the tour is gone")
	}
	for _, m := range links {
		if _, err := os.Stat("../../" + m[1]); err != nil {
			t.Error(err)
		}
	}
}

// TestReadmeFiles: each whole file in README is one that slipway takes.
func TestReadmeFiles(t *testing.T) {
	files := regexp.MustCompile("(?s)```yaml\n(version: 1\n.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(files) < 6 {
		t.Fatalf("README shows %d whole files: the first, and those of five teams", len(files))
	}
	for i, m := range files {
		if _, problems := config.Parse("README.md", []byte(m[1])); len(problems) > 0 {
			t.Errorf("the %d. file: %s", i+1, config.Render(problems))
		}
	}
}
