package git

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// folderMode is the mode of a worktree's folders below the first, and rootMode that of the first: no other user looks in.
const (
	folderMode = 0o755
	rootMode   = 0o700
)

// sweeper compares a worktree with a commit. It removes what does not belong there, and finds what has to be written.
type sweeper struct {
	trash *trash
	owner *Owner
	known manifest // what was written there before; empty distrusts all files
	kept  manifest // what is still so
	stale []string // paths that have to be written
}

// sweep makes a folder hold nothing but what the node has, and marks what it does not have.
func (s *sweeper) sweep(f folder, prefix string, want *node) error {
	want.stale = false
	seen := make(map[string]bool, len(want.kids))
	// Removing names while reading them may hide others: until nothing is left to remove.
	for removed := true; removed; {
		removed = false
		err := f.each(func(name string) error {
			kept, err := s.visit(f, prefix, name, want, seen)
			removed = removed || !kept
			return err
		})
		if err != nil {
			return err
		}
	}
	for name, kid := range want.kids {
		if !seen[name] {
			if err := s.absent(f, prefix+name, name, kid); err != nil {
				return err
			}
		}
		want.stale = want.stale || kid.stale
	}
	return nil
}

// visit keeps or removes one entry, and goes into a folder that is kept.
func (s *sweeper) visit(f folder, prefix, name string, want *node, seen map[string]bool) (kept bool, err error) {
	if seen[name] {
		return true, nil
	}
	st, err := f.stat(name)
	if errors.Is(err, unix.ENOENT) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at %q: %w", prefix+name, err)
	}
	kid := want.kids[name]
	if kid == nil || isFolder(&st) != kid.isFolder() {
		return false, s.trash.take(f, name, isFolder(&st))
	}
	seen[name] = true
	if !kid.isFolder() {
		s.file(prefix+name, kid, &st)
		return true, nil
	}
	sub, err := f.open(name)
	if err != nil {
		return false, err
	}
	defer sub.close()
	if err := sub.settle(folderMode, s.owner); err != nil {
		return false, err
	}
	return true, s.sweep(sub, prefix+name+"/", kid)
}

// file keeps a file, or has it replaced: what is moved over it takes its place at once.
func (s *sweeper) file(name string, want *node, st *unix.Stat_t) {
	if want.stale = !s.same(name, want, st); want.stale {
		s.stale = append(s.stale, name)
		return
	}
	s.kept[name] = s.known[name]
}

// same says whether a file on disk is what was written there for the same content.
func (s *sweeper) same(name string, want *node, st *unix.Stat_t) bool {
	known, ok := s.known[name]
	return ok && known.id == want.id && known.mode == want.mode && known.stamp == stampOf(st) && s.owner.owns(st)
}

// absent makes a folder with all folders in it, and marks files.
func (s *sweeper) absent(f folder, path, name string, want *node) error {
	if !want.isFolder() {
		want.stale = true
		s.stale = append(s.stale, path)
		return nil
	}
	sub, err := f.make(name, folderMode, s.owner)
	if err != nil {
		return err
	}
	defer sub.close()
	return s.sweep(sub, path+"/", want)
}
