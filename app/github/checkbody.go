package github

import (
	"slices"
	"unicode/utf8"

	"github.com/slipway-cd/slipway/app"
)

// GitHub's limits of check runs.
const (
	maxNotes      = 50 // annotations of one request; more were seen to be dropped without a word
	maxNoteTitle  = 255
	maxNoteText   = 64 << 10
	maxButtons    = 3
	maxLabel      = 20
	maxButtonText = 40
	maxIdentifier = 20
)

// runBody is a check run as GitHub takes it. Text and buttons are always sent, so that what is not wanted any more goes away.
type runBody struct {
	Name       string    `json:"name"`
	HeadSHA    app.SHA   `json:"head_sha,omitempty"`
	ExternalID string    `json:"external_id"`
	DetailsURL string    `json:"details_url,omitempty"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion,omitempty"`
	Output     runOutput `json:"output"`
	Actions    []button  `json:"actions"`
}

type runOutput struct {
	Title       string `json:"title"`
	Summary     string `json:"summary"`
	Text        string `json:"text"`
	Annotations []note `json:"annotations,omitempty"`
}

type note struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn int    `json:"start_column,omitempty"`
	EndColumn   int    `json:"end_column,omitempty"`
	Level       string `json:"annotation_level"`
	Message     string `json:"message"`
	Title       string `json:"title,omitempty"`
	RawDetails  string `json:"raw_details,omitempty"`
}

type button struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// checkRunBody checks what GitHub would refuse, or worse, take in another sense.
func checkRunBody(want app.CheckRun) (runBody, error) {
	if _, err := app.ParseSHA(string(want.Commit)); err != nil {
		return runBody{}, refuse("check run %q: %w", want.Name, err)
	}
	if want.Name == "" || want.External == "" {
		return runBody{}, refuse("a check run needs a name and an external id: %q, %q", want.Name, want.External)
	}
	completed := want.Status == "completed"
	if !slices.Contains([]string{"queued", "in_progress", "completed"}, want.Status) || completed != (want.Conclusion != "") {
		return runBody{}, refuse("check run %q: status %q does not go with conclusion %q", want.Name, want.Status, want.Conclusion)
	}
	if len(want.Buttons) > maxButtons {
		return runBody{}, refuse("check run %q: %d buttons; GitHub takes %d", want.Name, len(want.Buttons), maxButtons)
	}
	body := runBody{
		Name: want.Name, ExternalID: want.External, DetailsURL: want.DetailsURL, Status: want.Status, Conclusion: want.Conclusion,
		Output:  runOutput{Title: first(want.Title, want.Name), Summary: cut(first(want.Summary, want.Title, want.Name)), Text: cut(want.Text)},
		Actions: []button{},
	}
	for _, b := range want.Buttons {
		if b.Identifier == "" || utf8.RuneCountInString(b.Identifier) > maxIdentifier {
			return runBody{}, refuse("button %q: an identifier of 1 to %d characters is needed, not %q", b.Label, maxIdentifier, b.Identifier)
		}
		description := cutRunes(first(b.Description, b.Label), maxButtonText)
		body.Actions = append(body.Actions, button{cutRunes(b.Label, maxLabel), description, b.Identifier})
	}
	return body, nil
}

func notesOf(wanted []app.Annotation) []note {
	notes := make([]note, len(wanted))
	for i, a := range wanted {
		line := max(1, a.Line)
		notes[i] = note{
			Path: a.Path, StartLine: line, EndLine: line, StartColumn: max(0, a.Column), EndColumn: max(0, a.Column),
			Level: a.Level, Title: cutRunes(a.Title, maxNoteTitle), Message: cutBytes(first(a.Message, a.Title, a.Path), maxNoteText),
			RawDetails: cutBytes(a.RawDetails, maxNoteText),
		}
		if !slices.Contains([]string{"notice", "warning", "failure"}, a.Level) {
			notes[i].Level = "failure"
		}
	}
	return notes
}
