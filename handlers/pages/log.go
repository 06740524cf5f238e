package pages

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Log is a page of which the middle, a log's lines, is written while its program runs.
type Log struct {
	Top
	Heading string
	From    int64 // the byte at which it begins
	Follows bool  // its end is shown first, and stays in sight while it grows
}

// AnyLog is a log of which nothing is known.
func AnyLog() Log { return Log{Top: Top{Title: "Log", Class: "log"}, Heading: "Log"} }

// CheckLog is the log of the check that has this key in its run.
func (v View) CheckLog(repo app.Repo, run checks.Run, k app.Key) Log {
	heading := "Log"
	for _, c := range run.Checks {
		if c.Key == k && !c.IsExternal() {
			heading = c.Title()
		}
	}
	return v.log(repo, Crumb{run.Commit.Short(), v.Links.Run(repo.ID, run.Commit)}, heading, run.Commit.Short())
}

// DeploymentLog is the log of a lane's program, by its task and key.
func (v View) DeploymentLog(repo app.Repo, l deploy.Lane, task string, k app.Key) Log {
	heading := "Deployment log"
	if task == (deploy.Restore{}).Task() {
		heading = "Rollback log"
	}
	return v.log(repo, Crumb{l.Name(), v.Links.Lane(l.Address())}, heading, put(l, k).Short(), l.Name())
}

// log is a log with its heading, of which the title says more.
func (v View) log(repo app.Repo, of Crumb, heading string, more ...string) Log {
	l := AnyLog()
	l.Heading, l.Crumbs = heading, append(v.Home(repo), of)
	l.Title = strings.Join(slices.DeleteFunc(append([]string{heading}, more...), func(s string) bool { return s == "" }), " · ")
	return l
}

// put is the commit that a lane's program was to put there, by the program's number; "" if the lane does not remember.
func put(l deploy.Lane, k app.Key) app.SHA {
	for _, p := range l.Promotions {
		switch k {
		case p.Put:
			return p.Commit.SHA
		case p.Undone:
			return p.To
		}
		for _, t := range p.Tried {
			if t.Key == k {
				return t.Commit
			}
		}
	}
	return ""
}

// LogKey is the name of a program's log: that of its row.
func LogKey(at app.Address, t app.Task, k app.Key) string {
	return app.RowKey(at, fmt.Sprintf("%s/%d", t.Task(), k))
}

// Before is what comes before the lines, and After what comes after them, with a sentence on how the log ended.
func (l Log) Before() []byte {
	before, _ := l.around("")
	return before
}

// After is what comes after the lines.
func (l Log) After(end string) []byte {
	_, after := l.around(end)
	return after
}

func (l Log) around(end string) (before, after []byte) {
	const lines = "<!-- lines -->" // others' words can't make one, for they are escaped
	class := "terminal"
	if l.Follows {
		class += " end"
	}
	page := document(l.Top,
		h.Div(h.H1(g.Text(l.Heading)), soft(l.part(), h.A(h.Href("?raw"), g.Text("plain text")))),
		h.Div(h.Class(class), h.Div(h.Pre(g.Raw(lines)), h.P(g.Text(end)))),
	)
	before, after, _ = bytes.Cut(page, []byte(lines))
	return before, after
}

// part says which part of the log is shown, if it is not the whole.
func (l Log) part() g.Node {
	if l.From == 0 {
		return nil
	}
	which := fmt.Sprintf("from byte %d on", l.From)
	if l.Follows {
		which = "the last part of a long log"
	}
	return g.Group{g.Text(which + " · "), h.A(h.Href("?from=0"), g.Text("from the beginning")), g.Text(" · ")}
}
