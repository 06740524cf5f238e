package app_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTopLevel holds what the project's owner has fixed.
func TestTopLevel(t *testing.T) {
	fixed := []string{"cmd", "app", "handlers", "checks", "policies", "deploy", "go.mod", "go.sum", "Dockerfile", "README.md", "LICENSE"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(fixed, e.Name()) {
			t.Errorf("%s is not of the fixed top level", e.Name())
		}
	}
}
