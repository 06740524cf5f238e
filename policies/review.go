package policies

import "strings"

// judgeReview wants a workflow that GitHub stops until its own reviewers have answered: where nobody would be asked, to dispatch it is to
// deploy. That they do answer is not judged here, for they are asked last, when every rule allows.
func judgeReview(f Facts) []finding {
	if !f.Gate.Review() {
		return nil
	}
	other, differs := f.elsewhere()
	at, p := place(f.Service, f.Environment), f.Protection
	switch {
	case f.Workflow == "" && f.Gate.Head.Known && !f.Gate.Head.Value.Review:
		return []finding{finds(Deny, RuleReview, "By the file of what is live GitHub's reviewers decide for %s, and they can stop a workflow only. First release a commit whose file lets people approve here and still deploys by a workflow, then this one", at)}
	case f.Workflow == "":
		return []finding{finds(Deny, RuleReview, "GitHub's reviewers decide for %s, and they can stop a workflow only: this commit is deployed by a command", at)}
	case !p.Known:
		return []finding{unread(RuleReview, "whom GitHub asks before a workflow deploys there", p.Why)}
	case !p.Value.Exists:
		return []finding{finds(Deny, RuleReview, "GitHub has no environment %s, so nobody would be asked. Make it, with required reviewers, and say `/retry`", Quote(p.Value.Environment))}
	case differs:
		return []finding{finds(Deny, RuleReview, "The reviewers of %s decide for %s, and this commit deploys to %s, which may have others. Let people approve here while the name changes", Quote(other), at, Quote(p.Value.Environment))}
	case len(p.Value.Reviewers) == 0:
		return []finding{finds(Deny, RuleReview, "GitHub's environment %s has no required reviewers, so that a dispatch would itself be the deployment. Give it some, and say `/retry`", Quote(p.Value.Environment))}
	}
	return []finding{finds(Allow, RuleReview, "GitHub asks the reviewers of %s: %s", Quote(p.Value.Environment), Quote(strings.Join(p.Value.Reviewers, ", ")))}
}

// elsewhere is an environment whose reviewers decide by one of the files, and to which the commit does not deploy: a commit must not choose its
// own reviewers by another name.
func (f Facts) elsewhere() (name string, is bool) {
	for _, p := range f.Gate.policies() {
		if p.Mode == Delivery && p.Review && !strings.EqualFold(p.Environment, f.Protection.Value.Environment) {
			return p.Environment, true
		}
	}
	return "", false
}
