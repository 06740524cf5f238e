package deploy

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
)

func msgLabel(m app.Message) string {
	switch m := m.(type) {
	case app.Said:
		return fmt.Sprint("said", m.Verb, m.Commit)
	case Judged:
		return fmt.Sprint("j", m.Commit, m.Decision.Verdict)
	case Deployed:
		return fmt.Sprint("d", m.Commit, m.Status.Outcome)
	case Restored:
		return fmt.Sprint("r", m.Commit, m.Status.Outcome)
	case Probed:
		return fmt.Sprint("p", m.Commit, m.Outcome)
	case app.Ready:
		return fmt.Sprint("ready", m.Commit)
	}
	return fmt.Sprintf("%#v", m)
}

func obs(l Lane, of terms) string {
	var b strings.Builder
	fmt.Fprint(&b, l.Live.SHA, "|")
	for i := 1; i <= of.commits; i++ {
		fmt.Fprint(&b, l.Standing(commit(i)), ",")
	}
	for _, a := range acts(l) {
		fmt.Fprint(&b, a.kind, a.commit, a.to, ";")
	}
	for i := 1; i <= of.commits; i++ {
		if p, ok := l.Promotion(sha(i)); ok {
			fmt.Fprint(&b, l.Offers(p), ";")
		}
	}
	return b.String()
}

func TestExpBisim(t *testing.T) {
	var of terms
	for _, x := range allTerms() {
		if strings.HasPrefix(x.name, os.Getenv("TERMS")) {
			of = x
		}
	}
	idx := map[string]int{}
	var states []Lane
	type edge struct {
		label string
		to    int
	}
	var edges [][]edge
	add := func(l Lane) int {
		n := name(l)
		i, ok := idx[n]
		if !ok {
			i = len(states)
			idx[n] = i
			states = append(states, l)
		}
		return i
	}
	labels := map[string]string{}
	add(start())
	for i := 0; i < len(states); i++ {
		l := states[i]
		var es []edge
		for _, m := range timely(l, of) {
			after, _ := Step(l, m, now)
			j := add(canonical(after))
			if j != i {
				lb := msgLabel(m)
				if x, ok := labels[lb]; ok {
					lb = x
				} else {
					labels[lb] = lb
				}
				es = append(es, edge{lb, j})
			}
		}
		edges = append(edges, es)
	}
	class := make([]int, len(states))
	cl := map[string]int{}
	for i, l := range states {
		o := obs(l, of)
		if _, ok := cl[o]; !ok {
			cl[o] = len(cl)
		}
		class[i] = cl[o]
	}
	n := len(cl)
	for {
		next := make([]int, len(states))
		cl := map[string]int{}
		for i := range states {
			var set []string
			for _, e := range edges[i] {
				if class[e.to] != class[i] {
					set = append(set, fmt.Sprint(e.label, ">", class[e.to]))
				}
			}
			sort.Strings(set)
			u := set[:0]
			for k, s := range set {
				if k == 0 || s != set[k-1] {
					u = append(u, s)
				}
			}
			sig := fmt.Sprint(class[i], "#", strings.Join(u, ","))
			if _, ok := cl[sig]; !ok {
				cl[sig] = len(cl)
			}
			next[i] = cl[sig]
		}
		class = next
		t.Logf("%d states %d classes", len(states), len(cl))
		if len(cl) == n {
			break
		}
		n = len(cl)
	}
	members := map[int][]int{}
	for i := range states {
		members[class[i]] = append(members[class[i]], i)
	}
	// which field differences are merged
	diffs := map[string]int{}
	ex := map[string]string{}
	for _, ms := range members {
		for _, m := range ms[1:] {
			d := fieldDiff(states[ms[0]], states[m])
			diffs[d]++
			if ex[d] == "" {
				ex[d] = brief(states[ms[0]]) + "\n      " + brief(states[m])
			}
		}
	}
	var ks []string
	for k := range diffs {
		ks = append(ks, k)
	}
	sort.Slice(ks, func(i, j int) bool { return diffs[ks[i]] > diffs[ks[j]] })
	for i, k := range ks {
		if i > 40 {
			break
		}
		t.Logf("%d: %s\n      %s", diffs[k], k, ex[k])
	}
}

func fieldDiff(a, b Lane) string {
	var d []string
	f := func(n string, x, y any) {
		if x != y {
			d = append(d, n)
		}
	}
	f("live", a.Live, b.Live)
	f("last", a.Last, b.Last)
	f("newest", a.Newest, b.Newest)
	f("seen", a.Seen, b.Seen)
	f("chosen", a.Chosen, b.Chosen)
	f("hold", a.Hold, b.Hold)
	f("closed", a.Closed, b.Closed)
	f("closedat", a.ClosedAt, b.ClosedAt)
	if len(a.Promotions) != len(b.Promotions) {
		d = append(d, fmt.Sprint("len"))
		return strings.Join(d, ",")
	}
	for i := range a.Promotions {
		p, q := a.Promotions[i], b.Promotions[i]
		pre := string(p.State) + "."
		f(pre+"commit", p.Commit, q.Commit)
		if p.State != q.State {
			d = append(d, string(p.State)+"~"+string(q.State))
		}
		f(pre+"eligible", p.Eligible, q.Eligible)
		f(pre+"back", p.Back, q.Back)
		f(pre+"unclear", p.Unclear, q.Unclear)
		f(pre+"ext", p.Extended, q.Extended)
		f(pre+"restored", p.Restored, q.Restored)
		f(pre+"to", p.To, q.To)
		f(pre+"was", p.Was, q.Was)
		f(pre+"gone", p.Gone, q.Gone)
		f(pre+"put", p.Put, q.Put)
		f(pre+"undone", p.Undone, q.Undone)
		f(pre+"verdict", p.Decision.Verdict, q.Decision.Verdict)
	}
	return strings.Join(d, ",")
}
