package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/policies"
)

type simulateCommand struct {
	factsFrom
	Approve []string      `long:"approve" value-name:"LOGIN[:ROLE]" description:"As if they approved it now; more than once for more people. Without a role: theirs, as far as the facts tell."`
	At      string        `long:"at" value-name:"TIME" description:"As if it was then: '2027-03-01 09:00' on the gate's clock, or 2027-03-01T09:00:00Z."`
	In      time.Duration `long:"in" value-name:"DURATION" description:"As if so much time had passed: 90m, 24h."`
	Config  string        `long:"config" value-name:"FILE" description:"As if this was the file on the default branch."`
	Shared  string        `long:"shared" value-name:"FILE" description:"A copy of the file that these extend."`
	Live    string        `long:"live-config" value-name:"FILE" description:"As if this was the file of what is live, which judges too."`
}

// Run says what the gate says now, and what it would say.
func (c simulateCommand) Run(s streams) error {
	if len(c.Approve) == 0 && c.At == "" && c.In == 0 && c.Config == "" && c.Live == "" {
		return failure{exitUsage, "say what to suppose: --approve, --at, --in, --config or --live-config"}
	}
	if c.At != "" && c.In != 0 {
		return failure{exitUsage, "--at and --in both move the time: say one"}
	}
	all, err := c.read(context.Background())
	if err != nil {
		return err
	}
	for i, f := range all {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		supposed, err := c.suppose(f)
		if err != nil {
			return err
		}
		tell(s.out, f, supposed)
	}
	return nil
}

// tell says both decisions.
func tell(out io.Writer, f, supposed policies.Facts) {
	is, would := policies.Judge(f), policies.Judge(supposed)
	fmt.Fprintf(out, "%s: %s\n", judged(f), is.Verdict)
	explain(out, f, is)
	fmt.Fprintf(out, "supposed, at %s: %s\n", clockOf(supposed, supposed.Now), would.Verdict)
	explain(out, supposed, would)
	if lacks := supposed.Lacks(); len(lacks) > 0 {
		fmt.Fprintf(out, "  What this gate asks for and was not read for the other one: %s. Where that is missing it holds.\n", list(lacks))
	}
}

func list[T ~string](all []T) string {
	var s []string
	for _, one := range all {
		s = append(s, string(one))
	}
	return strings.Join(s, ", ")
}

// suppose changes the facts as the flags say.
func (c simulateCommand) suppose(f policies.Facts) (policies.Facts, error) {
	var err error
	for _, one := range []struct {
		file string
		gate *app.Fact[policies.Policy]
	}{{c.Config, &f.Gate.Head}, {c.Live, &f.Gate.Live}} {
		if one.file == "" {
			continue
		}
		if one.gate.Value, err = gateIn(one.file, c.Shared, f.Service, f.Environment); err != nil {
			return f, err
		}
		one.gate.Known, one.gate.Why = true, ""
	}
	for _, who := range c.Approve {
		yes, err := approvalBy(f, who)
		if err != nil {
			return f, err
		}
		f = f.With(yes)
	}
	f.Now, err = c.moved(f)
	return f, err
}

// gateIn is the gate of an environment as a file says it.
func gateIn(file, shared, service, environment string) (policies.Policy, error) {
	f, err := readConfig(file, shared)
	if err != nil {
		return policies.Policy{}, err
	}
	e, ok := f.Environment(service, environment)
	if !ok {
		return policies.Policy{}, failure{exitFailed, fmt.Sprintf("%s does not name %s", file, app.LaneName(service, environment))}
	}
	return e.Policy, nil
}

// readConfig reads a repository's file. One with problems can't be used: what it would do is not known.
func readConfig(file, shared string) (*config.File, error) {
	f, problems, err := parseFile(file, shared)
	if err != nil {
		return nil, failure{exitUsage, err.Error()}
	}
	if len(problems) > 0 {
		return nil, failure{exitFailed, strings.TrimSuffix(config.Render(problems), "\n")}
	}
	return f, nil
}

// approvalBy is somebody's approval, by a door that the gate opens.
func approvalBy(f policies.Facts, who string) (policies.Approval, error) {
	login, role, _ := strings.Cut(strings.TrimPrefix(who, "@"), ":")
	by := app.Person{Login: login}
	for _, c := range f.Candidates.Value {
		if strings.EqualFold(c.Login, login) {
			by, role = c.Person, cmp.Or(role, c.Role)
		}
	}
	if role == "" {
		return policies.Approval{}, failure{exitUsage, fmt.Sprintf("the facts don't tell the role of %s: say it, as in --approve %s:maintain", login, login)}
	}
	for _, members := range f.Teams {
		if i := slices.IndexFunc(members.Value, func(p app.Person) bool { return strings.EqualFold(p.Login, login) }); i >= 0 {
			by = members.Value[i]
		}
	}
	door := app.DoorComment
	if doors := f.Gate.Doors(); len(doors) > 0 && !slices.Contains(doors, door) {
		door = doors[0]
	}
	yes := app.Approval{By: by, Role: role, At: f.Now, Source: string(door) + "/supposed", Pin: f.Pin}
	return policies.Approval{Approval: yes, RoleNow: app.Known(role, f.Now), Stands: app.Known(true, f.Now)}, nil
}

// moved is the time that is supposed.
func (c simulateCommand) moved(f policies.Facts) (time.Time, error) {
	if c.At == "" {
		return f.Now.Add(c.In), nil
	}
	if t, err := time.Parse(time.RFC3339, c.At); err == nil {
		return t, nil
	}
	wall, err := time.Parse("2006-01-02 15:04", c.At)
	if err != nil {
		return f.Now, failure{exitUsage, fmt.Sprintf("--at %q is no time: write '2027-03-01 09:00', on the gate's clock, or 2027-03-01T09:00:00Z", c.At)}
	}
	return f.Gate.Zone().Instant(wall), nil
}
