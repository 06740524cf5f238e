package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks/process"
	"github.com/slipway-cd/slipway/deploy/actions"
	"github.com/slipway-cd/slipway/deploy/command"
	"github.com/slipway-cd/slipway/deploy/probe"
	"github.com/slipway-cd/slipway/handlers"
)

// openPrograms prepares what runs checks and deployments.
func (s *server) openPrograms(context.Context) (err error) {
	done := func(key string) { s.engine.Done(key) }
	if s.checks, err = s.openHost("checks", done); err != nil {
		return err
	}
	if s.deploys, err = s.openHost("deployments", done); err != nil {
		return err
	}
	if s.keep, err = artifact.Open(s.path("artifacts")); err != nil {
		return err
	}
	s.runner, err = process.New(process.Options{
		Dir: s.path("attempts"), Git: s.git, Shim: s.checks, RunAs: s.set.runAs, CheckEnv: s.set.checkEnv, Artifacts: s.keep,
	})
	if err != nil {
		return fmt.Errorf("preparing for checks: %w", err)
	}
	s.deployer, err = command.New(command.Options{
		Dir: s.path("deploys"), Git: s.git, Shim: s.deploys, DeployAs: s.set.deployAs, Artifacts: s.keep, Secrets: s.set.secrets,
	})
	if err != nil {
		return fmt.Errorf("preparing for deployments: %w", err)
	}
	return nil
}

func (s *server) openHost(name string, done func(string)) (*shim.Host, error) {
	h, err := shim.Open(shim.Options{
		Dir: s.path("programs", name), Homes: s.path("homes", name), Command: s.around.shim, Done: done, Faults: s.around.faults,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing for %s: %w", name, err)
	}
	s.onClose(h.Close)
	return h, nil
}

// openEngine puts everything together.
func (s *server) openEngine(ctx context.Context) error {
	translate := handlers.Translator{AppID: s.set.appID, Allow: s.allow}
	s.engine = engine.New(engine.Options{
		Store: s.store, Clock: s.around.clock, GitHub: s.github, Git: s.git, Runner: s.runner, Deployer: s.deployer,
		Workflows: &actions.Workflows{GitHub: s.github, Git: s.git, Clock: s.around.clock},
		Prober:    probe.New(s.around.clock), Translate: translate.Translate, Links: s.signer, Isolation: "This check " + s.set.runAs.String() + ".",
		Stored: s.store.Stored, Allow: s.allowRepo, Blocked: s.blocked, Housekeep: s.housekeep, Holder: holder(),
		CheckSlots: s.set.checkSlots, DeploySlots: s.set.deploySlots, Guard: s.set.guard, Log: s.log, Observe: s.numbers,
		AuditKey: s.set.auditKey, AuditEvery: s.set.auditEvery,
	})
	s.web = handlers.New(handlers.Options{
		Inbox: s.store, Secrets: s.set.webhookSecrets, Nudge: s.engine.Arrived, Clock: s.around.clock, Signer: s.signer,
		Logs: shown{s}, States: shown{s}, Ready: s.ready, Version: version(), Answered: s.numbers.answered, Log: s.log,
	})
	return nil
}

// blocked says why a lane may not deploy although its gate would allow it: after a rename its secrets are under the old name until the operator
// moves them. A folder of the new name is the operator's word, for nobody else's name is served (see allowRepo).
func (s *server) blocked(r app.Repo, firstName, service, environment string) string {
	if firstName == "" || strings.EqualFold(firstName, r.FullName()) || s.set.secrets == "" {
		return ""
	}
	before, now := command.SecretsFolder(firstName, service, environment), command.SecretsFolder(r.FullName(), service, environment)
	if !isFolder(filepath.Join(s.set.secrets, before)) || isFolder(filepath.Join(s.set.secrets, now)) {
		return ""
	}
	return fmt.Sprintf("This repository was %s when slipway first saw it, and its secrets are still in `%s`. The operator moves them to `%s`.", firstName, before, now)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// housekeep drops what is old and what nothing needs.
func (s *server) housekeep(ctx context.Context, used engine.Used) error {
	before, size := used.Now.Add(-s.set.keepAge), s.set.keepSize
	inUse := func(key string) bool { return used.Programs[key] }
	return errors.Join(
		s.keep.Prune(ctx, func(digest string) bool { return used.Artifacts[digest] }, before, size),
		s.runner.Prune(ctx, before, size),
		s.deployer.Prune(ctx, inUse),
		s.deployer.PruneLogs(ctx, inUse, before, size),
		s.git.Prune(ctx, before, size),
	)
}
