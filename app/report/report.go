// Package report turns states into the words of each view that GitHub shows: check runs, the comment with its cards, deployment statuses,
// and notices. It is pure, and a text changes only when what it tells of does: no view holds the present time.
package report

import (
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Links makes addresses of our own pages. "" means that there is none.
type Links interface {
	Log(key string) string
	Run(repo app.RepoID, commit app.SHA) string
	Lane(at app.Address) string
}

// Scene is what every view is drawn against.
type Scene struct {
	Repo      app.Repo
	Links     Links
	Now       time.Time
	Isolation string // one sentence: as whom checks run
	Slug      string // the App's
}

// Story is all that a pull request's comment tells of.
type Story struct {
	Pull      app.Pull
	Run       *checks.Run              // of its head
	Merged    *checks.Run              // of the commit that it became
	Lanes     []deploy.Lane            // all of the repository's
	Outgoing  map[app.Address]Outgoing // per lane: what goes out with it since what is live
	Carried   map[app.Address]app.SHA  // per lane that it never came to, for its checks did not pass: the commit that took it along
	Elsewhere map[app.Address]int      // per lane: the pull request whose card this one follows, when its commit went out with another
	Preview   []string                 // what a changed file will do, a line each
	Problems  []app.Problem            // of the file at the head
	Ahead     map[app.Address]Ahead    // while it is open, per lane that it concerns: how far it is approved already
	Altered   []Alteration             // of what was said here and acted on
	Commit    app.SHA                  // what it became; "" while it is open
	Said      bool                     // the comment is there already, so it must say when what it tells of is over
}

// Ahead is how far what an open pull request would bring into a lane is approved already.
type Ahead struct {
	Asks  bool       // people are asked there
	Doors []app.Door // by which an approval may come, as of a decision
	Given []policies.Earlier
}

// Alteration is something that was said and acted on, and then edited or deleted.
type Alteration struct {
	By   app.Person // who had said it
	Said string
	app.Edited
}

// Outgoing is what goes out with a commit.
type Outgoing struct {
	Pulls []app.Pull
	Alone int // commits that no pull request brought
}

// The bounds that GitHub sets.
const (
	maxText        = 65_535 // bytes, of a check run's summary and of its text
	maxComment     = 65_000 // bytes, a little less than GitHub takes
	maxTitle       = 120    // characters, ours: more is cut off on the page
	maxDescription = 140    // characters, of a deployment and of its statuses
	maxSentence    = 1_000  // characters, ours: a reason that is longer is no sentence
	maxNotes       = 100    // annotations, ours: more help nobody, and GitHub takes 50 in one request
	maxNamed       = 30     // pull requests that one line names, ours
	maxCalled      = 5      // people whom one notice calls, ours
	maxMentions    = 50     // people whom one comment notifies
)

// filePath is the repository's file, as texts name it.
const filePath = ".github/slipway.yml"
