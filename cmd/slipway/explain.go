package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

type explainCommand struct {
	factsFrom
	JSON bool `long:"json" description:"Print the facts themselves, for --facts."`
}

// Run says what the gate says of a commit, a sentence for each rule, on facts that are read anew or that were kept.
func (c explainCommand) Run(s streams) error {
	all, err := c.read(context.Background())
	if err != nil {
		return err
	}
	if c.JSON {
		write := json.NewEncoder(s.out)
		write.SetIndent("", "  ")
		return write.Encode(all)
	}
	for i, f := range all {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		d := policies.Judge(f)
		fmt.Fprintf(s.out, "%s: %s\n", judged(f), d.Verdict)
		explain(s.out, f, d)
	}
	return nil
}

// judged names what is judged, and as of when.
func judged(f policies.Facts) string {
	return fmt.Sprintf("%s, %s, at %s", app.LaneName(f.Service, f.Environment), f.Commit.Short(), clockOf(f, f.Now))
}

// clockOf is a time on the gate's clock.
func clockOf(f policies.Facts, t time.Time) string {
	zone := f.Gate.Zone()
	return zone.Wall(t).Format("2006-01-02 15:04:05") + " " + zone.String()
}

// explain says what each rule finds.
func explain(out io.Writer, f policies.Facts, d policies.Decision) {
	for _, r := range d.Reasons {
		verdict := r.Verdict.String()
		if r.Skipped {
			verdict = "skip"
		}
		fmt.Fprintf(out, "  %-5s  %-13s  %s\n", verdict, r.Rule, r.Sentence)
	}
	if len(d.Reasons) == 0 {
		fmt.Fprintf(out, "  No rule has anything to say, so nothing goes.\n")
	}
	if !d.Recheck.IsZero() {
		fmt.Fprintf(out, "  It is looked at again at %s.\n", clockOf(f, d.Recheck))
	}
}
