package app

// What GitHub shows of ours, rendered. app/report writes them from state, the engine compares them with what is shown, and app/github
// puts them there.

// CheckRun is a check run's text. A completed check run is never reopened, so another status or conclusion is another External.
type CheckRun struct {
	Name       string
	Commit     SHA
	External   string // external_id: ours, one per check run that GitHub is to hold
	Status     string // queued, in_progress, completed
	Conclusion string // of what is completed: success, failure, neutral, cancelled, skipped, timed_out, action_required
	DetailsURL string
	Title      string
	Summary    string // at most 65,535 bytes
	Text       string // likewise
	Notes      []Annotation
	Buttons    []Button // at most 3; seen only once completed
}

// Annotation marks lines of a file.
type Annotation struct {
	Path       string
	Line       int // starts at 1
	Column     int // 0: the whole line
	Level      string
	Title      string
	Message    string
	RawDetails string
}

// Button is an action on a completed check run.
type Button struct {
	Label       string // at most 20 characters
	Description string // at most 40
	Identifier  string // at most 20
}

// Comment is a comment on a pull request; Marker is hidden in it, so that it is found again.
type Comment struct {
	Pull   int
	Marker string
	Body   string
}

// Deployment is a GitHub Deployment and its newest status.
type Deployment struct {
	Commit         SHA
	Environment    string
	Task           string // deploy or rollback
	Marker         string // in its payload, so that it is found again
	Description    string // at most 140 characters
	Production     bool
	State          string // queued, in_progress, success, failure, error, inactive
	LogURL         string
	EnvironmentURL string
	Inactivates    int64 // the deployment that this one replaces, by GitHub's number; 0 is none
}
