package deploy

import "slices"

// inSight is how many of what waits in a lane are followed closely: the newest. What lets one of them go takes all that is older along, so nothing is
// lost by it, and where hundreds wait, each event costs what it costs where two do.
const inSight = 2

// Behind says that a promotion waits behind newer ones that are followed more closely, and that nobody has spoken for it. It is judged like all others,
// and can be approved by itself.
func (l Lane) Behind(p Promotion) bool {
	if p.State != Gating && p.State != Held || len(p.Approvals)+len(p.Overrides)+len(p.Questions) > 0 || p.Eligible || p.Commit.SHA == l.Chosen {
		return false
	}
	newer := 0
	for _, q := range slices.Backward(l.Promotions) {
		if q.State.Waits() && q.Commit.Place > p.Commit.Place {
			if newer++; newer == inSight {
				return true
			}
		}
	}
	return false
}
