package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
)

type checkCommand struct {
	Shared string `long:"shared" value-name:"FILE" description:"A copy of the file that it extends."`
	Args   struct {
		File string `positional-arg-name:"FILE" description:"The file; .github/slipway.yml if none is given."`
	} `positional-args:"yes"`
}

// Run says all problems of a file, or what a good one will do.
func (c checkCommand) Run(s streams) error {
	file := cmp.Or(c.Args.File, config.Path)
	f, problems, err := parseFile(file, c.Shared)
	if err != nil {
		return failure{exitUsage, fmt.Sprintf("%v. Give the file's path, or run this at the top of the repository", err)}
	}
	if len(problems) > 0 {
		fmt.Fprint(s.out, config.Render(problems))
		return failure{code: exitFailed}
	}
	for _, line := range f.Summary() {
		fmt.Fprintln(s.out, line)
	}
	return nil
}

// parseFile reads a repository's file from this machine, and what it extends from a copy.
func parseFile(file, shared string) (*config.File, []app.Problem, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	if _, extends := config.Extending(data); !extends {
		f, problems := config.Parse(file, data)
		return f, problems, nil
	}
	if shared == "" {
		f, problems := config.Without(file, data, "which is in another repository: name a copy of it with --shared")
		return f, problems, nil
	}
	more, err := os.ReadFile(shared)
	if err != nil {
		return nil, nil, err
	}
	f, problems := config.Extend(file, data, config.Shared{Name: shared, Data: more})
	return f, problems, nil
}

type schemaCommand struct{}

// Run prints the schema.
func (schemaCommand) Run(s streams) error {
	_, err := s.out.Write(config.Schema())
	return err
}
