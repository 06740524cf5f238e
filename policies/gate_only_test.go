package policies_test

import (
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// TestStarted wants a workflow that waits, where slipway is the gate alone.
func TestStarted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *policies.Facts)
		want   policies.Verdict
		says   string
	}{
		"one waits":          {func(f *policies.Facts) {}, policies.Allow, "A workflow waits at `Production` to deploy it"},
		"none has asked":     {func(f *policies.Facts) { f.Asked = "" }, policies.Hold, "No workflow has asked yet to deploy it to `Production`"},
		"none ever will":     {func(f *policies.Facts) { f.Asked, f.Guards = "", known(false) }, policies.Hold, "does not ask slipway, so workflows deploy there unasked"},
		"it would be asked":  {func(f *policies.Facts) { f.Asked, f.Guards = "", known(true) }, policies.Hold, "No workflow has asked yet"},
		"nobody knows":       {func(f *policies.Facts) { f.Asked, f.Guards = "", app.Unknown[bool]("no answer") }, policies.Hold, "No workflow has asked yet"},
		"elsewhere":          {func(f *policies.Facts) { f.Asked = "staging" }, policies.Deny, "A workflow wants to deploy it to `staging`, and by its file it goes to `Production`"},
		"red":                {func(f *policies.Facts) { f.Green = known(false) }, policies.Hold, "Checks have not passed"},
		"slipway deploys it": {func(f *policies.Facts) { f.GateOnly, f.Asked = false, "" }, policies.Allow, "Checks passed"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ready(policies.Policy{Mode: policies.Deployment})
			f.GateOnly, f.Asked, f.GitHubEnvironment = true, "production", "Production"
			c.change(&f)
			if d := policies.Judge(f); d.Verdict != c.want || !strings.Contains(spoken(d), c.says) {
				t.Errorf("%s", spoken(d))
			}
		})
	}
}
