package audit

import (
	"encoding/json"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Kind says what a receipt is of. It never changes once released.
type Kind string

// The kinds.
const (
	Approved  Kind = "approved"  // somebody approved a commit in a lane, or, before its merge, a pull request
	Withdrawn Kind = "withdrawn" // somebody took that, or an override, back
	Overrode  Kind = "overrode"  // somebody spoke against the gate
	Held      Kind = "held"      // a lane was stopped, by a person or after a rollback
	Freed     Kind = "freed"     // and goes on
	Decided   Kind = "decided"   // the gate says something else than before
	Started   Kind = "started"   // a deployment began
	Became    Kind = "became"    // what came of it
)

// Receipt is one thing that was decided or done. What does not belong to its kind is left out.
type Receipt struct {
	Kind        Kind
	At          time.Time // by slipway's clock
	Repo        app.RepoID
	Repository  string // its name then
	Service     string `json:",omitzero"`
	Environment string
	Commit      app.SHA   `json:",omitzero"`
	Place       app.Place `json:",omitzero"` // of the commit on the default branch: what is below it goes out with it
	Attempt     app.Key   `json:",omitzero"`
	Pull        int       `json:",omitzero"` // of what was not merged yet

	By      app.Person `json:",omitzero"`
	Role    string     `json:",omitzero"` // role_name as GitHub gave it
	Proof   string     `json:",omitzero"` // what of the file asked for them: role:maintain, team:acme/release
	Source  string     `json:",omitzero"` // the door, and the number of what was written
	Text    string     `json:",omitzero"` // SHA-256 of that, in hex
	Event   string     `json:",omitzero"` // the webhook delivery by which it came
	Because string     `json:",omitzero"`
	Alone   bool       `json:",omitzero"` // of an override
	From    time.Time  `json:",omitzero"` // of an approval for later
	Until   time.Time  `json:",omitzero"` // of a hold
	Pin     app.Pin    `json:",omitzero"` // what was approved, or judged

	Decision *policies.Decision `json:",omitempty"`
	Facts    json.RawMessage    `json:",omitempty"` // policies.Facts on which it was made: it can be judged again next year
	State    deploy.State       `json:",omitzero"`
	Why      string             `json:",omitzero"`
	Release  *deploy.Release    `json:",omitempty"`
	Fence    app.Key            `json:",omitzero"` // the number that the deploy step was handed
}
