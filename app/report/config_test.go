package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// TestConfig: what a changed file would have decided otherwise stays within GitHub's limits, calls nobody, and what differs is another check run.
func TestConfig(t *testing.T) {
	if _, ok := Config(scene(), checks.Run{}); ok {
		t.Error("a commit that does not change the file has a check of it")
	}
	rapid.Check(t, func(t *rapid.T) {
		h := history{}
		for range 3 {
			p := checks.Replay{Summary: "3 recorded decisions judged again.", Looser: rapid.IntRange(0, 2).Draw(t, "looser"), More: rapid.IntRange(0, 2).Draw(t, "more")}
			for range rapid.IntRange(0, 50).Draw(t, "differ") {
				p.Differ = append(p.Differ, checks.Differs{Lane: nasty().Draw(t, "lane"), Commit: app.SHA(strings.Repeat("a", 40)), At: time.Unix(1, 0),
					Was: "hold: " + nasty().Draw(t, "was"), Is: "allow: @dana " + nasty().Draw(t, "is")})
			}
			v, ok := Config(scene(), checks.Run{Plan: checks.Plan{Replay: p}})
			h.shows(t, v, ok)
			if n := len(p.Differ) + p.More; !ok || (v.Conclusion == "success") != (n == 0) {
				t.Fatalf("%d differ: %v %s", n, ok, v.Conclusion)
			}
			if len(p.Differ) > 0 && strings.Contains(v.Summary, "allow: @dana") {
				t.Fatal("it calls somebody")
			}
			if n := len(p.Differ) + p.More; n > 1 && !strings.HasPrefix(v.Title, fmt.Sprint(n)) {
				t.Fatalf("%d differ, and it says %q", n, v.Title)
			}
		}
	})
}
