package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// card is a promotion's part of the comment, and its check run's text.
func card(s Scene, l deploy.Lane, p deploy.Promotion, pull *app.Pull, out []app.Pull) string {
	head := fmt.Sprintf("**%s**, commit %s · *%s*", escape(l.Name()), code(p.Commit.SHA), quiet(sentence(headline(l, p))))
	return paragraphs(head, strings.Join(facts(l, p, pull, out), " "), lines(rules(p)), because(p), held(l, p), next(l, p, pull), logs(s, l, p))
}

// facts is what goes out and what is there.
func facts(l deploy.Lane, p deploy.Promotion, pull *app.Pull, out []app.Pull) []string {
	var all []string
	if others(pull, out) {
		all = append(all, "Goes out: "+named(out)+".")
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

// others says whether more goes out than the pull request on which it is said.
func others(pull *app.Pull, out []app.Pull) bool {
	return len(out) > 1 || len(out) == 1 && (pull == nil || out[0].Number != pull.Number)
}

// named is pull requests and whose they are. Nobody is called: most of them only read it.
func named(out []app.Pull) string {
	var all []string
	for _, o := range out[:min(len(out), maxNamed)] {
		all = append(all, fmt.Sprintf("#%d (%s)", o.Number, escape(o.Author.Login)))
	}
	if left := len(out) - maxNamed; left > 0 {
		return strings.Join(all, ", ") + fmt.Sprintf(" and %d more", left)
	}
	return strings.Join(all, ", ")
}

// rules is the gate's answer, a line for each rule.
func rules(p deploy.Promotion) []string {
	if !p.State.Waits() && p.State != deploy.Denied {
		return nil
	}
	var all []string
	for _, r := range p.Decision.Reasons {
		mark := "•"
		switch r.Verdict {
		case policies.Allow:
			mark = "✓"
		case policies.Deny:
			mark = "✗"
		}
		all = append(all, mark+" "+quiet(sentence(r.Sentence)))
	}
	return all
}

// because says why a promotion is where it is, where its title does not say all.
func because(p deploy.Promotion) string {
	switch p.State {
	case deploy.RolledBack, deploy.RollingBack, deploy.Failed, deploy.Attention, deploy.Canceled, deploy.Live, deploy.Superseded:
		return told(p.Why)
	}
	return ""
}

// told is a sentence that may begin with whose word it is: they said it here, so naming them is no news to them. Nobody else is called.
func told(why string) string {
	why = sentence(why)
	if rest, ok := strings.CutPrefix(why, "@"); ok {
		return "@" + quiet(rest)
	}
	return quiet(why)
}

// held says who stops the lane, since when, why and until when.
func held(l deploy.Lane, p deploy.Promotion) string {
	if l.Hold.Key == 0 || p.State.Ended() && l.Hold.Undoes != p.Commit.SHA {
		return ""
	}
	who := "A rollback"
	why := quiet(sentence(l.Hold.Because))
	if l.Hold.Because == p.Why {
		why = "" // it stands above
	}
	if l.Hold.By.Login != "" {
		who, why = escape(l.Hold.By.Login), l.Hold.Because
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

// next says what a person can do, and what happens by itself.
func next(l deploy.Lane, p deploy.Promotion, pull *app.Pull) string {
	command := words(l) + " " + p.Commit.SHA.Short()
	on := "the pull request"
	if pull != nil {
		on = fmt.Sprintf("#%d", pull.Number)
	}
	switch {
	case p.State.Waits() && deploy.AsksApproval(p) && pull == nil:
		return "No pull request is known for this commit: approve it with the button. " + wrong(l, p)
	case p.State.Waits() && deploy.AsksApproval(p) && pull.Locked:
		return fmt.Sprintf("The conversation of #%d is locked: approve it with the button. ", pull.Number) + wrong(l, p)
	case p.State.Waits() && deploy.AsksApproval(p):
		return fmt.Sprintf("To approve, comment on %s: `/approve%s`. %s", on, command, wrong(l, p))
	case p.State.Waits() || p.State == deploy.Deploying || p.State == deploy.Verifying:
		return wrong(l, p)
	case p.State == deploy.Attention && (pull == nil || pull.Locked):
		return "Say it with one of the buttons."
	case p.State == deploy.Attention:
		return "Comment on " + on + ": " + strings.Join(ways(l, p, command), ", or ") + "."
	}
	return afterwards(l, p, command)
}

// afterwards is what a person can still say once a promotion has ended.
func afterwards(l deploy.Lane, p deploy.Promotion, command string) string {
	if !p.State.Ended() {
		return ""
	}
	var all []string
	if offered(l, p, app.VerbRollback) {
		all = append(all, "`/rollback"+command+"` returns to the last good release.")
	}
	if offered(l, p, app.VerbRetry) {
		all = append(all, "`/retry"+command+"` lets it in again, through its gate.")
	}
	return strings.Join(all, " ")
}

// ways is the ways out of attention, each with what it does.
func ways(l deploy.Lane, p deploy.Promotion, command string) []string {
	var all []string
	for _, v := range l.Offers(p) {
		does := map[app.Verb]string{
			app.VerbRetry: "to try again", app.VerbCancel: "to leave the environment as it is", app.VerbRollback: "to return to the last good release",
		}[v]
		all = append(all, fmt.Sprintf("`/%s%s` %s", v, command, does))
	}
	return all
}

func offered(l deploy.Lane, p deploy.Promotion, verb app.Verb) bool {
	return slices.Contains(l.Offers(p), verb)
}

// wrong says what happens if it goes wrong.
func wrong(l deploy.Lane, p deploy.Promotion) string {
	back, ok := l.WayBack(p.Commit.SHA)
	switch {
	case p.Back != "":
		return "It is rolled back as soon as its deploy step has ended."
	case !ok:
		return "There is no way back yet: nothing else was good here."
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
	if p.Put != 0 {
		all = append(all, link("Deployment log", s.Links.Log(logKey(l.Address(), "put", p.Put))))
	}
	if p.Undone != 0 {
		all = append(all, link("Rollback log", s.Links.Log(logKey(l.Address(), "restore", p.Undone))))
	}
	all = append(all, link("This lane", s.Links.Lane(l.Address())))
	return strings.Join(all, " · ")
}
