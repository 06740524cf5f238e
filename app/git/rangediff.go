package git

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
)

// Moved is how commits differ from those whose place they took, as by a rebase. Commits are named by their titles.
type Moved struct {
	Same    int // commits whose changes stayed as they were
	Changed []string
	Added   []string
	Dropped []string
}

// RangeDiff compares the commits that before has beyond oldBase with those that after has beyond newBase, merges left out: by what each changes, and
// those that differ by their titles. git's own range-diff compares each with each, which takes minutes where they are many or large.
func (g *Git) RangeDiff(ctx context.Context, r app.Repo, oldBase, before, newBase, after app.SHA) (Moved, error) {
	if err := checkSHAs(oldBase, before, newBase, after); err != nil {
		return Moved{}, err
	}
	return once(g.mirror(r.ID), fmt.Sprintf("moved %s %s %s %s", oldBase, before, newBase, after), func() (m Moved, keep bool, err error) {
		out, err := g.read(ctx, r, command{args: []string{"log", "-z", "--no-show-signature", "--no-color", "--no-notes", "--no-decorate", "--encoding=UTF-8",
			"--reverse", "--left-right", "--cherry-mark", "--no-merges", "--format=%m%s",
			string(before) + "..." + string(after), "^" + string(oldBase), "^" + string(newBase), "--"}})
		if err != nil {
			return m, false, fmt.Errorf("comparing the commits up to %s with those up to %s: %w", before.Short(), after.Short(),
				g.missing(ctx, r, err, oldBase, before, newBase, after))
		}
		commits, err := g.Since(ctx, r, []app.SHA{oldBase}, before)
		if err != nil {
			return m, false, err
		}
		m = parseMoved(fields(out))
		m.Same = max(len(commits)-len(m.Dropped)-len(m.Changed), 0) // merges among them stay too
		return m, true, nil
	})
}

// parseMoved reads the titles of what differs, each with its mark before it: < and > say on which side a commit is, = that its changes are on both.
func parseMoved(all []string) (m Moved) {
	for _, text := range all {
		switch title := text[1:]; text[:1] {
		case "<":
			m.Dropped = append(m.Dropped, title)
		case ">":
			m.Added = append(m.Added, title)
		}
	}
	for i := 0; i < len(m.Dropped); {
		j := slices.Index(m.Added, m.Dropped[i])
		if j < 0 {
			i++
			continue
		}
		m.Changed = append(m.Changed, m.Dropped[i])
		m.Dropped, m.Added = slices.Delete(m.Dropped, i, i+1), slices.Delete(m.Added, j, j+1)
	}
	return m
}
