package main

import (
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app/standin"
)

const manyFile = `version: 1
environments:
  production:
    policy: delivery
    approve: { not: [author] }
    deploy: { run: "echo $SLIPWAY_COMMIT > $TARGET/production" }
`

// crowd is a lane in which so many commits wait, and what each event there asks of GitHub.
type crowd struct {
	*scene
	asked sync.Map // how many requests of each kind
}

func newCrowd(t *testing.T, waiting int) *crowd {
	c := &crowd{scene: &scene{stage: newStage(t), t: t, files: map[string]string{}, pulls: map[string]*standin.Pull{}, commits: map[string]string{}}}
	c.before = func(r *http.Request) {
		key := r.Method + " " + regexp.MustCompile(`[0-9a-f]{7,}|[0-9]+`).ReplaceAllString(r.URL.Path, "N")
		n, _ := c.asked.LoadOrStore(key, new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
	}
	c.files["v1/.github/slipway.yml"] = c.fill(manyFile)
	c.brings(0, "v1")
	c.mustPlay("comment", "dana", "0", "/approve production {0.merge}")
	c.mustPlay("expect", "live", "production", "0.merge")
	for i := 1; i <= waiting; i++ {
		c.files[fmt.Sprintf("f%d/file%d.txt", i, i)] = "x"
		c.brings(i, fmt.Sprintf("f%d", i))
	}
	return c
}

func (c *crowd) mustPlay(words ...string) {
	c.t.Helper()
	if err := c.play(words); err != nil {
		c.t.Fatal(err)
	}
}

// brings merges a pull request, whose commit then waits.
func (c *crowd) brings(i int, folder string) {
	c.t.Helper()
	name := fmt.Sprint(i)
	c.mustPlay("commit", "ben", "branch"+name, "Change "+name, folder)
	c.mustPlay("pr", "ben", name, "Change "+name, "branch"+name)
	c.mustPlay("expect", "check", name+".head", "slipway", "success")
	c.mustPlay("merge", "ben", name)
	c.mustPlay("expect", "comment", name, "To approve, comment on #")
}

// costs is how many requests an event makes, by kind and in all.
func (c *crowd) costs(do func()) (all int64, kinds string) {
	c.t.Helper()
	settle := func() {
		for range 4 {
			if err := c.advance(2 * time.Second); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	settle()
	c.asked.Clear()
	do()
	settle()
	c.asked.Range(func(kind, n any) bool {
		all += n.(*atomic.Int64).Load()
		kinds += fmt.Sprintf("\n  %d %s", n.(*atomic.Int64).Load(), kind)
		return true
	})
	return all, kinds
}

// slack is how many writes more or less an event may take by the order in which things happen to be seen.
const slack = 4

// TestManyWaiting: an event asks no more of GitHub where many commits wait than where two do.
func TestManyWaiting(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("it says nothing about races, and takes its time")
	}
	events := []struct {
		name string
		do   func(*crowd)
	}{
		{"a push", func(c *crowd) { c.files["more/more.txt"] = "x"; c.brings(900, "more") }},
		{"status", func(c *crowd) { c.mustPlay("comment", "dana", "900", "/status") }},
		{"a comment that is refused", func(c *crowd) { c.mustPlay("comment", "ben", "900", "/approve production {900.merge}") }},
		{"an approval of an old one that is taken back", func(c *crowd) {
			c.mustPlay("comment", "dana", "1", "/hold")
			c.mustPlay("comment", "dana", "1", "/approve production {1.merge}")
			c.mustPlay("comment", "dana", "1", "/unapprove production {1.merge}")
		}},
		{"a label", func(c *crowd) { c.mustPlay("label", "dana", "900", "urgent") }},
		{"another file", func(c *crowd) {
			c.files["v2/.github/slipway.yml"] = c.fill(manyFile) + "    wait: 1s\n"
			c.mustPlay("commit", "ben", "main", "Another gate", "v2")
		}},
	}
	few, many := newCrowd(t, 2), newCrowd(t, 12)
	for _, c := range []*crowd{few, many} {
		if err := c.advance(11 * time.Minute); err != nil { // what was merged is settled
			t.Fatal(err)
		}
		c.costs(func() { c.mustPlay("label", "dana", "1", "first") }) // and is read once more
	}
	for _, e := range events {
		a, _ := few.costs(func() { e.do(few) })
		b, kinds := many.costs(func() { e.do(many) })
		if t.Logf("%s: %d requests where 2 wait, %d where 12 do", e.name, a, b); b > a+slack {
			t.Errorf("%s asks more of GitHub where many wait: %s", e.name, kinds)
		}
	}
}
