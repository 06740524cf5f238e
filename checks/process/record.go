package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
)

// attempt is what is written down before a program starts.
type attempt struct {
	Job      checks.Job
	Worktree string
	Boot     string // of the machine when its worktree was prepared
}

// records are the files about attempts. Those under way are few and read at every start, so they are apart from the many that have ended.
type records struct {
	active string
	done   shim.Ends
}

func openRecords(dir string) (records, error) {
	r := records{active: filepath.Join(dir, "active"), done: shim.Ends(filepath.Join(dir, "ended"))}
	for _, d := range []string{dir, r.active, string(r.done)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return r, err
		}
	}
	return r, os.Chmod(dir, 0o700)
}

func name(key string) string { return shim.Hashed(key) + ".json" }

// underWay reads the attempts that have not ended. A file that can't be understood is one that a power cut left unfinished: nothing runs
// for it, and it is dropped.
func (r records) underWay() ([]attempt, error) {
	entries, err := os.ReadDir(r.active)
	if err != nil {
		return nil, err
	}
	var all []attempt
	for _, e := range entries {
		path := filepath.Join(r.active, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var a attempt
		if json.Unmarshal(data, &a) != nil || name(a.Job.Key) != e.Name() {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
			continue
		}
		if _, over, err := r.done.Read(a.Job.Key); err != nil {
			return nil, err
		} else if over { // killed in between
			if err := r.leave(a.Job.Key); err != nil {
				return nil, err
			}
			continue
		}
		all = append(all, a)
	}
	return all, nil
}

// begin writes an attempt down. It has to outlive this process, not the machine, which takes the program with it.
func (r records) begin(a attempt) error {
	if err := write(filepath.Join(r.active, name(a.Job.Key)), a); err != nil {
		return fmt.Errorf("writing down %s: %w", a.Job.Key, err)
	}
	return nil
}

// leave forgets that an attempt is under way.
func (r records) leave(key string) error {
	if err := os.Remove(filepath.Join(r.active, name(key))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting %s: %w", key, err)
	}
	return nil
}

// conclude writes down how an attempt ended, before anybody is told: its worktree is somebody else's from then on.
func (r records) conclude(key string, s app.Status) error {
	if err := r.done.Write(key, s); err != nil {
		return err
	}
	return r.leave(key)
}

// write replaces a file as a whole.
func write(path string, what any) error {
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// bootID names the time since the machine started; "" if it does not say.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
