package config

import "time"

// Version is the version of the file format that this package reads.
const Version = 1

// What a file may hold at most. Each is far above what people write, and an error that names it.
const (
	maxBytes   = 128 << 10 // of the file
	maxValues  = 20_000    // keys and values, aliases followed
	maxEntries = 100       // of one list, or of one mapping of names
	maxGlobs   = 1000      // paths: and shared: of the whole file, each {a,b} counted as two
	maxCommand = 20_000    // characters of a command: Linux takes 128 KiB in one argument
	maxName    = 50
	maxInputs  = 23 // of a workflow: GitHub takes 25, and two are ours
)

// The defaults of what a file leaves out.
const (
	defaultCheckTimeout  = 15 * time.Minute
	defaultDeployTimeout = 15 * time.Minute
	defaultEvery         = 10 * time.Second // or the bake, if that is shorter
	defaultProbeTimeout  = 10 * time.Second // or every, if that is shorter
	defaultFailures      = 3
	defaultStartsWithin  = 60 * time.Second
	defaultBake          = 10 * time.Minute
)

// later are keys of issues to come. They are known, so that nobody believes they count.
func later() []string {
	return []string{
		"prometheus", "matrix", "report", "cache", "reuse", "flaky", "isolation", "workflow", "canary", "steps", "revert", "trains",
	}
}

// roles are GitHub's own, least first.
func roles() []string { return []string{"read", "triage", "write", "maintain", "admin"} }

// grammar is the table of all that may stand in a file.
func grammar() shape {
	check, environment := checkShape(), environmentShape()
	checks := namedShape("checks", "check", "{ test: { run: make test } }", check)
	environments := namedShape("environments", "environment", "{ production: { policy: delivery, deploy: { run: ./deploy.sh } } }", environment)
	service := shape{kind: kindMapping, is: "a service", def: "service", like: "{ paths: [web/**], environments: … }", keys: []key{
		{name: "paths", doc: "Globs of the files that are this service's own. Without it every change concerns the service.", shape: globs()},
		{name: "shared", doc: "Globs of files that this service shares with others: a change there concerns it too.", shape: globs()},
		{name: "checks", doc: "Checks of this service alone, run when a change concerns it.", shape: checks},
		{name: "environments", doc: "Where this service is deployed.", shape: environments},
	}}
	services := namedShape("services", "service", "{ web: { paths: [web/**], environments: … } }", service)
	services.scope = true
	return shape{kind: kindMapping, is: "the file", like: "version: 1", keys: []key{
		{name: "version", doc: "The version of this format: 1.", must: true, shape: shape{
			kind: kindNumber, is: "the version of this format", like: "1", low: Version, high: Version}},
		{name: "extends", doc: "A file of another repository of the same owner, owner/repo@ref//path: what this file leaves out is taken from there.",
			shape: shape{kind: kindText, is: "a file of another repository", like: "acme/config@main//slipway.yml", high: 500, pattern: extendsForm,
				must: "It is owner/repo@ref//path, and the path ends in .yml."}},
		{name: "checks", doc: "Checks shared by all services, run once per commit.", shape: checks},
		{name: "services", doc: "Parts of the repository that are released on their own.", shape: services},
		{name: "environments", doc: "Where the repository is deployed, if it is one service.", shape: environments},
		{name: "calendars", doc: "Periods in which nothing starts, by a name that environments list.", shape: calendarsShape()},
	}, rules: []rule{{kind: apart, key: "environments", other: "services",
		say: "A file has either services or environments at its top. Move these environments into a service."}}}
}

// namedShape is a mapping of names that people choose.
func namedShape(key, what, like string, each shape) shape {
	name := shape{kind: kindText, is: "the name of " + article(what), like: what, high: maxName, pattern: `^[A-Za-z0-9][A-Za-z0-9._-]*$`,
		must:     `It is made of letters, digits, ".", "_" and "-", and begins with a letter or a digit.`,
		reserved: []string{"slipway", "all", "until", "because", "at"}}
	return shape{kind: kindNamed, is: key, like: like, name: &name, each: &each, high: maxEntries}
}

func listShape(is, like string, each shape) shape {
	return shape{kind: kindList, is: is, like: like, each: &each, high: maxEntries}
}

func globs() shape {
	return listShape("a list of globs", "[web/**]", line("a glob", "web/**", 250))
}

// line is text of one line, without blanks around it.
func line(is, like string, most int) shape {
	return shape{kind: kindText, is: is, like: like, high: most, pattern: `^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$`,
		must: "It is one line, without blanks around it."}
}

func command(like string) shape {
	return shape{kind: kindText, is: "a shell command", like: like, high: maxCommand, pattern: `^[^\x00]*[^\x00 \t\r\n][^\x00]*$`,
		must: "It is a shell command, without the character NUL."}
}

func choice(is, like string, words ...string) shape {
	return shape{kind: kindText, is: is, like: like, words: words}
}

func address(like string) shape {
	return shape{kind: kindText, is: "an http:// or https:// address", like: like, high: 2000, pattern: `^https?://[^\x00-\x20\x7f]+$`,
		must: "It begins with http:// or https://, and has no blanks in it."}
}

func span(like string, least, most time.Duration) shape {
	return shape{kind: kindDuration, is: "a duration", like: like, least: least, most: most}
}

func checkShape() shape {
	external := shape{kind: kindMapping, is: "external", like: "{ app: golangci, name: lint }", keys: []key{
		{name: "app", doc: "The slug of the GitHub App that reports it, as in github.com/apps/SLUG.", must: true, shape: shape{
			kind: kindText, is: "the slug of a GitHub App", like: "golangci", high: 100, pattern: `^[a-z0-9][a-z0-9-]*$`,
			must: "It is made of lower-case letters, digits and -, as in github.com/apps/SLUG."}},
		{name: "name", doc: "The name of its check run.", must: true, shape: line("the name of a check run", "lint", 255)},
	}}
	return shape{kind: kindMapping, is: "a check", def: "check", like: "{ run: make test }", keys: []key{
		{name: "run", doc: "A shell command; the check passes when it exits 0.", shape: command("make test")},
		{name: "needs", doc: "Checks that must pass first. It is order, not files.", shape: listShape("a list of checks", "[build]",
			line("the name of a check", "build", 2*maxName+1))},
		{name: "timeout", doc: "How long it may run (15m).", shape: span("15m", time.Second, 24*time.Hour)},
		{name: "produces", doc: "A folder that is kept as what the deployments use.", shape: line("a folder of the repository", "dist/", 250)},
		{name: "external", doc: "A check of another GitHub App, waited for instead of run.", shape: external},
		{name: "required", doc: "Whether it is shown as skipped when a change does not concern it (false).", shape: shape{
			kind: kindBoolean, is: "true or false", like: "true"}},
	}, rules: []rule{
		{kind: either, key: "external", other: "run", say: "A check has run: (a command of yours) or external: (a check of another App), and not both."},
		{kind: apart, key: "produces", other: "external", say: "Another App's check produces nothing here. Take produces out, or external."},
		{kind: apart, key: "timeout", other: "external", say: "Another App's check has no timeout here: it is waited for. Take timeout out, or external."},
	}}
}

func environmentShape() shape {
	after := shape{kind: kindMapping, is: "after", like: "{ environment: staging }", keys: []key{
		{name: "environment", doc: "The environment in which a commit must be live and good first.", must: true,
			shape: line("the name of an environment", "staging", maxName)},
		{name: "soak", doc: "How long it, or what contains it, must have been good there (0s).", shape: span("30m", 0, 30*24*time.Hour)},
	}}
	after.or = &after.keys[0].shape
	return shape{kind: kindMapping, is: "an environment", def: "environment", like: "{ policy: delivery, deploy: { run: ./deploy.sh } }", keys: []key{
		{name: "policy", doc: "deployment: green checks alone release it. delivery: a person decides.", late: true,
			shape: choice("a policy", "delivery", "delivery", "deployment")},
		{name: "after", doc: "The environment that comes before.", shape: after},
		{name: "wait", doc: "How long a commit waits from when it came (0s).", shape: span("10m", 0, 30*24*time.Hour)},
		{name: "windows", doc: "When it may start, and when not. Where any allows, one must; none may forbid.",
			shape: listShape("a list of windows", `[{ allow: "Mon-Thu 09:00-16:00", zone: Europe/Berlin }]`, windowShape())},
		{name: "calendars", doc: "Calendars of the file in whose freezes nothing starts.", shape: listShape("a list of calendars", "[holidays]",
			line("the name of a calendar", "holidays", maxName))},
		{name: "approve", doc: "Who approves (one maintainer), under policy: delivery.", shape: approveShape()},
		{name: "override", doc: "checks: an admin's /override may skip the checks too. (it never does)", shape: choice("what an override may skip", "checks", "checks")},
		{name: "deploy", doc: "How a commit is put there.", late: true, shape: deployShape()},
		{name: "verify", doc: "How a release is watched. Without it a release is good when its command exits 0.", shape: verifyShape()},
		{name: "rollback", doc: "automatic: a bad release goes back by itself. never: a person is asked. (automatic)",
			shape: choice("a way back", "automatic", "automatic", "never")},
		{name: "after_rollback", doc: "hold: after a rollback nothing goes out until a maintainer says /unhold. continue: the next good commit goes out. (hold)",
			shape: choice("what follows a rollback", "hold", "hold", "continue")},
		{name: "rollback_workflow", doc: "Under deploy: github: the workflow that goes back, dispatched with the inputs sha and slipway. (a person starts one)",
			shape: workflow()},
		{name: "url", doc: "Where the environment can be visited.", shape: address("https://shop.example")},
		{name: "github_environment", doc: "The name of GitHub's environment (service/environment, or environment alone).",
			shape: line("the name of an environment on GitHub", "production-eu", 255)},
	}, rules: []rule{{kind: never, key: "approve", other: "policy", value: "deployment",
		say: "Under policy: deployment nobody is asked. Write policy: delivery, or take approve out."}}}
}

// windowShape is a time in which something may start, or may not.
func windowShape() shape {
	form := line("a window", "Mon-Thu 09:00-16:00", 100)
	return shape{kind: kindMapping, is: "a window", def: "window", like: `{ allow: "Mon-Thu 09:00-16:00", zone: Europe/Berlin }`, keys: []key{
		{name: "allow", doc: "Days, hours or both in which it may start, or a period such as 2027-01-04..2027-03-31.", shape: form},
		{name: "forbid", doc: "The same, in which nothing starts.", shape: form},
		{name: "zone", doc: "The time zone of its clock.", must: true, shape: line("a time zone", "Europe/Berlin", 60)},
		{name: "when", doc: "For which changes it counts (all).", shape: whenShape()},
	}, rules: []rule{{kind: either, key: "allow", other: "forbid", say: "A window has allow: or forbid:, and not both."}}}
}

// whenShape says for which changes something counts.
func whenShape() shape {
	return shape{kind: kindMapping, is: "when", like: "{ label: [hotfix] }", keys: []key{
		{name: "label", doc: "Labels of the pull request.", shape: listShape("a list of labels", "[hotfix]", line("a label", "hotfix", 100))},
		{name: "author", doc: "Who opened the pull request.", shape: listShape("a list of logins", "[ada]", line("a login", "ada", 100))},
		{name: "branch", doc: "Globs of the branch that it came from.", shape: listShape("a list of globs", "[release/**]", line("a glob", "release/**", 250))},
		{name: "paths", doc: "Globs of the files that change.", shape: globs()},
	}}
}

// calendarsShape is the calendars of a file.
func calendarsShape() shape {
	calendar := shape{kind: kindMapping, is: "a calendar", def: "calendar", like: "{ zone: Europe/Berlin, freeze: [2026-12-20..2027-01-04] }", keys: []key{
		{name: "zone", doc: "The time zone of its clock.", must: true, shape: line("a time zone", "Europe/Berlin", 60)},
		{name: "freeze", doc: "Periods in which nothing starts; the last day is one of them.", must: true,
			shape: listShape("a list of periods", "[2026-12-20..2027-01-04]", line("a period", "2026-12-20..2027-01-04", 100))},
	}}
	return namedShape("calendars", "calendar", "{ holidays: { zone: Europe/Berlin, freeze: [2026-12-20..2027-01-04] } }", calendar)
}

func approveShape() shape {
	not := shape{kind: kindText, is: "who is excluded", like: "author", high: 100, pattern: `^(author|author_teams|` + userForm + `|` + teamForm + `)$`,
		must: "Write author, author_teams, user: and a login, or team: and a team such as team:acme/release."}
	approve := requirementShape(2)
	approve.is, approve.like, approve.def = "approve", "{ from: [role:maintain], not: [author] }", ""
	approve.keys = append([]key{{name: "by", doc: "github: the reviewers of GitHub's environment decide, and nobody is asked here.",
		shape: choice("who decides", "github", "github")}}, approve.keys...)
	approve.keys = append(approve.keys,
		key{name: "not", doc: "Who may not approve: author (four eyes), author_teams (whoever is in a named team with an author), users and teams.",
			shape: listShape("a list", "[author]", not)},
		key{name: "doors", doc: "How an approval has to come: comment, button, review_comment, commit_comment, review. (by any of them but a review)",
			shape: listShape("a list of doors", "[comment]", choice("a door", "comment", "comment", "button", "review_comment", "commit_comment", "review"))},
		key{name: "expires", doc: "How long an approval counts (for ever).", shape: span("24h", time.Minute, 90*24*time.Hour)})
	for _, other := range []string{"count", "from", "not", "all", "any", "doors", "expires"} {
		approve.rules = append(approve.rules, rule{kind: apart, key: other, other: "by",
			say: "GitHub's reviewers decide here, by GitHub's own rules. Take " + other + " out, or by."})
	}
	approve.or = &approve.keys[0].shape
	return approve
}

// How people and teams are named.
const (
	userForm = `user:[A-Za-z0-9][A-Za-z0-9_-]*`
	teamForm = `team:[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*`
)

// requirementShape is approvals that are wanted, with parts within parts as deep as that.
func requirementShape(deep int) shape {
	from := shape{kind: kindText, is: "a role, a user, a team or codeowners", like: "role:maintain", high: 200,
		pattern: `^(codeowners|role:[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?|` + userForm + `|` + teamForm + `)$`,
		must:    "Write role: and a role, such as role:maintain; user: and a login; team: and a team, such as team:acme/release; or codeowners."}
	s := shape{kind: kindMapping, is: "approvals", like: "{ count: 2, from: [role:maintain] }", keys: []key{
		{name: "count", doc: "How many must approve (1).", shape: shape{kind: kindNumber, is: "a number of approvals", like: "2", low: 1, high: 10}},
		{name: "from", doc: "Who may approve: role:NAME (at least that role, or exactly one of your own), user:LOGIN, team:ORG/TEAM, codeowners. (role:maintain)",
			shape: listShape("a list of roles, users and teams", "[role:maintain]", from)},
	}}
	if deep < 2 {
		s.keys = append(s.keys, key{name: "when", doc: "For which changes it counts (all).", shape: whenShape()})
	}
	if deep == 0 {
		s.is = "approvals within others"
		return s
	}
	part := requirementShape(deep - 1)
	for _, name := range []string{"all", "any"} {
		doc := map[string]string{"all": "Approvals that are all wanted.", "any": "Approvals of which one is enough."}[name]
		s.keys = append(s.keys, key{name: name, doc: doc, shape: listShape("a list of approvals", "[{ from: [role:maintain] }]", part)})
		for _, other := range []string{"count", "from"} {
			s.rules = append(s.rules, rule{kind: apart, key: other, other: name, say: "What " + name + ": lists says who approves. Move " + other + " into it, or take " + name + " out."})
		}
	}
	s.rules = append(s.rules, rule{kind: apart, key: "all", other: "any", say: "Approvals have all: or any:, and not both. Put one into the other."})
	return s
}

// workflow is the file of a workflow of GitHub Actions.
func workflow() shape {
	return shape{kind: kindText, is: "the file of a workflow", like: "deploy.yml", high: 100, pattern: `^[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml$`,
		must: "It is the name of a file in .github/workflows, such as deploy.yml."}
}

func deployShape() shape {
	input := shape{kind: kindText, is: "the name of an input", like: "input", high: 100, pattern: `^[A-Za-z_][A-Za-z0-9_-]*$`,
		must: "It is made of letters, digits, _ and -, and begins with a letter or _.", reserved: []string{"sha", "slipway"}}
	handed := line("what the workflow is handed", "eu-west-1", 1000)
	byOthers := choice("who deploys", "github", "github")
	return shape{kind: kindMapping, is: "deploy", like: "{ run: ./scripts/deploy.sh }", or: &byOthers, orKey: "by", keys: []key{
		{name: "run", doc: "A shell command, in a fresh checkout of the commit.", shape: command("./scripts/deploy.sh")},
		{name: "actions", doc: "A GitHub Actions workflow that deploys. It is dispatched on the default branch with the inputs sha and slipway.", shape: workflow()},
		{name: "github", doc: "The workflow of your own that may deploy, once slipway lets it go. deploy: github lets any ask.", shape: workflow()},
		{name: "inputs", doc: "What else the workflow is handed.", shape: shape{kind: kindNamed, is: "inputs", like: "{ region: eu-west-1 }",
			name: &input, each: &handed, high: maxInputs}},
		{name: "timeout", doc: "How long it may run (15m).", shape: span("15m", time.Second, 24*time.Hour)},
		{name: "idempotent", doc: "Whether it may be run again when its outcome can't be known (false).", shape: shape{
			kind: kindBoolean, is: "true or false", like: "true"}},
	}, rules: []rule{
		{kind: either, key: "run", other: "actions", third: "github", say: "A deployment has one of run: (a command of yours), actions: (a workflow that slipway starts) and github: (a workflow of yours that asks); or it is github, for any workflow."},
		{kind: apart, key: "timeout", other: "actions", say: "A workflow has its own timeouts. Take timeout out."},
		{kind: apart, key: "timeout", other: "github", say: "A workflow has its own timeouts. Take timeout out."},
		{kind: apart, key: "inputs", other: "github", say: "slipway does not start this workflow, so it hands it nothing. Take inputs out."},
		{kind: apart, key: "inputs", other: "run", say: "Inputs are for workflows. A command finds what it needs in its environment: take inputs out."},
	}}
}

func verifyShape() shape {
	const shortest = 100 * time.Millisecond
	return shape{kind: kindMapping, is: "verify", like: "{ http: https://shop.example/healthz }", keys: []key{
		{name: "http", doc: "The address that is asked; a release is healthy when it answers 2xx.", must: true,
			shape: address("https://shop.example/healthz")},
		{name: "every", doc: "How long from one question to the next (10s).", shape: span("10s", shortest, time.Hour)},
		{name: "timeout", doc: "How long an answer may take (10s, or every if that is shorter).", shape: span("10s", shortest, 5*time.Minute)},
		{name: "failures", doc: "How many bad answers in a row make a bad release (3).", shape: shape{
			kind: kindNumber, is: "a number", like: "3", low: 1, high: 100}},
		{name: "starts_within", doc: "How long the first good answer may take (60s).", shape: span("60s", 0, time.Hour)},
		{name: "bake", doc: "How long a release is watched before it counts as good (10m).", shape: span("10m", shortest, 7*24*time.Hour)},
	}}
}
