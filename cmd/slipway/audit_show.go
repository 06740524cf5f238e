package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/policies"
)

// show says which release carried a commit to each lane, who let that one go, when, and what they saw.
func (c auditCommand) show(out io.Writer) error {
	prefix := strings.ToLower(c.Args.Commit)
	if len(prefix) < 7 || len(prefix) > 40 || !app.IsHex(prefix) {
		return failure{exitUsage, "show wants a commit: at least 7 of its digits"}
	}
	commits, err := c.commits(prefix)
	if err != nil {
		return err
	}
	if len(commits) == 0 {
		return failure{exitFailed, fmt.Sprintf("no commit that begins with %s is known", prefix)}
	}
	for _, commit := range commits {
		if err := c.tell(out, commit); err != nil {
			return err
		}
	}
	return nil
}

// commits is the commits whose names begin so: by the server's places on the branch, and by the receipts.
func (c auditCommand) commits(prefix string) ([]store.Placed, error) {
	if c.File == "" {
		return store.FindPlaced(context.Background(), c.database(), prefix)
	}
	var all []store.Placed
	known := map[store.Placed]bool{}
	err := c.each(func(_ audit.Row, r audit.Receipt) {
		p := store.Placed{Repo: r.Repo, Commit: app.Commit{SHA: r.Commit, Place: r.Place}}
		if strings.HasPrefix(string(r.Commit), prefix) && r.Place != 0 && !known[p] {
			known[p] = true
			all = append(all, p)
		}
	})
	return all, err
}

// each goes through all receipts.
func (c auditCommand) each(do func(audit.Row, audit.Receipt)) error {
	rows, _, err := c.receipts()
	if err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		r, err := row.Receipt()
		if err != nil {
			return err
		}
		do(row, r)
	}
	return nil
}

// carried is the attempt that took a commit to a lane.
type carried struct {
	commit  app.SHA
	attempt app.Key
}

// tell finds the first release of each lane that holds the commit, and says all that is known of that one.
func (c auditCommand) tell(out io.Writer, p store.Placed) error {
	by := map[string]carried{}
	var order []string
	name := ""
	err := c.each(func(_ audit.Row, r audit.Receipt) {
		lane := app.LaneName(r.Service, r.Environment)
		if r.Repo != p.Repo || r.Kind != audit.Started || r.Place < p.Commit.Place {
			return
		}
		name = r.Repository
		if _, known := by[lane]; !known {
			by[lane] = carried{r.Commit, r.Attempt}
			order = append(order, lane)
		}
	})
	if err != nil {
		return err
	}
	if len(order) == 0 {
		fmt.Fprintf(out, "Commit %s has not gone out.\n", p.Commit.SHA.Short())
		return nil
	}
	fmt.Fprintf(out, "Commit %s of %s\n", p.Commit.SHA.Short(), name)
	for _, lane := range order {
		is := by[lane]
		with := "went out itself"
		if is.commit != p.Commit.SHA {
			with = "went out with " + is.commit.Short()
		}
		fmt.Fprintf(out, "\n%s: it %s\n", lane, with)
		var shown app.Pin
		err := c.each(func(row audit.Row, r audit.Receipt) {
			if r.Repo == p.Repo && app.LaneName(r.Service, r.Environment) == lane && r.Commit == is.commit && r.Attempt == is.attempt {
				fmt.Fprintf(out, "  %s  %s (row %d)\n", when(r.At), told(r), row.Row)
				if s := saw(r.Pin, shown); s != "" {
					fmt.Fprintf(out, "%23s%s\n", "", s)
					shown = r.Pin
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// told is a receipt as one sentence.
func told(r audit.Receipt) string {
	who := "slipway"
	if r.By.Login != "" {
		who = "@" + r.By.Login
	}
	if r.Role != "" {
		who += " (" + r.Role + proven(r.Proof) + ")"
	}
	switch r.Kind {
	case audit.Approved:
		return who + " approved it by " + strings.ReplaceAll(r.Source, "/", " ") + before(r.Pull) + later(r.From)
	case audit.Withdrawn:
		return who + " took that back"
	case audit.Overrode:
		return who + " spoke against its gate" + because(r.Because)
	case audit.Decided:
		return "the gate said " + r.Decision.Verdict.String() + ": " + reasons(*r.Decision)
	case audit.Started:
		return fmt.Sprintf("its deployment began, number %d", r.Fence)
	case audit.Became:
		return "it is " + strings.ReplaceAll(string(r.State), "_", " ") + ". " + strings.TrimSuffix(r.Why, ".")
	}
	return string(r.Kind) + because(r.Because)
}

func proven(selector string) string {
	if selector == "" {
		return ""
	}
	return ", asked for as " + selector
}

func before(pull int) string {
	if pull == 0 {
		return ""
	}
	return fmt.Sprintf(" on #%d before its merge", pull)
}

func later(from time.Time) string {
	if from.IsZero() {
		return ""
	}
	return ", from " + when(from) + " on"
}

// saw is what somebody was shown, or what was judged, where it is not what was told before.
func saw(p, before app.Pin) string {
	var all []string
	differs := false
	for _, part := range []struct{ what, is, was string }{
		{"tree ", p.Tree, before.Tree}, {"judged by the file at ", string(p.Head), string(before.Head)},
		{"and that of what was live, ", string(p.Live), string(before.Live)}, {"artifact ", p.Artifact, before.Artifact},
	} {
		if part.is != "" {
			differs = differs || part.is != part.was
			all = append(all, part.what+cutTo(strings.TrimPrefix(part.is, "sha256:")))
		}
	}
	if !differs {
		return ""
	}
	return strings.Join(all, ", ")
}

func cutTo(s string) string { return s[:min(len(s), app.ShortLen)] }

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(why, ".")
}

func reasons(d policies.Decision) string {
	var all []string
	for _, r := range d.Reasons {
		all = append(all, strings.TrimSuffix(r.Sentence, "."))
	}
	return strings.Join(all, "; ")
}
