package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/shim"
)

// TestRestartDisturbsNothing (a restart loses or re-runs everything): a check that runs goes on in its own worktree, and what it made is kept,
// though the server was down when it ended.
func TestRestartDisturbsNothing(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo began >>"+w.dir+"/marks; "+blocked+"mkdir dist; echo made >dist/x", "dist")
	if s := w.ensure(j); !s.Running || s.Began.IsZero() {
		t.Fatalf("%+v", s)
	}
	dir := w.dirOf(j.Key)
	w.restart()
	if s := w.ensure(j); !s.Running {
		t.Fatalf("%+v", s)
	}
	w.finish(again(j, "2", "mkdir dist; echo other >dist/x")) // the same check again: it must not get the worktree of the one that runs
	if w.dirOf(j.Key) != dir {
		t.Error("its worktree is another")
	}
	w.unblock(j)
	w.wait(j.Key)
	w.restart()
	s := w.ensure(j)
	if s.Outcome != app.Succeeded || !w.store.Has(s.Artifact) {
		t.Errorf("%+v", s)
	}
	w.restart()
	if again := w.ensure(j); again.Outcome != s.Outcome || again.Artifact != s.Artifact {
		t.Errorf("told again: %+v", again)
	}
	if marks, err := os.ReadFile(w.dir + "/marks"); string(marks) != "began\n" || err != nil {
		t.Errorf("it ran %q, %v", marks, err)
	}
	w.free()
}

// TestKilledBetween: a server that is killed at any moment around a start and an end leaves neither two programs nor a lost worktree.
func TestKilledBetween(t *testing.T) {
	t.Run("prepared, not started", func(t *testing.T) {
		w := newWorld(t, map[string]string{"a": "a"})
		j := w.job("cat a; ls", "")
		if _, err := w.run.place(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if err := os.WriteFile(filepath.Join(w.dirOf(j.Key), "left"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if s := w.finish(j); s.Outcome != app.Succeeded || s.Tail != "aa\n" {
			t.Errorf("%+v", s)
		}
		w.free()
	})
	t.Run("prepared, and not wanted any more", func(t *testing.T) {
		w := newWorld(t, nil)
		j := w.job("true", "")
		if _, err := w.run.place(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if err := w.run.Cancel(t.Context(), j.Key); err != nil {
			t.Fatal(err)
		}
		w.free()
	})
	t.Run("ended and written down, worktree not left", func(t *testing.T) {
		w := newWorld(t, nil)
		j := w.job("true", "")
		w.finish(j)
		if err := w.run.records.begin(attempt{j, "slot-1", w.run.boot}); err != nil {
			t.Fatal(err)
		}
		w.restart()
		w.free()
	})
	t.Run("a file that a power cut left unfinished", func(t *testing.T) {
		w := newWorld(t, nil)
		j := w.job("true", "")
		if err := os.WriteFile(filepath.Join(w.run.records.active, name(j.Key)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		w.restart()
		w.free()
		if s := w.finish(j); s.Outcome != app.Succeeded {
			t.Errorf("%+v", s)
		}
	})
	t.Run("two that name one worktree", func(t *testing.T) {
		w := newWorld(t, nil)
		j := w.job("mkdir dist; echo x >dist/x", "dist")
		w.ensure(j)
		w.wait(j.Key)
		older := again(j, "0", "")
		if err := w.run.records.begin(attempt{older, w.run.placeOf(j.Key).Worktree, w.run.boot}); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if s := w.ensure(j); s.Outcome == app.Failed || s.Outcome == app.Succeeded && !w.store.Has(s.Artifact) {
			t.Errorf("%+v", s)
		}
		if err := w.run.Cancel(t.Context(), older.Key); err != nil {
			t.Fatal(err)
		}
		w.free()
	})
}

// TestShimIsKilled (killed between starting a command and noting that it started): nobody knows how it ended, so that is what is said, and its
// worktree is free for the next attempt.
func TestShimIsKilled(t *testing.T) {
	for _, at := range []shim.Point{shim.AtClaim, shim.AtStart, shim.BeforeExit} {
		t.Run(string(at), func(t *testing.T) {
			w := newWorld(t, nil, func(w *world) {
				w.faults = func(key string) shim.Fault {
					if key == "lost" {
						return shim.Fault{At: at, Shim: true}
					}
					return shim.Fault{}
				}
			})
			j := w.job("", "dist")
			s := w.finish(again(j, "lost", "mkdir dist; echo x >dist/x"))
			if s.Outcome != app.OutcomeUnknown || s.Running || s.Reason == "" || s.Artifact != "" {
				t.Errorf("%+v", s)
			}
			w.free()
			if s := w.finish(again(j, "next", "mkdir dist; echo x >dist/x")); s.Outcome != app.Succeeded || !w.store.Has(s.Artifact) {
				t.Errorf("the next attempt: %+v", s)
			}
		})
	}
}

// TestMachineRestarted: after a power cut a file may be there and its content not. What was not kept before is not kept then.
func TestMachineRestarted(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("mkdir dist; echo x >dist/x", "dist")
	w.ensure(j)
	w.wait(j.Key)
	w.run.boot = "another"
	if s := w.ensure(j); s.Outcome != app.OutcomeUnknown || s.Artifact != "" || s.Reason != "exited with code 0, but the machine restarted before what it produced could be kept" {
		t.Errorf("%+v", s)
	}
	w.free()
}

func TestPrune(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo ran >>"+w.dir+"/marks", "")
	want := w.finish(j)
	running := again(j, "running", blocked)
	w.ensure(running)
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	keys := func() int {
		t.Helper()
		keys, err := w.host.Keys()
		if err != nil {
			t.Fatal(err)
		}
		return len(keys)
	}
	prune := func(before time.Time, size int64) {
		t.Helper()
		if err := w.run.Prune(t.Context(), before, size); err != nil {
			t.Fatal(err)
		}
	}
	if prune(past, 1<<30); keys() != 2 {
		t.Error("a young log is gone")
	}
	if prune(past, -1); keys() != 1 {
		t.Error("by size, the log of what has ended stays, or that of what runs does not")
	}
	w.restart()
	if s := w.ensure(j); s.Outcome != want.Outcome || s.Tail != want.Tail {
		t.Errorf("without its log: %+v", s)
	}
	if text, err := os.ReadFile(w.dir + "/marks"); string(text) != "ran\n" || err != nil {
		t.Errorf("without its log it ran again: %q, %v", text, err)
	}
	aged := again(j, "aged", j.Check.Run)
	w.finish(aged)
	prune(future, 1<<30)
	if _, known, err := w.run.records.done.Read(j.Key); known || err != nil {
		t.Error("what ended long ago is remembered for ever:", err)
	}
	if w.ensure(aged); keys() != 1 {
		t.Error("what lost its log to age just now is not remembered")
	}
	w.unblock(running)
	w.wait(running.Key)
	prune(past, -1) // nobody has asked about it yet
	if _, known, err := w.run.records.done.Read(running.Key); known || err != nil || keys() != 1 {
		t.Errorf("nobody has been told of it, but known: %v, %v; %d keys", known, err, keys())
	}
	prune(future, 1<<30)
	if _, known, err := w.run.records.done.Read(running.Key); !known || err != nil || keys() != 0 {
		t.Errorf("known: %v, %v; %d keys", known, err, keys())
	}
	w.free()
}
