package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Facts is everything that a decision is made from. It carries its time, so that it can be judged again next year.
type Facts struct {
	Now         time.Time
	Commit      app.SHA
	Service     string
	Environment string
	Gate        Gate
	Green       app.Fact[bool]          // the commit's checks, for this service
	OnBranch    app.Fact[bool]          // it is still on the default branch
	First       bool                    // nothing was ever released in this lane by slipway
	Live        app.SHA                 // what is known to be live; "" is nothing, or nobody can say
	Contains    app.Fact[bool]          // the commit contains what is live; known and true where nothing is live
	Lost        []string                // where it does not: what would be lost, a line each
	Standing    app.Fact[Standing]      // of the commit in the environment that comes before; only read when a policy names one
	Approvals   []Approval              // those given for this attempt
	Excluded    app.Fact[[]Contributor] // who opened, wrote, co-wrote or pushed what goes out since what is live
	Candidates  app.Fact[[]Candidate]   // who could approve, as far as GitHub tells
	Personal    bool                    // a user's own repository: collaborators with write count as maintainers
	Blocked     string                  // a sentence if slipway itself must not deploy here (secrets folder under an old name), else ""
}

// Standing is what a later environment may know of a commit in an earlier one.
type Standing int

// The standings. The zero value is still open.
const (
	StandingOpen Standing = iota
	StandingProven
	StandingLost
)

// Approval is a yes, with its giver's role as it was read for this question.
type Approval struct {
	app.Approval
	RoleNow app.Fact[string] // role_name, read again for this decision
}

// Contributor is somebody whose change goes out.
type Contributor struct {
	Login string // "" if the e-mail belongs to no login
	Email string // only where there is no login
	Why   string // opened #412, wrote 9b1e2c7d40aa, co-wrote …, pushed …
}

// Candidate is somebody who could approve.
type Candidate struct {
	app.Person
	Role string // role_name
}

// FactKind names a fact that takes work to gather.
type FactKind string

// The kinds of facts beyond those that every gate needs.
const (
	NeedStanding FactKind = "standing" // of the commit in the environment before
	NeedRoles    FactKind = "roles"    // of those who approved
	NeedAuthors  FactKind = "authors"  // of what goes out
)
