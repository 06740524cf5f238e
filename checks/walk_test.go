package checks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// The walk: a commit of the default branch with a build and a test that needs it, each of one service, visited in every state that any
// message, late or repeated, can lead to.

var plan = Plan{
	Checks:   []Spec{{Name: "build", Run: "make", Produces: "dist"}, {Name: "test", Run: "make test", Needs: []string{"build"}}},
	Services: []Service{{Environments: []string{"production"}}},
}

var (
	push = Cause{Kind: Push, Place: 7}
	pull = Cause{Kind: PullRequest, Pull: 3}
	noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

func TestWalk(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	start := Run{Repo: 42, Commit: "9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e"}
	seen, queue, steps := map[string]bool{fmt.Sprint(start): true}, []Run{start}, 0
	moves := map[[2]State]bool{}
	for i := 0; i < len(queue) && !t.Failed(); i++ {
		before := queue[i]
		checkState(t, before)
		for _, m := range alphabet(before) {
			steps++
			after, letters := Step(before, m, noon)
			checkStep(t, before, m, after, letters)
			moves[[2]State{before.State, after.State}] = true
			if c := canonical(after); !seen[fmt.Sprint(c)] {
				seen[fmt.Sprint(c)] = true
				queue = append(queue, c)
			}
		}
	}
	for _, s := range []State{Absent, Open, Green, Red, Canceled, PassedOver} {
		for _, to := range s.Moves() {
			if !moves[[2]State{s, to}] {
				t.Errorf("nothing goes from %q to %q", s, to)
			}
		}
	}
	t.Logf("%d states, %d steps", len(seen), steps)
}

// canonical numbers questions by who asks: keys are only compared for equality.
func canonical(r Run) Run {
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Key != 0 {
			c.Key = app.Key(i + 1)
		}
		c.Status = app.Status{}
	}
	if r.Planning != 0 {
		r.Planning = 9
	}
	if r.Asked != 0 {
		r.Asked = 9
	}
	r.Round, r.Why = min(r.Round, 1), ""
	slices.SortFunc(r.Causes, func(a, b Cause) int { return a.Pull - b.Pull })
	return r
}

func alphabet(r Run) []app.Message {
	all := []app.Message{Opened{Cause: push}, Opened{Cause: pull}, Opened{Cause: push, Missed: true}, Withdrawn{Cause: pull},
		app.Said{Verb: app.VerbCancel}, app.Said{Verb: app.VerbRetry}, Planned{-1, plan}, Planned{r.Planning, plan}}
	broken := plan
	broken.Problems = []app.Problem{{File: "f", Sentence: "no"}}
	all = append(all, Planned{r.Planning, broken})
	for _, id := range []string{"build", "test"} {
		all = append(all, app.Said{Verb: app.VerbRetry, Check: id})
		c, _ := r.Check(id)
		for _, k := range []app.Key{c.Key, -1} {
			all = append(all, Began{id, k}, Finished{Check: id, Key: k, Status: app.Status{Running: true}})
			for _, o := range []app.Outcome{app.OutcomeUnknown, app.Succeeded, app.Failed} {
				all = append(all, Finished{Check: id, Key: k, Status: app.Status{Outcome: o}})
			}
		}
	}
	return all
}

// checkState holds that nothing is ever stuck, that no test runs on a build that did not pass, and that all can still turn green.
func checkState(t *testing.T, r Run) {
	t.Helper()
	build, _ := r.Check("build")
	test, _ := r.Check("test")
	if r.State == Open && len(tasks(r)) == 0 {
		t.Errorf("stuck: %+v", r)
	}
	if r.State.Ended() && len(tasks(r)) > 0 {
		t.Errorf("ended, and still wants something: %+v", r)
	}
	if test.State == Running && build.State != Passed {
		t.Errorf("a test without its build: %+v", r)
	}
	if r.State == Green && (build.State != Passed || test.State != Passed || len(r.Plan.Problems) > 0) {
		t.Errorf("green, and not good: %+v", r)
	}
	if end := repair(r); !end.Green("") {
		t.Errorf("can never turn green: %+v, from %+v", end, r)
	}
}

func tasks(r Run) []app.Want {
	return Wants(r)
}

// repair lets everything go right, reading what to do off the wants alone, as after a crash.
func repair(r Run) Run {
	r, _ = Step(r, Opened{Cause: push}, noon)
	for _, again := range []bool{false, true, true} {
		if again && !r.Green("") {
			r, _ = Step(r, app.Said{Verb: app.VerbRetry}, noon)
			if len(r.Plan.Problems) > 0 { // another file is another commit; here a new cause reads it again
				r, _ = Step(r, Withdrawn{Cause: pull}, noon)
				r, _ = Step(r, Opened{Cause: pull}, noon)
			}
		}
		for range 9 {
			for _, w := range tasks(r) {
				switch task := w.Task.(type) {
				case Read:
					r, _ = Step(r, Planned{task.Key, plan}, noon)
				case Execute:
					r, _ = Step(r, Finished{Check: task.Check.ID(), Key: task.Key, Status: app.Status{Outcome: app.Succeeded}}, noon)
				}
			}
		}
	}
	return r
}

// checkStep holds the table of moves, that attempts are new, that late outcomes change nothing, that an unclear outcome is tried at most
// three times, and that lanes hear of every turn.
func checkStep(t *testing.T, before Run, m app.Message, after Run, letters []app.Letter) {
	t.Helper()
	if before.State != after.State && !slices.Contains(before.State.Moves(), after.State) {
		t.Errorf("%q to %q by %#v: %+v", before.State, after.State, m, before)
	}
	for _, c := range after.Checks {
		old, _ := before.Check(c.ID())
		if c.State == Running && c.Key != old.Key && c.Key <= before.Asked {
			t.Errorf("an old number by %#v: %+v", m, before)
		}
		if c.Unclear >= Tries {
			t.Errorf("tried too often by %#v: %+v", m, before)
		}
	}
	if f, is := m.(Finished); is {
		if c, _ := before.Check(f.Check); (c.State != Running || c.Key != f.Key) && fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%#v is late and changes %+v into %+v", m, before, after)
		}
	}
	was := before.Place() != 0 && before.Green("")
	is := after.Place() != 0 && after.Green("")
	if was != is && len(letters) != 1 || was == is && len(letters) != 0 {
		t.Errorf("told %v by %#v: %+v", letters, m, before)
	}
	if is && !was && letters[0].Message.(app.Ready).Commit != (app.Commit{SHA: after.Commit, Place: 7}) {
		t.Errorf("the lane heard %+v", letters)
	}
}
