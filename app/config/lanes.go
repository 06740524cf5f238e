package config

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// environments are those of one service, what comes before first.
func (l *linker) environments(service string, entries []entry) []Environment {
	l.differ(entries)
	for _, e := range entries {
		for _, a := range after(e) {
			if namedEntry(entries, a.to) == nil {
				l.noSuchEnvironment(a, namesOf(entries))
			}
		}
	}
	var environments []Environment
	for _, e := range l.inOrder(entries, after, "comes after") {
		if !e.broken {
			environments = append(environments, Environment{Name: e.name, Policy: l.policy(service, e), Deploy: l.deploy(service, e)})
		}
	}
	return environments
}

func (l *linker) noSuchEnvironment(a link, known []string) {
	other := ""
	for _, s := range l.top.entries("services") {
		if namedEntry(s.entries("environments"), a.to) != nil {
			other = s.name
		}
	}
	switch word := near(a.to, known); {
	case other != "":
		l.beyond(a.at, "%s is an environment of service %s. after names one of the same service.", quote(a.to), quote(other))
	case word != "":
		l.beyond(a.at, "There is no environment %s. Did you mean %s?", quote(a.to), word)
	default:
		l.beyond(a.at, "There is no environment %s here. Known are %s.", quote(a.to), list(known))
	}
}

func (l *linker) policy(service string, e entry) policies.Policy {
	p := policies.Policy{
		Mode:             policies.Mode(e.str("policy")),
		HoldsAfterReturn: e.str("after_rollback") != "continue",
	}
	for _, a := range after(e) {
		p.After = a.to
	}
	before, _ := e.get("after")
	p.Soak, p.Wait, p.Windows = before.within("soak", 0), e.within("wait", 0), l.windows(e)
	approve, _ := e.get("approve")
	if p.Review = approve.str("by") == "github"; p.Review {
		p.Environment = gitHubName(service, e)
	}
	l.reviewable(e, approve)
	own := l.requirement(approve.value)
	p.Count, p.From, p.All, p.Any, p.Expires = own.Count, own.From, own.All, own.Any, approve.within("expires", 0)
	p.Not, p.OverrideChecks = l.not(approve.value), e.str("override") == "checks"
	for _, door := range approve.texts("doors") {
		p.Doors = append(p.Doors, app.Door(door))
	}
	return p
}

// requirement is approvals that are wanted, with all their parts.
func (l *linker) requirement(v value) policies.Requirement {
	r := policies.Requirement{Count: v.count("count", 0), When: l.when(v)}
	from, _ := v.get("from")
	for _, s := range from.items {
		if !s.bad {
			r.From = append(r.From, l.selector(s))
		}
	}
	if count, has := v.get("count"); has && r.Count > 1 && slices.Contains(r.From, policies.Selector{Kind: policies.KindOwners}) {
		l.beyond(count.value.at, "codeowners asks for one owner of each file. Take count out, or ask for more under all:.")
	}
	r.All, r.Any = l.requirements(v, "all"), l.requirements(v, "any")
	return r
}

func (l *linker) requirements(v value, name string) (parts []policies.Requirement) {
	list, _ := v.get(name)
	for _, part := range list.items {
		parts = append(parts, l.requirement(part))
	}
	return parts
}

// selector is a role, a user, a team or the owners of files.
func (l *linker) selector(v value) policies.Selector {
	kind, name, _ := strings.Cut(v.text, ":")
	l.role(kind, name, v.at)
	return policies.Selector{Kind: kind, Value: name}
}

// not is who may not approve.
func (l *linker) not(v value) (n policies.Not) {
	list, _ := v.get("not")
	for _, item := range list.items {
		switch {
		case item.bad:
		case item.text == "author":
			n.Author = true
		case item.text == "author_teams":
			n.Teams = true
		default:
			n.People = append(n.People, l.selector(item))
		}
	}
	return n
}

// reviewable holds approve: github to what GitHub's reviewers can stop.
func (l *linker) reviewable(e, approve entry) {
	d, _ := e.get("deploy")
	by, has := approve.get("by")
	switch {
	case !has:
	case gateOnly(d):
		l.beyond(by.value.at, "Under deploy: github the workflow asks GitHub's reviewers by itself. Write policy: deployment without approve, or let people approve here too.")
	case d.has("run"):
		l.beyond(by.value.at, "GitHub's reviewers can stop a workflow, and no command. Deploy by deploy: { actions: deploy.yml }, or let people approve here.")
	}
}

// role finds roles that are most likely a slip of GitHub's own. Any other is taken for a role that the organisation made, and one that
// nobody has lets nobody approve.
func (l *linker) role(kind, name string, at pos) {
	if kind != "role" || slices.Contains(roles(), name) {
		return
	}
	for _, r := range roles() {
		slip := strings.EqualFold(r, name) || name[0] == r[0] && distance(name, r) == 1 || strings.HasPrefix(strings.ToLower(name), "maintainer") && r == "maintain"
		if slip {
			l.beyond(at, "GitHub has no role %s. Did you mean role:%s?", quote(name), r)
		}
	}
}

func (l *linker) deploy(service string, e entry) deploy.Spec {
	d, _ := e.get("deploy")
	l.goesBack(e, d)
	s := deploy.Spec{
		Run:               d.str("run"),
		Workflow:          d.str("actions"),
		GateOnly:          gateOnly(d),
		GateWorkflow:      d.str("github"),
		BackWorkflow:      e.str("rollback_workflow"),
		Inputs:            inputs(d),
		Timeout:           d.within("timeout", defaultDeployTimeout),
		Idempotent:        d.flag("idempotent"),
		NeverBack:         e.str("rollback") == "never",
		URL:               l.address(e.value, "url"),
		GitHubEnvironment: gitHubName(service, e),
	}
	if v, ok := e.get("verify"); ok {
		s.Verify = l.verify(v.value)
	}
	return s
}

// gateOnly says that workflows of the team's own deploy.
func gateOnly(d entry) bool { return d.str("by") == "github" || d.has("github") }

// goesBack wants a workflow for the way back only where slipway does not deploy: else it goes back as it came.
func (l *linker) goesBack(e, d entry) {
	back, has := e.get("rollback_workflow")
	switch {
	case !has:
	case !gateOnly(d):
		l.beyond(back.at, "rollback_workflow is for deploy: github. What slipway deploys it takes back by itself: take rollback_workflow out.")
	case e.str("rollback") == "never":
		l.beyond(back.at, "rollback: never asks a person, and rollback_workflow goes back by itself. Take one of them out.")
	}
}

// inputs is what a workflow is handed beside ours, as JSON with its keys in order: releases are compared.
func inputs(d entry) string {
	all := map[string]string{}
	for _, e := range d.entries("inputs") {
		if !e.broken && !e.bad {
			all[e.name] = e.text
		}
	}
	if len(all) == 0 {
		return ""
	}
	text, _ := json.Marshal(all) // texts can always be written
	return string(text)
}

func (l *linker) verify(v value) deploy.Verify {
	bake := v.within("bake", defaultBake)
	every := v.within("every", min(defaultEvery, bake))
	timeout := v.within("timeout", min(defaultProbeTimeout, every))
	if e, ok := v.get("every"); ok && every > bake {
		l.beyond(e.value.at, "every (%s) is longer than the bake (%s): nobody would look. Make the bake longer.", app.Span(every), app.Span(bake))
	}
	if e, ok := v.get("timeout"); ok && timeout > every {
		l.beyond(e.value.at, "timeout (%s) is longer than every (%s): questions would overlap. Make it shorter.", app.Span(timeout), app.Span(every))
	}
	return deploy.Verify{
		HTTP:         l.address(v, "http"),
		Every:        every,
		Timeout:      timeout,
		Failures:     v.count("failures", defaultFailures),
		StartsWithin: v.within("starts_within", defaultStartsWithin),
		Bake:         bake,
	}
}

// address is the address at a key, or "".
func (l *linker) address(v value, name string) string {
	e, ok := v.get(name)
	if !ok || e.bad {
		return ""
	}
	u, err := url.Parse(e.text)
	switch {
	case err != nil || u.Hostname() == "" || !portOf(u):
		l.beyond(e.value.at, "%s is %s, which is not an address. Write one such as https://shop.example/healthz.", name, quote(e.text))
	case u.User != nil:
		l.beyond(e.value.at, "%s holds a user or a password, and everyone who reads this file would know it. Take it out.", name)
	default:
		return e.text
	}
	return ""
}

func portOf(u *url.URL) bool {
	n, err := strconv.Atoi(u.Port())
	return u.Port() == "" && !strings.HasSuffix(u.Host, ":") || err == nil && n > 0 && n < 1<<16
}

// gitHubName is the name of the environment on GitHub: payments/production, or production in a repository that is one service.
func gitHubName(service string, e entry) string {
	if v, ok := e.get("github_environment"); ok && !v.bad {
		return v.text
	}
	if service == "" {
		return e.name
	}
	return service + "/" + e.name
}

// onGitHub holds each lane to an environment of its own on GitHub, whose names know no case. Names that nobody chose come first, so that
// it is the choice that is told of.
func (l *linker) onGitHub() {
	taken := map[string]Lane{}
	for _, chosen := range []bool{false, true} {
		l.eachLane(func(service string, e entry) {
			if e.has("github_environment") != chosen {
				return
			}
			name := strings.ToLower(gitHubName(service, e))
			if other, ok := taken[name]; ok && chosen {
				v, _ := e.get("github_environment")
				l.beyond(v.value.at, "%s is the GitHub environment of %s already. Choose another.", quote(v.text), quote(other.String()))
			}
			taken[name] = Lane{service, e.name}
		})
	}
}

func (l *linker) eachLane(do func(service string, e entry)) {
	for _, e := range l.top.entries("environments") {
		do("", e)
	}
	for _, s := range l.top.entries("services") {
		l.service = s.name
		for _, e := range s.entries("environments") {
			do(s.name, e)
		}
	}
	l.service = ""
}
