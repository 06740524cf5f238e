package git_test

import (
	"testing"

	"github.com/slipway-cd/slipway/app/git"
)

func mirrorOf(t testing.TB, g *git.Git, o *origin) string {
	t.Helper()
	return git.MirrorDir(g, o.repo)
}
