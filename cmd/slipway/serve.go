package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

type serveCommand struct{ settings }

// Run serves until SIGTERM or SIGINT. Settings that can't be used are all said at once, with exit code 2.
func (c serveCommand) Run(s streams) error {
	set, problems := c.resolve(os.Getenv)
	if len(problems) > 0 {
		return failure{exitUsage, "these settings can't be used:\n  " + strings.Join(problems, "\n  ")}
	}
	if len(set.allow) == 0 {
		fmt.Fprintln(s.err, "SLIPWAY_ALLOW is empty, so this server serves nobody: every event is stored and ignored.")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server, err := newServer(ctx, set, surroundings{clock: clock{}, log: s.err, level: slog.LevelInfo})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := server.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
