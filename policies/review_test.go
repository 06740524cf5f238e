package policies_test

import (
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// TestReview holds what is wanted of a workflow before GitHub's reviewers are asked: that they will be.
func TestReview(t *testing.T) {
	byGitHub := policies.Policy{Mode: policies.Delivery, Review: true, Environment: "Production"}
	protected := policies.Protection{Environment: "production", Exists: true, Reviewers: []string{"eli", "acme/ops"}}
	for name, c := range map[string]struct {
		change func(f *policies.Facts)
		want   policies.Verdict
		says   string
	}{
		"reviewers":      {func(f *policies.Facts) {}, policies.Allow, "GitHub asks the reviewers of `production`: `eli, acme/ops`"},
		"none":           {func(f *policies.Facts) { f.Protection.Value.Reviewers = nil }, policies.Deny, "so that a dispatch would itself be the deployment"},
		"no environment": {func(f *policies.Facts) { f.Protection.Value.Exists = false }, policies.Deny, "GitHub has no environment `production`"},
		"another name":   {func(f *policies.Facts) { f.Protection.Value.Environment = "sandbox" }, policies.Deny, "The reviewers of `Production` decide"},
		"not known":      {func(f *policies.Facts) { f.Protection = app.Unknown[policies.Protection]("no answer") }, policies.Hold, "(no answer)"},
		"never read":     {func(f *policies.Facts) { f.Protection = app.Fact[policies.Protection]{} }, policies.Hold, "nobody has said why"},
		"a command":      {func(f *policies.Facts) { f.Workflow = "" }, policies.Deny, "deployed by a command"},
		"a command, and people by the branch's file": {func(f *policies.Facts) {
			f.Workflow, f.Gate.Head = "", known(delivery())
		}, policies.Deny, "First release a commit whose file lets people approve here and still deploys by a workflow, then this one"},
		"red":           {func(f *policies.Facts) { f.Green = known(false) }, policies.Hold, "Checks have not passed"},
		"the first":     {func(f *policies.Facts) { f.First = true }, policies.Hold, "First release here. Needs an approval from a maintainer"},
		"live asks too": {func(f *policies.Facts) { f.Gate.Live = known(delivery()) }, policies.Hold, "Needs an approval from a maintainer (so says the file that is live)"},
		"live named another": {func(f *policies.Facts) {
			f.Gate.Live = known(policies.Policy{Mode: policies.Delivery, Review: true, Environment: "old"})
		}, policies.Deny, "The reviewers of `old` decide"},
		"live asked them": {func(f *policies.Facts) { f.Gate.Head = known(policies.Policy{Mode: policies.Deployment}) }, policies.Allow, "GitHub asks the reviewers"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ready(byGitHub)
			f.Workflow, f.Protection = "deploy.yml", known(protected)
			c.change(&f)
			d := policies.Judge(f)
			if d.Verdict != c.want || !strings.Contains(spoken(d), c.says) {
				t.Errorf("%s", spoken(d))
			}
		})
	}
	f := ready(byGitHub)
	f.Workflow, f.Protection = "deploy.yml", known(protected)
	if ok, why := policies.MayApprove(f, dana(), known("maintain")); ok || !strings.Contains(why, "the reviewers of its environment decide") {
		t.Errorf("a maintainer may approve: %v, %s", ok, why)
	}
}
