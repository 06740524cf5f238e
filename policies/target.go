package policies

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// target is a promotion, in its lane.
type target struct {
	lane LaneView
	PromotionView
}

// targets is the promotions in these lanes that fit.
func targets(lanes []LaneView, fits func(target) bool) []target {
	var all []target
	for _, l := range lanes {
		for _, p := range l.Promotions {
			if t := (target{l, p}); fits(t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// of keeps the targets of one commit.
func of(all []target, commit app.SHA) []target {
	var some []target
	for _, t := range all {
		if t.Commit.SHA == commit {
			some = append(some, t)
		}
	}
	return some
}

// name is how a lane is called within a sentence.
func (l LaneView) name() string { return place(l.Service, l.Environment) }

// say is the exact command for a lane and, if one is given, a commit.
func (l LaneView) say(v app.Verb, c app.SHA) string {
	words := []string{"/" + string(v)}
	for _, w := range []string{l.Service, l.Environment, c.Short()} {
		if w != "" {
			words = append(words, w)
		}
	}
	return "`" + strings.Join(words, " ") + "`"
}

func (t target) say(v app.Verb) string { return t.lane.say(v, t.Commit.SHA) }

// each lists the exact command for each target.
func each(v app.Verb, all []target) string {
	var b strings.Builder
	for _, t := range all {
		fmt.Fprintf(&b, "\n- %s", t.say(v))
	}
	return b.String()
}

// address is where letters to the lane go.
func (a Asked) address(l LaneView) app.Address {
	return app.LaneAddress(a.Repo, l.Service, l.Environment)
}

// said is a person's word to a lane.
func (a Asked) said(l LaneView, s app.Said) app.Letter {
	s.By, s.Proof = a.By, app.Proof{Role: a.Role.Value, Source: a.Source, Text: a.Text, Event: a.Event}
	return app.Letter{To: a.address(l), Message: s}
}

// doing is how a promotion is, after "is" or "was".
func (p PromotionView) doing() string {
	switch p.State {
	case Waiting:
		return "waiting"
	case Deploying:
		return "being deployed"
	case Verifying:
		return "deployed and being watched"
	case RollingBack:
		return "being rolled back"
	case Attention:
		return "in need of a person"
	case EndedLive:
		return "good here"
	case "":
		return "unknown"
	}
	return string(p.State)
}

// pullCommit is the commit that a command without one means, or why there is none.
func (a Asked) pullCommit() (app.SHA, string) {
	switch p := a.Pull; {
	case a.door() == app.DoorCommitComment:
		return a.On, ""
	case p.Number == 0:
		return "", "there is no pull request here, so name the commit"
	case p.Open && p.Elsewhere:
		return "", fmt.Sprintf("nothing waits: #%d goes into a branch from which nothing is deployed", p.Number)
	case p.Open && len(of(targets(a.Lanes, target.ahead), p.Head)) > 0:
		return p.Head, ""
	case p.Open && p.Unread:
		return "", fmt.Sprintf("slipway is finding out what #%d changes. Say it again in a moment", p.Number)
	case p.Open:
		return "", "nothing waits yet; it will after the merge"
	case p.MergedAt.IsZero() && p.Commit == "":
		return "", fmt.Sprintf("nothing waits: #%d was closed without being merged", p.Number)
	case p.Elsewhere:
		return "", fmt.Sprintf("nothing waits: #%d went into a branch from which nothing is deployed", p.Number)
	case p.Commit == "":
		return "", fmt.Sprintf("slipway has not seen yet which commit #%d became. Say it again in a moment", p.Number)
	}
	return a.Pull.Commit, ""
}

// find is the promotion of a commit in this lane.
func (l LaneView) find(c app.SHA) (target, bool) {
	for _, p := range l.Promotions {
		if p.Commit.SHA == c {
			return target{l, p}, true
		}
	}
	return target{}, false
}
