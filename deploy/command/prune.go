package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app/shim"
)

// Prune removes the files of deployments that nothing needs any more: that keep does not name, whose step does not run, that were not started
// since the last Prune (whoever made the list behind keep may not have heard of them), and that no process has to do with: what a step left
// running may use its files for ever.
func (d *Deployer) Prune(ctx context.Context, keep func(key string) bool) error {
	dir := filepath.Join(d.opts.Dir, checkouts)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("listing the files of deployments: %w", err)
	}
	d.mu.Lock()
	fresh := d.fresh
	d.fresh = map[string]bool{}
	d.mu.Unlock()
	inUse, err := using(dir)
	if err != nil {
		return fmt.Errorf("looking at who uses the files of deployments: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		home := filepath.Join(dir, e.Name())
		key, err := os.ReadFile(filepath.Join(home, keyFile))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		if inUse[e.Name()] || fresh[string(key)] || keep(string(key)) {
			continue
		}
		if err := d.drop(ctx, string(key), home); err != nil {
			errs = append(errs, fmt.Errorf("removing the files of %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}

// drop removes the files of a deployment, unless its step runs. A folder without a key is one whose making was cut short.
func (d *Deployer) drop(ctx context.Context, key, home string) error {
	if key == "" {
		return remove(home)
	}
	unlock, err := d.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := d.opts.Shim.Status(ctx, key)
	if err != nil || s.State == shim.Running {
		return err
	}
	return remove(home)
}

// using is the names in a folder that a process works in, was started from, or was told of in its environment.
func using(dir string) (map[string]bool, error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	found, prefix := map[string]bool{}, dir+"/"
	for _, p := range processes {
		for _, link := range []string{"cwd", "exe", "root"} {
			if target, err := os.Readlink(filepath.Join(p, link)); err == nil { // else it has ended, or is none of ours
				note(found, []byte(target), prefix)
			}
		}
		if env, err := os.ReadFile(filepath.Join(p, "environ")); err == nil {
			note(found, env, prefix)
		}
	}
	return found, nil
}

// note finds each name that follows the prefix.
func note(found map[string]bool, text []byte, prefix string) {
	for {
		_, rest, ok := bytes.Cut(text, []byte(prefix))
		if !ok {
			return
		}
		name, _, _ := bytes.Cut(rest, []byte{0})
		name, _, _ = bytes.Cut(name, []byte("/"))
		name, _, _ = bytes.Cut(name, []byte(":")) // of a list of folders
		name, _, _ = bytes.Cut(name, []byte(" ")) // " (deleted)"
		found[string(name)] = true
		text = rest
	}
}

// log is a log that is complete.
type log struct {
	key    string
	status shim.Status
}

func (l log) at() time.Time {
	if l.status.Exit.Ended.IsZero() {
		return l.status.Started
	}
	return l.status.Exit.Ended
}

// PruneLogs drops the logs of deployments that ended before a time, and the oldest of the others until their logs together are not larger
// than maxBytes; not those that keep names, nor those whose step left something running. How a deployment ended is remembered longer than
// its log, until a later PruneLogs, so that a key that is still asked for is never run again.
func (d *Deployer) PruneLogs(ctx context.Context, keep func(key string) bool, before time.Time, maxBytes int64) error {
	keys, err := d.opts.Shim.Keys()
	if err != nil {
		return err
	}
	errs := []error{d.records.Forget(before, keys)}
	logs, total := d.logs(ctx, keys)
	for _, l := range logs {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if keep(l.key) || !l.at().Before(before) && total <= maxBytes {
			continue
		}
		switch err := d.forget(ctx, l); {
		case err == nil:
			total -= l.status.Exit.LogBytes
		case !errors.Is(err, shim.ErrBusy):
			errs = append(errs, fmt.Errorf("dropping the log of %s: %w", l.key, err))
		}
	}
	return errors.Join(errs...)
}

// logs are those of deployments that have ended, the oldest first, and how large they are together. What can't be looked at is left.
func (d *Deployer) logs(ctx context.Context, keys []string) (all []log, total int64) {
	for _, key := range keys {
		s, err := d.opts.Shim.Status(ctx, key)
		if err == nil && (s.State == shim.Ended || s.State == shim.Unknown) {
			all = append(all, log{key, s})
			total += s.Exit.LogBytes
		}
	}
	slices.SortFunc(all, func(a, b log) int {
		if c := a.at().Compare(b.at()); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	return all, total
}

// someTime stands for a time limit that nobody remembers.
type someTime struct{}

func (someTime) String() string { return "its time limit" }

// forget writes down how a deployment ended, and lets the shim forget it.
func (d *Deployer) forget(ctx context.Context, l log) error {
	unlock, err := d.lock(ctx, l.key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.records.Write(l.key, d.opts.Shim.Tell(l.key, l.status, someTime{})); err != nil {
		return err
	}
	return d.opts.Shim.Remove(ctx, l.key)
}
