package process

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app/shim"
)

// Prune drops the logs and records of attempts that ended before a time, and the oldest of the others until their logs together are not
// larger than size.
func (r *Runner) Prune(ctx context.Context, before time.Time, size int64) error {
	type log struct {
		key   string
		ended time.Time
		bytes int64
	}
	keys, err := r.Shim.Keys()
	if err != nil {
		return err
	}
	var all []log
	total := int64(0)
	for _, key := range keys {
		s, err := r.Shim.Status(ctx, key)
		if err != nil || s.State != shim.Ended && s.State != shim.Unknown {
			continue
		}
		ended := s.Exit.Ended
		if ended.IsZero() {
			ended = s.Started
		}
		all = append(all, log{key, ended, s.Exit.LogBytes})
		total += s.Exit.LogBytes
	}
	slices.SortFunc(all, func(a, b log) int { return a.ended.Compare(b.ended) })
	var errs []error
	for _, l := range all {
		if ctx.Err() != nil || !l.ended.Before(before) && total <= size {
			break
		}
		if rec, err := readRecord(r.Dir, l.key); err != nil || rec.Key != "" && !rec.Ended {
			continue // nobody has been told yet how it ended
		}
		if err := r.Shim.Remove(ctx, l.key); err != nil {
			errs = append(errs, err)
			continue
		}
		os.Remove(recordPath(r.Dir, l.key))
		total -= l.bytes
	}
	return errors.Join(errs...)
}
