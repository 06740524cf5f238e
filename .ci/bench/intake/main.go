// Command intake measures how fast slipway takes webhooks in, beside a bare reference that only stores them: rate and times at several
// numbers of connections, what it costs, how soon it answers after its start, and whether anything that was acknowledged is lost by
// SIGKILL. The real binary is measured from outside. Its events are stored and ignored, in two ways: some at once, for nobody handles their
// kind, and some once they are understood, which takes parsing them after the answer, for their repository is not served.
//
//	go run -C .ci/bench ./intake
package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/product"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

func main() { program.Main("intake", run) }

// bench is what all parts of the measurement share.
type bench struct {
	dir         string
	builds      product.Builds
	key         *rsa.PrivateKey
	api         string
	kinds       []kind
	rounds      int
	burst, warm time.Duration
	connections []int
	pageSize    int
	starts      int
	kills       int
}

// kind is events that slipway treats alike.
type kind struct {
	name, events string
	source       hook.Source
}

func run(ctx context.Context) (err error) {
	b := &bench{}
	flag.IntVar(&b.rounds, "rounds", 15, "how many rounds")
	flag.DurationVar(&b.burst, "burst", time.Second, "how long each server is under load in a round")
	flag.DurationVar(&b.warm, "warm", 2*time.Second, "how long each is warmed up")
	flag.IntVar(&b.starts, "starts", 10, "how many cold starts; 0 leaves them out")
	flag.IntVar(&b.kills, "kills", 5, "how many times each is killed; 0 leaves that out")
	flag.IntVar(&b.pageSize, "ref-page-size", 4096, "the page size of the reference's database")
	connections := flag.String("connections", "1,16,64", "at which numbers of connections; empty leaves the load out")
	unhandled := flag.String("unhandled", "status,deployment,workflow_job,deployment_status,pull_request_review", "events that nobody handles; empty leaves them out")
	unserved := flag.String("unserved", "push,pull_request,issue_comment,check_run", "events that are understood; empty leaves them out")
	slipway := flag.String("slipway", "", "the `program` to measure; empty builds it")
	parent := flag.String("dir", "", "the `folder` to work in, on the disk that is meant; empty is the system's for temporary files")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	if b.connections, err = numbers(*connections); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(*parent, "slipway-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for _, k := range []kind{{name: "ignored at once", events: *unhandled}, {name: "understood, then ignored", events: *unserved}} {
		if k.events == "" {
			continue
		}
		examples, err := hook.Examples(product.Secret, strings.Split(k.events, ",")...)
		if err != nil {
			return err
		}
		k.source = hook.Cycle(examples)
		b.kinds = append(b.kinds, k)
	}
	if len(b.kinds) == 0 {
		return errors.New("there is nothing to send: name -unhandled or -unserved events")
	}
	if err := b.prepare(ctx, *slipway); err != nil {
		return err
	}
	report, err := b.measure(ctx)
	if err != nil {
		return err
	}
	return report.Write(os.Stdout, *asJSON)
}

func numbers(list string) ([]int, error) {
	var all []int
	for word := range strings.SplitSeq(list, ",") {
		if word == "" {
			continue
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of connections", word)
		}
		all = append(all, n)
	}
	return all, nil
}

func (b *bench) prepare(ctx context.Context, slipway string) (err error) {
	fmt.Fprintln(os.Stderr, "building …")
	if b.key, err = product.NewKey(); err != nil {
		return err
	}
	api, _, err := product.NoGitHub() // ends with the process
	if err != nil {
		return err
	}
	b.api = api
	b.builds, err = product.Build(ctx, slipway, filepath.Join(b.dir, "bin"))
	return err
}

// slipway starts slipway in a folder. It serves an owner of whom no example speaks.
func (b *bench) slipway(folder string) (*product.Server, error) {
	dir := filepath.Join(b.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return product.StartSlipway(b.builds.Slipway, product.Settings{Dir: dir, Key: b.key, APIURL: b.api, Allow: "nobody-of-whom-examples-speak"})
}

func (b *bench) reference(folder string) (*product.Server, error) {
	return product.StartRef(b.builds.Ref, filepath.Join(b.dir, folder), b.pageSize)
}

// found is everything that was measured.
type found struct {
	Machine string       `json:"machine"`
	Starts  *starts      `json:"cold_start,omitempty"`
	Loads   []comparison `json:"intake,omitempty"`
	Memory  []memory     `json:"memory,omitempty"`
	Kills   []killed     `json:"kill,omitempty"`
}

func (b *bench) measure(ctx context.Context) (figure.Report, error) {
	f := found{Machine: figure.Machine()}
	var err error
	if b.starts > 0 {
		if f.Starts, err = b.coldStarts(ctx); err != nil {
			return figure.Report{}, err
		}
	}
	if len(b.connections) > 0 {
		if f.Loads, f.Memory, err = b.compare(ctx); err != nil {
			return figure.Report{}, err
		}
	}
	if b.kills > 0 {
		if f.Kills, err = b.killTest(ctx); err != nil {
			return figure.Report{}, err
		}
	}
	return figure.Report{Tables: f.tables(), Value: f}, nil
}
