package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/policies"
)

type replayCommand struct {
	Config     string `long:"config" value-name:"FILE" description:"Judge by the gates of this file, as if it had been there all along. Without it: by their own, which must give the same."`
	Shared     string `long:"shared" value-name:"FILE" description:"A copy of the file that it extends."`
	Repository string `long:"repository" value-name:"OWNER/REPO" description:"Only its decisions."`
	Data       string `long:"data" env:"SLIPWAY_DATA" default:"/var/lib/slipway" description:"The server's folder."`
	File       string `long:"file" value-name:"FILE" description:"Receipts that were exported, in place of the server's."`
	Args       struct {
		Where []string `positional-arg-name:"SERVICE|ENVIRONMENT" description:"Only there."`
	} `positional-args:"yes"`
}

// Run judges recorded decisions again and lists those that differ.
func (c replayCommand) Run(s streams) error {
	var replay audit.Replay
	if c.Config != "" {
		f, err := readConfig(c.Config, c.Shared)
		if err != nil {
			return err
		}
		replay.Gate = func(service, environment string) (policies.Policy, bool) {
			e, ok := f.Environment(service, environment)
			return e.Policy, ok
		}
	}
	if err := c.judge(&replay); err != nil {
		return err
	}
	c.tell(s.out, &replay)
	if c.Config == "" && len(replay.Differ) > 0 {
		return failure{exitFailed, "the same facts and the same gate give another answer: this slipway judges otherwise than the one that wrote these receipts"}
	}
	return nil
}

// judge judges all that are meant. A file is of one repository, so that must be clear.
func (c replayCommand) judge(replay *audit.Replay) error {
	rows, _, err := auditCommand{Data: c.Data, File: c.File}.receipts()
	if err != nil {
		return err
	}
	var of []string
	for row, err := range rows {
		if err != nil {
			return err
		}
		r, err := row.Receipt()
		if err != nil {
			return err
		}
		if !c.meant(r) {
			continue
		}
		if !slices.Contains(of, r.Repository) {
			of = append(of, r.Repository)
		}
		if err := replay.Next(row); err != nil {
			return err
		}
	}
	if c.Config != "" && len(of) > 1 {
		return failure{exitUsage, fmt.Sprintf("these are decisions of %s, and a file is of one: name it with --repository", strings.Join(of, " and "))}
	}
	return nil
}

func (c replayCommand) meant(r audit.Receipt) bool {
	elsewhere := func(w string) bool { return w != r.Service && w != r.Environment }
	return r.Kind == audit.Decided && (c.Repository == "" || strings.EqualFold(c.Repository, r.Repository)) && !slices.ContainsFunc(c.Args.Where, elsewhere)
}

// tell lists what differs.
func (c replayCommand) tell(out io.Writer, replay *audit.Replay) {
	fmt.Fprintln(out, replay.Summary())
	for _, d := range replay.Differ {
		r := d.Receipt
		fmt.Fprintf(out, "\n%s %s, %s (row %d): %s → %s\n", app.LaneName(r.Service, r.Environment), r.Commit.Short(), when(r.At), d.Row, r.Decision.Verdict, d.Is.Verdict)
		fmt.Fprintf(out, "  was: %s\n  is:  %s\n", r.Decision.Sentence(), d.Is.Sentence())
	}
}
