package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
)

// crashSlots is how many servers there are at a time: they wait more than they work, so there are more than processors.
const crashSlots = 12

// crew tells stories beside each other, as many as there are slots: t.Parallel would let only as many as there are processors.
type crew struct {
	t     *testing.T
	slots chan struct{}
	all   sync.WaitGroup
}

func newCrew(t *testing.T) *crew { return &crew{t: t, slots: make(chan struct{}, crashSlots)} }

// run tells a story as soon as there is a slot. Whoever has begun one waits for them all.
func (k *crew) run(name string, tell func(*testing.T)) {
	k.all.Go(func() {
		k.slots <- struct{}{}
		defer func() { <-k.slots }()
		k.t.Run(name, tell)
	})
}

func (k *crew) wait() { k.all.Wait() }

// aroundWrites tells a story again for each of so many writes and each moment at which the server can die around one.
func (k *crew) aroundWrites(writes int, tell func(t *testing.T, n int, moment string)) {
	for n := 1; n <= writes; n++ {
		for _, moment := range []string{"before", "unanswered", "answered"} {
			k.run(fmt.Sprintf("write %d %s", n, moment), func(t *testing.T) { tell(t, n, moment) })
		}
	}
}

// strikeAtWrite kills the server around the nth write from now on whose path holds a part. What it returns says whether that came, and how many
// such writes there were.
func (c *crash) strikeAtWrite(n int, moment, part string) func() (struck bool, writes int) {
	var mu sync.Mutex
	var struck bool
	seen := map[int]int{} // its number among them, by its number among all
	hit := func(w standin.Write) bool {
		mu.Lock()
		defer mu.Unlock()
		if !strings.Contains(w.Path, part) {
			return false
		}
		if seen[w.Number] == 0 {
			seen[w.Number] = len(seen) + 1
		}
		if seen[w.Number] != n || struck {
			return false
		}
		struck = true
		c.kill()
		return true
	}
	hooks := standin.WriteHooks{}
	switch moment {
	case "before":
		hooks.Before = func(w standin.Write) bool { return !hit(w) }
	case "unanswered":
		hooks.AppliedUnanswered = func(w standin.Write) bool { return !hit(w) }
	default:
		hooks.Answered = func(w standin.Write) { hit(w) }
	}
	c.github.OnWrite(hooks)
	return func() (bool, int) { mu.Lock(); defer mu.Unlock(); return struck, len(seen) }
}

// died holds that the server was killed once. How many writes there are depends on how views coalesce, so the last few may never come: then
// nothing was crashed, and the test says so.
func (c *crash) died(struck func() (bool, int)) {
	c.t.Helper()
	if is, last := struck(); !is {
		c.t.Skipf("this time the story took %d writes", last)
	}
	c.wait("a dead server", func() bool { return c.killed() > 0 })
	if n := c.killed(); n != 1 {
		c.t.Errorf("the server died %d times", n)
	}
}
