// Command slipway is the whole of slipway: the server, its demo, and what helps to write a repository's file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"

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

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Demo    demoCommand    `cmd:"" help:"Tell the whole story on this machine: a stand-in GitHub, a real repository, real deployments."`
	Check   checkCommand   `cmd:"" help:"Say what is wrong with a repository's file, or what it will do."`
	Schema  schemaCommand  `cmd:"" help:"Print the JSON schema of a repository's file, for editors."`
	Version versionCommand `cmd:"" help:"Print the version."`
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
	code := -1
	parser, err := kong.New(&commands{}, kong.Name("slipway"), kong.Description(about), kong.UsageOnError(), kong.Writers(s.out, s.err),
		kong.Exit(func(c int) { code = c }), kong.Bind(s), kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}))
	if err != nil {
		fmt.Fprintln(s.err, "slipway:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	switch {
	case code >= 0: // help was asked for
		return code
	case err != nil:
		fmt.Fprintf(s.err, "slipway: %v. See slipway --help.\n", err)
		return exitUsage
	}
	return exitCode(ctx.Run(), s)
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
