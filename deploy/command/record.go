package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// records is the folder of how deployments ended that the shim does not know, or not any more.
type records string

// outcome is what is written down of one.
type outcome struct {
	Key    string
	Status app.Status
}

func (r records) path(key string) string { return filepath.Join(string(r), hashed(key)+".json") }

func (r records) read(key string) (s app.Status, ok bool, err error) {
	data, err := os.ReadFile(r.path(key))
	if errors.Is(err, os.ErrNotExist) {
		return s, false, nil
	}
	var o outcome
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	if err != nil {
		return s, false, fmt.Errorf("reading how %s ended: %w", key, err)
	}
	return o.Status, true, nil
}

// write is on disk when it returns: without it a deployment could be started again.
func (r records) write(key string, s app.Status) error {
	if err := r.replace(r.path(key), outcome{key, s}); err != nil {
		return fmt.Errorf("writing down how %s ended: %w", key, err)
	}
	return nil
}

func (r records) replace(path string, o outcome) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(string(r), ".new-*")
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
	dir, err := os.Open(string(r))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// forget drops what was written down before a time, but for what spare names.
func (r records) forget(before time.Time, spare map[string]bool) error {
	entries, err := os.ReadDir(string(r))
	if err != nil {
		return fmt.Errorf("listing the deployments that have ended: %w", err)
	}
	var errs []error
	for _, e := range entries {
		name, _ := strings.CutSuffix(e.Name(), ".json")
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) && !spare[name] {
			errs = append(errs, os.Remove(filepath.Join(string(r), e.Name())))
		}
	}
	return errors.Join(errs...)
}
