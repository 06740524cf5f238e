// Command calls counts what slipway asks of GitHub for the demo's good push: a pull request whose checks pass, is merged, and then goes live
// in one service and waits for an approval in the other. It counts at the stand-in GitHub, by kind and by route, and then looks whether
// slipway is silent when nothing happens.
//
//	go run -C .ci/bench ./calls
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-cd/slipway/app/standin"

	"github.com/slipway-cd/slipway/.ci/bench/product"
	"github.com/slipway-cd/slipway/.ci/bench/program"
	"github.com/slipway-cd/slipway/.ci/bench/stage"
)

func main() { program.Main("calls", run) }

// bench is one measurement.
type bench struct {
	*stage.Stage
	repo  *standin.Repo
	shop  *shop
	found found
}

func run(ctx context.Context) (err error) {
	idle := flag.Duration("idle", 70*time.Second, "how long to look at a slipway that has nothing to do")
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
	env, err := goEnvironment(ctx)
	if err != nil {
		return err
	}
	shop, err := newShop(dir)
	if err != nil {
		return err
	}
	defer shop.stop()
	s, err := stage.Set(ctx, stage.Options{Dir: dir, Slipway: builds.Slipway, CheckEnv: env})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Strike()) }()
	b := &bench{Stage: s, shop: shop}
	if err := b.tell(ctx, *idle); err != nil {
		return err
	}
	return b.found.report().Write(os.Stdout, *asJSON)
}

const (
	maintainer = "dana"
	author     = "ben"
)

// tell releases once, and then counts the good change.
func (b *bench) tell(ctx context.Context, idle time.Duration) (err error) {
	if b.repo, err = b.Repository(map[string]string{maintainer: "maintain", author: "maintain"}); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "first release …")
	pull, sha, err := b.change(ctx, "pipeline", b.shop.files, nil)
	if err != nil {
		return err
	}
	if err := b.asks(ctx, sha, "web", "payments"); err != nil {
		return err
	}
	if _, err := pull.Comment(maintainer, "/approve all"); err != nil {
		return fmt.Errorf("approving: %w", err)
	}
	if err := errors.Join(b.live(ctx, "web", sha), b.live(ctx, "payments", sha), b.rest(ctx)); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "the good push …")
	if _, sha, err = b.change(ctx, "greeting", b.shop.better(), func() { b.count("pull request") }); err != nil {
		return err
	}
	if err := errors.Join(b.live(ctx, "web", sha), b.asks(ctx, sha, "payments"), b.rest(ctx)); err != nil {
		return err
	}
	b.count("merge until live")
	fmt.Fprintln(os.Stderr, "idle …")
	select {
	case <-time.After(idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	b.count(fmt.Sprintf("idle, %v", idle))
	return nil
}

// count takes what was asked since the last count as a phase. People's requests are none of slipway's.
func (b *bench) count(phase string) {
	b.found.add(phase, b.GitHub.Requests())
	b.GitHub.ForgetRequests()
}

// rest waits until all has been shown: slipway has had nothing to do for longer than the calm between two writes of one view.
func (b *bench) rest(ctx context.Context) error {
	if err := b.GitHub.Quiet(ctx); err != nil {
		return err
	}
	_, err := program.Settle(ctx, b.Slipway.PID(), 2500*time.Millisecond)
	return err
}

// change opens a pull request, waits until its checks have passed and all of that is shown, and merges it. What was asked before it is
// forgotten, and before the merge counted.
func (b *bench) change(ctx context.Context, branch string, files map[string]string, checked func()) (*standin.Pull, string, error) {
	b.GitHub.ForgetRequests()
	if _, err := b.repo.Commit(author, branch, "Change the shop", files); err != nil {
		return nil, "", fmt.Errorf("pushing %s: %w", branch, err)
	}
	pull, err := b.repo.OpenPullRequest(author, "Change the shop", branch, "main")
	if err != nil {
		return nil, "", fmt.Errorf("opening a pull request: %w", err)
	}
	err = b.Until(ctx, "the checks of the pull request", func() bool {
		run, _ := b.repo.CheckRun(pull.Head(), "slipway")
		return run.Conclusion == "success"
	})
	if err := errors.Join(err, b.rest(ctx)); err != nil {
		return nil, "", err
	}
	if checked != nil {
		checked()
	}
	sha, err := pull.Merge(maintainer, "squash")
	if err != nil {
		return nil, "", fmt.Errorf("merging: %w", err)
	}
	return pull, sha, nil
}
