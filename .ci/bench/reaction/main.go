// Command reaction measures how soon slipway does the next thing, on loopback, from outside: the real program in front of the stand-in
// GitHub, a repository of 1,300 files, checks and deployments that do nothing but say when they begin. Every change is a push that passes its
// check, is deployed by itself, answers its first probe badly, and goes back.
//
//	go run -C .ci/bench ./reaction
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app/standin"

	"github.com/slipway-cd/slipway/.ci/bench/product"
	"github.com/slipway-cd/slipway/.ci/bench/program"
	"github.com/slipway-cd/slipway/.ci/bench/stage"
)

func main() { program.Main("reaction", run) }

// bench is one measurement.
type bench struct {
	*stage.Stage
	*marks
	repo  *standin.Repo
	dir   string
	files int
	pause time.Duration
}

func run(ctx context.Context) (err error) {
	runs := flag.Int("n", 200, "how many runs")
	files := flag.Int("files", 1300, "how many files the repository has")
	pause := flag.Duration("pause", 150*time.Millisecond, "for how long slipway has to have had nothing to do before the next run")
	slipway := flag.String("slipway", "", "the `program` to measure; empty builds it")
	parent := flag.String("dir", "", "the `folder` to work in, on the disk that is meant; empty is the system's for temporary files")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	dir, remove, err := stage.Folder(*parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	builds, err := product.Build(ctx, *slipway, filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	m, err := newMarks(dir)
	if err != nil {
		return err
	}
	defer m.close()
	s, err := stage.Set(ctx, stage.Options{Dir: dir, Slipway: builds.Slipway, Wrap: m.watch, Answered: m.answered})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Strike()) }()
	b := &bench{Stage: s, marks: m, dir: dir, files: *files, pause: *pause}
	if err := b.first(ctx); err != nil {
		return fmt.Errorf("the first release: %w", err)
	}
	f := newFound(*files)
	for n := range *runs {
		if err := b.once(ctx, n, f); err != nil {
			return fmt.Errorf("run %d: %w", n+1, err)
		}
		fmt.Fprintf(os.Stderr, "\rrun %d of %d ", n+1, *runs)
	}
	fmt.Fprintln(os.Stderr)
	return f.report().Write(os.Stdout, *asJSON)
}

// tree is the repository's files. The one way to deploy is to say so.
func (b *bench) tree() map[string]string {
	pipe := filepath.Join(b.dir, "pipe")
	say := func(mark string) string { return fmt.Sprintf(`echo "%s $SLIPWAY_COMMIT" >%s`, mark, pipe) }
	files := map[string]string{".github/slipway.yml": fmt.Sprintf(`version: 1
checks:
  test: { run: '%s; %s', timeout: 1m }
environments:
  production:
    policy: deployment
    deploy: { run: '%s; %s', timeout: 1m }
    verify: { http: "http://%s/healthz", every: 100ms, failures: 1, starts_within: 0s, bake: 200ms }
    after_rollback: continue
`, say(markCheck), say(markGreen), say(markBegin), say(markPut), b.place.Addr())}
	for i := range b.files - 2 { // with the README that GitHub makes
		files[fmt.Sprintf("pkg%02d/file%04d.go", i%40, i)] = fmt.Sprintf("package pkg%02d\n\n// File%04d is one of many.\n", i%40, i)
	}
	return files
}

const (
	maintainer = "dana"
	approve    = "approve" // the button
)

// first makes the repository and its first release, which is the good one. A maintainer lets it go.
func (b *bench) first(ctx context.Context) (err error) {
	if b.repo, err = b.Repository(map[string]string{maintainer: "maintain"}); err != nil {
		return err
	}
	sha, err := b.repo.Commit(maintainer, "main", "Begin", b.tree())
	if err != nil {
		return fmt.Errorf("making the first commit: %w", err)
	}
	b.setGood(sha)
	var card standin.CheckRun
	err = b.Until(ctx, "the button of the first release", func() bool {
		card, _ = b.repo.CheckRun(sha, "promote: production")
		return slices.ContainsFunc(card.Actions, func(a standin.Action) bool { return a.Identifier == approve })
	})
	if err != nil {
		return err
	}
	if err := b.repo.Press(maintainer, card.ID, approve); err != nil {
		return fmt.Errorf("approving: %w", err)
	}
	return b.Until(ctx, "the first release to be live", func() bool { return b.state("deploy") == "success" })
}

// state is how the newest deployment of a task stands on GitHub.
func (b *bench) state(task string) string {
	all := b.repo.Deployments("production")
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Task == task {
			return all[i].State()
		}
	}
	return ""
}

// once is one change's way there and back.
func (b *bench) once(ctx context.Context, n int, f *found) error {
	if _, err := program.Settle(ctx, b.Slipway.PID(), b.pause); err != nil {
		return err
	}
	sha, err := b.repo.Commit(maintainer, "main", fmt.Sprintf("Change %d", n), map[string]string{"pkg00/file0000.go": fmt.Sprintf("package pkg00\n\n// Change %d.\n", n)})
	if err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	for _, mark := range []string{markAnswered, markShown, markCheck, markGreen, markBegin, markPut, markBad, "back " + markPut, markDeployed} {
		if err := b.Until(ctx, "the mark "+mark, func() bool { return b.has(mark, sha) }); err != nil {
			return err
		}
	}
	return f.take(b.marks, sha)
}
