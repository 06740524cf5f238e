package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/policies"
)

// Replay judges recorded decisions again. The zero value judges each by its own gate, which must come to the same verdict.
type Replay struct {
	Gate func(service, environment string) (policies.Policy, bool) // in place of theirs; false: there is no such environment in it

	Judged  int // in all
	Lacking int // can't be told: the other gate asks for facts that were not read then
	Gone    int // of environments that the other file does not have
	Differ  []Difference
}

// Difference is a decision that is another one now.
type Difference struct {
	Row     int64
	Receipt Receipt // as it was; without its facts
	Is      policies.Decision
}

// Next judges a row again, if it is of a decision.
func (p *Replay) Next(row Row) error {
	r, err := row.Receipt()
	if err != nil || r.Kind != Decided || r.Decision == nil {
		return err
	}
	var facts policies.Facts
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return fmt.Errorf("reading the facts of row %d: %w", row.Row, err)
	}
	p.Judged++
	if p.Gate != nil {
		policy, ok := p.Gate(r.Service, r.Environment)
		if !ok {
			p.Gone++
			return nil
		}
		if facts = facts.By(policy); len(facts.Lacks()) > 0 {
			p.Lacking++
			return nil
		}
	}
	if is := policies.Judge(facts); is.Verdict != r.Decision.Verdict {
		r.Facts = nil
		p.Differ = append(p.Differ, Difference{Row: row.Row, Receipt: r, Is: is})
	}
	return nil
}

// Summary is what came of it, in sentences.
func (p *Replay) Summary() string {
	if p.Judged == 0 {
		return "No decisions were recorded."
	}
	var b strings.Builder
	switch again := p.Judged - p.Lacking - p.Gone; {
	case again == 0:
		fmt.Fprintf(&b, "0 of %s judged again.", count(p.Judged, "recorded decision"))
	case again == p.Judged:
		fmt.Fprintf(&b, "%s judged again: ", count(again, "recorded decision"))
	default:
		fmt.Fprintf(&b, "%d of %s judged again: ", again, count(p.Judged, "recorded decision"))
	}
	switch n := len(p.Differ); {
	case n == 0 && p.Judged == p.Lacking+p.Gone:
	case n == 0:
		b.WriteString("none differs.")
	case n == 1:
		b.WriteString("1 differs")
	default:
		fmt.Fprintf(&b, "%d differ", n)
	}
	if n := p.Loosened(); n > 0 {
		fmt.Fprintf(&b, ", and %d of those would go that did not", n)
	}
	if len(p.Differ) > 0 {
		b.WriteString(".")
	}
	if p.Lacking > 0 {
		fmt.Fprintf(&b, " Of %d it can't be told: facts that only this file asks for were not read then.", p.Lacking)
	}
	if p.Gone > 0 {
		fmt.Fprintf(&b, " %s of environments that this file does not have.", count(p.Gone, "is", "are"))
	}
	return b.String()
}

// count is a number and what is counted, of which more than one has another word.
func count(n int, one string, more ...string) string {
	switch {
	case n == 1:
		return "1 " + one
	case len(more) > 0:
		return fmt.Sprintf("%d %s", n, more[0])
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Loosened is how many would have been allowed that were not.
func (p *Replay) Loosened() (n int) {
	for _, d := range p.Differ {
		if d.Is.Verdict == policies.Allow {
			n++
		}
	}
	return n
}

// Sorted is what differs, first what would go that did not, then by when it was decided, the newest first.
func (p *Replay) Sorted() []Difference {
	all := slices.Clone(p.Differ)
	looser := func(d Difference) int {
		if d.Is.Verdict == policies.Allow {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b Difference) int { return cmp.Or(looser(a)-looser(b), cmp.Compare(b.Row, a.Row)) })
	return all
}
