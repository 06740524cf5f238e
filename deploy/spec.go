package deploy

import "time"

// Spec is how one service is put into one environment, as the file at a commit describes it.
type Spec struct {
	Run               string        // a shell command, in a fresh checkout of the commit; "" where a workflow does it
	Workflow          string        // the file of a GitHub Actions workflow that deploys, such as deploy.yml
	GateOnly          bool          // the team's own workflow deploys, and GitHub asks us before
	GateWorkflow      string        // with GateOnly: the only workflow that may; "" is any
	BackWorkflow      string        // with GateOnly: the workflow that goes back; "" is that a person starts one
	Inputs            string        // what else it is handed, as JSON of a mapping; "" is nothing
	Timeout           time.Duration // always positive
	Idempotent        bool          // may be run again when its outcome can't be known
	Verify            Verify
	NeverBack         bool   // rollback: never; a bad release goes to a person instead
	URL               string // where the environment can be visited, or ""
	GitHubEnvironment string // the name of GitHub's environment; never ""
}

// Verify is how a release is watched. Without HTTP a release is good when its command exits 0, and the card says that nobody looked.
type Verify struct {
	HTTP         string        // the address that is asked
	Every        time.Duration // between two probes
	Timeout      time.Duration // of one probe
	Failures     int           // how many in a row are a failure
	StartsWithin time.Duration // how long the release may take to answer well for the first time
	Bake         time.Duration // how long it must answer well before it counts as good
}

// Elsewhere says that a workflow on GitHub puts it there, and no program here.
func (s Spec) Elsewhere() bool { return s.Workflow != "" || s.GateOnly }

// Step is what puts it there, in words.
func (s Spec) Step() string {
	if s.Elsewhere() {
		return "workflow"
	}
	return "deploy step"
}

// ended says that it did well.
func (s Spec) ended() string {
	if s.Elsewhere() {
		return "Its workflow ended well."
	}
	return "Its deploy step exited 0."
}
