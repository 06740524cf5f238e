package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// fetchTimeout bounds a fetch, the first one of a large repository included.
const fetchTimeout = 30 * time.Minute

// Fetch brings refs and commits into the mirror, which it makes at first use. A refspec is "+refs/heads/main:refs/heads/main" (see
// Mirror), the same with * at the end of both sides, or a full commit SHA. What is named by * and gone from the remote goes from the
// mirror too; a ref named in full that is gone goes too, and the error is app.ErrNotFound, with the others fetched nevertheless.
//
// Callers that ask for the same while it has not begun share one fetch; one that has begun is never joined, as it may have read the
// remote's refs before the change that a caller heard of. Commits alone that are there already cost nothing.
//
// The kinds of its errors: app.ErrNotFound (no such repository, ref or commit, or not for us to see), app.ErrDenied, app.ErrLimited,
// app.ErrUnreachable, app.ErrInvalid (a refspec of another form), and those of Options.Remote.
func (g *Git) Fetch(ctx context.Context, r app.Repo, refspecs ...string) error {
	specs, err := parseRefspecs(refspecs)
	if err != nil {
		return err
	}
	if ok, err := g.alreadyThere(ctx, r, specs); ok || err != nil {
		return err
	}
	m := g.mirror(r.ID)
	err = m.shared.do(ctx, strings.Join(specs, " "), func(ctx context.Context, begin func()) error {
		if err := m.lock(ctx); err != nil {
			return err
		}
		defer m.unlock()
		begin()
		ctx, stop := g.deadline(ctx, fetchTimeout)
		defer stop()
		if err := g.open(ctx, m); err != nil {
			return err
		}
		return g.fetch(ctx, m, r, specs)
	})
	if err != nil {
		return fmt.Errorf("fetching %s: %w", r.FullName(), err)
	}
	g.mergePacks(m)
	return nil
}

func (g *Git) alreadyThere(ctx context.Context, r app.Repo, specs []string) (bool, error) {
	for _, spec := range specs {
		sha, err := app.ParseSHA(spec)
		if err != nil {
			return false, nil
		}
		if has, err := g.Has(ctx, r, sha); !has || err != nil {
			return false, err
		}
	}
	return true, nil
}

// fetch fetches once, and once more when what stood in its way could be removed.
func (g *Git) fetch(ctx context.Context, m *mirror, r app.Repo, specs []string) error {
	remote, err := g.remote(ctx, r)
	if err != nil {
		return err
	}
	err = g.fetchOnce(ctx, m, remote, specs)
	switch {
	case exitCode(err) == refNotWritten:
		if cleared, cerr := g.clearWay(ctx, m, specs); cerr != nil || !cleared {
			return errors.Join(err, cerr)
		}
		return g.fetchOnce(ctx, m, remote, specs)
	case app.KindOf(err) == app.ErrNotFound && slices.ContainsFunc(specs, isExact):
		return g.fetchPresent(ctx, m, remote, specs, err)
	}
	return err
}

// refNotWritten is git fetch's exit code when it got everything and could not update a ref.
const refNotWritten = 1

func (g *Git) fetchOnce(ctx context.Context, m *mirror, remote Remote, specs []string) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head", "--no-recurse-submodules", "--no-show-forced-updates", "--prune"}
	_, err := g.runRemote(ctx, m, remote, append(append(args, "--", remote.URL), specs...))
	return err
}

// clearWay removes refs that the remote no longer can have: when it has a/b it has no a, and the other way round. Only refs that were
// named are looked at, and they were just seen on the remote.
func (g *Git) clearWay(ctx context.Context, m *mirror, specs []string) (cleared bool, err error) {
	out, err := g.run(ctx, command{gitDir: m.dir, args: []string{"for-each-ref", "--format=%(refname)"}})
	if err != nil {
		return false, fmt.Errorf("listing refs: %w", err)
	}
	for ref := range strings.Lines(string(out)) {
		ref = strings.TrimSuffix(ref, "\n")
		if !slices.ContainsFunc(specs, func(spec string) bool { return inTheWay(ref, spec) }) {
			continue
		}
		if err := g.deleteRef(ctx, m, ref); err != nil {
			return cleared, err
		}
		cleared = true
	}
	return cleared, nil
}

func inTheWay(ref, spec string) bool {
	if !isExact(spec) || strings.HasPrefix(ref, keepRefs) {
		return false
	}
	named := destination(spec)
	return strings.HasPrefix(ref, named+"/") || strings.HasPrefix(named, ref+"/")
}

func (g *Git) deleteRef(ctx context.Context, m *mirror, ref string) error {
	if _, err := g.run(ctx, command{gitDir: m.dir, args: []string{"update-ref", "--no-deref", "-d", ref}}); err != nil {
		return fmt.Errorf("removing %s from the mirror: %w", ref, err)
	}
	return nil
}

// fetchPresent goes on after a fetch that named something that is gone: it finds out which refs, removes them here, and fetches the
// others. Git itself fetches nothing then.
func (g *Git) fetchPresent(ctx context.Context, m *mirror, remote Remote, specs []string, cause error) error {
	present, err := g.listRemote(ctx, m, remote, specs)
	if err != nil {
		return err
	}
	var left, gone []string
	for _, spec := range specs {
		if !isExact(spec) || present[destination(spec)] {
			left = append(left, spec)
			continue
		}
		gone = append(gone, destination(spec))
		if err := g.deleteRef(ctx, m, destination(spec)); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return cause
	}
	if len(left) > 0 {
		if err := g.fetchOnce(ctx, m, remote, left); err != nil {
			return err
		}
	}
	return failure("finding "+strings.Join(gone, ", "), app.ErrNotFound, errors.New("gone from the remote"))
}

// listRemote says which of the refs named in full the remote has.
func (g *Git) listRemote(ctx context.Context, m *mirror, remote Remote, specs []string) (map[string]bool, error) {
	args := []string{"ls-remote", "--quiet", "--", remote.URL}
	for _, spec := range specs {
		if isExact(spec) {
			args = append(args, destination(spec))
		}
	}
	out, err := g.runRemote(ctx, m, remote, args)
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if _, ref, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			present[ref] = true
		}
	}
	return present, nil
}

// deadline ends a context at a time of the server's clock.
func (g *Git) deadline(ctx context.Context, after time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	fired, stop := g.clock.Timer(g.clock.Now().Add(after))
	go func() {
		select {
		case <-fired:
			cancel(failure("waiting for the remote", app.ErrUnreachable, fmt.Errorf("no end after %v", after)))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stop(); cancel(nil) }
}
