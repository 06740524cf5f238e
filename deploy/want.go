package deploy

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// What a lane wants done. Each is done once per key; the answer comes back under it.
type (
	// Gather asks for the facts of a promotion and the gate's judgement. Last says that an allow will start it. Answered by Judged.
	Gather struct {
		Key       app.Key
		Commit    app.Commit
		Artifact  string
		Approvals []app.Approval
		Overrides []app.Override
		Ask       Ask
		Last      bool
	}
	// Put asks for a deployment. Answered by Began and Deployed.
	Put struct {
		Key     app.Key
		Commit  app.Commit
		Release Release
		Run     int64 // of the workflow that was let go; 0 where it has not been asked for
		Ask     Ask   // what GitHub asks, where slipway is the gate alone
	}
	// Watch asks for probes: for the whole bake, anew where it is extended, or, of a release that came back, until it answers well once.
	// Answered by Probed.
	Watch struct {
		Key    app.Key
		Commit app.SHA // of the promotion that is answered
		Verify Verify
		Brief  bool
	}
	// Restore asks for a rollback: a deployment of the release that comes back. Answered by Began and Restored.
	Restore struct {
		Key     app.Key
		Commit  app.SHA // of the promotion that is undone
		To      app.Commit
		Release Release // of the one that comes back
		Ask     Ask     // what GitHub asks about it, where slipway is the gate alone
	}
	// Wake asks to look again when a decision said so. Answered by app.Changed.
	Wake struct{ Commit app.SHA }
	// Lapse asks for the end of a hold when its time is over. Answered by Lapsed.
	Lapse struct{ Hold app.Key }
	// Notify asks to call a person, once per cause: editing a comment notifies nobody.
	Notify struct {
		Cause  Cause
		Commit app.SHA
		Key    app.Key
	}
)

// Cause is why a person is called.
type Cause string

// The causes.
const (
	ForApproval  Cause = "approval"
	ForRollback  Cause = "rollback"
	ForAttention Cause = "attention"
	ForSecond    Cause = "override" // an override wants a second person
	ForOverride  Cause = "alone"    // somebody let it go against its gate alone, which is reported
)

// Task of Gather.
func (Gather) Task() string { return "gather" }

// Task of Put: a workflow runs elsewhere, and takes none of our slots.
func (p Put) Task() string {
	if p.Release.Spec.Elsewhere() {
		return "dispatch"
	}
	return "put"
}

// Task of Watch.
func (Watch) Task() string { return "watch" }

// Task of Restore: a workflow runs elsewhere, or waits for somebody to start it.
func (r Restore) Task() string {
	if r.Release.Spec.Elsewhere() {
		return "dispatch-back"
	}
	return "restore"
}

// Task of Wake.
func (Wake) Task() string { return "wake" }

// Task of Lapse.
func (Lapse) Task() string { return "lapse" }

// Task of Notify.
func (n Notify) Task() string { return "notify-" + string(n.Cause) }

// Wants is what the world should look like now.
func Wants(l Lane) []app.Want {
	var wants []app.Want
	for _, p := range l.Promotions {
		if p.State == Reviewing && p.Again != 0 {
			wants = append(wants, want(Gather{Key: p.Again, Commit: p.Commit, Artifact: p.Artifact, Approvals: p.Approvals, Overrides: p.Overrides, Ask: p.Ask()}, p.Again))
		}
		if t := l.task(p); t != nil {
			w := want(t, p.Key)
			w.Again = p.State == Reviewing && p.Then != Absent || p.BackAsk != Ask{}
			wants = append(wants, w)
		}
		if w, ok := wake(p); ok {
			wants = append(wants, w)
		}
		for _, n := range l.notices(p) {
			wants = append(wants, want(n, n.Key))
		}
	}
	if !l.Hold.Until.IsZero() {
		w := want(Lapse{l.Hold.Key}, l.Hold.Key)
		w.Due = l.Hold.Until
		wants = append(wants, w)
	}
	return wants
}

// wake looks again when time may change an answer: one that holds, or an allow by which GitHub is still being asked. What else is allowed is
// asked about once more before it starts.
func wake(p Promotion) (app.Want, bool) {
	asked := p.State == Reviewing && p.Then == Absent && p.Again == 0
	if p.Decision.Recheck.IsZero() || !asked && (p.State != Held || p.Eligible) {
		return app.Want{}, false
	}
	w := want(Wake{p.Commit.SHA}, cmp.Or(p.Looked, p.Key))
	w.Due = p.Decision.Recheck
	return w, true
}

func want(t app.Task, k app.Key) app.Want {
	return app.Want{Key: t.Task() + "/" + strconv.FormatInt(int64(k), 10), Task: t}
}

// task is the question that a promotion waits on, or nil.
func (l Lane) task(p Promotion) app.Task {
	switch p.State {
	case Reviewing:
		return Request{Key: p.Key, Commit: p.Commit, Release: p.Release, Withdraw: p.Then != Absent}
	case Gating, Retrying:
		last := p.State == Retrying || p.Commit.SHA == l.Chosen
		return Gather{Key: p.Key, Commit: p.Commit, Artifact: p.Artifact, Approvals: p.Approvals, Overrides: p.Overrides, Ask: p.Ask(), Last: last}
	case Deploying:
		return Put{Key: p.Key, Commit: p.Commit, Release: p.Release, Run: p.Run, Ask: p.LetGo}
	case Verifying:
		return Watch{Key: p.Key, Commit: p.Commit.SHA, Verify: p.Release.Spec.Verify}
	case RollingBack:
		return l.returning(p)
	}
	return nil
}

// returning is the way back's program, or, once that has ended well, a look at what came back.
func (l Lane) returning(p Promotion) app.Task {
	to := (&step{Lane: &l}).released(p.To)
	if p.Restored {
		return Watch{Key: p.Key, Commit: p.Commit.SHA, Verify: to.Release.Spec.Verify, Brief: true}
	}
	r := to.Release
	r.Spec = to.backSpec(p)
	return Restore{Key: p.Key, Commit: p.Commit.SHA, To: to.Commit, Release: r, Ask: p.BackAsk}
}

// notices is for what people are needed, and under which number they are called: also while it is asked again, for a call that is taken back is
// never made.
func (l Lane) notices(p Promotion) (all []Notify) {
	call := func(needed bool, c Cause, k app.Key) {
		if needed {
			all = append(all, Notify{c, p.Commit.SHA, k})
		}
	}
	call(p.State.Waits() && AsksApproval(p), ForApproval, p.Attempt)
	call(p.State.Waits() && p.Decision.WantsSecond(), ForSecond, p.Attempt)
	call(p.Against.Alone, ForOverride, p.Attempt)
	call(p.State == Attention, ForAttention, p.Key)
	call((p.State == RollingBack || p.State == RolledBack) && p.Undone != 0, ForRollback, p.Undone)
	return all
}

// AsksApproval says whether a person's yes is what a promotion waits for, rather than a fact that can't be read.
func AsksApproval(p Promotion) bool {
	return slices.ContainsFunc(p.Decision.Reasons, func(r policies.Reason) bool {
		return r.Verdict == policies.Hold && (r.Asks || r.Rule == policies.RuleApproval)
	})
}
