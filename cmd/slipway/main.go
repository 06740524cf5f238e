// Command slipway is the whole of slipway: the server, its demo, and what helps to write a repository's file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	_ "time/tzdata" // windows name time zones, and a small machine knows none

	"github.com/jessevdk/go-flags"

	"github.com/slipway-cd/slipway/app/shim"
)

// shimCommand is the hidden subcommand under which programs run: see package shim. It is looked for before anything else, for it must start
// quickly.
const shimCommand = "shim"

// The exit codes.
const (
	exitFailed = 1 // it was tried and did not work out
	exitUsage  = 2 // the settings or the command line can't be used
)

// subcommand is what can be done, by its name on the command line. Its fields are its flags and arguments.
type subcommand interface {
	Run(streams) error
}

// named is a command with what the command line and its help call it.
type named struct {
	name, help string
	command    subcommand
}

// commands is the command line, in the order of its help.
func commands() []named {
	return []named{
		{"serve", "Run the server.", &serveCommand{}},
		{"demo", "Tell the whole story on this machine: a stand-in GitHub, a real repository, real deployments.", &demoCommand{}},
		{"check", "Say what is wrong with a repository's file, or what it will do.", &checkCommand{}},
		{"schema", "Print the JSON schema of a repository's file, for editors.", &schemaCommand{}},
		{"explain", "Say what the gate says of a commit now, or said of facts that were kept: a sentence for each rule.", &explainCommand{}},
		{"simulate", "Say what the gate would say with more approvals, at another time, or by another file.", &simulateCommand{}},
		{"replay", "Judge recorded decisions again, by another file too, and list those that differ.", &replayCommand{}},
		{"audit", "Receipts of what was decided and done: verify, show COMMIT, export.", &auditCommand{}},
		{"version", "Print the version.", &versionCommand{}},
	}
}

// streams is where a command writes.
type streams struct{ out, err io.Writer }

// failure is an error that says with which code the program ends. Its text may be empty when all has been said.
type failure struct {
	code int
	text string
}

func (f failure) Error() string { return f.text }

func main() {
	if len(os.Args) > 1 && os.Args[1] == shimCommand {
		os.Exit(shim.Main(clock{}, os.Args[2:]))
	}
	os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run is main without the process: it gives the exit code.
func run(args []string, s streams) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parse(args)
	var said *flags.Error
	switch {
	case errors.As(err, &said) && said.Type == flags.ErrHelp:
		fmt.Fprintln(s.out, said.Message)
		return 0
	case err != nil:
		fmt.Fprintf(s.err, "slipway: %v\nslipway --help lists the commands, slipway COMMAND --help their flags.\n", err)
		return exitUsage
	}
	return exitCode(chosen.Run(s), s)
}

// parse finds the command that the arguments choose, and fills it.
func parse(args []string) (subcommand, error) {
	parser := flags.NewNamedParser("slipway", flags.HelpFlag|flags.PassDoubleDash)
	parser.Usage, parser.LongDescription = "[-h]", about
	all := commands()
	for _, c := range all {
		if _, err := parser.AddCommand(c.name, c.help, c.help, c.command); err != nil {
			return nil, err
		}
	}
	rest, err := parser.ParseArgs(args)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("nothing is known to do with %q", rest[0])
	}
	i := slices.IndexFunc(all, func(c named) bool { return c.name == parser.Active.Name })
	return all[i].command, nil
}

const about = "Releases software from GitHub: checks every commit, lets people or green checks decide, deploys, watches, and goes back by itself."

// exitCode says an error and gives its code.
func exitCode(err error, s streams) int {
	if err == nil {
		return 0
	}
	var f failure
	if !errors.As(err, &f) {
		f = failure{exitFailed, err.Error()}
	}
	if f.text != "" {
		fmt.Fprintln(s.err, "slipway:", f.text)
	}
	return f.code
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "slipway", version())
	return err
}

// version is the module's version, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && (v == "" || v == "(devel)"):
			v = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " (with changes)"
		}
	}
	if v == "" || v == "(devel)" {
		v = "development build"
	}
	return v + dirty
}
