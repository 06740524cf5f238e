package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

type demoCommand struct {
	JSON bool   `long:"json" description:"Print one JSON object a line, one for each act."`
	Stay bool   `long:"stay" description:"Leave everything running afterwards, with its addresses, until Ctrl-C."`
	Keep string `long:"keep" value-name:"DIR" description:"Keep everything that was made in this new folder."`
}

// Run tells the story. Each act is judged by what GitHub's API and the deployed services say, never by slipway's own memory.
func (c demoCommand) Run(s streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	dir, remove, err := c.folder()
	if err != nil {
		return failure{exitUsage, err.Error()}
	}
	defer remove()
	teller := newTeller(s.out, c.JSON)
	w, err := newWorld(ctx, dir)
	if err != nil {
		return fmt.Errorf("preparing the demo: %w", err)
	}
	defer w.close()
	ok := (&story{world: w, teller: teller}).run(ctx)
	if c.Stay && ctx.Err() == nil {
		w.invite(s.err)
		<-ctx.Done()
	}
	if !ok {
		return failure{code: exitFailed}
	}
	return nil
}

// folder is where everything is made: a temporary one that is removed, or the one that is to be kept.
func (c demoCommand) folder() (dir string, remove func(), err error) {
	if c.Keep == "" {
		dir, err = os.MkdirTemp("", "slipway-demo-")
		return dir, func() { removeAll(dir) }, err
	}
	dir, err = filepath.Abs(c.Keep)
	if err != nil {
		return "", nil, err
	}
	if err := os.Mkdir(dir, 0o755); errors.Is(err, os.ErrExist) {
		return "", nil, fmt.Errorf("%s is there already: name a new folder for --keep", c.Keep)
	} else if err != nil {
		return "", nil, err
	}
	return dir, func() {}, nil
}

// removeAll removes a folder, read-only parts of it too: Go keeps its modules so.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(dir)
}
