package git_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app/git"
)

func TestPruneTakesWhatIsOldAndFree(t *testing.T) {
	o, sha, want := seeded(t)
	c := clock()
	g := o.mirrored(func(opts *git.Options) { opts.Clock = c })
	dir := worktree(t, g, o, sha)
	command(t, dir, "sh", "-ec", "mkdir -p ro/x && touch ro/x/y && chmod -R a-w ro")
	c.Advance(time.Hour)
	_, release, err := g.Worktree(t.Context(), o.repo, sha, "held")
	must(t, err)
	defer release()
	must(t, g.Prune(t.Context(), c.Now().Add(-time.Hour), math.MaxInt64))
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	must(t, g.Prune(t.Context(), c.Now().Add(-time.Hour+time.Second), math.MaxInt64))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	worktree(t, g, o, sha)
	wantEqual(t, snapshot(t, dir), want)
	must(t, g.Forget(t.Context(), o.repo))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	has, err := g.Has(t.Context(), o.repo, sha)
	must(t, err)
	wantEqual(t, has, false)
}

func TestPruneTakesTheOldestOfTooMuch(t *testing.T) {
	o, sha, _ := seeded(t)
	c := clock()
	g := o.mirrored(func(opts *git.Options) { opts.Clock = c })
	var dirs []string
	for _, name := range []string{"first", "second", "third"} {
		dir, release, err := g.Worktree(t.Context(), o.repo, sha, name)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "large"), make([]byte, 1<<20), 0o600))
		release()
		dirs = append(dirs, dir)
		c.Advance(time.Minute)
	}
	left := func() (n int) {
		for _, dir := range dirs {
			if _, err := os.Stat(dir); err == nil {
				n++
			}
		}
		return n
	}
	must(t, g.Prune(t.Context(), time.Time{}, 4<<20))
	if n := left(); n != 3 {
		t.Fatalf("%d of three are left where all have room", n)
	}
	must(t, g.Prune(t.Context(), time.Time{}, 5<<19))
	if _, err := os.Stat(dirs[2]); left() != 2 || err != nil {
		t.Errorf("%d of three are left where two have room: %v", left(), err)
	}
}
