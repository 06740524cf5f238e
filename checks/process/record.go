package process

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// attempt is what is written down before a program starts.
type attempt struct {
	Job      checks.Job
	Worktree string
	Boot     string // of the machine when its worktree was prepared
}

// end is what is written down of an attempt that has ended, before anybody is told.
type end struct {
	Key    string
	Status app.Status
}

// records are the files about attempts. Those under way are few and read at every start, so they are apart from the many that have ended.
type records struct{ active, done string }

func openRecords(dir string) (records, error) {
	r := records{active: filepath.Join(dir, "active"), done: filepath.Join(dir, "ended")}
	for _, d := range []string{dir, r.active, r.done} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return r, err
		}
	}
	return r, os.Chmod(dir, 0o700)
}

func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + ".json"
}

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
		if _, over, err := r.ended(a.Job.Key); err != nil {
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
	if err := write(filepath.Join(r.active, name(a.Job.Key)), a, false); err != nil {
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

// conclude writes down how an attempt ended. It is on disk when it returns: its worktree is somebody else's from then on.
func (r records) conclude(e end) error {
	if err := write(filepath.Join(r.done, name(e.Key)), e, true); err != nil {
		return fmt.Errorf("writing down how %s ended: %w", e.Key, err)
	}
	return r.leave(e.Key)
}

// ended is how an attempt ended, if it has.
func (r records) ended(key string) (s app.Status, ok bool, err error) {
	data, err := os.ReadFile(filepath.Join(r.done, name(key)))
	if errors.Is(err, os.ErrNotExist) {
		return s, false, nil
	}
	var e end
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	if err != nil {
		return s, false, fmt.Errorf("reading how %s ended: %w", key, err)
	}
	return e.Status, true, nil
}

// forget drops what ended before a time and whose log, which spare names, is gone.
func (r records) forget(before time.Time, spare map[string]bool) error {
	entries, err := os.ReadDir(r.done)
	if err != nil {
		return fmt.Errorf("listing the checks that have ended: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) && !spare[e.Name()] {
			errs = append(errs, os.Remove(filepath.Join(r.done, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// write replaces a file as a whole.
func write(path string, what any, sync bool) error {
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
	if !sync {
		return os.Rename(f.Name(), path)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// bootID names the time since the machine started; "" if it does not say.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
