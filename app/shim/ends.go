package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Ends is a folder in which is written down how programs ended, longer than a Host remembers their keys.
type Ends string

// end is what is written down of one.
type end struct {
	Key    string
	Status app.Status
}

func (e Ends) path(key string) string { return filepath.Join(string(e), Hashed(key)+".json") }

// Read is how a key's program ended, if that is written down.
func (e Ends) Read(key string) (s app.Status, ok bool, err error) {
	data, err := os.ReadFile(e.path(key))
	if errors.Is(err, os.ErrNotExist) {
		return s, false, nil
	}
	var known end
	if err == nil {
		err = json.Unmarshal(data, &known)
	}
	if err != nil {
		return s, false, fmt.Errorf("reading how %s ended: %w", key, err)
	}
	return known.Status, true, nil
}

// Write writes down how a key's program ended. It is on disk when it returns.
func (e Ends) Write(key string, s app.Status) error {
	if err := e.replace(e.path(key), end{key, s}); err != nil {
		return fmt.Errorf("writing down how %s ended: %w", key, err)
	}
	return nil
}

func (e Ends) replace(path string, what end) error {
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(string(e), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(string(e))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Forget drops what was written down before a time, but for these keys.
func (e Ends) Forget(before time.Time, spare []string) error {
	entries, err := os.ReadDir(string(e))
	if err != nil {
		return fmt.Errorf("listing how programs ended: %w", err)
	}
	var names []string
	for _, key := range spare {
		names = append(names, filepath.Base(e.path(key)))
	}
	slices.Sort(names)
	var errs []error
	for _, entry := range entries {
		_, spared := slices.BinarySearch(names, entry.Name())
		if info, err := entry.Info(); err == nil && info.ModTime().Before(before) && !spared {
			errs = append(errs, os.Remove(filepath.Join(string(e), entry.Name())))
		}
	}
	return errors.Join(errs...)
}
