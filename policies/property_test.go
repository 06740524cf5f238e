package policies_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// often checks a property some thousand times: at rapid's own hundred, what is rare would not be seen.
func often(t *testing.T, property func(*rapid.T)) {
	for range 25 {
		rapid.Check(t, property)
	}
}

func drawFact[T any](t *rapid.T, label string, v *rapid.Generator[T]) app.Fact[T] {
	if rapid.IntRange(0, 7).Draw(t, label+" unknown") == 0 {
		return app.Unknown[T]("a reason")
	}
	return known(v.Draw(t, label))
}

func people() *rapid.Generator[app.Person] {
	return rapid.SampledFrom([]app.Person{ben(), cy(), dana(), eli(), bot(), {Login: "fay"}, {ID: 7, Login: "gus[bot]"}})
}

func roles() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "none", "read", "triage", "write", "maintain", "maintain", "admin", "release-manager"})
}

func selectors() *rapid.Generator[policies.Selector] {
	return rapid.SampledFrom([]policies.Selector{{Kind: "role", Value: "maintain"}, {Kind: "role", Value: "write"}, {Kind: "role", Value: "boss"},
		{Kind: "user", Value: "cy"}, {Kind: "user", Value: "Dana"}, {Kind: "user"}, {Kind: "team", Value: "a/b"}, {Kind: "codeowners"}, {}})
}

func drawPolicy(t *rapid.T) policies.Policy {
	modes := []policies.Mode{policies.Deployment, policies.Deployment, policies.Delivery, policies.Delivery, policies.Delivery, "", "other"}
	all, any := drawParts(t, 2), drawParts(t, 2)
	if len(all) > 0 {
		any = nil
	}
	return policies.Policy{
		Count: rapid.IntRange(0, 2).Draw(t, "count"), All: all, Any: any, Expires: rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "expires"),
		Mode:  rapid.SampledFrom(modes).Draw(t, "mode"),
		After: rapid.SampledFrom([]string{"", "", "staging", "canary"}).Draw(t, "after"),
		From:  rapid.SliceOfN(selectors(), 0, 2).Draw(t, "from"),
		Doors: rapid.SampledFrom([][]app.Door{nil, nil, nil, {app.DoorComment}, {app.DoorButton}, {app.DoorReview, app.DoorComment}}).Draw(t, "doors"),
		Not: policies.Not{
			Author: rapid.Bool().Draw(t, "not author"), Teams: rapid.Bool().Draw(t, "not teams"),
			People: rapid.SliceOfN(rapid.SampledFrom([]policies.Selector{{Kind: "user", Value: "eli"}, {Kind: "team", Value: "a/c"}}), 0, 1).Draw(t, "not people"),
		},
		Review: rapid.IntRange(0, 3).Draw(t, "review") == 0,

		Environment: rapid.SampledFrom([]string{"production", "production", "production", "sandbox"}).Draw(t, "environment"),
	}
}

// drawParts is what all, or any, of a policy's approvals are made of; usually nothing.
func drawParts(t *rapid.T, deep int) []policies.Requirement {
	if deep == 0 || rapid.Bool().Draw(t, "no parts") {
		return nil
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policies.Requirement {
		r := policies.Requirement{Count: rapid.IntRange(0, 2).Draw(t, "of"), From: rapid.SliceOfN(selectors(), 0, 2).Draw(t, "part from")}
		r.All, r.Any = drawParts(t, deep-1), drawParts(t, deep-1)
		return r
	}), 1, 3).Draw(t, "list")
}

func drawApproval(t *rapid.T) policies.Approval {
	by := people().Draw(t, "by")
	return policies.Approval{
		Approval: app.Approval{By: by, Role: "maintain", At: now().Add(-rapid.SampledFrom([]time.Duration{0, 0, 59 * time.Minute, time.Hour}).Draw(t, "ago")), Source: rapid.SampledFrom([]string{"comment/1", "comment/1", "button/2", "review/3"}).Draw(t, "source"),
			From: rapid.SampledFrom([]time.Time{{}, {}, {}, now(), now().Add(time.Hour)}).Draw(t, "from"),
			Pin:  rapid.SampledFrom([]app.Pin{{}, {Commit: full, Artifact: "a"}, {Commit: full, Artifact: "a"}, {Commit: full}, {Commit: newer, Artifact: "a"}}).Draw(t, "pin")},
		RoleNow: drawFact(t, "role", roles()),
		Stands:  drawFact(t, "stands", rapid.SampledFrom([]bool{true, true, false})),
	}
}

func drawFacts(t *rapid.T) policies.Facts {
	usually := rapid.SampledFrom([]bool{true, true, true, true, false})
	f := policies.Facts{
		Now: now(), Commit: full, Service: "payments", Environment: "production",
		Gate: policies.Gate{
			Live: drawFact(t, "live", rapid.Custom(drawPolicy)),
			Head: drawFact(t, "head", rapid.Custom(drawPolicy)),
		},
		Green:    drawFact(t, "green", usually),
		OnBranch: drawFact(t, "branch", usually),
		First:    rapid.Bool().Draw(t, "first"),
		Live:     rapid.SampledFrom([]app.SHA{"", live, live}).Draw(t, "live"),
		Contains: drawFact(t, "contains", usually),
		Excluded: drawFact(t, "excluded", rapid.SliceOfN(rapid.Custom(drawContributor), 0, 3)),
		Personal: rapid.Bool().Draw(t, "personal"),
	}
	f.Candidates = drawFact(t, "candidates", rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policies.Candidate {
		return policies.Candidate{Person: people().Draw(t, "candidate"), Role: roles().Draw(t, "their role")}
	}), 0, 3))
	f.Approvals = rapid.SliceOfN(rapid.Custom(drawApproval), 0, 3).Draw(t, "approvals")
	standing := rapid.SampledFrom([]policies.Standing{policies.StandingProven, policies.StandingProven, policies.StandingProven,
		policies.StandingOpen, policies.StandingLost, policies.StandingRemoved})
	f.Standings = map[string]app.Fact[policies.Standing]{"staging": drawFact(t, "staging", standing), "canary": drawFact(t, "canary", standing)}
	f.Teams = map[string]app.Fact[[]app.Person]{}
	for _, name := range []string{"a/b", "a/c"} {
		f.Teams[name] = drawFact(t, name, rapid.SliceOfN(people(), 0, 3))
	}
	f.Owners = drawFact(t, "owners", rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policies.Owned {
		return policies.Owned{Owners: rapid.SliceOfN(selectors(), 1, 2).Draw(t, "owner"), File: "a.go", Files: 1}
	}), 0, 2))
	f.Pin = app.Pin{Commit: full, Artifact: rapid.SampledFrom([]string{"a", "a", "a", ""}).Draw(t, "artifact")}
	f.Workflow = rapid.SampledFrom([]string{"", "deploy.yml", "deploy.yml"}).Draw(t, "workflow")
	f.Protection = drawFact(t, "protection", rapid.SampledFrom([]policies.Protection{{}, {Exists: true}, {Environment: "production", Exists: true},
		{Environment: "production", Exists: true, Reviewers: []string{"eli"}}, {Environment: "production", Exists: true, Reviewers: []string{"eli"}}}))
	if rapid.IntRange(0, 9).Draw(t, "blocked") == 0 {
		f.Blocked = "Blocked"
	}
	return f
}

func drawContributor(t *rapid.T) policies.Contributor {
	p := people().Draw(t, "contributor")
	c := policies.Contributor{ID: p.ID, Login: p.Login, Why: "opened #1"}
	if rapid.Bool().Draw(t, "by e-mail") {
		c = policies.Contributor{Email: "a@b.example", Why: "wrote x"}
	}
	return c
}

func allows(f policies.Facts) bool { return policies.Judge(f).Verdict == policies.Allow }

// TestPropertyApprovalsOnlyHelp: taking one away lets nothing pass, and giving one stops nothing.
func TestPropertyApprovalsOnlyHelp(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		more := f
		i := rapid.IntRange(0, len(f.Approvals)).Draw(t, "where")
		more.Approvals = slices.Insert(slices.Clone(f.Approvals), i, drawApproval(t))
		if less, with := policies.Judge(f), policies.Judge(more); with.Verdict < less.Verdict {
			t.Fatalf("one more approval turns %s into %s", spoken(less), spoken(with))
		}
	})
}

// TestPropertyExclusionsOnlyHinder: one more contributor lets nothing pass.
func TestPropertyExclusionsOnlyHinder(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		more := f
		more.Excluded.Value = append(slices.Clone(f.Excluded.Value), drawContributor(t))
		if less, with := policies.Judge(f), policies.Judge(more); with.Verdict > less.Verdict {
			t.Fatalf("one more exclusion turns %s into %s", spoken(less), spoken(with))
		}
	})
}

// TestPropertyNotKnowingNeverAllows: forgetting a fact lets nothing pass, and without those that always count nothing passes at all.
func TestPropertyNotKnowingNeverAllows(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		before := allows(f)
		needed := false
		what := rapid.SampledFrom([]string{"green", "branch", "live", "head", "contains", "excluded", "staging", "candidates", "role", "protection", "teams", "owners"}).Draw(t, "what")
		switch what {
		case "green":
			f.Green, needed = app.Unknown[bool](""), true
		case "branch":
			f.OnBranch, needed = app.Unknown[bool](""), true
		case "live":
			f.Gate.Live, needed = app.Unknown[policies.Policy](""), true
		case "head":
			f.Gate.Head, needed = app.Unknown[policies.Policy](""), true
		case "contains":
			f.Contains, needed = app.Unknown[bool](""), f.Live != ""
		case "excluded":
			f.Excluded = app.Unknown[[]policies.Contributor]("")
			needed = f.Gate.Head.Value.Mode == policies.Delivery && f.Gate.Head.Value.Not.Author && !f.Gate.Head.Value.Review
		case "staging":
			f.Standings = nil
			needed = f.Gate.Head.Value.After != ""
		case "teams":
			f.Teams = nil
		case "owners":
			f.Owners = app.Unknown[[]policies.Owned]("")
		case "candidates":
			f.Candidates = app.Unknown[[]policies.Candidate]("")
			if allows(f) != before {
				t.Fatal("who could approve decides")
			}
		case "role":
			for i := range f.Approvals {
				f.Approvals[i].RoleNow = app.Unknown[string]("")
			}
			needed = f.First || f.Gate.Head.Value.Mode == policies.Delivery && !f.Gate.Head.Value.Review
		case "protection":
			f.Protection = app.Unknown[policies.Protection]("")
			needed = f.Gate.Head.Value.Mode == policies.Delivery && f.Gate.Head.Value.Review
		}
		if after := policies.Judge(f); after.Verdict == policies.Allow && (needed || !before) {
			t.Fatalf("without %s: %s", what, spoken(after))
		}
	})
}

// TestPropertyStrictestFile: two files allow nothing that one of them, as both, would not.
func TestPropertyStrictestFile(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		if !allows(f) {
			return
		}
		head := f
		head.Gate.Live = f.Gate.Head
		alive := f
		alive.Gate.Head = f.Gate.Live
		if !allows(head) {
			t.Fatalf("the default branch's file alone: %s", spoken(policies.Judge(head)))
		}
		if f.Gate.Live.Value.Mode != policies.ModeUnknown && !allows(alive) {
			t.Fatalf("the live release's file alone: %s", spoken(policies.Judge(alive)))
		}
	})
}

// TestPropertyAllowsOnlyWhatShould says once more, in other words, what has to be so before anything goes.
func TestPropertyAllowsOnlyWhatShould(t *testing.T) {
	seen := false
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		got := allows(f)
		seen = seen || got
		if want := should(f); got != want {
			t.Fatalf("allows: %v, should: %v\n%s", got, want, spoken(policies.Judge(f)))
		}
	})
	if !seen {
		t.Error("nothing was ever allowed: the generator tests nothing")
	}
}

// TestPropertyMayApproveIsJudge: whoever is told that their approval counts is counted, and whoever is named as an approver may.
func TestPropertyMayApproveIsJudge(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		for _, p := range []*policies.Policy{&f.Gate.Live.Value, &f.Gate.Head.Value} { // one approval may be half of what is wanted
			p.Count, p.All, p.Any, p.Doors = 1, nil, nil, nil
		}
		by, role := people().Draw(t, "by"), known(roles().Draw(t, "role"))
		ok, why := policies.MayApprove(f, by, role)
		if ok == (why != "") {
			t.Fatalf("%v, because %q", ok, why)
		}
		f.Approvals = nil
		given := f
		given.Approvals = []policies.Approval{{Approval: app.Approval{By: by, At: now()}, RoleNow: role}}
		met := func(f policies.Facts) (n int) {
			for _, r := range policies.Judge(f).Reasons {
				if strings.Contains(r.Sentence, "Approved by @") {
					n++
				}
			}
			return n
		}
		if f.Gate.Live.Known && f.Gate.Head.Known && policies.Judge(f).Verdict != policies.Deny && ok != (met(given) > met(f)) {
			t.Fatalf("may approve: %v (%s), but\n%s", ok, why, spoken(policies.Judge(given)))
		}
	})
}

// TestPropertyJudgedAgainNextYear: facts survive storage, and then give the same decision, in single lines.
func TestPropertyJudgedAgainNextYear(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var again policies.Facts
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		if a, b := spoken(policies.Judge(f)), spoken(policies.Judge(again)); a != b {
			t.Fatalf("%s\nis after storage\n%s", a, b)
		}
		for _, r := range policies.Judge(f).Reasons {
			if strings.ContainsAny(r.Sentence, "\n\r") || r.Sentence == "" || r.Rule == "" {
				t.Fatalf("%+v", r)
			}
		}
	})
}
