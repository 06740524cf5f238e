package git_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

func noContext() context.Context { return context.Background() }

// diamond is first, then left and right beside each other, then a merge of both, then last.
func diamond(t *testing.T) (o *origin, first, left, right, merge, last app.SHA) {
	t.Helper()
	o = newOrigin(t)
	first = o.commit("first", map[string]string{"a": "1", "b": "1"})
	o.git("checkout", "-q", "-b", "right")
	right = o.commit("right", map[string]string{"b": "2"})
	o.git("checkout", "-q", "main")
	left = o.commit("left", map[string]string{"a": "2"})
	o.git("merge", "-q", "--no-ff", "-m", "merge", "right")
	merge = o.sha("HEAD")
	last = o.commit("last", map[string]string{"c": "1"})
	return o, first, left, right, merge, last
}

var nowhere = app.SHA(strings.Repeat("12", 20))

func TestSinceListsAncestorsFirst(t *testing.T) {
	o, first, left, right, merge, last := diamond(t)
	g := o.mirrored()
	since := func(known ...app.SHA) []app.SHA {
		shas, err := g.Since(t.Context(), o.repo, known, last)
		must(t, err)
		return shas
	}
	all := since()
	wantEqual(t, len(all), 5)
	wantEqual(t, []app.SHA{all[0], all[3], all[4]}, []app.SHA{first, merge, last})
	wantEqual(t, since(left, right), []app.SHA{merge, last})
	wantEqual(t, since(left, nowhere), []app.SHA{right, merge, last})
	wantEqual(t, since(last), []app.SHA(nil))
	wantEqual(t, since(last, nowhere), []app.SHA(nil))
	for _, known := range [][]app.SHA{nil, {last}, {nowhere}} {
		_, err := g.Since(t.Context(), o.repo, known, app.SHA(strings.Repeat("34", 20)))
		wantKind(t, err, app.ErrNotFound)
	}
}

func TestAncestry(t *testing.T) {
	o, first, left, right, merge, last := diamond(t)
	g := o.mirrored()
	for _, c := range []struct {
		commit, ancestor app.SHA
		want             bool
	}{{last, first, true}, {last, right, true}, {last, last, true}, {left, right, false}, {first, last, false}} {
		got, err := g.Contains(t.Context(), o.repo, c.commit, c.ancestor)
		must(t, err)
		wantEqual(t, got, c.want)
	}
	base, err := g.MergeBase(t.Context(), o.repo, left, right)
	must(t, err)
	wantEqual(t, base, first)
	base, err = g.MergeBase(t.Context(), o.repo, merge, right)
	must(t, err)
	wantEqual(t, base, right)

	o.git("checkout", "-q", "--orphan", "other")
	o.git("commit", "-q", "--allow-empty", "-m", "unrelated")
	o.push()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/other")))
	_, err = g.MergeBase(t.Context(), o.repo, last, o.sha("HEAD"))
	wantKind(t, err, app.ErrNotFound)
	if errors.Is(err, git.ErrNoCommit) {
		t.Fatal("both commits are there")
	}
}

func TestACommitThatIsNotThereIsAnErrorEverywhere(t *testing.T) {
	o, first, _, _, _, _ := diamond(t)
	empty, full := o.open(), o.mirrored()
	ctx, r := t.Context(), o.repo
	calls := map[string]func(g *git.Git) error{
		"Head of nothing": func(g *git.Git) error { _, err := g.Head(ctx, r, "refs/heads/nothing"); return err },
		"Tree":            func(g *git.Git) error { _, err := g.Tree(ctx, r, nowhere); return err },
		"Since":           func(g *git.Git) error { _, err := g.Since(ctx, r, nil, nowhere); return err },
		"Contains":        func(g *git.Git) error { _, err := g.Contains(ctx, r, nowhere, first); return err },
		"Contains it":     func(g *git.Git) error { _, err := g.Contains(ctx, r, first, nowhere); return err },
		"MergeBase":       func(g *git.Git) error { _, err := g.MergeBase(ctx, r, first, nowhere); return err },
		"Changed":         func(g *git.Git) error { _, err := g.Changed(ctx, r, first, nowhere); return err },
		"Changed from":    func(g *git.Git) error { _, err := g.Changed(ctx, r, nowhere, first); return err },
		"Changed all":     func(g *git.Git) error { _, err := g.Changed(ctx, r, "", nowhere); return err },
		"File":            func(g *git.Git) error { _, err := g.File(ctx, r, nowhere, "a"); return err },
		"Changes":         func(g *git.Git) error { _, err := g.Changes(ctx, r, nowhere, first); return err },
		"Keep":            func(g *git.Git) error { return g.Keep(ctx, r, nowhere) },
		"Worktree":        func(g *git.Git) error { _, _, err := g.Worktree(ctx, r, nowhere, "one"); return err },
		"Checkout":        func(g *git.Git) error { return g.Checkout(ctx, r, nowhere, filepath.Join(t.TempDir(), "x"), nil) },
	}
	for name, call := range calls {
		for _, g := range []*git.Git{empty, full} {
			if err := call(g); app.KindOf(err) != app.ErrNotFound || !errors.Is(err, git.ErrNoCommit) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, g := range []*git.Git{empty, full} {
		has, err := g.Has(ctx, r, nowhere)
		must(t, err)
		wantEqual(t, has, false)
	}
}

func TestNamesThatAreNoCommitsAreRefused(t *testing.T) {
	o, first, _, _, _, _ := diamond(t)
	g := o.mirrored()
	ctx, r := t.Context(), o.repo
	for _, bad := range []app.SHA{"", "main", "HEAD", "--all", "-x", first[:12], first + "0", app.SHA(strings.ToUpper(string(first))), first + "^", "refs/heads/main"} {
		calls := map[string]error{}
		_, calls["Has"] = g.Has(ctx, r, bad)
		_, calls["Tree"] = g.Tree(ctx, r, bad)
		_, calls["Since"] = g.Since(ctx, r, []app.SHA{bad}, first)
		_, calls["Since head"] = g.Since(ctx, r, nil, bad)
		_, calls["Contains"] = g.Contains(ctx, r, bad, first)
		_, calls["MergeBase"] = g.MergeBase(ctx, r, first, bad)
		_, calls["Changed"] = g.Changed(ctx, r, first, bad)
		_, calls["File"] = g.File(ctx, r, bad, "a")
		_, calls["Changes"] = g.Changes(ctx, r, first, bad)
		calls["Keep"] = g.Keep(ctx, r, bad)
		_, _, calls["Worktree"] = g.Worktree(ctx, r, bad, "one")
		calls["Checkout"] = g.Checkout(ctx, r, bad, filepath.Join(t.TempDir(), "x"), nil)
		for name, err := range calls {
			if app.KindOf(err) != app.ErrInvalid {
				t.Errorf("%s(%q): %v", name, bad, err)
			}
		}
	}
}

func TestATreeOrBlobIsNoCommit(t *testing.T) {
	o, first, _, _, _, _ := diamond(t)
	g := o.mirrored()
	tree, err := g.Tree(t.Context(), o.repo, first)
	must(t, err)
	wantEqual(t, tree, o.git("rev-parse", string(first)+"^{tree}"))
	for _, sha := range []string{tree, o.git("rev-parse", string(first)+":a")} {
		has, err := g.Has(t.Context(), o.repo, app.SHA(sha))
		must(t, err)
		wantEqual(t, has, false)
		_, _, err = g.Worktree(t.Context(), o.repo, app.SHA(sha), "one")
		if err == nil {
			t.Fatal("a worktree of what is no commit")
		}
	}
}

func TestChangedNamesBothSidesOfARename(t *testing.T) {
	o := newOrigin(t)
	first := o.commit("first", map[string]string{"old": strings.Repeat("same\n", 20), "gone": "x", "stays": "y", "mode": "m", "odd \"name\"\n\tü": "1"})
	o.git("mv", "old", "dir-new")
	must(t, os.Remove(filepath.Join(o.work, "gone")))
	must(t, os.Chmod(filepath.Join(o.work, "mode"), 0o755))
	second := o.commit("second", map[string]string{"odd \"name\"\n\tü": "2", "added/x": "1"})
	g := o.mirrored()
	changed, err := g.Changed(t.Context(), o.repo, first, second)
	must(t, err)
	wantEqual(t, changed, []string{"added/x", "dir-new", "gone", "mode", "odd \"name\"\n\tü", "old"})
	changed, err = g.Changed(t.Context(), o.repo, second, second)
	must(t, err)
	wantEqual(t, changed, []string(nil))
	changed, err = g.Changed(t.Context(), o.repo, "", first)
	must(t, err)
	wantEqual(t, changed, []string{"gone", "mode", "odd \"name\"\n\tü", "old", "stays"})
}

func TestFile(t *testing.T) {
	o := newOrigin(t)
	must(t, os.MkdirAll(filepath.Join(o.work, "dir/sub"), 0o755))
	for link, target := range map[string]string{"dir/in": "../plain", "dir/chain": "in", "dir/out": "../../etc/passwd", "absolute": "/etc/passwd", "dangling": "none",
		"loop": "loop", "folder": "dir", "dir/sub/up": "../../dir/in"} {
		must(t, os.Symlink(target, filepath.Join(o.work, link)))
	}
	sha := o.commit("first", map[string]string{"plain": "text\nmore\n", "empty": "", "zero": "a\x00b\n", "with space": "s", "-dash": "d", "crlf": "a\n",
		".gitattributes": "crlf text eol=crlf\n", "huge": strings.Repeat("x", 4<<20+1), "large": strings.Repeat("x", 4<<20)})
	g := o.mirrored()
	for name, want := range map[string]string{"plain": "text\nmore\n", "empty": "", "zero": "a\x00b\n", "with space": "s", "-dash": "d", "dir/in": "text\nmore\n",
		"dir/chain": "text\nmore\n", "folder/in": "text\nmore\n", "dir/sub/up": "text\nmore\n", "crlf": "a\n", "large": strings.Repeat("x", 4<<20)} {
		content, err := g.File(t.Context(), o.repo, sha, name)
		if err != nil || string(content) != want {
			t.Errorf("%s: %d bytes, %v", name, len(content), err)
		}
	}
	for name, kind := range map[string]app.ErrorKind{"none": app.ErrNotFound, "plain/x": app.ErrNotFound, "dir/out": app.ErrNotFound, "absolute": app.ErrNotFound,
		"dangling": app.ErrNotFound, "loop": app.ErrNotFound, "dir": app.ErrInvalid, "folder": app.ErrInvalid, "huge": app.ErrInvalid, "": app.ErrInvalid,
		"/plain": app.ErrInvalid, "../x": app.ErrInvalid, "dir/../plain": app.ErrInvalid, "./plain": app.ErrInvalid, "a\nb": app.ErrInvalid,
		"plain\ncontents HEAD:plain": app.ErrInvalid, ".": app.ErrInvalid, "dir/": app.ErrInvalid} {
		_, err := g.File(t.Context(), o.repo, sha, name)
		if app.KindOf(err) != kind || errors.Is(err, git.ErrNoCommit) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestChangesSayWhoAndWhat(t *testing.T) {
	o := newOrigin(t)
	first := o.commit("first", nil)
	o.git("-c", "user.name=x", "commit", "-q", "--allow-empty", "--author=Dana <dana@example.com>", "-m", "Title that\nruns on\n\nBody.\n\nCo-authored-by: Eli <eli@example.com>\n\n"+
		"more text\nco-AUTHORED-by:Fay Ray   < fay@example.com >\nNot-Co-authored-by: Gus <gus@example.com>\nsee Co-authored-by: Hal <hal@example.com>")
	second := o.sha("HEAD")
	o.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
	third := o.sha("HEAD")
	o.write(map[string]string{".mailmap": "Somebody Else <else@example.com> <dana@example.com>\n"})
	o.git("add", "-A")
	fourth := o.commit("mailmap", nil)
	g := o.mirrored()
	got, err := g.Changes(t.Context(), o.repo, first, fourth)
	must(t, err)
	cy, ada := git.Person{Name: "Cy", Email: "cy@example.com"}, git.Person{Name: "Ada", Email: "ada@example.com"}
	wantEqual(t, got, []git.Change{
		{SHA: second, Title: "Title that runs on", Author: git.Person{Name: "Dana", Email: "dana@example.com"}, Committer: cy, Parents: []app.SHA{first},
			CoAuthors: []git.Person{{Name: "Eli", Email: "eli@example.com"}, {Name: "Fay Ray", Email: "fay@example.com"}}},
		{SHA: third, Author: ada, Committer: cy, Parents: []app.SHA{second}},
		{SHA: fourth, Title: "mailmap", Author: ada, Committer: cy, Parents: []app.SHA{third}},
	})
	none, err := g.Changes(t.Context(), o.repo, fourth, first)
	must(t, err)
	wantEqual(t, len(none), 0)
	alone, err := g.Changes(t.Context(), o.repo, "", fourth)
	must(t, err)
	wantEqual(t, alone, got[2:])
}

func TestAMergeThatGitReproducesHasNoAuthor(t *testing.T) {
	o, first, left, right, merge, last := diamond(t)
	// An evil merge: clean, with something added by hand.
	o.git("checkout", "-q", "-b", "evil", string(left))
	o.git("merge", "-q", "--no-ff", "--no-commit", string(right))
	o.write(map[string]string{"backdoor": "x"})
	o.git("add", "-A")
	o.git("commit", "-q", "-m", "evil merge")
	evil := o.sha("HEAD")
	// A conflict that somebody settled.
	o.git("checkout", "-q", "-b", "other", string(first))
	o.commit("other", map[string]string{"a": "3"})
	command(t, o.work, "sh", "-ec", "git merge -q --no-ff main >/dev/null 2>&1 || true; echo settled > a; git add -A; git commit -q -m settled")
	settled := o.sha("HEAD")
	// Three parents, and the merge of histories that have nothing in common.
	o.git("checkout", "-q", "--orphan", "island")
	o.git("rm", "-rfq", ".")
	o.commit("island", map[string]string{"i": "1"})
	o.git("merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "bridge", string(last))
	bridge := o.sha("HEAD")
	o.push()

	g := o.open()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/*")))
	before := snapshot(t, filepath.Join(mirrorOf(t, g, o), "objects"))
	got := map[app.SHA]bool{}
	for _, head := range []app.SHA{last, evil, settled, bridge} {
		changes, err := g.Changes(t.Context(), o.repo, first, head)
		must(t, err)
		for _, c := range changes {
			if c.IsMerge() {
				got[c.SHA] = c.Reproduced
			} else if c.Reproduced {
				t.Errorf("%s is no merge", c.Title)
			}
		}
	}
	wantEqual(t, got, map[app.SHA]bool{merge: true, evil: false, settled: false, bridge: false})
	if diff := cmp.Diff(before, snapshot(t, filepath.Join(mirrorOf(t, g, o), "objects"))); diff != "" {
		t.Fatalf("reading changed the mirror:\n%s", diff)
	}
}

func TestObjectsAreNotReplaced(t *testing.T) {
	o, first, _, _, _, last := diamond(t)
	g := o.mirrored()
	mirror := mirrorOf(t, g, o)
	command(t, mirror, "git", "update-ref", "refs/replace/"+string(last), string(first))
	_, err := g.File(t.Context(), o.repo, last, "c")
	must(t, err)
}
