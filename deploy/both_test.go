package deploy

import (
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// both is staging and production whole, by number.
type both struct{ staging, production int }

// TestBoth walks both lanes with two commits and a gate that is honest and reads at once, lets everything go right from everywhere, and
// sees everything end that should.
func TestBoth(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	for _, terms := range allTerms(2)[:5] {
		t.Run(terms.name, func(t *testing.T) {
			t.Parallel()
			g := world{t, terms, honest}.explore()
			t.Logf("%d states", g.walkBoth())
		})
	}
}

func (g *graph) walkBoth() int {
	size, best := len(g.lanes), g.bests()
	return flood(g, size*size, 0, func(from int, reach func(int)) {
		b := both{from / size, from % size}
		g.checkBoth(best, b)
		for _, e := range g.edges[b.staging] {
			after := both{e.to, b.production}
			if e.told {
				after.production = g.ofTold[b.production].to
			}
			reach(after.staging*size + after.production)
		}
		for _, e := range g.edges[b.production] {
			if e.asks != 0 && g.gate(b.staging, e.asks) != policies.Allow {
				continue
			}
			after := both{b.staging, e.to}
			if e.told {
				after.staging = g.ofTold[b.staging].to
			}
			reach(after.staging*size + after.production)
		}
	})
}

// gate judges a commit for production by what staging is: what is lost there is denied, or it would wait for ever.
func (g *graph) gate(staging, i int) policies.Verdict {
	switch g.lanes[staging].Standing(commit(i)) {
	case policies.StandingProven:
		return policies.Allow
	case policies.StandingLost:
		return policies.Deny
	}
	return policies.Hold
}

// best is what is done in a state in which everything goes right. A question is answered by a gate.
type best struct {
	any    bool
	waits  bool // until a time that it names
	asks   int  // for whom a gate is asked, or 0
	next   edge // if nobody is
	judged map[policies.Verdict]edge
	refuse edge // in attention: what follows when the gate refused the retry
}

func (g *graph) bests() []best {
	all := make([]best, len(g.lanes))
	for i, l := range g.lanes {
		m := g.bestAnswer(l)
		b := best{any: m != nil}
		switch m := m.(type) {
		case nil:
		case Judged:
			b.asks, b.judged = place(l, m.Commit), map[policies.Verdict]edge{}
			for _, d := range []policies.Decision{{}, hold(), {Verdict: policies.Allow}} {
				b.judged[d.Verdict] = g.edge(l, Judged{m.Commit, m.Key, d, g.release, 0, ""})
			}
		default:
			_, b.waits = m.(app.Changed)
			b.next = g.edge(l, m)
		}
		if busy := busyOnes(l); len(busy) > 0 && busy[0].State == Attention {
			b.refuse = g.edge(l, word(app.VerbCancel, busy[0]))
		}
		all[i] = b
	}
	return all
}

// repair lets everything go right in both. In production time passes once, before anything happens in staging: after that it lives on what
// staging tells it.
func (g *graph) repair(best []best, b both) both {
	b.production = g.ofTold[b.production].to
	b = g.deliver(best, b)
	for range 40 * commits {
		next := best[b.staging]
		if !next.any {
			break
		}
		e := next.next
		if next.asks != 0 {
			e = next.judged[policies.Allow]
		}
		b.staging = e.to
		if e.told {
			b.production = g.ofTold[b.production].to
		}
	}
	return g.deliver(best, b)
}

// deliver does in production what there is to do, with a gate that looks at staging as it is.
func (g *graph) deliver(best []best, b both) both {
	for range 40 * commits {
		next := best[b.production]
		switch {
		case !next.any || next.waits:
			return b
		case next.asks == 0:
			b.production = next.next.to
			continue
		}
		b.production = next.judged[g.gate(b.staging, next.asks)].to
		if refused := best[b.production].refuse.to; refused != 0 {
			b.production = refused
		}
	}
	return b
}

// checkBoth holds that the newest that waits for production gets there if staging proves it, and that nothing waits for staging that
// staging will not prove.
func (g *graph) checkBoth(best []best, b both) {
	end, won := g.repair(best, b), 0
	last := g.lanes[end.production]
	for i := 1; i <= g.commits; i++ {
		verdict := g.gate(end.staging, i)
		for _, p := range last.Promotions {
			if p.Commit == commit(i) && !p.State.Ended() && (verdict != policies.Hold || bad(g.lanes[end.staging], i)) {
				g.Errorf("%d never ends: %s\nbehind %s\nfrom %s\nbehind %s", i, brief(last), brief(g.lanes[end.staging]),
					brief(g.lanes[b.production]), brief(g.lanes[b.staging]))
			}
		}
		if verdict == policies.Allow && slices.ContainsFunc(g.lanes[b.production].Promotions, func(p Promotion) bool { return p.Commit == commit(i) && open(p) && p.Then != Canceled }) {
			won = i
		}
	}
	if won != 0 && last.Live != commit(won) {
		g.Errorf("%d should have won: %s\nfrom %s\nbehind %s", won, brief(last), brief(g.lanes[b.production]), brief(g.lanes[b.staging]))
	}
}

// bad says whether the last attempt of a commit ended badly.
func bad(l Lane, i int) bool {
	s := Absent
	for _, p := range l.Promotions {
		if p.Commit == commit(i) {
			s = p.State
		}
	}
	return s == RolledBack || s == Failed
}
