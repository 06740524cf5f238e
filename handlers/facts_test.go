package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/policies"
)

// TestFacts: what is judged is told under an address that only the key makes, and no page links there.
func TestFacts(t *testing.T) {
	w := newWorld(t)
	w.place()
	w.states.facts = []policies.Facts{{Commit: head, Environment: hostile("environment")}}
	address := w.Signer.Facts(42, head)
	answer := w.get(address)
	var all []policies.Facts
	if err := json.Unmarshal(answer.Body.Bytes(), &all); err != nil || answer.Code != http.StatusOK || len(all) != 1 || all[0].Environment != w.states.facts[0].Environment {
		t.Errorf("%d %s (%v)", answer.Code, answer.Body, err)
	}
	if kind := answer.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("it is said to be %q", kind)
	}
	run := w.Signer.Run(42, head)
	if got := w.get(strings.Replace(run, "/run/", "/facts/", 1)); got.Code != http.StatusNotFound {
		t.Errorf("with the signature of a page it answers %d", got.Code)
	}
	for name, page := range w.addresses() {
		if strings.Contains(w.get(page).Body.String(), "/facts/") {
			t.Errorf("the page %s links to facts", name)
		}
	}
	w.states.err = absent()
	if got := w.get(address); got.Code != http.StatusNotFound {
		t.Errorf("of what no lane has it answers %d", got.Code)
	}
}
