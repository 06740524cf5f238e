package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPitfalls: each thing that has gone wrong elsewhere with approvals, gates and security has a scenario or a test that holds that it does not here.
func TestPitfalls(t *testing.T) {
	text, err := os.ReadFile("testdata/pitfalls.txt")
	if err != nil {
		t.Fatal(err)
	}
	tests, rows := testsOfAll(t), 0
	for _, line := range strings.Split(string(text), "\n") {
		what, held, row := strings.Cut(line, "|")
		if !row {
			continue
		}
		rows++
		names := strings.Fields(held)
		if len(names) == 0 {
			t.Errorf("nothing holds %q", strings.TrimSpace(what))
		}
		for _, n := range names {
			_, err := os.Stat(filepath.Join("testdata/scenario", n+".txtar"))
			if err != nil && !tests[n] {
				t.Errorf("%s: there is no scenario and no test %s", strings.TrimSpace(what), n)
			}
		}
	}
	if rows < 32 {
		t.Errorf("only %d rows are held", rows)
	}
}

// testsOfAll is the names of all tests of the module.
func testsOfAll(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
