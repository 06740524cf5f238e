package deploy

import (
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Two lanes have millions of states together. So one lane is walked once, its states are numbered, and pairs go by number.

// graph is the states of a lane and the steps between them. Staging and production are the same machine.
type graph struct {
	world
	lanes  []Lane
	number map[string]int
	edges  [][]edge
	ofTold []edge // what app.Changed does to each
}

// edge is a step, as far as another lane can matter to it or hear of it.
type edge struct {
	to     int
	asks   int               // whom a gate must allow for it, by place; 0 is nobody
	starts int               // whose deployment it begins; likewise
	asked  [commits + 1]bool // whose question was given up, so that what was read for it is worth nothing
	told   bool              // the other environments look again
}

func (w world) explore() *graph {
	g := &graph{world: w, number: map[string]int{}}
	walk(w, start(), name, func(from Lane, reach func(Lane)) {
		g.add(from)
		for _, m := range timely(from, w.terms) {
			if after, _ := w.step(from, m); !same(from, after) {
				reach(canonical(after))
			}
		}
	})
	for _, l := range g.lanes {
		var edges []edge
		for _, m := range timely(l, w.terms) {
			if e := g.edge(l, m); !slices.Contains(edges, e) {
				edges = append(edges, e)
			}
		}
		g.edges = append(g.edges, edges)
		g.ofTold = append(g.ofTold, g.edge(l, app.Changed{Standing: true}))
	}
	return g
}

func (g *graph) add(l Lane) {
	g.number[name(l)] = len(g.lanes)
	g.lanes = append(g.lanes, l)
}

func (g *graph) edge(l Lane, m app.Message) edge {
	after, told := g.step(l, m)
	e := edge{to: g.number[name(canonical(after))], told: len(told) > 0}
	if j, is := m.(Judged); is && j.Decision.Verdict == policies.Allow {
		e.asks = place(l, j.Commit)
	}
	if _, again := m.(Deployed); !again {
		for _, a := range less(acts(after), acts(l)) {
			if a.kind == "put" {
				e.starts = place(after, a.commit)
			}
		}
	}
	for i := 1; i <= commits; i++ {
		e.asked[i] = question(l, i) != 0 && question(after, i) != question(l, i)
	}
	return e
}

func place(l Lane, c app.SHA) int {
	for _, p := range l.Promotions {
		if p.Commit.SHA == c {
			return int(p.Commit.Place)
		}
	}
	return 0
}

// question is the number under which the gate is asked about a commit, if it is.
func question(l Lane, i int) app.Key {
	for _, p := range l.Promotions {
		if p.Commit.SHA == sha(i) && (p.State == Gating || p.State == Retrying) {
			return p.Key
		}
	}
	return 0
}

// trits is a small number for each commit.
type trits int

func (t trits) of(i int) int { return int(t) / pow3(i) % 3 }

func (t trits) with(i, n int) trits { return t + trits((n-t.of(i))*pow3(i)) }

func pow3(i int) int { return []int{0, 1, 3, 9, 27}[i] }

// look is all that production can see of staging: how its commits stand.
func look(staging Lane) (v trits) {
	for i := 1; i <= commits; i++ {
		v = v.with(i, int(staging.Standing(commit(i))))
	}
	return v
}

// flood visits every number that can be reached, and says how many there are.
func flood(r reporter, size, first int, visit func(from int, reach func(int))) int {
	seen, queue := make([]bool, size), []int{first}
	seen[first] = true
	for i := 0; i < len(queue) && !r.Failed(); i++ {
		visit(queue[i], func(n int) {
			if !seen[n] {
				seen[n] = true
				queue = append(queue, n)
			}
		})
	}
	return len(queue)
}

// pipeline is production after staging, with staging seen from outside. What was read of staging may be a while in arriving.
type pipeline struct {
	production int
	staging    trits // each commit's standing
	read       trits // what was read for each commit's question: nothing yet, no, or yes
}

const unread, no, yes = 0, 1, 2

func (p pipeline) number() int { return (p.production*pow3(4)+int(p.staging))*pow3(4) + int(p.read) }

func numbered(n int) pipeline {
	return pipeline{n / pow3(4) / pow3(4), trits(n / pow3(4) % pow3(4)), trits(n % pow3(4))}
}

// say steps production.
func (p pipeline) say(e edge) pipeline {
	p.production = e.to
	for i := 1; i <= commits; i++ {
		if e.asked[i] {
			p.read = p.read.with(i, unread)
		}
	}
	return p
}

// TestAfter walks production behind everything that staging can look like. Facts are read at one time and judged at another; what staging
// says is stored with its change, and messages to one lane are stepped in the order in which they were stored: so nothing goes to
// production that is not proven in staging at that very moment.
func TestAfter(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	t.Parallel()
	g := world{t, allTerms(commits)[0], honest}.explore()
	t.Logf("%d states", g.walkAfter())
}

func (g *graph) walkAfter() int {
	turns := g.turns()
	return flood(g, len(g.lanes)*pow3(4)*pow3(4), 0, func(from int, reach func(int)) {
		before := numbered(from)
		for _, to := range turns[before.staging] {
			after := before.say(g.ofTold[before.production])
			after.staging = to
			reach(after.number())
		}
		for i := 1; i <= commits; i++ {
			reach(g.gather(before, i).number())
		}
		for _, e := range g.edges[before.production] {
			if e.asks != 0 && before.read.of(e.asks) != yes {
				continue
			}
			if e.starts != 0 && before.staging.of(e.starts) != int(policies.StandingProven) {
				g.Errorf("%d goes to production and is not proven in staging: %+v\nof %s", e.starts, before, brief(g.lanes[before.production]))
			}
			reach(before.say(e).number())
		}
	})
}

// turns is how staging can come to look different, from each look.
func (g *graph) turns() [][]trits {
	turns := make([][]trits, pow3(4))
	for i, l := range g.lanes {
		from := look(l)
		for _, e := range g.edges[i] {
			if to := look(g.lanes[e.to]); e.told && !slices.Contains(turns[from], to) {
				turns[from] = append(turns[from], to)
			}
		}
	}
	return turns
}

// gather reads how a commit stands, if that is asked.
func (g *graph) gather(p pipeline, i int) pipeline {
	if question(g.lanes[p.production], i) == 0 || p.read.of(i) != unread {
		return p
	}
	if p.staging.of(i) == int(policies.StandingProven) {
		p.read = p.read.with(i, yes)
	} else {
		p.read = p.read.with(i, no)
	}
	return p
}
