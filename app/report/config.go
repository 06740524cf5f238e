package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// Config is the check run slipway / config of a commit that changes the file: what its gates would have decided otherwise. It fails nobody: whether a
// change is wanted is for people to say. False: there is nothing to say.
func Config(s Scene, r checks.Run) (app.CheckRun, bool) {
	p := r.Plan.Replay
	if p.Summary == "" {
		return app.CheckRun{}, false
	}
	v := app.CheckRun{
		Name: "slipway / config", Commit: r.Commit, DetailsURL: s.Links.Run(r.Repo, r.Commit), External: "config/" + short(p), Status: "completed",
		Conclusion: "success", Title: "No recorded decision would differ", Summary: p.Summary,
	}
	n := len(p.Differ) + p.More
	if n == 0 {
		return v, true
	}
	v.Conclusion, v.Title = "neutral", plural(n, "recorded decision", "recorded decisions")+" would differ"
	if p.Looser > 0 {
		v.Title += fmt.Sprintf(", %d of them would go that did not", p.Looser)
	}
	var all []string
	for _, d := range p.Differ {
		all = append(all, fmt.Sprintf("**%s**, %s, %s  \n  was %s  \n  now %s", escape(d.Lane), code(d.Commit), at(d.At), quiet(sentence(d.Was)), quiet(sentence(d.Is))))
	}
	more := ""
	if p.More > 0 {
		more = fmt.Sprintf("%d more are not listed. `slipway replay --config` lists them all.", p.More)
	}
	v.Summary = cut(paragraphs(p.Summary, "Each was judged again on the facts of its time, as if this file had been there all along. Merged, what it loosens counts "+
		"only after it has passed the gate that it loosens; what it tightens counts at once.", list(all), more), maxText)
	return v, true
}

// short names what a check run shows: a completed one is never written again, so what differs is another.
func short(p checks.Replay) string {
	data, err := json.Marshal(p)
	if err != nil {
		return "0" // plain data can always be written
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%x", sum[:6])
}
