package policies

import "strings"

// judgeReview wants a workflow that GitHub stops until its own reviewers have answered: where nobody would be asked, to dispatch it is to
// deploy. That they do answer is not judged here, for they are asked last, when every rule allows.
func judgeReview(f Facts) []finding {
	if !f.Gate.Review() {
		return nil
	}
	at, p := place(f.Service, f.Environment), f.Protection
	switch {
	case f.Workflow == "":
		return []finding{finds(Deny, RuleReview, "GitHub's reviewers decide for %s, and they can stop a workflow only: this commit is deployed by a command", at)}
	case !p.Known:
		return []finding{unread(RuleReview, "whom GitHub asks before a workflow deploys there", p.Why)}
	case !p.Value.Exists:
		return []finding{finds(Deny, RuleReview, "GitHub has no environment %s, so nobody would be asked. Make it, with required reviewers, and say `/retry`", Quote(p.Value.Environment))}
	case len(p.Value.Reviewers) == 0:
		return []finding{finds(Deny, RuleReview, "GitHub's environment %s has no required reviewers, so that a dispatch would itself be the deployment. Give it some, and say `/retry`", Quote(p.Value.Environment))}
	}
	return []finding{finds(Allow, RuleReview, "GitHub asks the reviewers of %s: %s", Quote(p.Value.Environment), Quote(strings.Join(p.Value.Reviewers, ", ")))}
}
