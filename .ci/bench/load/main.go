// Command load sends GitHub's own example payloads as webhooks to a server on this machine, and says how fast they were taken in.
//
//	go run -C .ci/bench ./load -address 127.0.0.1:8080 -secret-file webhook.secret -connections 16 -for 5s
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	address := flag.String("address", "127.0.0.1:8080", "`host:port` of the server, on loopback")
	path := flag.String("path", "/webhook", "where it takes webhooks in")
	secretFile := flag.String("secret-file", "", "the `file` with the webhook's secret; of two lines the first is used")
	events := flag.String("events", "push,pull_request,issue_comment,check_run", "which events to send")
	connections := flag.Int("connections", 16, "how many connections")
	duration := flag.Duration("for", 5*time.Second, "how long to send")
	count := flag.Int64("count", 0, "how many to send at most; 0 is no bound")
	rate := flag.Float64("rate", 0, "how many a second; 0 is as many as the server takes")
	acked := flag.String("acked", "", "append the ids of what was answered with 2xx to this `file`")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	secret, err := os.ReadFile(*secretFile)
	if err != nil {
		return fmt.Errorf("reading the webhook's secret (-secret-file): %w", err)
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(secret), []byte("\n"))
	examples, err := hook.Examples(string(first), strings.Split(*events, ",")...)
	if err != nil {
		return err
	}
	load := hook.Load{Address: *address, Path: *path, Source: hook.Cycle(examples), Connections: *connections, For: *duration, Count: *count, Rate: *rate}
	if *acked != "" {
		file, err := os.OpenFile(*acked, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("opening the list of what was accepted: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		load.Acked = file
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := load.Run(ctx)
	if err != nil {
		return err
	}
	return report(result, *connections).Write(os.Stdout, *asJSON)
}

func report(r hook.Result, connections int) figure.Report {
	s := r.Latencies.Summary()
	t := &figure.Table{Title: "Webhooks accepted, times in ms", Heads: []string{"connections", "per second", "p50", "p90", "p99", "max"}}
	t.Add(connections, r.Rate(), s.P50, s.P90, s.P99, s.Max)
	for what, n := range r.Answers {
		t.Note("%s: %d", what, n)
	}
	return figure.Report{Tables: []*figure.Table{t}, Value: map[string]any{
		"connections": connections, "per_second": r.Rate(), "seconds": r.Seconds, "accepted": r.Accepted, "answers": r.Answers, "latency": s,
	}}
}
