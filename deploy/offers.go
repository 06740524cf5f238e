package deploy

import "github.com/slipway-cd/slipway/app"

// Offers is what a person can say about a promotion so that something changes: what its card names and its buttons do. In attention there
// is always one.
func (l Lane) Offers(p Promotion) []app.Verb {
	var verbs []app.Verb
	if p.State.Waits() && p.Then != Canceled || p.State == Attention || p.State == Retrying || l.AwaitsStart(p) {
		verbs = append(verbs, app.VerbCancel)
	}
	if l.retries(p) {
		verbs = append(verbs, app.VerbRetry)
	}
	if l.undoes(p) {
		verbs = append(verbs, app.VerbRollback)
	}
	return verbs
}

// retries says whether /retry does something for the promotion.
func (l Lane) retries(p Promotion) bool {
	if q, ok := l.Promotion(p.Commit.SHA); !ok || q.Attempt != p.Attempt {
		return false
	}
	open := !l.Closed && !p.Gone && p.Commit.Place >= l.Newest
	switch {
	case p.State == Attention && p.Was != Deploying:
		return true
	case p.State == Attention:
		return open && l.Hold.Key == 0
	}
	return open && p.State.Again() && p.Back == ""
}

// undoes says whether /rollback does something for the promotion: for what was put there last, or a later attempt whose card is shown in
// its place.
func (l Lane) undoes(p Promotion) bool {
	s := l.started(p.Commit.SHA)
	if _, back := l.WayBack(p.Commit.SHA); !back || p.Commit != l.Last || s == nil || !l.shown(s, p.Attempt) {
		return false
	}
	return s.Back == "" && (s.State == Live || s.State == Failed || s.State.Busy() && s.State != RollingBack)
}
