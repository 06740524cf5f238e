package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // what tampers opens the database by itself
	"golang.org/x/tools/txtar"
)

const twoReleases = `
commit ben first "Add the pipeline" v1
pr ben one "Add the pipeline" first
expect check one.head slipway success
merge ben one
expect comment one "/approve production {one.merge}"
comment dana one "/approve"
expect live production one.merge
commit ben second "Two" v2
pr ben two "Two" second
expect check two.head slipway success
merge ben two
expect comment two "/approve production {two.merge}"
comment dana two "/approve"
expect live production two.merge
stop
-- v1/.github/slipway.yml --
version: 1
checks: { test: { run: "true" } }
environments:
  production:
    policy: delivery
    deploy: { run: "echo $SLIPWAY_COMMIT > $TARGET/production" }
-- v2/readme.txt --
Two.
`

// TestTamperedReceipts does to the database of a real server what whoever can write it might, and holds that verify names the first broken row.
func TestTamperedReceipts(t *testing.T) {
	s := runScenario(t, txtar.Parse([]byte(twoReleases)))
	whole, err := os.ReadFile(filepath.Join(s.set.data, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	told := heads(s.repo)
	if len(told) != 2 {
		t.Fatalf("GitHub was told %d heads, not one with each deployment", len(told))
	}
	const free = `DROP TRIGGER receipts_stay; DROP TRIGGER receipts_last; DROP TRIGGER heads_stay; DROP TRIGGER heads_last; PRAGMA foreign_keys = OFF;`
	for _, c := range []struct {
		name, do string
		args     []string
		code     int
		want     string
	}{
		{"nothing", "", nil, 0, "receipts hold. 2 are signed with the key"},
		{"who approved", `UPDATE receipts SET body = replace(body, '"dana"', '"ben"') WHERE id = 2`, nil, exitFailed, "row 2 was changed"},
		{"a row", `DELETE FROM receipts WHERE id = 3`, nil, exitFailed, "row 3 is missing"},
		{"the end, signatures and all", `DELETE FROM heads_signed WHERE id > 3; DELETE FROM receipts WHERE id > 3`, nil, 0, "3 receipts hold. None of them is signed"},
		{"the end, which GitHub was told", `DELETE FROM heads_signed WHERE id > 3; DELETE FROM receipts WHERE id > 3`, []string{"--head", told[1]}, exitFailed,
			"row 4 is missing"},
		{"the end, which was signed", `DELETE FROM receipts WHERE id > 3`, nil, exitFailed, "row 4 is missing"},
		{"all of it", `DELETE FROM heads_signed; DELETE FROM receipts`, []string{"--head", told[0]}, exitFailed, "row 1 is missing"},
		{"a signature", `UPDATE heads_signed SET signature = (SELECT signature FROM heads_signed ORDER BY id DESC LIMIT 1)`, nil, exitFailed,
			"does not fit its signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), databaseFile)
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite3", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(c.do); c.do != "" && err == nil {
				t.Fatal("the database lets receipts be changed")
			}
			if _, err := db.Exec(free + c.do); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"audit", "verify"}, c.args...)
			if code, said := s.commandLineAt(filepath.Dir(path), args...); code != c.code || !strings.Contains(said, c.want) {
				t.Errorf("it ends with %d, not %d, and says %s", code, c.code, said)
			}
		})
	}
}

// What was exported is verified like the database, and with the public key alone.
func TestExportedReceipts(t *testing.T) {
	s := runScenario(t, txtar.Parse([]byte(twoReleases)))
	code, text := s.commandLine("audit", "export")
	if code != 0 {
		t.Fatal(text)
	}
	verify := func(text string) (int, string) {
		path := filepath.Join(t.TempDir(), "receipts.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return s.commandLineAt(filepath.Join(t.TempDir(), "nowhere"), "audit", "verify", "--file", path)
	}
	if code, said := verify(text); code != 0 || !strings.Contains(said, "receipts hold. 2 are signed with the key") {
		t.Errorf("what was exported does not hold: %s", said)
	}
	if code, said := verify(strings.Replace(text, `"dana"`, `"ben"`, 1)); code != exitFailed || !strings.Contains(said, "was changed") {
		t.Errorf("what was changed in the file ends with %d: %s", code, said)
	}
	lines := strings.SplitAfter(text, "\n")
	if code, said := verify(strings.Join(lines[1:], "")); code != exitFailed || !strings.Contains(said, "row 1 is missing") {
		t.Errorf("what was cut off the file ends with %d: %s", code, said)
	}
	if code, said := verify(text + "{"); code != exitFailed || !strings.Contains(said, "it is no line of an export") {
		t.Errorf("what is no export ends with %d: %s", code, said)
	}
}
