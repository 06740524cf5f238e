package deploy

// How many ended attempts a lane remembers beyond those that it needs.
const (
	keepAll  = 30 // of all, for /status and for what comes late
	keepGood = 20 // ways back
)

// Forget drops from memory what no message can act on any more; the rows of what is dropped stay in the store as history. Kept is all that
// has not ended, all that a person may let in again, every bad one (a later environment may ask about it), the newest good ones, and the
// newest of all.
func Forget(l Lane) Lane {
	if len(l.Promotions) <= keepAll {
		return l
	}
	kept := make([]Promotion, 0, len(l.Promotions))
	good := 0
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		p := l.Promotions[i]
		if p.State == Live {
			good++
		}
		young := len(l.Promotions)-i <= keepAll
		if young || !p.State.Ended() || p.State.Bad() || p.Commit.Place >= l.Newest || p.Commit == l.Last || p.State == Live && good <= keepGood {
			kept = append(kept, p)
		}
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	l.Promotions = kept
	return l
}
