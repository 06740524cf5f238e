package storetest

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/engine"
)

func testRepositories(t *testing.T, s Store) {
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { _, err := tx.Repo(repo); return err })
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { _, err := tx.FirstName(repo); return err })
	save := func(r app.Repo, served bool) {
		t.Helper()
		update(t, s, func(tx engine.Tx) error { return tx.SaveRepo(r, served) })
	}
	r := app.Repo{ID: repo, Owner: "acme", Name: "pay", DefaultBranch: "main", Installation: 5, Personal: true, Private: true}
	save(r, true)
	renamed := r
	renamed.Owner, renamed.Name, renamed.Private = "evil", "other", false
	save(renamed, true)
	same(t, "a renamed repository", read(t, s, func(tx engine.Tx) (app.Repo, error) { return tx.Repo(repo) }), renamed)
	name := func(id app.RepoID) string {
		return read(t, s, func(tx engine.Tx) (string, error) { return tx.FirstName(id) })
	}
	same(t, "its first name", name(repo), "acme/pay")
	heir := app.Repo{ID: 43, Owner: "acme", Name: "pay", Installation: 6}
	save(heir, true)
	same(t, "the first name of who took the old name", name(43), "acme/pay")
	first := func(name string) app.RepoID {
		return read(t, s, func(tx engine.Tx) (app.RepoID, error) { return tx.FirstNamed(name) })
	}
	same(t, "who had a name first", []app.RepoID{first("Acme/pay"), first("evil/other"), first("acme/none")}, []app.RepoID{repo, 0, 0})
	save(app.Repo{ID: 44, Owner: "acme", Name: "gone", Installation: 5}, false)
	served := func() []app.Repo { return read(t, s, func(tx engine.Tx) ([]app.Repo, error) { return tx.Repos() }) }
	same(t, "what is served", served(), []app.Repo{renamed, heir})
	of := read(t, s, func(tx engine.Tx) ([]app.Repo, error) { return tx.InstallationRepos(5) })
	same(t, "what an installation serves", of, []app.Repo{renamed})
	save(renamed, false)
	same(t, "what is still served", served(), []app.Repo{heir})
	same(t, "its first name, when it is not served any more", name(repo), "acme/pay")
}

func testPulls(t *testing.T, s Store) {
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { _, err := tx.Pull(repo, 3); return err })
	save := func(p app.Pull, at time.Time) (changed bool) {
		t.Helper()
		update(t, s, func(tx engine.Tx) (err error) {
			changed, err = tx.SavePull(repo, p, at)
			return err
		})
		return changed
	}
	p := app.Pull{Number: 3, Title: "x", Author: app.Person{ID: 1, Login: "ben"}, Open: true, Head: sha('a'), HeadRef: "fix", Base: "main",
		BaseSHA: sha('0'), Fork: true, Locked: true, UpdatedAt: noon(), MergeCommit: sha('e')}
	same(t, "a new one changes something", save(p, noon()), true)
	same(t, "the same again changes something", save(p, after(time.Second)), false)
	pushed := p
	pushed.Head, pushed.UpdatedAt = sha('b'), after(time.Minute)
	same(t, "a newer one changes something", save(pushed, after(2*time.Minute)), true)
	same(t, "an older one changes something", save(p, after(3*time.Minute)), false)
	stored := func() app.Pull {
		return read(t, s, func(tx engine.Tx) (app.Pull, error) { return tx.Pull(repo, 3) })
	}
	same(t, "the pull request", stored(), pushed)
	titled := pushed
	titled.Title = "of the same second"
	same(t, "another of the same time changes something", save(titled, after(3*time.Minute)), true)
	back := titled
	back.Head, back.UpdatedAt = sha('a'), after(4*time.Minute)
	save(back, after(5*time.Minute))
	heads := read(t, s, func(tx engine.Tx) ([]engine.Head, error) { return tx.Heads(repo, 3) })
	same(t, "its heads", heads, []engine.Head{{Commit: sha('a'), Since: noon()}, {Commit: sha('b'), Since: after(2 * time.Minute)},
		{Commit: sha('a'), Since: after(5 * time.Minute)}})
	numbers := func(found []app.Pull) (n []int) {
		for _, p := range found {
			n = append(n, p.Number)
		}
		return n
	}
	of := func(c app.SHA) []int {
		return numbers(read(t, s, func(tx engine.Tx) ([]app.Pull, error) { return tx.PullsOf(repo, c) }))
	}
	open := func() []int {
		return numbers(read(t, s, func(tx engine.Tx) ([]app.Pull, error) { return tx.OpenPulls(repo) }))
	}
	save(app.Pull{Number: 2, Open: true, Head: sha('c'), UpdatedAt: noon()}, noon())
	same(t, "open ones", open(), []int{2, 3})
	same(t, "of an open one's test merge", of(sha('e')), nil)
	same(t, "of no commit", of(""), nil)
	merged := back
	merged.Open, merged.Merged, merged.MergedAt, merged.UpdatedAt = false, true, after(6*time.Minute), after(6*time.Minute)
	save(merged, after(6*time.Minute))
	same(t, "open ones after a merge", open(), []int{2})
	same(t, "of a merge", of(sha('e')), []int{3})
	same(t, "heads of one that is not known", len(read(t, s, func(tx engine.Tx) ([]engine.Head, error) { return tx.Heads(repo, 9) })), 0)
}

func testPlaces(t *testing.T, s Store) {
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { _, err := tx.Newest(repo); return err })
	give := func(r app.RepoID, commits ...app.SHA) {
		t.Helper()
		update(t, s, func(tx engine.Tx) error { return tx.GivePlaces(r, commits) })
	}
	a, b, c, d := sha('f'), sha('b'), app.SHA("c0"+string(sha('1'))[2:]), app.SHA("c0"+string(sha('2'))[2:])
	give(repo, a, b)
	give(repo, b, c, a, d)
	give(repo)
	give(7, d, c)
	at := func(r app.RepoID, c app.SHA) app.Place {
		return read(t, s, func(tx engine.Tx) (app.Place, error) { return tx.Place(r, c) })
	}
	same(t, "places", []app.Place{at(repo, a), at(repo, b), at(repo, c), at(repo, d), at(7, d), at(7, a)}, []app.Place{1, 2, 3, 4, 1, 0})
	newest := read(t, s, func(tx engine.Tx) (app.Commit, error) { return tx.Newest(repo) })
	same(t, "the newest", newest, app.Commit{SHA: d, Place: 4})
	find := func(prefix string) []app.Commit {
		return read(t, s, func(tx engine.Tx) ([]app.Commit, error) { return tx.Find(repo, prefix) })
	}
	same(t, "by a prefix of one", find("bbbb"), []app.Commit{{SHA: b, Place: 2}})
	same(t, "by a prefix of the last", find("ffff"), []app.Commit{{SHA: a, Place: 1}})
	same(t, "by a whole name", find(string(b)), []app.Commit{{SHA: b, Place: 2}})
	same(t, "by a prefix of two", find("c0"), []app.Commit{{SHA: c, Place: 3}, {SHA: d, Place: 4}})
	same(t, "by a prefix of all, how many", len(find("")), 2)
	for _, none := range []string{"d", "bbbbc", "%", "B", "c_"} {
		same(t, "by "+none, find(none), nil)
	}
	tip := func() app.SHA { return read(t, s, func(tx engine.Tx) (app.SHA, error) { return tx.Tip(repo) }) }
	same(t, "the tip at first", tip(), "")
	for _, c := range []app.SHA{a, b} {
		update(t, s, func(tx engine.Tx) error { return tx.SetTip(repo, c) })
		same(t, "the tip", tip(), c)
	}
}

func testNotes(t *testing.T, s Store) {
	same(t, "at first", read(t, s, note("app/x")), "")
	for _, v := range []string{"1", "2", ""} {
		update(t, s, func(tx engine.Tx) error { return tx.SetNote("app/x", v) })
		same(t, "what was noted", read(t, s, note("app/x")), v)
	}
}

func testReceipts(t *testing.T, s Store) {
	last := func() audit.Row { return read(t, s, func(tx engine.Tx) (audit.Row, error) { return tx.LastReceipt() }) }
	signed := func() audit.Head {
		return read(t, s, func(tx engine.Tx) (audit.Head, error) { return tx.SignedHead() })
	}
	same(t, "the last at first", last(), audit.Row{})
	same(t, "the signed at first", signed(), audit.Head{})
	rows, err := audit.Link(audit.Row{}, []audit.Receipt{{Kind: audit.Held, At: noon()}, {Kind: audit.Freed, At: noon(), Because: "<so> \u2028"}, {Kind: audit.Held, At: noon()}})
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx engine.Tx) error { return tx.AddReceipts(rows[:2]) })
	same(t, "the last", last(), rows[1])
	other := rows[2]
	other.Prev = rows[0].Hash
	for what, r := range map[string]audit.Row{"one again": rows[1], "one of another chain": other, "one after a gap": {Row: 4, Prev: rows[2].Hash, Hash: rows[2].Hash, Body: "{}"}} {
		if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.AddReceipts([]audit.Row{r}) }); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	update(t, s, func(tx engine.Tx) error { return tx.AddReceipts(rows[2:]) })
	head := audit.Head{Row: 2, Hash: rows[1].Hash, At: noon(), Signature: "c2ln"}
	update(t, s, func(tx engine.Tx) error { return tx.SignHead(head) })
	update(t, s, func(tx engine.Tx) error {
		return tx.SignHead(audit.Head{Row: 2, Hash: rows[1].Hash, At: after(1), Signature: "other"})
	})
	same(t, "the signed", signed(), head)
	decided := func(repo app.RepoID, why string) audit.Receipt {
		return audit.Receipt{Kind: audit.Decided, At: noon(), Repo: repo, Why: why}
	}
	more, err := audit.Link(rows[2], []audit.Receipt{decided(7, "one"), decided(8, "of another"), {Kind: audit.Held, At: noon(), Repo: 7}, decided(7, "two"), decided(7, "three")})
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx engine.Tx) error { return tx.AddReceipts(more) })
	same(t, "the newest two decisions of a repository", read(t, s, func(tx engine.Tx) ([]audit.Row, error) { return tx.Decisions(7, 2) }),
		[]audit.Row{more[4], more[3]})
}
