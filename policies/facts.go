package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Facts is everything that a decision is made from. It carries its time, so that it can be judged again next year. What is not known
// holds, so leaving a fact out is never dangerous.
type Facts struct {
	Now               time.Time
	Commit            app.SHA
	Service           string
	Environment       string
	Gate              Gate
	Green             app.Fact[bool]                    // the commit's checks, for this service
	OnBranch          app.Fact[bool]                    // it is still on the default branch
	First             bool                              // nothing was ever released in this lane by slipway
	Live              app.SHA                           // what is known to be live; "" is nothing, or nobody can say
	Contains          app.Fact[bool]                    // the commit contains what is live; only read where something is
	Lost              []string                          // where it does not: what would be lost, a line each, as git or people wrote it
	Standings         map[string]app.Fact[Standing]     // of the commit in each environment that Gate.After names; one left out is not known
	GoodSince         map[string]app.Fact[time.Time]    // of each of them that asks for a soak: since when the commit, or one that contains it, has been good there
	Arrived           time.Time                         // when this attempt came into its lane
	Changes           app.Fact[[]Change]                // the pull requests that go out; only read where the gate asks
	Paths             app.Fact[[]string]                // the files that change; likewise
	Pin               app.Pin                           // what an approval that is given now is for
	Approvals         []Approval                        // those given for this attempt
	Overrides         []Override                        // what people have said against the gate, for this attempt
	Earlier           []Earlier                         // those given before the merge that do not count, or not yet
	Excluded          app.Fact[[]Contributor]           // who opened, wrote, co-wrote or pushed what goes out since what is live
	Teams             map[string]app.Fact[[]app.Person] // who is in each team that the gate or the owners name, by org/team in lower case; nobody in one that GitHub does not show
	Owners            app.Fact[[]Owned]                 // who owns the service's files that change; only read where the gate asks
	Candidates        app.Fact[[]Candidate]             // who could approve, as far as GitHub tells; not known costs only words
	Personal          bool                              // a user's own repository: collaborators with write count as maintainers
	Workflow          string                            // the workflow that deploys the commit, "" where a command does
	GateOnly          bool                              // the team's own workflow deploys the commit, once slipway lets it go
	Asked             string                            // with GateOnly: the environment of GitHub's to which one waits to deploy; "" is that none does
	Guards            app.Fact[bool]                    // with GateOnly: GitHub asks slipway before a workflow deploys there; not known costs only words
	GitHubEnvironment string                            // where the commit goes, as GitHub names it
	Protection        app.Fact[Protection]              // of GitHub's environment; only read where GitHub's reviewers decide
	Blocked           string                            // a sentence if slipway itself must not deploy here (secrets folder under an old name), else ""

	weighed []weighed // of the approvals, while many needs are judged
}

// Protection is how GitHub protects an environment from workflows.
type Protection struct {
	Environment string   // its name on GitHub
	Exists      bool     //
	Reviewers   []string // who is asked before a workflow deploys there: logins, or org/team
}

// Standing is what a later environment may know of a commit in an earlier one.
type Standing int

// The standings. The zero value is still open.
const (
	StandingOpen Standing = iota
	StandingProven
	StandingLost
	// StandingRemoved is of an environment that the default branch's file does not have any more, so that a commit which is not proven
	// there can't ever be. A maintainer is asked instead, else whoever removes an environment could never release again.
	StandingRemoved
)

// Approval is a yes, with its giver's role as it was read for this question.
type Approval struct {
	app.Approval
	RoleNow app.Fact[string] // role_name, read again for this decision
	Stands  app.Fact[bool]   // of a review: it still approves, read again likewise
}

// Contributor is somebody whose change goes out.
type Contributor struct {
	ID    int64  // GitHub's number of the account; 0 if it is not known
	Login string // "" if the e-mail belongs to no login
	Email string // only where there is no login
	Pull  int    // the pull request by which the change came; 0 if it is not known
	Why   string // what they did, as it follows "you": opened #412, wrote 9b1e2c7d40aa, co-wrote …, pushed …
}

// Candidate is somebody who could approve.
type Candidate struct {
	app.Person
	Role string // role_name
}
