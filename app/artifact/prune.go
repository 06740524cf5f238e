package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// kept is an artifact on disk.
type kept struct {
	digest string
	size   int64
	used   time.Time // when it was last put
}

// Prune drops what was last put before a time, and the oldest of the rest until all together are not larger than maxBytes. It never drops
// what is to be kept, however old and large, nor what was put since the last Prune: whoever made the list behind keep may not have heard
// of it. Keep is called with the Store locked, so it must not call it.
func (s *Store) Prune(ctx context.Context, keep func(digest string) bool, before time.Time, maxBytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.list()
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b kept) int { return a.used.Compare(b.used) })
	total := int64(0)
	for _, k := range all {
		total += k.size
	}
	var errs []error
	for _, k := range all {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if s.fresh[k.digest] || !k.used.Before(before) && total <= maxBytes || keep(k.digest) {
			continue
		}
		if err := os.Remove(s.path(k.digest)); err != nil {
			errs = append(errs, fmt.Errorf("dropping an artifact: %w", err))
			continue
		}
		total -= k.size
	}
	clear(s.fresh)
	return errors.Join(errs...)
}

func (s *Store) list() ([]kept, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("listing artifacts: %w", err)
	}
	var all []kept
	for _, e := range entries {
		digest, ok := strings.CutSuffix(e.Name(), suffix)
		info, err := e.Info()
		if ok && valid(digest) && err == nil {
			all = append(all, kept{digest, info.Size(), info.ModTime()})
		}
	}
	return all, nil
}
