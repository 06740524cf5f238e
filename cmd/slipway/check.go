package main

import (
	"fmt"
	"os"

	"github.com/slipway-cd/slipway/app/config"
)

type checkCommand struct {
	File string `arg:"" optional:"" default:".github/slipway.yml" help:"The file (default: .github/slipway.yml)."`
}

// Run says all problems of a file, or what a good one will do.
func (c checkCommand) Run(s streams) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return failure{exitUsage, fmt.Sprintf("%v. Give the file's path, or run this at the top of the repository", err)}
	}
	f, problems := config.Parse(c.File, data)
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
