package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app/shim"
)

// ended is a log that is complete.
type ended struct {
	key   string
	at    time.Time
	bytes int64
}

// Prune drops the logs of attempts that ended before a time, and the oldest of the others until their logs together are not larger than
// maxBytes. How an attempt ended is remembered longer than its log, until a later Prune, so that a key that is still asked for is never run
// again.
func (r *Runner) Prune(ctx context.Context, before time.Time, maxBytes int64) error {
	keys, err := r.opts.Shim.Keys()
	if err != nil {
		return err
	}
	errs := []error{r.records.done.Forget(before, keys)}
	logs, err := r.logs(ctx, keys, before)
	errs = append(errs, err)
	slices.SortFunc(logs, func(a, b ended) int { return a.at.Compare(b.at) })
	total := int64(0)
	for _, l := range logs {
		total += l.bytes
	}
	for _, l := range logs {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if !l.at.Before(before) && total <= maxBytes {
			break
		}
		if err := r.opts.Shim.Remove(ctx, l.key); err != nil {
			errs = append(errs, fmt.Errorf("dropping the log of %s: %w", l.key, err))
			continue
		}
		total -= l.bytes
	}
	return errors.Join(errs...)
}

// logs are those of attempts whose end is written down. Who ended long ago and was never asked about again is concluded here: it holds a
// worktree.
func (r *Runner) logs(ctx context.Context, keys []string, before time.Time) (all []ended, _ error) {
	var errs []error
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, ok, err := r.logOf(ctx, key, before)
		if err != nil {
			errs = append(errs, fmt.Errorf("looking at %s: %w", key, err))
		}
		if ok {
			all = append(all, l)
		}
	}
	return all, errors.Join(errs...)
}

func (r *Runner) logOf(ctx context.Context, key string, before time.Time) (l ended, ok bool, err error) {
	unlock, err := r.lock(ctx, key)
	if err != nil {
		return l, false, err
	}
	defer unlock()
	s, err := r.opts.Shim.Status(ctx, key)
	if err != nil || s.State != shim.Ended && s.State != shim.Unknown {
		return l, false, err
	}
	l = ended{key, s.Exit.Ended, s.Exit.LogBytes}
	if l.at.IsZero() {
		l.at = s.Started // of what ended without anybody knowing how; zero of what was canceled before it began
	}
	_, told, err := r.records.done.Read(key)
	if err == nil && !told && l.at.Before(before) {
		_, err = r.collect(ctx, r.jobOf(key), s)
		told = err == nil
	}
	return l, told, err
}
