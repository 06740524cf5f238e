package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Comment is the one comment of a pull request, edited in place: while it is open what merging will do, afterwards where its commit is. False:
// there is nothing to say.
func Comment(s Scene, st Story) (app.Comment, bool) {
	body := ""
	switch {
	case st.Commit != "":
		body = cards(s, st)
	case st.Pull.Open && st.Run != nil && st.Run.Planned:
		body = preview(s, st)
	case st.Said && !st.Pull.Open && !st.Pull.Merged:
		body = "Closed without being merged: nothing of it is released."
	}
	if body == "" {
		return app.Comment{}, false
	}
	body = paragraphs(body, altered(st.Altered))
	return app.Comment{Pull: st.Pull.Number, Marker: "card", Body: cut(body, maxComment)}, true
}

// cards is where the commit is, lane by lane, each service's in the order of its file.
func cards(s Scene, st Story) string {
	var all, along []string
	for _, l := range ordered(st.Lanes) {
		p, ok := l.Promotion(st.Commit)
		by, n := st.Carried[l.Address()], st.Elsewhere[l.Address()]
		switch {
		case !ok && by != "":
			along = append(along, follows(l, by, n))
		case !ok:
		case p.State == deploy.Superseded && n != 0:
			all = append(all, follows(l, p.By.SHA, n))
		default:
			all = append(all, card(s, l, p, &st.Pull, st.Outgoing[l.Address()]))
		}
	}
	if len(all) == 0 {
		return waiting(s, st, along)
	}
	return strings.Join(append(all, along...), "\n\n---\n\n")
}

// follows says with which commit this one went out, and where that is told of.
func follows(l deploy.Lane, by app.SHA, pull int) string {
	text := fmt.Sprintf("**%s**: went out with %s", escape(l.Name()), code(by))
	if pull != 0 {
		text += fmt.Sprintf(", see #%d", pull)
	}
	return text + "."
}

// ordered is lanes by service, and each service's as its file orders them.
func ordered(lanes []deploy.Lane) []deploy.Lane {
	place := func(l deploy.Lane) int { return slices.Index(l.Environments, l.Environment) }
	lanes = slices.Clone(lanes)
	slices.SortStableFunc(lanes, func(a, b deploy.Lane) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), place(a)-place(b))
	})
	return lanes
}

// waiting is what is said of a commit of which no lane has heard: not yet, or never, and then along is where it went out with a newer one.
func waiting(s Scene, st Story, along []string) string {
	r := st.Merged
	if r != nil && r.State == checks.PassedOver && st.Said {
		return fmt.Sprintf("Commit %s · *%s*", code(st.Commit), runWord(*r))
	}
	if r == nil || !r.Planned || r.Plan.NoFile && len(r.Plan.Notes) == 0 {
		return ""
	}
	is := runWord(*r)
	if len(along) > 0 {
		is, _, _ = strings.Cut(is, ";") // what follows says what was released
	}
	head := fmt.Sprintf("Commit %s · *%s*", code(st.Commit), is)
	return paragraphs(head, lines(along), problemList(*r), checkList(s, *r, r.State != checks.Open), removed(*r), notes(*r))
}

func runWord(r checks.Run) string {
	switch r.State {
	case checks.Green:
		return "Checks passed"
	case checks.Red:
		return redWord(r)
	case checks.Open:
		return "Being checked; what it releases follows"
	case checks.PassedOver:
		return "Passed over: its push was missed, and a newer commit that holds it was built"
	}
	return "Checks were canceled"
}

// redWord says what is wrong. Where the file can't be used, no check failed: none ran.
func redWord(r checks.Run) string {
	failed := slices.ContainsFunc(r.Checks, func(c checks.Check) bool { return c.State != checks.Passed })
	switch {
	case unusable(r):
		return "`" + filePath + "` can't be used; nothing is released"
	case failed:
		return "Checks failed; nothing is released"
	}
	return "`" + filePath + "` has mistakes; what they concern is not released"
}

// unusable says that a problem of the file stops all of it, not one service.
func unusable(r checks.Run) bool {
	return slices.ContainsFunc(r.Plan.Problems, func(p app.Problem) bool { return p.Service == "" })
}

// preview is what merging will do.
func preview(s Scene, st Story) string {
	r := *st.Run
	if len(r.Plan.Problems) == 0 {
		r.Plan.Problems = st.Problems
	}
	if r.Plan.NoFile && len(r.Plan.Problems) == 0 {
		return notes(r)
	}
	broken := ""
	if len(r.Plan.Problems) > 0 {
		broken = paragraphs("**"+filePath+" can't be used as it is here.** Merged like this, what it breaks would be neither built nor released.", problemList(r))
	}
	file := ""
	if len(st.Preview) > 0 && broken == "" {
		var all []string
		for _, l := range st.Preview {
			all = append(all, escape(l))
		}
		file = paragraphs("`"+filePath+"` is new or changed here. It says:", list(all))
	}
	return paragraphs(broken, merging(st, r), file, notes(r))
}

// merging is what a merge does to each lane that it concerns.
func merging(st Story, r checks.Run) string {
	var all []string
	for _, svc := range r.Plan.Services {
		for _, e := range svc.Environments {
			if !svc.Broken && !concerned(r, svc.Name) {
				all = append(all, escape(app.LaneName(svc.Name, e))+": "+will(st, svc.Name, e)+approvedAhead(st.Ahead[app.LaneAddress(r.Repo, svc.Name, e)]))
			}
		}
	}
	for _, a := range r.Plan.Removed {
		all = append(all, escape(app.LaneName(a.Service, a.Environment))+": not in the file any more. What waits is canceled, what is live stays")
	}
	switch {
	case len(all) > 0:
		return paragraphs("When this is merged and its checks are green:", list(all), approvable(st))
	case len(r.Plan.Problems) > 0:
		return "" // that is why, and it is said already
	case len(r.Plan.Services) == 0:
		return "Merging this releases nothing: it concerns no service."
	}
	return "Merging this releases nothing: the file names no environment."
}

// concerned says whether a problem of the file keeps a service from being released.
func concerned(r checks.Run, service string) bool {
	return slices.ContainsFunc(r.Plan.Problems, func(p app.Problem) bool { return p.Service == "" || p.Service == service })
}

// will says what merging means for a lane.
func will(st Story, service, environment string) string {
	for _, l := range st.Lanes {
		if l.Service != service || l.Environment != environment {
			continue
		}
		switch {
		case l.Hold.Key != 0:
			return "waits, as the lane is on hold"
		case l.Live.SHA != "":
			return "replaces " + code(l.Live.SHA) + ", once its gate allows it"
		case l.Newest == 0:
			return "its first release, which a maintainer must allow"
		}
		return "goes out, once its gate allows it"
	}
	return "its first release, which a maintainer must allow"
}
