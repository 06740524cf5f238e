package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slipway-cd/slipway/"

// rooms says what each package may import of ours, and so what it may know. A new package is a new line here, with a sentence in its doc.
// Where it differs from design.md: the engine takes the types in which app/github and app/git answer; what checks made has a room of its
// own, so that the two drivers that need it need not know each other.
var rooms = map[string][]string{
	"app":                  nil,
	"app/apptest":          {"app"},
	"policies":             {"app"},
	"checks":               {"app"},
	"deploy":               {"app", "policies"},
	"app/audit":            {"app", "policies", "deploy"},
	"app/config":           {"app", "checks", "policies", "deploy"},
	"app/report":           {"app", "checks", "policies", "deploy"},
	"app/shim":             {"app"},
	"app/git":              {"app"},
	"app/git/gittest":      {"app", "app/git"},
	"app/github":           {"app"},
	"app/artifact":         {"app"},
	"app/standin":          {"app"},
	"app/standin/contract": nil,
	"checks/process":       {"app", "checks", "app/shim", "app/git", "app/artifact"},
	"deploy/command":       {"app", "deploy", "app/shim", "app/git", "app/artifact"},
	"deploy/actions":       {"app", "app/github", "deploy"},
	"deploy/probe":         {"app", "deploy"},
	"app/engine":           {"app", "checks", "policies", "deploy", "app/audit", "app/config", "app/report", "app/git", "app/github"},
	"app/store":            {"app", "app/audit", "app/engine", "checks", "policies", "deploy"},
	"app/store/storetest":  {"app", "app/audit", "app/engine", "checks", "policies", "deploy", "app/apptest"},
	"handlers":             {"app", "app/report", "checks", "policies", "deploy", "handlers/pages"},
	"handlers/pages":       {"app", "checks", "policies", "deploy"},
}

// pure rooms have no clock, randomness, files, network, log or context.
var pure = []string{"policies", "checks", "deploy", "app/audit", "app/report", "app/config", "handlers/pages"}

// impure is what a pure room may not import. The ports that a room declares for its drivers name context and io, and nothing calls them there.
var impure = []string{"context", "crypto/rand", "io/ioutil", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec", "syscall"}

// ports are the files of pure rooms that declare what drivers are.
var ports = []string{"checks/runner.go", "deploy/deployer.go"}

// only says who may import what is dangerous or belongs to one room.
var only = map[string][]string{
	"github.com/google/go-github/v62/github":         {"handlers", "app/github", "app/standin"},
	"github.com/bradleyfalzon/ghinstallation/v2":     {"app/github"},
	"github.com/gorilla/mux":                         {"handlers", "app/standin"},
	"database/sql":                                   {"app/store"},
	"github.com/mattn/go-sqlite3":                    {"app/store"},
	"os/exec":                                        {"app/shim", "app/git", "app/git/gittest", "app/standin", "cmd/slipway"},
	"net/http/cgi":                                   {"app/standin", "app/git/gittest"},
	"github.com/prometheus/client_golang/prometheus": {"cmd/slipway"},
}

// clocks is what reads or waits by the machine's time. The shim is a process of its own, which is handed the real clock.
var clocks = []string{"time.Now(", "time.Since(", "time.Until(", "time.NewTimer(", "time.NewTicker(", "time.After(", "time.AfterFunc(", "time.Tick(", "time.Sleep(", "context.WithTimeout(", "context.WithDeadline("}

// source is one Go file of the tree that is not a test.
type source struct {
	room, path, text string
	imports          []string
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		all = append(all, read(t, path, filepath.ToSlash(rel)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, path, rel string) source {
	t.Helper()
	text := contents(t, path)
	f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	s := source{room: strings.TrimSuffix(rel[:strings.LastIndexByte(rel, '/')+1], "/"), path: rel, text: text}
	for _, i := range f.Imports {
		s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
	}
	return s
}

// TestRooms holds the import table.
func TestRooms(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.room, "cmd/") {
			continue
		}
		may, known := rooms[s.room]
		if !known {
			t.Errorf("%s: the room %s is not in the table: write down what it may know", s.path, s.room)
		}
		for _, i := range s.imports {
			if of, ours := strings.CutPrefix(i, module); ours && !slices.Contains(may, of) {
				t.Errorf("%s imports %s, which %s may not know", s.path, of, s.room)
			}
			if slices.Contains(pure, s.room) && slices.Contains(impure, i) && !slices.Contains(ports, s.path) {
				t.Errorf("%s imports %s, and %s is pure", s.path, i, s.room)
			}
			if who, bounded := only[i]; bounded && !slices.Contains(who, s.room) {
				t.Errorf("%s imports %s, which is for %v only", s.path, i, who)
			}
		}
	}
}

// TestOneClock holds that nothing but cmd reads the machine's time: everything else is handed a clock.
func TestOneClock(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.room, "cmd/") {
			continue
		}
		for _, c := range clocks {
			if strings.Contains(s.text, c) {
				t.Errorf("%s uses %s...): take an app.Clock", s.path, c)
			}
		}
	}
}

// TestNoHiddenState holds that packages have no init and no names that say nothing.
func TestNoHiddenState(t *testing.T) {
	for _, s := range sources(t) {
		if strings.Contains(s.text, "\nfunc init()") {
			t.Errorf("%s has an init", s.path)
		}
		for _, part := range strings.Split(s.room, "/") {
			if slices.Contains([]string{"utils", "util", "common", "shared", "types", "models", "helpers"}, part) {
				t.Errorf("%s: %s says nothing", s.path, part)
			}
		}
	}
}
