package config

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// The files that people can read: broken ones with what is said of them, and valid ones with what they do.
const (
	brokenFiles = "testdata/broken.txtar"
	validFiles  = "testdata/valid.txtar"
)

func archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// corpus is every file of both.
func corpus(t testing.TB) []txtar.File {
	return append(yamlOf(archive(t, brokenFiles)), yamlOf(archive(t, validFiles))...)
}

func yamlOf(a *txtar.Archive) []txtar.File {
	return slices.DeleteFunc(slices.Clone(a.Files), func(f txtar.File) bool { return !strings.HasSuffix(f.Name, ".yml") })
}

// golden compares what is answered to each file with what a person has read and found good. With UPDATE in the environment it writes the
// answers instead, to be read.
func golden(t *testing.T, name, answers string, answer func(txtar.File) string) {
	a := archive(t, name)
	written, before := &txtar.Archive{Comment: a.Comment}, map[string]string{}
	for _, f := range a.Files {
		before[f.Name] = string(f.Data)
	}
	for _, f := range yamlOf(a) {
		got := txtar.File{Name: strings.TrimSuffix(f.Name, ".yml") + answers, Data: []byte(answer(f))}
		written.Files = append(written.Files, f, got)
		if d := cmp.Diff(before[got.Name], string(got.Data)); d != "" && os.Getenv("UPDATE") == "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, d)
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, txtar.Format(written), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBroken(t *testing.T) {
	golden(t, brokenFiles, ".said", func(f txtar.File) string {
		_, problems := Parse(f.Name, f.Data)
		if len(problems) == 0 {
			t.Errorf("%s: nothing is wrong with it", f.Name)
		}
		return Render(problems)
	})
}

func TestValid(t *testing.T) {
	golden(t, validFiles, ".says", func(f txtar.File) string {
		file, problems := Parse(f.Name, f.Data)
		if len(problems) > 0 {
			t.Errorf("%s is valid, but:\n%s", f.Name, Render(problems))
		}
		return strings.Join(file.Summary(), "\n") + "\n"
	})
}
