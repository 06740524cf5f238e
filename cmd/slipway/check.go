package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/slipway-cd/slipway/app/config"
)

type checkCommand struct {
	Args struct {
		File string `positional-arg-name:"FILE" description:"The file; .github/slipway.yml if none is given."`
	} `positional-args:"yes"`
}

// Run says all problems of a file, or what a good one will do.
func (c checkCommand) Run(s streams) error {
	file := cmp.Or(c.Args.File, config.Path)
	data, err := os.ReadFile(file)
	if err != nil {
		return failure{exitUsage, fmt.Sprintf("%v. Give the file's path, or run this at the top of the repository", err)}
	}
	f, problems := config.Parse(file, data)
	if len(problems) > 0 {
		fmt.Fprint(s.out, config.Render(problems))
		return failure{code: exitFailed}
	}
	for _, line := range f.Summary() {
		fmt.Fprintln(s.out, line)
	}
	return nil
}

type schemaCommand struct{}

// Run prints the schema.
func (schemaCommand) Run(s streams) error {
	_, err := s.out.Write(config.Schema())
	return err
}
