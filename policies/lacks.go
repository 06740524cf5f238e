package policies

import "slices"

// NeedTeams is who is in the teams that a gate names.
const NeedTeams FactKind = "teams"

// Lacks is what the gate asks for and these facts never told, sorted: facts that were gathered for one gate may be judged by another, and then what
// was never read is no reason to hold. A fact that was read in vain says why, and does not lack.
func (f Facts) Lacks() (lacks []FactKind) {
	gathered := map[FactKind]bool{
		NeedRoles:   true, // each approval has them; who else could approve costs only words
		NeedAuthors: f.Excluded.Known || f.Excluded.Why != "",
		NeedChanges: f.Changes.Known || f.Changes.Why != "",
		NeedPaths:   f.Paths.Known || f.Paths.Why != "",
		NeedOwners:  f.Owners.Known || f.Owners.Why != "",
		NeedReview:  f.Protection.Known || f.Protection.Why != "",
	}
	for _, need := range f.Gate.Needs() {
		if need != NeedStanding && !gathered[need] {
			lacks = append(lacks, need)
		}
	}
	if slices.ContainsFunc(f.Gate.After(), f.unplaced) {
		lacks = append(lacks, NeedStanding)
	}
	if slices.ContainsFunc(f.Gate.Teams(), func(team string) bool { _, read := f.Teams[team]; return !read }) {
		lacks = append(lacks, NeedTeams)
	}
	slices.Sort(lacks)
	return lacks
}

// unplaced says that nobody has asked how the commit stands in an environment, or since when it is good there.
func (f Facts) unplaced(environment string) bool {
	if _, read := f.Standings[environment]; !read {
		return true
	}
	_, read := f.GoodSince[environment]
	return !read && f.Gate.Soak(environment) > 0
}

// By is the facts with another policy as that of the default branch, and, where a release is live whose file judges too, as that one's: as if it had
// been there all along.
func (f Facts) By(p Policy) Facts {
	f.Gate.Head.Value, f.Gate.Head.Known, f.Gate.Head.Why = p, true, ""
	if f.Gate.Live.Known && f.Gate.Live.Value.Mode != ModeUnknown {
		f.Gate.Live.Value = p
	}
	return f
}
