package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/slipway-cd/slipway/app"
)

// facts tells, as JSON, on what a commit is judged now in each lane that has it. No page links here: whoever has the key of the addresses, on the
// server's own machine, can ask.
func (w *Web) facts(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindRun)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	all, err := w.States.ShowFacts(r.Context(), at)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	data, err := json.Marshal(all)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(data) // an error here is a reader who left
}
