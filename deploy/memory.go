package deploy

import "github.com/slipway-cd/slipway/app"

// How much a lane remembers of what has ended, beyond what it needs.
const (
	keepAll  = 100 // attempts of all kinds, for people and for what comes late
	keepGood = 20  // ways back
)

// Forget drops from a lane's memory the commits on which no message can act any more; their rows stay in the store as history. What may
// be dropped has ended, well or without having been started, and is older than the newest ever started. Kept are what was put there last,
// what was bad and what is gone from the branch, for a later environment may ask, and the newest of the others. A lane that forgets
// answers everything as one that never does, but for two things: it goes back over no more releases in a row than it keeps, and does not
// note that a commit which it forgot goes from the branch, for wherever that waits it is canceled.
func Forget(l Lane) Lane { return forget(l, keepAll, keepGood) }

func forget(l Lane, all, good int) Lane {
	if len(l.Promotions) <= all {
		return l
	}
	needed := map[app.SHA]bool{}
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		p := &l.Promotions[i]
		if p.State == Live {
			good--
		}
		if len(l.Promotions)-i <= all || p.State == Live && good >= 0 || l.needs(p) {
			needed[p.Commit.SHA] = true
		}
	}
	kept := make([]Promotion, 0, len(l.Promotions))
	for _, p := range l.Promotions {
		if needed[p.Commit.SHA] {
			kept = append(kept, p)
		} else {
			l.Forgotten = max(l.Forgotten, p.Commit.Place)
		}
	}
	l.Promotions = kept
	return l
}

// needs says whether a message could still act on an attempt, or ask about it.
func (l *Lane) needs(p *Promotion) bool {
	return !p.State.Ended() || p.State.Bad() || p.Gone && p.State != Live || p.Commit.Place >= l.Newest
}

// forgot says whether a commit that is not remembered may have been here.
func (l *Lane) forgot(c app.Commit) bool { return l.Forgotten != 0 && c.Place <= l.Forgotten }
