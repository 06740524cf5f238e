package git

import (
	"syscall"

	"github.com/slipway-cd/slipway/app"
)

// Waiting is how many callers wait for a fetch that has not begun.
func Waiting(g *Git, r app.Repo, spec string) int {
	m := g.mirror(r.ID)
	m.shared.mu.Lock()
	defer m.shared.mu.Unlock()
	if c := m.shared.waiting[spec]; c != nil {
		return c.callers
	}
	return 0
}

// MirrorDir is where a repository's mirror is.
func MirrorDir(g *Git, r app.Repo) string { return g.mirror(r.ID).dir }

// SlotDir is where the server's own things of a worktree are.
func SlotDir(g *Git, r app.Repo, name string) string {
	s, err := g.slot(r.ID, name)
	if err != nil {
		return ""
	}
	return s.own
}

// Share gives the lock's file to somebody else, as a program has it that is just being started. It returns what ends that.
func Share(g *Git) (func() error, error) {
	fd, err := syscall.Dup(int(g.lock.Fd()))
	return func() error { return syscall.Close(fd) }, err
}
