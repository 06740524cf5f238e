package policies

import "strings"

// judgeStarted wants, where the team's own workflow deploys, that one has been started: it waits at GitHub's environment until slipway lets it
// go. Whether the commit is good and may go is for the other rules to say.
func judgeStarted(f Facts) []finding {
	name := Quote(f.GitHubEnvironment)
	switch {
	case !f.GateOnly:
		return nil
	case f.Asked == "" && f.Guards.Known && !f.Guards.Value:
		return []finding{finds(Hold, RuleStarted, "GitHub's environment %s does not ask slipway, so workflows deploy there unasked. Add slipway to the deployment protection rules in its settings", name)}
	case f.Asked == "":
		return []finding{finds(Hold, RuleStarted, "No workflow has asked yet to deploy it to %s", name)}
	case !strings.EqualFold(f.Asked, f.GitHubEnvironment):
		return []finding{finds(Deny, RuleStarted, "A workflow wants to deploy it to %s, and by its file it goes to %s", Quote(f.Asked), name)}
	}
	return []finding{finds(Allow, RuleStarted, "A workflow waits at %s to deploy it", name)}
}
