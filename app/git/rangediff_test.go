package git_test

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

func TestRangeDiffTellsWhatARebaseChanged(t *testing.T) {
	o := newOrigin(t)
	base := o.commit("base", map[string]string{"a": "1\n", "b": "1\n", "c": "1\n"})
	o.git("checkout", "-q", "-b", "topic")
	o.commit("stays", map[string]string{"a": "2\n"})
	o.commit("grows", map[string]string{"b": "2\n3\n4\n5\n6\n7\n8\n"})
	before := o.commit("goes", map[string]string{"c": "2\n"})
	o.git("checkout", "-q", "main")
	newBase := o.commit("meanwhile", map[string]string{"d": "1\n"})
	o.git("checkout", "-q", "-B", "topic")
	o.commit("stays", map[string]string{"a": "2\n"})
	o.commit("grows", map[string]string{"b": "2\n3\n4\n5\n6\n7\n9\n"})
	after := o.commit("comes; 1:  abc = 1:  def", map[string]string{"e": "2\n"})
	o.git("branch", "before", string(before))
	o.push()
	g := o.mirrored()
	must(t, g.Fetch(t.Context(), o.repo, git.Mirror("refs/heads/before"), git.Mirror("refs/heads/topic")))

	moved, err := g.RangeDiff(t.Context(), o.repo, base, before, newBase, after)
	must(t, err)
	wantEqual(t, moved, git.Moved{Same: 1, Changed: []string{"grows"}, Added: []string{"comes; 1:  abc = 1:  def"}, Dropped: []string{"goes"}})

	moved, err = g.RangeDiff(t.Context(), o.repo, base, before, base, before)
	must(t, err)
	wantEqual(t, moved, git.Moved{Same: 3})

	_, err = g.RangeDiff(t.Context(), o.repo, base, nowhere, newBase, after)
	wantKind(t, err, app.ErrNotFound)
}
