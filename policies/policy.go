package policies

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Mode is how an environment is released.
type Mode string

// The modes. The zero value denies.
const (
	ModeUnknown Mode = ""
	Deployment  Mode = "deployment" // continuous deployment: green checks alone
	Delivery    Mode = "delivery"   // continuous delivery: a person decides
)

// Policy is the gate of one environment as one file describes it. The zero value denies.
type Policy struct {
	Mode             Mode
	After            string        // the environment in which the commit must be proven first; "" is none
	Soak             time.Duration // how long it must have been good there
	Wait             time.Duration // how long it has to wait from when it came
	Windows          []Window      // when it may start, and when not; calendars of freezes among them
	From             []Selector    // who may approve under delivery; empty is one maintainer
	Count            int           // how many of them; 0 is 1
	All, Any         []Requirement // in place of From: what all of these want, or one of them
	Expires          time.Duration // how long an approval counts; 0 is for ever
	Not              Not           // who may not
	Doors            []app.Door    // by which an approval has to come; none is by any but a review
	OverrideChecks   bool          // an admin's override may skip the checks too
	Review           bool          // GitHub's reviewers of the environment decide under delivery, and nobody is asked here
	Environment      string        // with Review: GitHub's name of the environment whose reviewers they are
	HoldsAfterReturn bool          // after_rollback: hold, which is the default: config sets it
}

// Equal says whether two policies judge alike. They are plain data, and zones are compared by name.
func (p Policy) Equal(o Policy) bool {
	one, err := json.Marshal(p)
	other, err2 := json.Marshal(o)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// Selector names who may approve: role:maintain, user:ada, team:acme/release, or whoever owns the files.
type Selector struct {
	Kind  string // one of the kinds below; any other selects nobody
	Value string
}

// The kinds of selectors.
const (
	KindRole   = "role" // one of GitHub's own is a least one; any other has to be exactly that
	KindUser   = "user"
	KindTeam   = "team" // org/team
	KindOwners = "codeowners"
)

// Gate is what a promotion is judged by: the file of the release that is live in the lane, and the default branch's file now. Both must
// allow, so that a loosening has to pass the gate that it loosens.
type Gate struct {
	LiveShared, HeadShared app.Shared `json:",omitzero"` // what the two files extend

	Live app.Fact[Policy] // known with Mode "" where nothing is live: then only the branch's counts, and a maintainer is asked
	Head app.Fact[Policy]
}

// FactKind names a fact that takes work to gather.
type FactKind string

// The kinds of facts beyond those that every gate needs.
const (
	NeedStanding FactKind = "standing" // of the commit in each environment that Gate.After names
	NeedRoles    FactKind = "roles"    // of those who approved, and who could
	NeedAuthors  FactKind = "authors"  // of what goes out
	NeedChanges  FactKind = "changes"  // the pull requests that go out, with their labels
	NeedPaths    FactKind = "paths"    // the files that change
	NeedOwners   FactKind = "owners"   // who owns the files that change
	NeedReview   FactKind = "review"   // whom GitHub asks before a workflow deploys to the environment
)

// Needs is what has to be gathered to judge by this policy, and so which events can change its answer.
func (p Policy) Needs() []FactKind {
	var needs []FactKind
	if p.After != "" {
		needs = append(needs, NeedStanding)
	}
	if p.Mode != Deployment {
		needs = append(needs, NeedRoles)
	}
	if p.Not.Author || p.Not.Teams {
		needs = append(needs, NeedAuthors)
	}
	if slices.ContainsFunc(p.selectors(), Selector.isOwners) {
		needs = append(needs, NeedOwners)
	}
	if p.Review {
		needs = append(needs, NeedReview)
	}
	for _, w := range p.whens() {
		if w.needsPulls() {
			needs = append(needs, NeedChanges)
		}
		if len(w.Paths) > 0 {
			needs = append(needs, NeedPaths)
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// whens is everything that counts for some changes only.
func (p Policy) whens() (all []When) {
	for _, w := range p.Windows {
		all = append(all, w.When)
	}
	for _, r := range p.requirements() {
		all = append(all, r.When)
	}
	return all
}

// Soak is how long a commit must have been good in an earlier environment, by the longer of the two files.
func (g Gate) Soak(environment string) (soak time.Duration) {
	for _, p := range g.policies() {
		if p.After == environment {
			soak = max(soak, p.Soak)
		}
	}
	return soak
}

// Needs is what has to be gathered to judge by both policies.
func (g Gate) Needs() []FactKind {
	needs := append(g.Live.Value.Needs(), g.Head.Value.Needs()...)
	slices.Sort(needs)
	return slices.Compact(needs)
}

// After is the environments whose standing both policies ask for, each once.
func (g Gate) After() []string {
	var names []string
	for _, p := range g.policies() {
		if p.After != "" && !slices.Contains(names, p.After) {
			names = append(names, p.After)
		}
	}
	return names
}

// policies are those that are known and that judge: an empty one of the live release does not, for a maintainer is asked instead.
func (g Gate) policies() []Policy {
	var all []Policy
	if g.Live.Known && g.Live.Value.Mode != ModeUnknown {
		all = append(all, g.Live.Value)
	}
	if g.Head.Known {
		all = append(all, g.Head.Value)
	}
	return all
}

// Review says whether either file lets GitHub's reviewers decide.
func (g Gate) Review() bool {
	return slices.ContainsFunc(g.policies(), func(p Policy) bool { return p.Mode == Delivery && p.Review })
}

// AsksPeople says whether either file asks people here for approvals.
func (g Gate) AsksPeople() bool {
	return slices.ContainsFunc(g.policies(), func(p Policy) bool { return p.Mode == Delivery && !p.Review })
}

// notTeams says whether either file excludes whoever is in a team with an author.
func (g Gate) notTeams() bool {
	return slices.ContainsFunc(g.policies(), func(p Policy) bool { return p.Not.Teams })
}

// notPeople is whom either file excludes by name.
func (g Gate) notPeople() (all []Selector) {
	for _, p := range g.policies() {
		all = append(all, p.Not.People...)
	}
	return all
}

// notAuthor says whether either file asks for four eyes.
func (g Gate) notAuthor() bool {
	return slices.ContainsFunc(g.policies(), func(p Policy) bool { return p.Not.Author })
}
