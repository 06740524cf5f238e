package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
)

// The crash test of an approval that is given before the merge. The server is
// killed around each of its writes to the conversation, from the approval until the release is live.

// unmerged tells the story up to where a first release is live and a second change can be approved.
func (c *crash) unmerged() *standin.Pull {
	c.finish(c.play())
	return c.pull("Two", map[string]string{"two": "2"})
}

// ahead approves the second change and merges it; nobody says anything more.
func (c *crash) ahead(two *standin.Pull) string {
	_, err := two.Comment("dana", "/approve")
	c.must(err)
	c.wait("a comment that says so", func() bool { return said(two, "has approved it already") })
	_, err = two.Merge("ben", "squash")
	c.must(err)
	c.wait("a live release", func() bool {
		r, _ := c.repo.CheckRun(two.MergeCommit(), "promote: production")
		return r.Conclusion == "success"
	})
	c.wait("a card that says so", func() bool { return said(two, "*Live*") })
	c.wait("an answer", func() bool { return answers(two) > 0 })
	return fmt.Sprintf("%d puts, %d answers, called %v", len(c.lines("puts")), answers(two), said(two, "slipway:notice/"))
}

// answers is how many answers the App has given.
func answers(p *standin.Pull) (n int) {
	for _, m := range p.Comments() {
		if strings.Contains(m.Body, "<!-- slipway:answer-") {
			n++
		}
	}
	return n
}

func TestCrashAhead(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	c := newCrash(t, strike{})
	two := c.unmerged()
	count := c.strikeAtWrite(0, "answered", "/issues/")
	want := c.ahead(two)
	_, writes := count()
	if writes < 4 || want != "2 puts, 1 answers, called false" {
		t.Fatalf("%d writes, %s", writes, want)
	}
	crew := newCrew(t)
	defer crew.wait()
	crew.aroundWrites(writes, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		two := c.unmerged()
		struck := c.strikeAtWrite(n, moment, "/issues/")
		if got := c.ahead(two); got != want {
			t.Errorf("in the end\n%s\nand without a crash\n%s", got, want)
		}
		c.died(struck)
	})
}
