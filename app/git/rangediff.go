package git

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Moved is how commits differ from those whose place they took, as by a rebase. Commits are named by their titles.
type Moved struct {
	Same    int // commits whose changes stayed as they were
	Changed []string
	Added   []string
	Dropped []string
}

// maxRange is how many commits are compared with each other: it takes the square of that.
const maxRange = 100

// RangeDiff compares the commits that before has beyond oldBase with those that after has beyond newBase. app.ErrInvalid: there are too many.
func (g *Git) RangeDiff(ctx context.Context, r app.Repo, oldBase, before, newBase, after app.SHA) (Moved, error) {
	if err := checkSHAs(oldBase, before, newBase, after); err != nil {
		return Moved{}, err
	}
	op := fmt.Sprintf("comparing the commits up to %s with those up to %s", before.Short(), after.Short())
	for base, head := range map[app.SHA]app.SHA{oldBase: before, newBase: after} {
		commits, err := g.Since(ctx, r, []app.SHA{base}, head)
		if err != nil {
			return Moved{}, fmt.Errorf("%s: %w", op, err)
		}
		if len(commits) > maxRange {
			return Moved{}, failure(op, app.ErrInvalid, fmt.Errorf("%d are too many", len(commits)))
		}
	}
	out, err := g.read(ctx, r, command{args: []string{"range-diff", "--no-color", "--no-patch", "--no-notes",
		string(oldBase + ".." + before), string(newBase + ".." + after)}})
	if err != nil {
		return Moved{}, fmt.Errorf("%s: %w", op, g.missing(ctx, r, err, oldBase, before, newBase, after))
	}
	return parseMoved(string(out)), nil
}

// parseMoved reads lines such as "1:  91f2e03 ! 2:  52b4a6e The title", with dashes for what is missing on one side.
func parseMoved(out string) (m Moved) {
	line := regexp.MustCompile(`^ *(?:\d+|-): +[0-9a-f-]+ ([=!<>]) +(?:\d+|-): +[0-9a-f-]+ (.*)$`)
	for text := range strings.Lines(out) {
		found := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if found == nil {
			continue
		}
		switch title := found[2]; found[1] {
		case "=":
			m.Same++
		case "!":
			m.Changed = append(m.Changed, title)
		case ">":
			m.Added = append(m.Added, title)
		case "<":
			m.Dropped = append(m.Dropped, title)
		}
	}
	return m
}
