package store

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
)

// refuses opens what must not open, and says why it did not.
func refuses(t *testing.T, o Options, because string) {
	t.Helper()
	o.Clock = apptest.NewClock(noon)
	db, err := Open(t.Context(), o)
	if err == nil {
		db.Close()
		t.Fatalf("%s opens", o.Path)
	}
	if !strings.Contains(err.Error(), because) || !strings.Contains(err.Error(), o.Path) {
		t.Errorf("it does not say %q: %v", because, err)
	}
}

// sqlite is a database of anybody's.
func sqlite(t *testing.T, path string, statements ...string) {
	t.Helper()
	p, err := sql.Open("sqlite3", dsn(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, s := range statements {
		if _, err := p.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	p := path(t)
	if err := os.WriteFile(p, []byte(strings.Repeat("this is not a database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, Options{Path: p}, "the file is not a database")

	p = path(t)
	sqlite(t, p, "CREATE TABLE somebodys (thing TEXT)")
	before, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, Options{Path: p}, "not slipway's")
	sqlite(t, p, "SELECT thing FROM somebodys")
	if after, err := os.ReadFile(p); err != nil || len(after) != len(before) {
		t.Errorf("it was changed from %d to %d bytes: %v", len(before), len(after), err)
	}

	p = path(t)
	sqlite(t, p, "PRAGMA application_id = 7", "CREATE TABLE somebodys (thing TEXT)")
	refuses(t, Options{Path: p}, "not slipway's")

	refuses(t, Options{Path: filepath.Join(t.TempDir(), "no", "such", "folder")}, "no such file")
	refuses(t, Options{Path: t.TempDir()}, "unable to open")
}

func TestDamagedFile(t *testing.T) {
	p := path(t)
	db := openAt(t, p)
	for i := range int64(200) {
		if _, err := db.Accept(t.Context(), app.Event{Delivery: delivery(i), Body: payload(), Received: noon}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p, pageSize*3); err != nil {
		t.Fatal(err)
	}
	refuses(t, Options{Path: p}, "the file is damaged")
	if err := os.Truncate(p, 50); err != nil {
		t.Fatal(err)
	}
	refuses(t, Options{Path: p}, "the file is damaged")
}

// TestOddPaths has paths that mean something in the address of a database.
func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b", "a?b=c&mode=ro", "a#b", "100%", "%41", "ä", "a;b"} {
		folder := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		openAt(t, filepath.Join(folder, "slipway.db"))
		if _, err := os.Stat(filepath.Join(folder, "slipway.db")); err != nil {
			t.Error(err)
		}
	}
}

func TestSettings(t *testing.T) {
	db := openAt(t, path(t))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "page_size": "8192", "busy_timeout": "10000", "wal_autocheckpoint": "0",
	} {
		var got string
		if err := db.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	var only string
	if err := db.readers.QueryRow("PRAGMA query_only").Scan(&only); err != nil || only != "1" {
		t.Errorf("readers may write: query_only is %s (%v)", only, err)
	}
}

// TestSecondOpener opens a database twice, as two processes would if nothing kept them apart: nothing is lost, and each sees the other's.
func TestSecondOpener(t *testing.T) {
	p := path(t)
	one, two := openAt(t, p), openAt(t, p)
	for i := range int64(20) {
		db := []*DB{one, two}[i%2]
		if stored, err := db.Accept(t.Context(), app.Event{Delivery: delivery(i / 2), Received: noon}); err != nil || stored != (i%2 == 0) {
			t.Fatalf("delivery %d by opener %d: %v, %v", i/2, i%2, stored, err)
		}
		err := db.Update(t.Context(), func(tx engine.Tx) error {
			n, err := tx.Note("count")
			if err != nil {
				return err
			}
			return tx.SetNote("count", n+"|")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, db := range []*DB{one, two} {
		var n string
		err := db.View(t.Context(), func(tx engine.Tx) (err error) { n, err = tx.Note("count"); return err })
		if err != nil || len(n) != 20 {
			t.Errorf("one of them sees %d updates of 20: %v", len(n), err)
		}
	}
}

// TestHeld has somebody else hold the database for longer than anybody waits.
func TestHeld(t *testing.T) {
	p := path(t)
	db := openAt(t, p)
	if _, err := db.writer.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite3", dsn(p, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := db.Accept(t.Context(), app.Event{Delivery: "a", Received: noon}); err == nil || !strings.Contains(err.Error(), "another process holds it") {
		t.Errorf("a delivery: %v", err)
	}
	if err := db.Update(t.Context(), func(engine.Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), "another process holds it") {
		t.Errorf("an update: %v", err)
	}
	tx.Rollback()
	if stored, err := db.Accept(t.Context(), app.Event{Delivery: "a", Received: noon}); !stored || err != nil {
		t.Errorf("a delivery afterwards: %v, %v", stored, err)
	}
}

// later is our migrations and one more.
func later(t *testing.T, name, up string) fs.FS {
	t.Helper()
	all := fstest.MapFS{name: {Data: []byte(up)}}
	err := fs.WalkDir(migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(migrations(), path)
		all[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMigrations(t *testing.T) {
	p := path(t)
	db := openAt(t, p)
	update := func(do func(engine.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx engine.Tx) error { return tx.SetNote("old", "kept") })
	db.Close()

	broken := later(t, "09998_broken.sql", "CREATE TABLE half (a TEXT) STRICT;\nINSERT INTO half VALUES ('a');\nINSERT INTO no_such_table VALUES (1);\n")
	refuses(t, Options{Path: p, migrations: broken}, "bringing it up to date")
	db = openAt(t, p)
	var halves int
	if err := db.writer.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").Scan(&halves); err != nil || halves != 0 {
		t.Errorf("half of a migration was stored: %d tables (%v)", halves, err)
	}
	db.Close()

	newer := later(t, "09999_more.sql", "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody';\n")
	db, err := Open(t.Context(), Options{Path: p, Clock: apptest.NewClock(noon), migrations: newer})
	if err != nil {
		t.Fatal(err)
	}
	var author, kept string
	if err := db.writer.QueryRow("SELECT author, value FROM notes WHERE key = 'old'").Scan(&author, &kept); err != nil || author != "nobody" || kept != "kept" {
		t.Errorf("after the migration: %q, %q (%v)", author, kept, err)
	}
	update(func(tx engine.Tx) error { return tx.SetNote("old", "written by the newer") })
	db.Close()
	refuses(t, Options{Path: p}, "a newer slipway wrote it")
}

// TestOpenCanceled opens with a context that has ended.
func TestOpenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if db, err := Open(ctx, Options{Path: path(t), Clock: apptest.NewClock(noon)}); err == nil {
		db.Close()
		t.Error("it opens")
	}
}

func TestStamp(t *testing.T) {
	for _, at := range []time.Time{{}, noon, noon.Add(123456789), time.Date(1999, 1, 1, 0, 0, 0, 1, time.UTC)} {
		if got := unstamp(stamp(at)); got != at {
			t.Errorf("%v comes back as %v", at, got)
		}
	}
	east := noon.In(time.FixedZone("east", 3600))
	if got := unstamp(stamp(east)); got != noon {
		t.Errorf("%v comes back as %v, want UTC", east, got)
	}
	never, past := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC)
	if got := unstamp(stamp(never)); !got.After(noon) || !unstamp(stamp(past)).Before(noon) {
		t.Errorf("%v comes back as %v, and %v as %v", never, got, past, unstamp(stamp(past)))
	}
}
