package engine

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Names change hands: a repository that is renamed or moved leaves its name to whoever comes next. What the operator said of a name was said
// of the repository that had it first.

// barred is why a repository is not served although its name is listed, or "".
func (e *Engine) barred(tx Tx, r app.Repo) (why string, err error) {
	if e.Allow == nil || r.ID == 0 {
		return "", nil
	}
	first, err := firstNamed(tx, r)
	if err != nil {
		return "", err
	}
	known := first.Owner != 0
	if !known {
		first.Owner = r.OwnerID
	}
	ok, why := e.Allow(r, first)
	switch {
	case !ok:
		return cmp.Or(why, "this server does not serve it"), nil
	case known:
		return "", nil
	}
	return "", tx.SetNote(ownerNote(r), strconv.FormatInt(r.OwnerID, 10))
}

// First is who had a name first, by GitHub's numbers.
type First struct {
	Repo  app.RepoID
	Owner int64 // the account
}

// firstNamed is who had a repository's names first, as far as is known; 0 if nobody is known to have had the owner's.
func firstNamed(tx Tx, r app.Repo) (f First, err error) {
	if f.Repo, err = tx.FirstNamed(r.FullName()); err != nil {
		return f, err
	}
	if f.Repo == 0 {
		f.Repo = r.ID
	}
	noted, err := tx.Note(ownerNote(r))
	if err != nil || noted == "" {
		return f, err
	}
	if f.Owner, err = strconv.ParseInt(noted, 10, 64); err != nil {
		return f, fmt.Errorf("reading who was %s first: %w", r.Owner, err)
	}
	return f, nil
}

func ownerNote(r app.Repo) string { return "owner/" + strings.ToLower(r.Owner) }

// letIn leaves out the letters of repositories that are barred, and says why. That a repository is not served any more is always heard.
func (e *Engine) letIn(tx Tx, letters []app.Letter) (in []app.Letter, why string, err error) {
	for _, l := range letters {
		barred := ""
		if r, ok := about(l.Message); ok {
			if barred, err = e.barred(tx, r); err != nil {
				return nil, "", fmt.Errorf("asking whether %s is served: %w", r.FullName(), err)
			}
		}
		if barred != "" {
			why = barred
			continue
		}
		in = append(in, l)
	}
	return in, why, nil
}

// about is the repository that an event tells of as one that is served.
func about(m app.Message) (app.Repo, bool) {
	switch m := m.(type) {
	case app.Pushed:
		return m.Repo, true
	case app.PullChanged:
		return m.Repo, true
	case app.MergeQueued:
		return m.Repo, true
	case app.Relabeled:
		return m.Repo, true
	case app.Commented:
		return m.Repo, true
	case app.CommentAltered:
		return m.Repo, true
	case app.PullReviewed:
		return m.Repo, true
	case app.Pressed:
		return m.Repo, true
	case app.Reported:
		return m.Repo, true
	case app.WorkflowRan:
		return m.Repo, true
	case app.ProtectionAsked:
		return m.Repo, true
	case app.Served:
		return m.Repo, !m.Gone
	}
	return app.Repo{}, false
}
