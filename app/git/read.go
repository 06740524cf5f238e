package git

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Head is the commit that a ref of the mirror points to; ref is a full name, such as refs/heads/main. It is as new as the last fetch.
// app.ErrNotFound says that the mirror has no such ref.
func (g *Git) Head(ctx context.Context, r app.Repo, ref string) (app.SHA, error) {
	if err := checkRef(ref); err != nil {
		return "", err
	}
	sha, err := g.resolve(ctx, r, ref+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("looking up %s: %w", ref, err)
	}
	return app.SHA(sha), nil
}

// Has says whether the mirror has a commit, and so all that it needs.
func (g *Git) Has(ctx context.Context, r app.Repo, sha app.SHA) (bool, error) {
	if err := checkSHAs(sha); err != nil {
		return false, err
	}
	return once(g.mirror(r.ID), "has "+string(sha), func() (has, keep bool, err error) {
		_, err = g.resolve(ctx, r, string(sha)+"^{commit}")
		if app.KindOf(err) == app.ErrNotFound {
			return false, false, nil // it may come
		}
		if err != nil {
			return false, false, fmt.Errorf("looking for %s: %w", sha.Short(), err)
		}
		return true, true, nil
	})
}

// Tree is the name of a commit's tree: two commits of one tree have the same files.
func (g *Git) Tree(ctx context.Context, r app.Repo, sha app.SHA) (string, error) {
	if err := checkSHAs(sha); err != nil {
		return "", err
	}
	tree, err := g.resolve(ctx, r, string(sha)+"^{tree}")
	if err != nil {
		return "", fmt.Errorf("looking up the tree of %s: %w", sha.Short(), err)
	}
	return tree, nil
}

// resolve names an object. With --quiet git exits with 1 for what is not there and with 128 for all else.
func (g *Git) resolve(ctx context.Context, r app.Repo, name string) (string, error) {
	out, err := g.read(ctx, r, command{args: []string{"rev-parse", "--quiet", "--verify", "--end-of-options", name}})
	if exitCode(err) == 1 {
		return "", failure("reading the mirror of "+r.FullName(), app.ErrNotFound, ErrNoCommit)
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// missing turns a failure into app.ErrNotFound when one of the commits is not there, so that it can be fetched.
func (g *Git) missing(ctx context.Context, r app.Repo, err error, shas ...app.SHA) error {
	if exitCode(err) < 0 {
		return err
	}
	for _, sha := range shas {
		if has, herr := g.Has(ctx, r, sha); herr == nil && !has {
			return failure("reading "+sha.Short(), app.ErrNotFound, ErrNoCommit)
		}
	}
	return err
}

// Since lists the commits that head reaches and none of known does, ancestors first. Known commits that the mirror does not have (any
// more) reach nothing, so that the list may hold commits that the caller has seen before.
func (g *Git) Since(ctx context.Context, r app.Repo, known []app.SHA, head app.SHA) ([]app.SHA, error) {
	if err := checkSHAs(append([]app.SHA{head}, known...)...); err != nil {
		return nil, err
	}
	var input strings.Builder
	fmt.Fprintln(&input, head)
	for _, sha := range known {
		fmt.Fprintln(&input, "^"+sha)
	}
	out, err := g.read(ctx, r, command{
		args:  []string{"rev-list", "--topo-order", "--reverse", "--ignore-missing", "--stdin"},
		stdin: strings.NewReader(input.String()),
	})
	if err != nil {
		return nil, fmt.Errorf("listing the commits up to %s: %w", head.Short(), err)
	}
	var shas []app.SHA
	for line := range strings.Lines(string(out)) {
		shas = append(shas, app.SHA(strings.TrimSuffix(line, "\n")))
	}
	if len(shas) > 0 {
		return shas, nil
	}
	// Nothing new, or nothing at all: --ignore-missing does not tell.
	has, err := g.Has(ctx, r, head)
	if err == nil && !has {
		err = failure("listing the commits up to "+head.Short(), app.ErrNotFound, ErrNoCommit)
	}
	return nil, err
}

// Contains says whether ancestor is commit itself or an ancestor of it. app.ErrNotFound says that one of them is not in the mirror.
func (g *Git) Contains(ctx context.Context, r app.Repo, commit, ancestor app.SHA) (bool, error) {
	if err := checkSHAs(commit, ancestor); err != nil {
		return false, err
	}
	return once(g.mirror(r.ID), "contains "+string(commit)+" "+string(ancestor), func() (is, keep bool, err error) {
		_, err = g.read(ctx, r, command{args: []string{"merge-base", "--is-ancestor", string(ancestor), string(commit)}})
		if exitCode(err) == 1 {
			return false, true, nil
		}
		if err != nil {
			return false, false, fmt.Errorf("asking whether %s contains %s: %w", commit.Short(), ancestor.Short(), g.missing(ctx, r, err, commit, ancestor))
		}
		return true, true, nil
	})
}

// MergeBase is the newest commit that both contain, one of them if there are several. app.ErrNotFound says that there is none, or, with
// ErrNoCommit behind it, that one of the two is not in the mirror.
func (g *Git) MergeBase(ctx context.Context, r app.Repo, a, b app.SHA) (app.SHA, error) {
	if err := checkSHAs(a, b); err != nil {
		return "", err
	}
	op := fmt.Sprintf("looking for the merge base of %s and %s", a.Short(), b.Short())
	out, err := g.read(ctx, r, command{args: []string{"merge-base", string(a), string(b)}})
	if exitCode(err) == 1 {
		return "", failure(op, app.ErrNotFound, fmt.Errorf("they have no common history"))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, g.missing(ctx, r, err, a, b))
	}
	return app.SHA(strings.TrimSuffix(string(out), "\n")), nil
}

// Changed lists the paths in which two commits differ, sorted as git sorts; a renamed file is both its names. From "" lists every
// path of to. Paths are bytes as git has them, with / between folders.
func (g *Git) Changed(ctx context.Context, r app.Repo, from, to app.SHA) ([]string, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", "--name-only", string(to)}
	shas := []app.SHA{to}
	if from != "" {
		args = []string{"diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", string(from), string(to)}
		shas = []app.SHA{from, to}
	}
	if err := checkSHAs(shas...); err != nil {
		return nil, err
	}
	out, err := g.read(ctx, r, command{args: args})
	if err != nil {
		return nil, fmt.Errorf("listing what %s changes: %w", to.Short(), g.missing(ctx, r, err, shas...))
	}
	return fields(out), nil
}

// fields splits what ends with NUL each.
func fields(out []byte) []string {
	s := strings.TrimSuffix(string(out), "\x00")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\x00")
}
