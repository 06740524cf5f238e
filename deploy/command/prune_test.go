package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/deploy"
)

func (w *world) prune(keep ...string) {
	w.t.Helper()
	err := w.d.Prune(w.t.Context(), func(key string) bool {
		for _, k := range keep {
			if k == key {
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) has(x deploy.Deployment) bool {
	w.t.Helper()
	_, err := os.Stat(w.d.folder(x.Key))
	return err == nil
}

// TestPrune: the files of what is live and of what runs stay, and so do those of what was started after the list of what is live was made.
func TestPrune(t *testing.T) {
	w := newWorld(t, nil)
	pipe := w.pipe("pipe")
	live := another(w.deployment(""), "live", "true")
	old := another(w.deployment(""), "old", "mkdir -p closed/deeper; chmod 555 closed")
	running := another(w.deployment(""), "running", "cat "+pipe)
	w.finish(live)
	w.finish(old)
	w.prune()
	if !w.has(live) || !w.has(old) {
		t.Error("files of what has just been started are gone")
	}
	w.restart()
	w.ensure(running)
	w.restart()
	half := filepath.Join(w.d.opts.Dir, checkouts, "half")
	if err := os.Mkdir(half, 0o711); err != nil {
		t.Fatal(err)
	}
	w.prune("live")
	if !w.has(live) || w.has(old) || !w.has(running) {
		t.Errorf("live %v, old %v, running %v", w.has(live), w.has(old), w.has(running))
	}
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Error("a folder that nobody owns stays:", err)
	}
	w.open(pipe)
	w.wait("running")
	if w.prune(); w.has(live) || w.has(running) {
		t.Errorf("live %v, running %v", w.has(live), w.has(running))
	}
}

// TestWhatItStartsLivesOn: it may be the service, and uses its files and its log for as long as it likes. A pipe that it holds keeps nobody
// waiting.
func TestWhatItStartsLivesOn(t *testing.T) {
	for how, start := range map[string]string{
		"works in its folder":      "setsid env -i sh -c 'cat PIPE; echo served >>MARKS; cat DONE' &",
		"was told of its artifact": "cd /; (cat PIPE; echo served >>MARKS; cat DONE) &",
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, nil)
			pipe, served := w.pipe("pipe"), w.pipe("served")
			x := w.deployment(strings.NewReplacer("PIPE", pipe, "DONE", served, "MARKS", filepath.Join(w.dir, "marks")).Replace(start))
			x.Release.Artifact = w.built("made")
			if s := w.finish(x); s.Outcome != "succeeded" || s.Ended.Sub(s.Began) > 10*time.Second {
				t.Fatalf("%+v", s)
			}
			w.restart()
			w.prune()
			if err := w.d.PruneLogs(t.Context(), func(string) bool { return how == "works in its folder" }, time.Now().Add(time.Hour), 0); err != nil {
				t.Fatal(err)
			}
			if !w.has(x) {
				t.Error("its files are gone")
			}
			if log, err := w.d.Logs(t.Context(), x.Key, 0); err != nil {
				t.Error("its log is gone:", err)
			} else {
				log.Close()
			}
			w.open(pipe)
			w.open(served)
			if w.marks() != "served\n" {
				t.Errorf("it wrote %q", w.marks())
			}
		})
	}
}

func TestUsing(t *testing.T) {
	found := map[string]bool{}
	note(found, []byte("A=/d/one/x\x00B=/d/two\x00PATH=/bin:/d/three:/d/four/bin\x00C=/e/d/five\x00D=/d/six (deleted)"), "/d/")
	for _, name := range []string{"one", "two", "three", "four", "six"} {
		if !found[name] {
			t.Errorf("%s is not found", name)
		}
	}
}
