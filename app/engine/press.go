package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// A button is answered where it was pressed: in its check run, for as long as that shows what it showed then. One that does something is answered
// by what it does.

// refusal is why a button did nothing.
type refusal struct {
	Text string
	Key  app.Key // the promotion's question, or end, at which it was pressed
}

// done is the reaction to what was done.
const done = "+1"

// pressed stores what comes of a button.
func (e *Engine) pressed(row Row, w word, letters []app.Letter, a policies.Answer) (result, error) {
	res := finished("resolved", letters...)
	name, _, _ := strings.Cut(w.external, "#")
	view, err := app.ParseViewKey(name)
	if err != nil || view.Kind != app.ViewPromotion || a.Reaction == done || a.Body == "" {
		return res, nil
	}
	res.write = func(tx Tx) error {
		lane, _, err := tx.Lane(app.LaneAddress(view.Repo, view.Service, view.Environment))
		if err != nil {
			return err
		}
		p, _ := lane.Promotion(view.Commit)
		text, err := json.Marshal(refusal{Text: a.Body, Key: p.Key})
		if err != nil {
			return fmt.Errorf("writing down why a button did nothing: %w", err)
		}
		if err := tx.SetNote(refusalKey(view), string(text)); err != nil {
			return err
		}
		return tx.Nudge(view.String(), row.Machine, taskShow, e.Clock.Now())
	}
	return res, nil
}

func refusalKey(view app.ViewKey) string { return "refused/" + view.String() }

// refused is why the button that was pressed last on a promotion's check run did nothing, or "".
func (e *Engine) refused(ctx context.Context, view app.ViewKey, lane deploy.Lane) (string, error) {
	noted := ""
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		noted, err = tx.Note(refusalKey(view))
		return err
	})
	if err != nil || noted == "" {
		return "", err
	}
	var r refusal
	if err := json.Unmarshal([]byte(noted), &r); err != nil {
		return "", fmt.Errorf("reading why a button did nothing: %w", err)
	}
	if p, ok := lane.Promotion(view.Commit); !ok || p.Key != r.Key {
		return "", nil
	}
	return r.Text, nil
}
