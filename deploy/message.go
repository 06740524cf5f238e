package deploy

import (
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// The messages that are a lane's own: what the world answers, each under the number that asked. What other machines and people say is in
// package app: Ready, Changed, Gone, Removed, Said, Approved, Unapproved.
type (
	// Judged is the gate's answer to facts that were read after the question was put, with what would go out if it says allow.
	Judged struct {
		Commit   app.SHA
		Key      app.Key
		Decision policies.Decision
		Release  Release
		Moot     int64  // the deployment that GitHub had asked about and does not any more; 0 is none
		Facts    string `json:",omitempty"` // from which it was made, as JSON, where it says something else than the one before
	}
	// Began says that the program of a deployment or a rollback has left the line.
	Began struct {
		Commit app.SHA
		Key    app.Key
		Run    int64  // of a workflow, once it is known
		URL    string // and its page
		Asking bool   // GitHub asks its reviewers before that goes on
	}
	// Deployed is how a deployment's program ended.
	Deployed struct {
		Commit app.SHA
		Key    app.Key
		Status app.Status
	}
	// Probed is what watching amounts to, once: at the first failure, or at the end of the bake.
	Probed struct {
		Commit  app.SHA
		Key     app.Key
		Outcome app.Outcome
		Why     string // a sentence: what the probes saw
	}
	// Restored is how a rollback's program ended.
	Restored struct {
		Commit app.SHA
		Key    app.Key
		Status app.Status
	}
	// Lapsed ends a hold whose time is over; only that one, for the number is its own.
	Lapsed struct{ Hold app.Key }
)

// Name of Judged.
func (Judged) Name() string { return "lane.judged" }

// Name of Began.
func (Began) Name() string { return "lane.began" }

// Name of Deployed.
func (Deployed) Name() string { return "lane.deployed" }

// Name of Probed.
func (Probed) Name() string { return "lane.probed" }

// Name of Restored.
func (Restored) Name() string { return "lane.restored" }

// Name of Lapsed.
func (Lapsed) Name() string { return "lane.lapsed" }

// Release is a commit's artifact and deploy step as they go out, pinned when the gate allows it. The way back uses them as they are.
type Release struct {
	Artifact  string // digest, or "" if nothing is produced
	Spec      Spec
	HoldAfter bool       // a rollback of it holds the lane: either file says so
	Head      app.SHA    // the default branch's commit whose file judged it
	Live      app.SHA    // the live release's commit whose file judged it, or ""
	Previous  app.SHA    // what was live before it
	Shared    app.Shared `json:",omitzero"` // what its file extended when it was let go
	Review    bool       // GitHub's reviewers of the environment have to let it go: either file says so
}

// Hold is a person's or a rollback's stop. The zero value is none.
type Hold struct {
	Key     app.Key
	By      app.Person // zero: a rollback
	Because string
	Since   time.Time
	Until   time.Time // zero: until somebody says /unhold
	Undoes  app.SHA   // of a rollback: the commit that it undid
}
