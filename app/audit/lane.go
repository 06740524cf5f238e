package audit

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Lane is the receipts of what a message has changed in a lane. What changed nothing leaves none. The repository's name is left to the caller.
func Lane(before, after deploy.Lane, m app.Message, at time.Time) []Receipt {
	r := recorder{lane: after, at: at, message: m}
	r.hold(before.Hold, after.Hold)
	for _, p := range after.Promotions {
		q := attempt(before, p.Attempt)
		r.approvals(q, p)
		r.overrides(q, p)
		r.decided(q, p)
		r.went(q, p)
	}
	return r.all
}

// attempt is an attempt as it was; the zero value if it was not there.
func attempt(l deploy.Lane, k app.Key) deploy.Promotion {
	if i := slices.IndexFunc(l.Promotions, func(p deploy.Promotion) bool { return p.Attempt == k }); i >= 0 {
		return l.Promotions[i]
	}
	return deploy.Promotion{}
}

type recorder struct {
	lane    deploy.Lane
	at      time.Time
	message app.Message
	all     []Receipt
}

func (r *recorder) add(c Receipt) {
	c.At, c.Repo, c.Service, c.Environment = r.at, r.lane.Repo, r.lane.Service, r.lane.Environment
	r.all = append(r.all, c)
}

// about adds what was done to an attempt.
func (r *recorder) about(p deploy.Promotion, c Receipt) {
	c.Commit, c.Place, c.Attempt = p.Commit.SHA, p.Commit.Place, p.Attempt
	r.add(c)
}

func (r *recorder) hold(was, is deploy.Hold) {
	if was.Key == is.Key {
		return
	}
	said, _ := r.message.(app.Said)
	by := func(k Kind, c Receipt) Receipt {
		c.Kind = k
		if said.Verb == app.VerbHold || said.Verb == app.VerbUnhold {
			c.Role, c.Source, c.Text, c.Event = said.Proof.Role, said.Proof.Source, said.Proof.Text, said.Proof.Event
		}
		return c
	}
	if was.Key != 0 {
		c := Receipt{Because: said.Because, Fence: was.Key}
		if said.Verb == app.VerbUnhold {
			c.By = said.By
		}
		r.add(by(Freed, c))
	}
	if is.Key != 0 {
		r.add(by(Held, Receipt{By: is.By, Because: is.Because, Until: is.Until, Commit: is.Undoes, Fence: is.Key}))
	}
}

func (r *recorder) approvals(was, is deploy.Promotion) {
	for _, a := range is.Approvals {
		if !slices.ContainsFunc(was.Approvals, func(b app.Approval) bool { return b.Source == a.Source && b.By == a.By }) {
			r.about(is, Approval(a))
		}
	}
	for _, b := range was.Approvals {
		if !slices.ContainsFunc(is.Approvals, func(a app.Approval) bool { return a.By.ID == b.By.ID }) {
			r.about(is, Receipt{Kind: Withdrawn, By: b.By, Source: b.Source, Pin: b.Pin})
		}
	}
}

// Approval is the receipt of an approval, without its lane.
func Approval(a app.Approval) Receipt {
	return Receipt{
		Kind: Approved, By: a.By, Role: a.Role, Proof: a.Proof, Source: a.Source, Text: a.Text, Event: a.Event, From: a.From, Pin: a.Pin, Pull: a.Ahead.Pull,
	}
}

func (r *recorder) overrides(was, is deploy.Promotion) {
	for _, o := range is.Overrides {
		if !slices.ContainsFunc(was.Overrides, func(b app.Override) bool { return b.Source == o.Source && b.By == o.By }) {
			r.about(is, Receipt{Kind: Overrode, By: o.By, Role: o.Role, Source: o.Source, Text: o.Text, Event: o.Event, Because: o.Because, Alone: o.Alone, Pin: o.Pin})
		}
	}
	for _, b := range was.Overrides {
		if !slices.ContainsFunc(is.Overrides, func(o app.Override) bool { return o.By.ID == b.By.ID }) {
			r.about(is, Receipt{Kind: Withdrawn, By: b.By, Source: b.Source, Pin: b.Pin})
		}
	}
}

// decided is an answer of the gate that says something else than the one before, with what it was made from.
func (r *recorder) decided(was, is deploy.Promotion) {
	m, judged := r.message.(deploy.Judged)
	if !judged || m.Commit != is.Commit.SHA || Same(was.Decision, is.Decision) {
		return
	}
	d := is.Decision
	c := Receipt{Kind: Decided, Decision: &d, Facts: json.RawMessage(m.Facts)}
	var facts struct{ Pin app.Pin }
	if json.Unmarshal(c.Facts, &facts) == nil {
		c.Pin = facts.Pin
	}
	r.about(is, c)
}

// Same says whether two decisions say the same. When they are looked at again is not part of it.
func Same(a, b policies.Decision) bool {
	return a.Verdict == b.Verdict && reflect.DeepEqual(a.Reasons, b.Reasons)
}

// went is where a deployment has come to.
func (r *recorder) went(was, is deploy.Promotion) {
	if is.Put != 0 && is.Put != was.Put {
		release, d := is.Release, is.Decision
		pin := app.Pin{Commit: is.Commit.SHA, Head: release.Head, Live: release.Live, Artifact: release.Artifact}
		r.about(is, Receipt{Kind: Started, Release: &release, Decision: &d, Pin: pin, Fence: is.Put, State: is.State})
	}
	if is.Put == 0 || is.State == was.State {
		return
	}
	switch is.State {
	case deploy.Live, deploy.RollingBack, deploy.RolledBack, deploy.Failed, deploy.Attention:
		c := Receipt{Kind: Became, State: is.State, Why: is.Why, Fence: is.Put}
		if is.State == deploy.RollingBack || is.State == deploy.RolledBack {
			c.Fence = is.Undone
		}
		if said, is := r.message.(app.Said); is {
			c.By, c.Because, c.Role, c.Source, c.Text, c.Event = said.By, said.Because, said.Proof.Role, said.Proof.Source, said.Proof.Text, said.Proof.Event
		}
		r.about(is, c)
	}
}
