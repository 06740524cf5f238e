package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

// thousand is a repository of 1,300 files in 130 folders, 10 KB each, and two commits that differ in ten of them.
func thousand(b *testing.B) (o *origin, first, second app.SHA) {
	b.Helper()
	o = newOrigin(b)
	files := map[string]string{".github/slipway.yml": "version: 1\n"}
	for i := range 1300 {
		files[fmt.Sprintf("pkg%d/sub%d/file%d.go", i%13, i%10, i)] = strings.Repeat(fmt.Sprintf("// line %d\n", i), 900)
	}
	first = o.commit("first", files)
	for i := range 10 {
		files[fmt.Sprintf("pkg%d/sub%d/file%d.go", i%13, i%10, i)] += "// changed\n"
	}
	second = o.commit("second", files)
	return o, first, second
}

func asOwner(opts *git.Options) {
	if os.Getuid() == 0 {
		opts.Owner = &git.Owner{UID: 4711, GID: 4711}
	}
}

func BenchmarkWorktree(b *testing.B) {
	o, first, second := thousand(b)
	g := o.mirrored(asOwner)
	move := func(b *testing.B, sha app.SHA) string {
		dir, release, err := g.Worktree(b.Context(), o.repo, sha, "one")
		must(b, err)
		release()
		return dir
	}
	b.Run("moved by 10 of 1300 files", func(b *testing.B) {
		move(b, first)
		for i := 0; b.Loop(); i++ {
			move(b, []app.SHA{second, first}[i%2])
		}
	})
	b.Run("same commit", func(b *testing.B) {
		for b.Loop() {
			move(b, first)
		}
	})
	b.Run("moved after a build left 500 files", func(b *testing.B) {
		dir := move(b, first)
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			command(b, dir, "sh", "-ec", "mkdir -p build && cd build && seq 500 | xargs touch")
			b.StartTimer()
			move(b, []app.SHA{second, first}[i%2])
		}
	})
	b.Run("first use", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, release, err := g.Worktree(b.Context(), o.repo, first, fmt.Sprintf("fresh%d", i))
			must(b, err)
			release()
		}
	})
}

func BenchmarkCheckout(b *testing.B) {
	o, first, _ := thousand(b)
	g := o.mirrored()
	root := worldPassable(b)
	for i := 0; b.Loop(); i++ {
		must(b, g.Checkout(b.Context(), o.repo, first, filepath.Join(root, fmt.Sprint(i)), nil))
	}
}

func BenchmarkFetch(b *testing.B) {
	o, _, _ := thousand(b)
	o.guard("secret")
	g := o.mirrored()
	b.Run("one commit", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			o.commit("next", map[string]string{"pkg1/new": fmt.Sprint(i)})
			b.StartTimer()
			must(b, g.Fetch(b.Context(), o.repo, mainSpec))
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			must(b, g.Fetch(b.Context(), o.repo, mainSpec))
		}
	})
	b.Run("a commit that is there", func(b *testing.B) {
		head := string(o.sha("HEAD"))
		for b.Loop() {
			must(b, g.Fetch(b.Context(), o.repo, head))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	o, first, second := thousand(b)
	g := o.mirrored()
	ctx := b.Context()
	for name, call := range map[string]func() error{
		"File":     func() error { _, err := g.File(ctx, o.repo, second, ".github/slipway.yml"); return err },
		"Head":     func() error { _, err := g.Head(ctx, o.repo, "refs/heads/main"); return err },
		"Has":      func() error { _, err := g.Has(ctx, o.repo, second); return err },
		"Since":    func() error { _, err := g.Since(ctx, o.repo, []app.SHA{first}, second); return err },
		"Contains": func() error { _, err := g.Contains(ctx, o.repo, second, first); return err },
		"Changed":  func() error { _, err := g.Changed(ctx, o.repo, first, second); return err },
		"Changes":  func() error { _, err := g.Changes(ctx, o.repo, first, second); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(b, call())
			}
		})
	}
}
