package report

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// card is a promotion's part of the comment, and its check run's text.
func card(s Scene, l deploy.Lane, p deploy.Promotion, pull *app.Pull, out Outgoing) string {
	head := fmt.Sprintf("**%s**, commit %s · *%s*", escape(l.Name()), code(p.Commit.SHA), quiet(sentence(headline(l, p))))
	if l.Behind(p) {
		return paragraphs(head, behind(s, l, p, pull))
	}
	return paragraphs(head, strings.Join(facts(l, p, pull, out), " "), lines(rules(p)), reviewed(p), because(p), watched(p), held(l, p), next(l, p, pull), logs(s, l, p))
}

// behind is what is said of a promotion that waits behind newer ones: nothing that changes, for there may be hundreds.
func behind(s Scene, l deploy.Lane, p deploy.Promotion, pull *app.Pull) string {
	say := "`/approve" + words(l) + " " + p.Commit.SHA.Short() + "`"
	where := ""
	if pull != nil {
		where = fmt.Sprintf(" on #%d", pull.Number)
	}
	return fmt.Sprintf("Newer commits wait in this lane too, and whatever lets one of them go takes this one along. What the lane waits for stands on the newest "+
		"one's card and on %s. Whoever may approve can still let this one go by itself: comment%s %s.", link("this lane's page", s.Links.Lane(l.Address())), where, say)
}

// facts is what goes out and what is there.
func facts(l deploy.Lane, p deploy.Promotion, pull *app.Pull, out Outgoing) []string {
	var all []string
	if others(pull, out) && (p.Put != 0 || !p.State.Ended()) {
		all = append(all, goes(p)+": "+named(out)+".")
	}
	switch {
	case p.State.Ended() && p.State != deploy.Live:
	case l.Live.SHA == p.Commit.SHA:
	case l.Live.SHA != "":
		all = append(all, "Live now: "+code(l.Live.SHA)+".")
	case p.State == deploy.Deploying || p.State == deploy.Verifying:
	case l.Newest == 0:
		all = append(all, "Nothing has been released here by slipway yet.")
	default:
		all = append(all, "Nobody can say what is live: the last program did not end well.")
	}
	return all
}

// goes says whether a promotion's commit is there, or was.
func goes(p deploy.Promotion) string {
	if p.State.Ended() || p.State == deploy.Verifying || p.State == deploy.RollingBack {
		return "Went out"
	}
	return "Goes out"
}

// others says whether more goes out than the pull request on which it is said.
func others(pull *app.Pull, out Outgoing) bool {
	n := len(out.Pulls)
	return out.Alone > 0 || n > 1 || n == 1 && (pull == nil || out.Pulls[0].Number != pull.Number)
}

// named is what goes out: pull requests and whose they are, and how much came without one. Nobody is called: most of them only read it.
func named(out Outgoing) string {
	var all []string
	for _, o := range out.Pulls[:min(len(out.Pulls), maxNamed)] {
		all = append(all, fmt.Sprintf("#%d (%s)", o.Number, quietly(o.Author.Login)))
	}
	text, and := strings.Join(all, ", "), " and "
	if left := len(out.Pulls) - maxNamed; left > 0 {
		text, and = text+fmt.Sprintf(" and %d more", left), ", and "
	}
	if out.Alone == 0 {
		return text
	}
	alone := plural(out.Alone, "commit", "commits") + " without a pull request"
	if text == "" {
		return alone
	}
	return text + and + alone
}

// rules is the gate's answer: what passes in one line, then a line for each rule that does not.
func rules(p deploy.Promotion) []string {
	if !p.State.Waits() && p.State != deploy.Denied {
		return nil
	}
	var passed, all []string
	for _, r := range p.Decision.Reasons {
		text := quiet(sentence(r.Sentence))
		switch {
		case r.Skipped:
			all = append(all, "↷ "+text)
		case r.Verdict == policies.Allow:
			passed = append(passed, "✓ "+text)
		case r.Verdict == policies.Hold:
			all = append(all, "• "+text)
		default:
			all = append(all, "✗ "+text)
		}
	}
	if len(passed) == 0 {
		return all
	}
	return append([]string{strings.Join(passed, " · ")}, all...)
}

// reviewed says whom GitHub asks, who answered there, or who let it go against its gate.
func reviewed(p deploy.Promotion) string {
	if p.State == deploy.Reviewing && p.Then == deploy.Absent {
		return "GitHub asks its reviewers; slipway goes on as soon as one has answered on the page of the workflow's run."
	}
	if p.Against.Sentence != "" {
		return "**Against its gate.** " + quiet(sentence(p.Against.Sentence)) + "."
	}
	for _, a := range p.Approvals {
		if a.Source == deploy.ReviewSource && p.Put != 0 {
			return "Approved by " + quietly(a.By.Login) + " in GitHub's review, " + at(a.At) + "."
		}
	}
	return ""
}

// because says why a promotion is where it is, where its title does not say all.
func because(p deploy.Promotion) string {
	switch p.State {
	case deploy.RolledBack, deploy.RollingBack, deploy.Failed, deploy.Attention, deploy.Canceled, deploy.Live, deploy.Superseded:
		return told(p.Why)
	case deploy.Denied:
		if p.Decision.Verdict != policies.Deny { // else the rules say it
			return told(p.Why)
		}
	}
	return ""
}

// told is a sentence that may begin with whose word it is: they said it here, so naming them is no news to them. Nobody else is called.
func told(why string) string {
	login, rest, _ := strings.Cut(why, " ")
	if name, ok := strings.CutPrefix(login, "@"); ok && isLogin(name) {
		return login + " " + prose(rest)
	}
	return prose(why)
}

// held says who stops the lane, since when, why and until when.
func held(l deploy.Lane, p deploy.Promotion) string {
	if l.Hold.Key == 0 || p.State.Ended() && l.Hold.Undoes != p.Commit.SHA {
		return ""
	}
	who := "A rollback"
	why := prose(l.Hold.Because)
	if l.Hold.Because == p.Why {
		why = "" // it stands above
	}
	if l.Hold.By.Login != "" {
		who, why = quietly(l.Hold.By.Login), l.Hold.Because
		if why != "" {
			why = policies.Quote(why)
		}
	}
	text := fmt.Sprintf("**On hold.** %s stopped this lane at %s", who, at(l.Hold.Since))
	if !l.Hold.Until.IsZero() {
		text += ", until " + at(l.Hold.Until)
	}
	if why != "" {
		text += ": " + strings.TrimSuffix(why, ".")
	}
	return text + ". A maintainer lifts it with `/unhold" + words(l) + "`."
}

// words is the lane as a command names it.
func words(l deploy.Lane) string {
	if l.Service == "" {
		return " " + l.Environment
	}
	return " " + l.Service + " " + l.Environment
}

// watched says what a release that is there must do to count as good.
func watched(p deploy.Promotion) string {
	if p.State != deploy.Verifying {
		return ""
	}
	v := p.Release.Spec.Verify
	text := fmt.Sprintf("Deployed at %s. It counts as good once %s has answered well for %s.", at(p.Deployed), policies.Quote(v.HTTP), app.Span(v.Bake))
	if p.Extended {
		text += " It is watched a second time: the first said neither good nor bad."
	}
	return text
}

// next says what a person can do, and what happens by itself.
func next(l deploy.Lane, p deploy.Promotion, pull *app.Pull) string {
	ways := ways(l, p)
	switch {
	case p.State.Waits() && deploy.AsksApproval(p):
		return howToApprove(l, p, pull) + " " + wrong(l, p)
	case p.State.Waits() || p.State == deploy.Deploying || p.State == deploy.Verifying:
		return wrong(l, p)
	case p.State == deploy.Attention && !spoken(pull):
		return unspoken(pull) + ": say it with one of the buttons."
	case p.State == deploy.Attention:
		return paragraphs(fmt.Sprintf("Whoever can write says so on #%d:", pull.Number), list(ways))
	case p.State.Ended() && len(ways) > 1:
		return list(ways)
	case p.State.Ended():
		return strings.Join(ways, "")
	}
	return ""
}

// howToApprove says what to write, and where, or what else to do, as the gate's doors are.
func howToApprove(l deploy.Lane, p deploy.Promotion, pull *app.Pull) string {
	say, opens := "`/approve"+words(l)+" "+p.Commit.SHA.Short()+"`", p.Decision.Opens
	switch {
	case spoken(pull) && opens(app.DoorComment):
		return fmt.Sprintf("To approve, comment on #%d: %s.", pull.Number, say)
	case opens(app.DoorButton) && (spoken(pull) || !opens(app.DoorComment)):
		return "To approve, press the button of its check run " + policies.Quote("promote: "+l.Name()) + "."
	case opens(app.DoorButton):
		return unspoken(pull) + ": approve it with the button."
	case pull != nil && opens(app.DoorReviewComment):
		return fmt.Sprintf("To approve, comment on the change of #%d: %s.", pull.Number, say)
	case opens(app.DoorCommitComment):
		return "To approve, comment on the commit: " + say + "."
	}
	return "Only a review that approves the pull request counts here, of the very content that was merged."
}

// spoken says whether commands can be written on a pull request.
func spoken(pull *app.Pull) bool { return pull != nil && !pull.Locked }

func unspoken(pull *app.Pull) string {
	if pull == nil {
		return "No pull request is known for this commit"
	}
	return fmt.Sprintf("The conversation of #%d is locked", pull.Number)
}

// ways is what a person can say of what does not go on by itself, each with what it does.
func ways(l deploy.Lane, p deploy.Promotion) []string {
	var all []string
	for _, v := range l.Offers(p) {
		does := ""
		switch {
		case v == app.VerbRetry && p.State == deploy.Attention:
			does = "tries again"
		case v == app.VerbRetry:
			does = "lets it in again, through its gate"
		case v == app.VerbCancel:
			does = "leaves the environment as it is"
		case v == app.VerbRollback && p.State == deploy.Live:
			does = "undoes it; this is for maintainers"
		case v == app.VerbRollback:
			does = "returns to the last good release; this is for maintainers"
		}
		all = append(all, fmt.Sprintf("`/%s%s %s` %s.", v, words(l), p.Commit.SHA.Short(), does))
	}
	return all
}

// wrong says what happens if it goes wrong.
func wrong(l deploy.Lane, p deploy.Promotion) string {
	back, ok := l.WayBack(p.Commit.SHA)
	switch {
	case p.Back != "":
		return told(p.Back) + " That begins as soon as its deploy step has ended, for two never run at once."
	case !ok:
		return "There is no way back yet: nothing was good here before."
	case p.Put != 0 && p.Release.Spec.NeverBack:
		return "If it goes wrong, a person is asked: its file says `rollback: never`."
	}
	text := "If it goes wrong it returns to " + code(back.Commit.SHA) + " by itself"
	if p.Put == 0 && back.Release.Spec.NeverBack { // its own file is not known before it starts
		text += ", unless its file says `rollback: never`"
	}
	return text + "."
}

// logs is where to read on.
func logs(s Scene, l deploy.Lane, p deploy.Promotion) string {
	var all []string
	if visit := web(p.Release.Spec.URL); visit != "" && (p.State == deploy.Verifying || p.State == deploy.Live) {
		all = append(all, link("Visit", visit))
	}
	switch {
	case byWorkflow(l, p, p.Put):
		all = append(all, links("Workflow run", p.RunURL)...)
	case p.Put != 0:
		all = append(all, link("Deployment log", s.Links.Log(logKey(l.Address(), "put", p.Put))))
	}
	switch {
	case byWorkflow(l, p, p.Undone):
		all = append(all, links("Rollback run", p.BackURL)...)
	case p.Undone != 0:
		all = append(all, link("Rollback log", s.Links.Log(logKey(l.Address(), "restore", p.Undone))))
	}
	all = append(all, link("This lane", s.Links.Lane(l.Address())))
	return strings.Join(all, " · ")
}

// links is a link to an address of GitHub's, if there is one.
func links(text, address string) []string {
	if u := web(address); u != "" {
		return []string{link(text, u)}
	}
	return nil
}
